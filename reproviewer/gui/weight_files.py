"""Weight files of the person: put on the shelf, read again when they have changed, loaded into a model, saved."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from reproviewer.core import session
from reproviewer.core.experiment import Experiment, from_json, load
from reproviewer.core.known import Work
from reproviewer.core.message import ReproError, message
from reproviewer.core.session import Item, ItemKind
from reproviewer.engine.events import Event, Outcome, RunFinished, RunState
from reproviewer.gui.file_reader import FileReader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reproviewer.engine import Engine
    from reproviewer.gui.desk import Desk
    from reproviewer.gui.errand import Errand
    from reproviewer.gui.file_watch import FileWatch
    from reproviewer.gui.tasks import Background


class WeightFiles(QObject):
    """Carries weight files to and from a desk. `experimentOpened` carries the experiment of a file among them.

    `said` carries a sentence for the message line, or None when the last one is over.
    """

    said = Signal(object)
    experimentOpened = Signal(object)

    def __init__(self, desk: Desk, errand: Errand, watch: FileWatch, engine: Engine, background: Background) -> None:
        super().__init__(desk)
        self._desk = desk
        self._errand = errand
        self._watch = watch
        self._watch.returned.connect(self.reload)
        self._engine = engine
        self._saved: set[str] = set()
        self._reader = FileReader(background, desk.new_id, self)
        self._reader.said.connect(self.said)
        self._reader.failed.connect(errand.fail)

    def open(self, paths: list[Path]) -> None:
        """Put weight files on the shelf (experiment files onto the desk)."""
        self._begin_reading()
        for path in paths:
            if path.suffix == ".json" and not path.name.endswith((".weights.json", ".index.json")):
                self._open_experiment(path)
            else:
                self._read(path, self._put_on_shelf)

    def compare(self, paths: list[Path]) -> None:
        """Put weight files on the shelf; the first is the reference."""
        self._begin_reading()
        self._read(paths[0], self._put_in_front)
        for path in paths[1:]:
            self._read(path, self._put_on_shelf)

    def reload(self, ids: frozenset[str] | None = None) -> None:
        """Read files again: by default those that have changed on disk."""
        ids = self._watch.stale if ids is None else ids
        self._begin_reading()
        for item in self._desk.session.items:
            if item.id in ids and item.path is not None:
                self._read(Path(item.path), partial(self._put_in_place, item.id))

    def remove_gone(self) -> None:
        """Take the files that are not there any more off the shelf."""
        present = self._desk.session
        for item_id in self._watch.gone:
            present = session.remove(present, item_id)
        self._desk.push(present)

    def save(self, item_id: str, target: Path, key: str = "") -> None:
        """Save the weights of a run, or of a file, in a format (default: the one of the name)."""
        item = self._desk.session.item(item_id)
        if item is None or self._errand.work is not None:
            return
        experiment = self._experiment_of(item)

        def work(engine: Engine) -> Iterator[Event]:
            from reproviewer.engine import transfer

            transfer.save_weights(engine, experiment, item.weights, target, key, item.stamps)
            yield Outcome(RunState.FINISHED, message("Saved {run} as {file}.", run=item.label, file=target.name))

        self._errand.begin(Work("save"), work, partial(self._on_saved, item.id))

    def is_saved(self, item: Item) -> bool:
        """Whether the weights of an item lie in a file of the person's."""
        return item.kind == "file" or item.id in self._saved

    def load(self, path: Path) -> None:
        """Build a second model, give it the weights of a file, and compare both with the file. All or nothing."""
        experiment = self._desk.session.experiment

        def begin(file: Item) -> None:
            if self._errand.work is not None:
                return
            from reproviewer.engine import transfer

            self._errand.begin(
                Work("load", 0, 2),
                lambda engine: transfer.load_weights(engine, experiment, file.weights),
                partial(self._on_load, file),
            )

        self._begin_reading()
        self._read(path, begin)

    def _begin_reading(self) -> None:
        self._errand.forget()
        self._reader.begin()

    def _read(self, path: Path, then: Callable[[Item], None]) -> None:
        self._reader.read(path, self._engine.scratch(), then)

    def _open_experiment(self, path: Path) -> None:
        try:
            experiment = load(path)
        except ReproError as error:
            self._reader.fail(path, error)
        else:
            self.experimentOpened.emit(experiment)

    def _put_on_shelf(self, file: Item) -> None:
        self.said.emit(message("{file} is on the shelf.", file=file.label))
        trouble = self._errand.trouble  # of another file opened together with this one
        self._desk.push(session.add(self._desk.session, file))
        self._errand.fail(trouble)

    def _put_in_front(self, file: Item) -> None:
        self._put_on_shelf(file)
        self._desk.set_reference(file.id)

    def _put_in_place(self, item_id: str, fresh: Item) -> None:
        self._desk.amend(session.reload(self._desk.session, item_id, fresh))

    def _on_saved(self, item_id: str, event: Event) -> None:
        if isinstance(event, Outcome) and event.state is RunState.FINISHED:
            self._saved.add(item_id)
            self.said.emit(event.message)

    def _on_load(self, file: Item, event: Event) -> None:
        if isinstance(event, Outcome) and event.state is RunState.FINISHED:
            self.said.emit(message("Loaded {file} into a second model.", file=file.label))
        if isinstance(event, RunFinished):
            if event.number == 1:
                self._desk.step(session.start_load(self._desk.session, file))
            kind: ItemKind = "before" if event.number == 1 else "after"
            label = self.tr("Before load") if event.number == 1 else self.tr("After load")
            self._desk.add(Item(self._desk.new_id(), kind, label, event.weights, event.record, str(event.index)))

    def _experiment_of(self, item: Item) -> Experiment:
        document = item.record.get("experiment") if item.kind != "file" else None
        return from_json(document) if document else self._desk.session.experiment
