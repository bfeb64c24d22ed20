"""What the engine does for the person, one thing at a time, and what went wrong."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from reproviewer.core.known import Trouble, Work
from reproviewer.engine.events import Event, Outcome, RunStarted, RunState

if TYPE_CHECKING:
    from reproviewer.gui.engine_thread import Ask, EngineThread, Receive
    from reproviewer.gui.worker_watch import WorkerWatch


class Errand(QObject):
    """Keeps `work`, what is under way, and `trouble`, what went wrong until it is forgotten; None if nothing.

    `advanced` comes with every event but the last, after which comes `finished`. `said` carries a sentence for the
    message line.
    """

    changed = Signal()
    advanced = Signal()
    finished = Signal()
    said = Signal(object)

    def __init__(self, thread: EngineThread, worker: WorkerWatch, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thread = thread
        self._worker = worker
        self._request: int | None = None
        self.work: Work | None = None
        self.trouble: Trouble | None = None

    def begin(self, work: Work, ask: Ask, receive: Receive) -> None:
        """Ask the engine for something that the person waits for; `receive` is given every event first."""
        self.trouble = None
        self._worker.look()
        self.work = replace(work, queued=self._worker.status.phase == "starting")
        self._request = self._thread.ask(ask, partial(self._on_event, receive))
        self.changed.emit()

    def stop(self) -> None:
        """Stop what is under way."""
        if self._request is not None:
            self._thread.stop(self._request)

    def finish(self, outcome: Outcome) -> None:
        """Tell how something ended."""
        if outcome.state is RunState.FAILED:
            self.trouble = Trouble(outcome.message, outcome.details)
        elif outcome.state is RunState.ABORTED:
            self.said.emit(outcome.message)
        self.finished.emit()

    def fail(self, trouble: Trouble | None) -> None:
        """Show what went wrong."""
        self.trouble = trouble
        self.changed.emit()

    def forget(self) -> None:
        """What went wrong matters no more; it goes with the next change."""
        self.trouble = None

    def dismiss(self) -> None:
        """Put what went wrong out of sight."""
        if self.trouble is not None:
            self.fail(None)

    def _on_event(self, receive: Receive, event: Event) -> None:
        receive(event)
        if isinstance(event, Outcome):
            self._request = self.work = None
            self._worker.look()
            self.finish(event)
            return
        if isinstance(event, RunStarted) and self.work is not None:
            self.work = replace(self.work, number=event.number, queued=False)
        self.advanced.emit()
