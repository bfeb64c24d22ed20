"""Has runs built and compared, and makes of the desk and of what is known about it what is to be shown."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from reproviewer.core import session
from reproviewer.core.experiment import Experiment, dumps, load, remedied
from reproviewer.core.known import Findings, Status, Trouble, Work
from reproviewer.core.message import ReproError, message
from reproviewer.core.session import Item, Session
from reproviewer.core.view_state import ViewState, resolve
from reproviewer.core.weights import ChangedOnDisk
from reproviewer.engine.events import Event, RunFinished
from reproviewer.gui.comparer import Comparer
from reproviewer.gui.desk import Desk
from reproviewer.gui.engine_thread import EngineThread
from reproviewer.gui.errand import Errand
from reproviewer.gui.file_watch import FileWatch
from reproviewer.gui.lister import Lister
from reproviewer.gui.tasks import Background
from reproviewer.gui.weight_files import WeightFiles
from reproviewer.gui.worker_watch import WorkerWatch

if TYPE_CHECKING:
    from reproviewer.core.catalog import Catalog
    from reproviewer.engine import Engine

SOON_MS = 100
PAINTED_MS = 50
"""What explains a verdict waits until that is painted: two threads that work at once hold each other up."""


class Controller(QObject):
    """One `desk` and the weight `files` for it. `stateChanged` carries the ViewState after every change.

    `said` carries a sentence for the message line, or None when the last one is over; `begun` comes with another desk.
    """

    stateChanged = Signal(object)
    catalogChanged = Signal(object)
    said = Signal(object)
    begun = Signal()
    crashed = Signal(object)

    def __init__(self, engine: Engine, experiment: Experiment, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._engine = engine
        self._thread = EngineThread(engine, self)
        self._background = Background(self)
        self._worker = WorkerWatch(self._thread, experiment.environment.flavour, self)
        self._errand = Errand(self._thread, self._worker, self)
        self.desk = Desk(experiment, self._errand, self)
        self._comparer = Comparer(self._background, self._thread, self)
        self._lister = Lister(self)
        self._file_watch = FileWatch(self)
        self.files = WeightFiles(self.desk, self._errand, self._file_watch, engine, self._background)
        self._soon = QTimer(self, singleShot=True, interval=SOON_MS)
        self._painted = QTimer(self, singleShot=True, interval=PAINTED_MS)
        self._connect()

    def _connect(self) -> None:
        for change in (
            self._soon.timeout,
            self._comparer.findingsChanged,
            self._worker.changed,
            self._file_watch.changed,
            self._lister.ready,
            self._errand.changed,
            self.desk.looked,
        ):
            change.connect(self._publish)
        for said in (self._errand.said, self.files.said):
            said.connect(self.said)
        for crashed in (self._thread.crashed, self._background.crashed, self._lister.crashed):
            crashed.connect(self.crashed)
        self._comparer.failed.connect(self._fail)
        self._painted.timeout.connect(self._comparer.relate)
        self._worker.catalogChanged.connect(self.catalogChanged)
        self._worker.failed.connect(self._errand.finish)
        self._errand.advanced.connect(self._publish_soon)
        self._errand.finished.connect(self._on_finished)
        self.desk.changed.connect(self._follow)
        self.files.experimentOpened.connect(self.use_example)

    # what it holds

    @property
    def state(self) -> ViewState:
        """What is shown."""
        tensors = self._lister.present(self.desk.session, self.findings)
        return resolve(self.desk.session, self.findings, self.status, tensors)

    @property
    def findings(self) -> Findings:
        """What was found out about the items of the shelf."""
        return self._comparer.findings

    @property
    def status(self) -> Status:
        """What is known besides the desk: worker, mistakes in the model, work under way, trouble, changed files."""
        work, trouble = self._errand.work, self._errand.trouble
        watch = self._file_watch
        return replace(self._worker.status, work=work, trouble=trouble, changed=watch.stale, gone=watch.gone)

    @property
    def catalog(self) -> Catalog:
        """The layers that the person's Keras has."""
        return self._worker.catalog

    def log_path(self) -> Path:
        """Where the worker's own words are."""
        return self._engine.log_path(self.desk.session.experiment.environment)

    # life

    def start(self) -> None:
        """Start the worker and show the first state."""
        self._worker.follow(self.desk.session.experiment)
        self._publish()

    def close(self) -> None:
        """Stop everything; the engine itself belongs to whoever made it."""
        self._worker.close()
        self._file_watch.close()
        self._soon.stop()
        self._painted.stop()
        self._thread.close()
        self._background.close()
        self._lister.close()

    # the experiment

    def open_experiment(self, path: Path) -> None:
        """Put the experiment of a file on the desk. Raises ReproError."""
        self.use_example(load(path))

    def use_example(self, experiment: Experiment) -> None:
        """Start from this experiment with an empty shelf; undo brings the old desk back. Not while runs arrive."""
        if self._errand.work is not None:
            self.said.emit(message("Stop what is running first."))
            return
        self.begun.emit()
        self.desk.push(Session(experiment=experiment))

    def undo(self) -> None:
        """Undo the last edit of the experiment or of the shelf, and what was said of it."""
        self.said.emit(None)
        self.desk.undo()

    def redo(self) -> None:
        """Do again what was undone."""
        self.said.emit(None)
        self.desk.redo()

    def experiment_text(self) -> str:
        """The experiment as the text of a file."""
        return dumps(self.desk.session.experiment)

    # building

    def build(self, experiment: Experiment | None = None) -> None:
        """Build all runs of the experiment, or of another one put in its place. Waits while TensorFlow loads."""
        if self._worker.status.problems or self.desk.session.experiment.has_bad_seed:
            self.said.emit(message("Correct what is marked first."))
        if not self.state.can_build:
            return
        experiment = experiment or self.desk.session.experiment
        self.desk.push(session.start_build(session.edit(self.desk.session, experiment)))
        self._errand.begin(Work("build", 0, experiment.runs), lambda engine: engine.run(experiment), self._on_build)

    def stop(self) -> None:
        """Stop the build, the load or the comparison that is under way."""
        if self._errand.work is not None:
            self._errand.stop()
        elif self.state.verdict.face == "comparing":
            self._comparer.stop()

    def act(self, action: str) -> None:
        """Do what the button of the verdict line offers."""
        wanted = {
            "stop": self.stop,
            "dismiss": self._errand.dismiss,
            "reload": self.files.reload,
            "remove": self.files.remove_gone,
            "compare": self._compare_again,
        }
        if action in wanted:
            wanted[action]()
        else:
            self.build(remedied(self.desk.session.experiment, action))

    def _compare_again(self) -> None:
        self._comparer.compare(self.desk.session)
        self._publish()

    def _on_build(self, event: Event) -> None:
        if isinstance(event, RunFinished):
            label = self._free_label(event.number)
            item = Item(self.desk.new_id(), "run", label, event.weights, event.record, str(event.index))
            self.desk.add(item)

    def _on_finished(self) -> None:
        self._comparer.compare(self.desk.session)
        for item in self.desk.tidy():
            if item.path is not None:
                self._engine.forget(Path(item.path))
        self._publish()

    def _free_label(self, number: int) -> str:
        """`Run 1`, or the next number that no kept run has."""
        taken = {item.label for item in self.desk.session.items}
        while (label := self.tr("Run {n}").format(n=number)) in taken:
            number += 1
        return label

    # pairing

    def pair(self, a: str, b: str | None) -> None:
        """Pair the reference's tensor `a` with `b` of the item whose difference is shown, or (None) with none of it."""
        if focus := self._focus():
            self.desk.push(session.pair(self.desk.session, focus, a, b))

    def pair_by_rule(self, a: str | None, b: str | None) -> None:
        """Pair these tensors by the rules again."""
        if focus := self._focus():
            self.desk.push(session.pair_by_rule(self.desk.session, focus, a, b))

    def _focus(self) -> str | None:
        plot = self.state.plot
        return plot.focus if plot else None

    # inside

    def _follow(self) -> None:
        """Find out what is not known about the desk as it has become."""
        self._worker.follow(self.desk.session.experiment)
        self._file_watch.follow(self.desk.session.items)
        if self._errand.work is None:
            self._errand.forget()
            self._comparer.compare(self.desk.session)
        self._publish()

    def _publish_soon(self) -> None:
        """Show runs that arrive in quick succession together."""
        if not self._soon.isActive():
            self._soon.start()

    def _publish(self) -> None:
        self._soon.stop()
        if self._lister.prepare(self.desk.session, self.findings):
            self.stateChanged.emit(self.state)
            if self.findings.relating:
                self._painted.start()

    def _fail(self, error: ReproError) -> None:
        if isinstance(error, ChangedOnDisk):
            self.said.emit(error.message)
            self._file_watch.look()
            return
        self._errand.fail(Trouble(error.message))
