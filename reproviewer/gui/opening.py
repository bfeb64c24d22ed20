"""What happens from the first paint until the window is ready for everything.

The empty window is painted before anything else is imported. What follows never holds it up for long: modules are
imported in a thread that gives way often, and the rooms are put in a small step at a time.
"""

from __future__ import annotations

import gc
import importlib
import sys
import threading
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QObject, Qt, QTimer, Signal

from reproviewer.gui.collector import Collector

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from reproviewer.core.experiment import Experiment
    from reproviewer.engine import Engine
    from reproviewer.gui.controller import Controller
    from reproviewer.gui.main_window import MainWindow
    from reproviewer.gui.settings import Settings

ROOMS = (
    "reproviewer.engine",
    "reproviewer.gui.controller",
    "reproviewer.gui.actions",
    "reproviewer.gui.toolbar",
    "reproviewer.gui.focus",
    "reproviewer.gui.panel.panel",
    "reproviewer.gui.chores",
    "reproviewer.gui.shelf",
    "reproviewer.gui.layer_strip",
    "reproviewer.gui.tensor_tree",
    "reproviewer.gui.plot_card",
    "reproviewer.gui.verdict_line",
)
PLOTS = (
    "numpy",
    "pyqtgraph",
    "reproviewer.core.compare",
    "reproviewer.gui.plots.area",
    "reproviewer.gui.plots.board",
)
GIVE_WAY_S = 0.0001
STEP_AFTER_MS = 1
"""What waits meanwhile comes first: steps without a pause between them would be as one."""


class Opening(QObject):
    """Furnishes the window after its first paint; `furnished` carries the controller. Owns the engine.

    The collector of cycles rests meanwhile: each of its first rounds would hold the window up. What lives then lives as
    long as the program, so later rounds need not look at it.
    """

    furnished = Signal(object)
    _prepared = Signal(object)

    def __init__(self, window: MainWindow, settings: Settings, files: list[Path]) -> None:
        super().__init__()
        self._window = window
        self._settings = settings
        self._files = files
        self._engine: Engine | None = None
        self._thread: threading.Thread | None = None
        self._closing = threading.Event()
        self._collector = Collector(self)
        self._steps = self._furnish()
        self._prepared.connect(self._go_on, Qt.ConnectionType.QueuedConnection)
        window.closed.connect(self._closing.set)

    def start(self) -> None:
        """Begin, in the next turn of the event loop."""
        gc.disable()
        sys.setswitchinterval(GIVE_WAY_S)
        QTimer.singleShot(STEP_AFTER_MS, self, self._go_on)

    def close(self) -> None:
        """Go no further; wait for what is being prepared, and end the engine."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join()
        if self._engine is not None:
            self._engine.close()
        self._collector.stop()
        gc.enable()

    def _furnish(self) -> Iterator[Callable[[], None] | None]:
        """The steps of the window's thread; each yields what another thread has to do before the next, if anything."""
        yield partial(_import, ROOMS, self._closing)
        experiment = first_experiment(self._settings.experiment)
        yield partial(self._start_engine, experiment)
        assert self._engine is not None
        controller = _controller(self._engine, experiment)
        yield from self._window.furnish(controller)
        self.furnished.emit(controller)
        if self._files:
            controller.files.open(self._files)
        yield partial(_import, PLOTS, self._closing)
        self._window.plots.prepare()
        yield None
        controller.stateChanged.connect(self._collector.see)
        self._collector.start()
        gc.enable()

    def _start_engine(self, experiment: Experiment) -> None:
        """Let TensorFlow load from now on; read the snapshot of Keras' layers."""
        from reproviewer.core import catalog
        from reproviewer.engine import Engine

        self._engine = Engine()
        self._engine.start(experiment.environment)
        catalog.shipped(experiment.environment.flavour)

    def _go_on(self, error: BaseException | None = None) -> None:
        if self._closing.is_set():
            return
        try:
            if error is not None:
                raise error
            work = next(self._steps, _NOTHING_LEFT)
        except Exception:
            if self._engine is None:  # an empty window is of no use
                QCoreApplication.exit(2)
            raise
        if callable(work):
            self._thread = threading.Thread(target=self._prepare, args=(work,), name="opening", daemon=True)
            self._thread.start()
        elif work is None:
            QTimer.singleShot(STEP_AFTER_MS, self, self._go_on)

    def _prepare(self, work: Callable[[], None]) -> None:
        error: BaseException | None = None
        try:
            work()
        except Exception as caught:
            error = caught
        self._prepared.emit(error)


_NOTHING_LEFT = object()


def first_experiment(remembered: str) -> Experiment:
    """The experiment of the last session; a small one the first time, or when what was remembered is damaged."""
    from reproviewer.core.experiment import Experiment, loads
    from reproviewer.core.message import ReproError

    try:
        return loads(remembered)
    except ReproError:
        return Experiment(model="Dense(5, input_dim=1)")


def _import(modules: Iterable[str], closing: threading.Event) -> None:
    for module in modules:
        if closing.is_set():
            return
        importlib.import_module(module)


def _controller(engine: Engine, experiment: Experiment) -> Controller:
    from reproviewer.gui.controller import Controller

    return Controller(engine, experiment)
