"""Holds the desk, carries out what the person wants, and says what is to be shown."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

from reproviewer.core import session
from reproviewer.core.experiment import Experiment, dumps, load, remedied
from reproviewer.core.history import History
from reproviewer.core.message import ReproError, message
from reproviewer.core.session import Item, ItemKind, Session
from reproviewer.core.view_state import Findings, Status, Trouble, ViewState, Work, resolve
from reproviewer.core.weights import ChangedOnDisk
from reproviewer.engine.events import Event, Outcome, RunFinished, RunStarted, RunState
from reproviewer.gui.comparer import Comparer
from reproviewer.gui.engine_thread import Ask, EngineThread, Receive
from reproviewer.gui.file_reader import FileReader
from reproviewer.gui.file_watch import FileWatch
from reproviewer.gui.lister import Lister
from reproviewer.gui.strokes import Strokes
from reproviewer.gui.tasks import Background
from reproviewer.gui.worker_watch import WorkerWatch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reproviewer.core.catalog import Catalog
    from reproviewer.core.plot_state import PlotKind
    from reproviewer.core.verdict import Criteria
    from reproviewer.engine import Engine

SOON_MS = 100
KEPT_BYTES = 4 << 30
"""The runs of old builds are kept for undo up to this size in all."""


class Controller(QObject):
    """One desk. `stateChanged` carries the ViewState after every change.

    `said` carries a sentence for the message line, or None when the last one is over.
    """

    stateChanged = Signal(object)
    catalogChanged = Signal(object)
    said = Signal(object)
    crashed = Signal(object)

    def __init__(self, engine: Engine, experiment: Experiment, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._engine = engine
        self._thread = EngineThread(engine, self)
        self._background = Background(self)
        self._comparer = Comparer(self._background, self._thread, self)
        self._history = History(Session(experiment=experiment))
        self._strokes = Strokes()
        self._soon = QTimer(self, singleShot=True, interval=SOON_MS)
        self._soon.timeout.connect(self._publish)
        self._work: Work | None = None
        self._trouble: Trouble | None = None
        self._watch = WorkerWatch(self._thread, experiment.environment.flavour, self)
        self._files = FileWatch(self)
        self._reader = FileReader(self._background, self._new_id, self)
        self._lister = Lister(self)
        self._ids = count(1)
        self._request: int | None = None
        self._comparer.findingsChanged.connect(self._publish)
        self._comparer.failed.connect(self._fail)
        self._watch.changed.connect(self._publish)
        self._files.changed.connect(self._publish)
        self._reader.said.connect(self.said)
        self._reader.failed.connect(self._show_trouble)
        self._lister.ready.connect(self._publish)
        self._watch.catalogChanged.connect(self.catalogChanged)
        self._watch.failed.connect(self._finish)
        for source in (self._thread, self._background, self._lister):
            source.crashed.connect(self.crashed)

    # what it holds

    @property
    def session(self) -> Session:
        """The desk as it is."""
        return self._history.present

    @property
    def state(self) -> ViewState:
        """What is shown."""
        tensors = self._lister.present(self.session, self.findings)
        return resolve(self.session, self.findings, self.status, tensors)

    @property
    def findings(self) -> Findings:
        """What was found out about the items of the shelf."""
        return self._comparer.findings

    @property
    def status(self) -> Status:
        """What is known besides the desk: worker, mistakes in the model, work under way, trouble, changed files."""
        return replace(self._watch.status, work=self._work, trouble=self._trouble, changed=self._files.stale)

    @property
    def catalog(self) -> Catalog:
        """The layers that the person's Keras has."""
        return self._watch.catalog

    @property
    def can_undo(self) -> bool:
        """Whether there is something to undo."""
        return bool(self._history.past)

    @property
    def can_redo(self) -> bool:
        """Whether there is something to redo."""
        return bool(self._history.future)

    def log_path(self) -> Path:
        """Where the worker's own words are."""
        return self._engine.log_path(self.session.experiment.environment)

    # life

    def start(self) -> None:
        """Start the worker and show the first state."""
        self._watch.follow(self.session.experiment)
        self._publish()

    def close(self) -> None:
        """Stop everything; the engine itself belongs to whoever made it."""
        self._watch.close()
        self._files.close()
        self._soon.stop()
        self._thread.close()
        self._background.close()
        self._lister.close()

    # the experiment

    def edit(self, experiment: Experiment, place: str = "") -> None:
        """Another experiment, from the panel. What is typed in one place in one go is one step to undo."""
        self._push(session.edit(self.session, experiment), self._strokes.name(place))

    def open_experiment(self, path: Path) -> None:
        """Put the experiment of a file on the desk. Raises ReproError."""
        self.use_example(load(path))

    def use_example(self, experiment: Experiment) -> None:
        """Start from this experiment with an empty shelf; undo brings the old desk back. Not while runs arrive."""
        if self._work is not None:
            self.said.emit(message("Stop what is running first."))
            return
        self._push(Session(experiment=experiment))

    def experiment_text(self) -> str:
        """The experiment as the text of a file."""
        return dumps(self.session.experiment)

    def undo(self) -> None:
        """Undo the last edit of the experiment or of the shelf."""
        self._travel(self._history.undo())

    def redo(self) -> None:
        """Do again what was undone."""
        self._travel(self._history.redo())

    # building

    def build(self, experiment: Experiment | None = None) -> None:
        """Build all runs of the experiment, or of another one put in its place. Waits while TensorFlow loads."""
        if self._watch.status.problems:
            self.said.emit(message("Correct what is marked in the model first."))
        if not self.state.can_build:
            return
        experiment = experiment or self.session.experiment
        self._push(session.start_build(session.edit(self.session, experiment)))
        self._begin(Work("build", 0, experiment.runs), lambda engine: engine.run(experiment), self._on_build)

    def _begin(self, work: Work, ask: Ask, receive: Receive) -> None:
        """Ask the engine for something that the person waits for."""
        self._trouble = None
        self._work = replace(work, queued=self.status.phase == "starting")
        self._request = self._thread.ask(ask, receive)
        self._publish()

    def stop(self) -> None:
        """Stop the build, the load or the comparison that is under way."""
        if self._request is not None:
            self._thread.stop(self._request)
        elif self.state.verdict.face == "comparing":
            self._comparer.stop()

    def dismiss(self) -> None:
        """Put a failure out of sight."""
        if self._trouble is not None:
            self._trouble = None
            self._publish()

    def act(self, action: str) -> None:
        """Do what the button of the verdict line offers."""
        if action == "stop":
            self.stop()
            return
        if action == "dismiss":
            self.dismiss()
            return
        if action == "reload":
            self.reload()
            return
        if action == "compare":
            self._comparer.compare(self.session)
            self._publish()
            return
        self.build(remedied(self.session.experiment, action))

    def _on_build(self, event: Event) -> None:
        if isinstance(event, RunFinished):
            label = self._free_label(event.number)
            self._add(Item(self._new_id(), "run", label, event.weights, event.record, str(event.index)))
        self._on_progress(event)

    def _on_progress(self, event: Event) -> None:
        if isinstance(event, RunStarted) and self._work is not None:
            self._work = replace(self._work, number=event.number, queued=False)
        elif isinstance(event, Outcome):
            self._request, self._work = None, None
            self._finish(event)
            self._publish()
            return
        self._publish_soon()

    def _finish(self, outcome: Outcome) -> None:
        if outcome.state is RunState.FAILED:
            self._trouble = Trouble(outcome.message, outcome.details)
        elif outcome.state is RunState.ABORTED:
            self.said.emit(outcome.message)
        self._comparer.compare(self.session)
        self._tidy()

    def _tidy(self) -> None:
        """Do not let the runs of old builds, kept for undo, fill the disk."""
        self._history, gone = session.tidied(self._history, KEPT_BYTES)
        for item in gone:
            if item.path is not None:
                self._engine.forget(Path(item.path))

    def _free_label(self, number: int) -> str:
        """`Run 1`, or the next number that no kept run has."""
        taken = {item.label for item in self.session.items}
        while (label := self.tr("Run {n}").format(n=number)) in taken:
            number += 1
        return label

    # the shelf

    def open_files(self, paths: list[Path]) -> None:
        """Put weight files on the shelf (experiment files onto the desk)."""
        self._begin_reading()
        for path in paths:
            if path.suffix == ".json" and not path.name.endswith((".weights.json", ".index.json")):
                self._try_open(path)
            else:
                self._read_file(path, self._put_on_shelf)

    def _try_open(self, path: Path) -> None:
        try:
            self.open_experiment(path)
        except ReproError as error:
            self._reader.fail(path, error)

    def _begin_reading(self) -> None:
        self._trouble = None
        self._reader.begin()

    def _read_file(self, path: Path, then: Callable[[Item], None]) -> None:
        self._reader.read(path, self._engine.scratch(), then)

    def _put_on_shelf(self, file: Item) -> None:
        self.said.emit(message("{file} is on the shelf.", file=file.label))
        trouble = self._trouble  # of another file opened together with this one
        self._push(session.add(self.session, file))
        self._trouble = trouble
        self._publish()

    def compare_files(self, paths: list[Path]) -> None:
        """Put weight files on the shelf; the first is the reference."""
        self._begin_reading()
        self._read_file(paths[0], self._put_in_front)
        for path in paths[1:]:
            self._read_file(path, self._put_on_shelf)

    def _put_in_front(self, file: Item) -> None:
        self._put_on_shelf(file)
        self.set_reference(file.id)

    def reload(self) -> None:
        """Read the files again that have changed on disk."""
        self._begin_reading()
        for item in self.session.items:
            if item.id in self._files.stale and item.path is not None:
                self._read_file(Path(item.path), partial(self._put_in_place, item.id))

    def _put_in_place(self, item_id: str, fresh: Item) -> None:
        self._travel(self._history.amend(session.reload(self.session, item_id, fresh)))

    def save_weights(self, item_id: str, target: Path, key: str = "") -> None:
        """Save the weights of a run, or of a file, in a format (default: the one of the name)."""
        item = self.session.item(item_id)
        if item is None or self._work is not None:
            return
        experiment = self._experiment_of(item)

        def work(engine: Engine) -> Iterator[Event]:
            from reproviewer.engine import transfer

            transfer.save_weights(engine, experiment, item.weights, target, key, item.stamps)
            yield Outcome(RunState.FINISHED, message("Saved {run} as {file}.", run=item.label, file=target.name))

        self._begin(Work("save"), work, self._on_saved)

    def _on_saved(self, event: Event) -> None:
        if isinstance(event, Outcome) and event.state is RunState.FINISHED:
            self.said.emit(event.message)
        self._on_progress(event)

    def load_weights(self, path: Path) -> None:
        """Build a second model, give it the weights of a file, and compare both with the file. All or nothing."""
        experiment = self.session.experiment

        def load(file: Item) -> None:
            if self._work is not None:
                return
            from reproviewer.engine import transfer

            self._begin(
                Work("load", 0, 2),
                lambda engine: transfer.load_weights(engine, experiment, file.weights),
                partial(self._on_load, file),
            )

        self._begin_reading()
        self._read_file(path, load)

    def _on_load(self, file: Item, event: Event) -> None:
        if isinstance(event, Outcome) and event.state is RunState.FINISHED:
            self.said.emit(message("Loaded {file} into a second model.", file=file.label))
        if isinstance(event, RunFinished):
            if event.number == 1:
                self._travel(self._history.push(session.start_load(self.session, file)))
            kind: ItemKind = "before" if event.number == 1 else "after"
            label = self.tr("Before load") if event.number == 1 else self.tr("After load")
            self._add(Item(self._new_id(), kind, label, event.weights, event.record, str(event.index)))
        self._on_progress(event)

    def set_reference(self, item_id: str) -> None:
        """Compare all others with this item."""
        self._push(session.set_reference(self.session, item_id))

    def look_at_two(self, reference: str, other: str) -> None:
        """See how one item differs from another."""
        if reference != self.session.reference:
            self.set_reference(reference)
        self.look_at_item(other)

    def remove(self, item_id: str) -> None:
        """Take an item off the shelf."""
        self._push(session.remove(self.session, item_id))

    def keep(self, item_id: str, kept: bool) -> None:
        """Let a run stay on the shelf when building again."""
        self._push(session.keep(self.session, item_id, kept))

    def rename(self, item_id: str, label: str) -> None:
        """Give an item another label."""
        self._push(session.rename(self.session, item_id, label))

    def set_criteria(self, criteria: Criteria) -> None:
        """Compare on other terms."""
        if criteria != self.session.criteria:
            self._push(session.set_criteria(self.session, criteria))

    def pair(self, a: str, b: str | None) -> None:
        """Pair the reference's tensor `a` with `b` of the item whose difference is shown, or (None) with none of it."""
        if focus := self._focus():
            self._push(session.pair(self.session, focus, a, b))

    def pair_by_rule(self, a: str | None, b: str | None) -> None:
        """Pair these tensors by the rules again."""
        if focus := self._focus():
            self._push(session.pair_by_rule(self.session, focus, a, b))

    def _focus(self) -> str | None:
        plot = self.state.plot
        return plot.focus if plot else None

    # looking

    def look_at_tensor(self, name: str) -> None:
        """Show this tensor."""
        self._look(tensor=name)

    def look_as(self, kind: PlotKind) -> None:
        """Show it as this kind of plot."""
        self._look(kind=kind)

    def look_at_slice(self, index: tuple[int, ...]) -> None:
        """Show this slice of a tensor with more than two axes."""
        self._look(slice_index=index)

    def look_at_item(self, item_id: str) -> None:
        """Show the difference of this item alone against the reference; without an id that of all."""
        self._look(focus=item_id or None)

    # inside

    def _look(self, **changes: Any) -> None:
        self._history = self._history.amend(session.look_at(self.session, **changes))
        self._publish()

    def _push(self, value: Session, merge_key: str | None = None) -> None:
        """One step that can be undone; while runs arrive it belongs to the step of their build."""
        arriving = self._work is not None
        self._travel(self._history.amend(value) if arriving else self._history.push(value, merge_key))

    def _add(self, item: Item) -> None:
        """A run that arrives belongs to the build that was asked for: no step of its own to undo."""
        self._history = self._history.amend(session.add(self.session, item))

    def _travel(self, history: History[Session]) -> None:
        self._history = history
        self._watch.follow(self.session.experiment)
        self._files.follow(self.session.items)
        if self._work is None:
            self._trouble = None
            self._comparer.compare(self.session)
        self._publish()

    def _publish_soon(self) -> None:
        """Show runs that arrive in quick succession together."""
        if not self._soon.isActive():
            self._soon.start()

    def _publish(self) -> None:
        self._soon.stop()
        if self._lister.prepare(self.session, self.findings):
            self.stateChanged.emit(self.state)

    def _new_id(self) -> str:
        return f"item-{next(self._ids)}"

    def _experiment_of(self, item: Item) -> Experiment:
        from reproviewer.core.experiment import from_json

        document = item.record.get("experiment") if item.kind != "file" else None
        return from_json(document) if document else self.session.experiment

    def _fail(self, error: ReproError) -> None:
        if isinstance(error, ChangedOnDisk):
            self.said.emit(error.message)
            self._files.look()
            return
        self._show_trouble(Trouble(error.message))

    def _show_trouble(self, trouble: Trouble) -> None:
        self._trouble = trouble
        self._publish()
