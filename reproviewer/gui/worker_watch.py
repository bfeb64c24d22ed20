"""Follows the worker of the present experiment: is it ready, which layers has its Keras, what is wrong in the text."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from reproviewer.core import catalog, keras_text
from reproviewer.core.catalog import Catalog
from reproviewer.core.catalog_check import check
from reproviewer.core.known import Status
from reproviewer.core.message import Message, message
from reproviewer.core.mistakes import problem_at
from reproviewer.engine.events import Event, Outcome, Ready, Reply, RunState

if TYPE_CHECKING:
    from reproviewer.core.experiment import Environment, Experiment
    from reproviewer.gui.engine_thread import EngineThread

CHECK_DELAY_MS = 400


class WorkerWatch(QObject):
    """Keeps `status` (worker, mistakes, size of the model) true for the experiment it was last told to `follow`."""

    changed = Signal()
    catalogChanged = Signal(object)
    failed = Signal(object)

    def __init__(self, thread: EngineThread, flavour: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thread = thread
        self._experiment: Experiment | None = None
        self.status = Status()
        self.catalog = catalog.shipped("tf_keras" if flavour == "tf_keras" else "keras")
        self._timer = QTimer(self, singleShot=True, interval=CHECK_DELAY_MS)
        self._timer.timeout.connect(self._ask_keras)

    def follow(self, experiment: Experiment) -> None:
        """Start the worker that this experiment needs and look for mistakes in its model."""
        before, self._experiment = self._experiment, experiment
        if before is None or before.environment != experiment.environment:
            self._start_worker(experiment.environment)
        if before is None or before.model != experiment.model:
            self._read_text()

    def look(self) -> None:
        """Start another worker in the place of one that is gone."""
        if self.status.phase == "ready" and self._experiment is not None:
            environment = self._experiment.environment
            if not self._thread.is_ready(environment):
                self._wait_ready(environment)

    def close(self) -> None:
        """Ask nothing more."""
        self._timer.stop()

    def _start_worker(self, environment: Environment) -> None:
        self.catalog = catalog.shipped(environment.flavour)
        self.catalogChanged.emit(self.catalog)
        self.status = replace(self.status, size=None)
        self._wait_ready(environment)
        self._thread.ask(lambda engine: engine.catalog(environment), partial(self._on_catalog, environment))

    def _wait_ready(self, environment: Environment) -> None:
        self.status = replace(self.status, phase="starting", engine=message("Loading TensorFlow…"))
        self._thread.ask(lambda engine: engine.wait_ready(environment), partial(self._on_ready, environment))

    def _on_ready(self, environment: Environment, event: Event) -> None:
        if not self._is_present(environment):
            return
        if isinstance(event, Ready):
            self.status = replace(self.status, phase="ready", engine=_engine_line(event))
            if self.status.size is None:
                self._ask_keras()
        elif isinstance(event, Outcome) and event.state is RunState.FAILED:
            self.status = replace(self.status, phase="failed", engine=message("TensorFlow could not be started"))
            self.failed.emit(event)
        self.changed.emit()

    def _on_catalog(self, environment: Environment, event: Event) -> None:
        if isinstance(event, Reply) and self._is_present(environment):
            self.catalog = Catalog.from_json(event.data)
            self.catalogChanged.emit(self.catalog)
            self._read_text()
            self.changed.emit()

    def _is_present(self, environment: Environment) -> bool:
        return self._experiment is not None and self._experiment.environment == environment

    def _read_text(self) -> None:
        """Find the mistakes that can be found without Keras; ask Keras a moment later."""
        if self._experiment is None:
            return
        parsed = keras_text.parse(self._experiment.model)
        problems = (*parsed.problems, *check(parsed, self.catalog))
        self.status = replace(self.status, problems=problems, size=None)
        self._timer.start()

    def _ask_keras(self) -> None:
        experiment = self._experiment
        if experiment is None or self.status.phase != "ready" or self.status.problems:
            return
        self._thread.ask(lambda engine: engine.check(experiment), partial(self._on_checked, experiment))

    def _on_checked(self, experiment: Experiment, event: Event) -> None:
        if self._experiment is None or experiment.model != self._experiment.model:
            return
        if isinstance(event, Reply):
            shapes = [t["shape"] for t in event.data["tensors"] if t["role"] == "weight"]
            self.status = replace(self.status, size=(sum(map(math.prod, shapes)), len(shapes)))
        elif isinstance(event, Outcome) and event.state is RunState.FAILED:
            parsed = keras_text.parse(experiment.model)
            self.status = replace(self.status, problems=(problem_at(parsed, event.message, event.where),))
            self.look()
        self.changed.emit()


def _engine_line(ready: Ready) -> Message:
    return message(
        "Ready: TensorFlow {tensorflow} · {keras} {version}",
        tensorflow=ready.versions.get("tensorflow", "?"),
        keras="tf_keras" if ready.flavour == "tf_keras" else "Keras",
        version=ready.versions.get(ready.flavour, ready.versions.get("keras", "?")),
    )
