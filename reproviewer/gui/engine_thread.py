"""The engine behind the window: requests wait in one queue, events come back as signals."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal

from reproviewer.core.message import ReproError, message
from reproviewer.engine.events import Event, Outcome, RunState

if TYPE_CHECKING:
    from pathlib import Path

    from reproviewer.core.experiment import Environment
    from reproviewer.engine import Engine

Ask = Callable[["Engine"], Iterator[Event]]
Receive = Callable[[Event], None]


@dataclass(frozen=True)
class _Request:
    number: int
    ask: Ask
    receive: Receive


class EngineThread(QObject):
    """One thread that asks the engine, one request after the other.

    `ask(request, receive)` queues a request; `receive` is called in the window's thread with each event, the last of
    which is the Outcome. A request stopped before its turn gets the outcome `aborted` too.
    """

    crashed = Signal(object)
    _arrived = Signal(object, object)

    def __init__(self, engine: Engine, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._engine = engine
        self._numbers = count(1)
        self._waiting: queue.Queue[_Request | None] = queue.Queue()
        self._stopped: set[int] = set()
        self._current: int | None = None
        self._lock = threading.Lock()
        self._closing = False
        self._arrived.connect(self._deliver, Qt.ConnectionType.QueuedConnection)
        self._thread = threading.Thread(target=self._loop, name="engine", daemon=True)
        self._thread.start()

    def ask(self, ask: Ask, receive: Receive) -> int:
        """Queue a request; returns the number to stop it by."""
        number = next(self._numbers)
        self._waiting.put(_Request(number, ask, receive))
        return number

    def stop(self, number: int) -> None:
        """Stop a request, waiting or under way."""
        with self._lock:
            self._stopped.add(number)
            running = self._current == number
        if running:
            self._engine.cancel()

    def is_ready(self, environment: Environment) -> bool:
        """Whether the environment's worker is there and has loaded TensorFlow."""
        return self._engine.versions(environment) is not None

    def forget(self, index: Path) -> None:
        """Give up a run that nobody looks at any more."""
        self._engine.forget(index)

    def close(self) -> None:
        """Stop everything and wait for the thread. The engine stays open; whoever made it closes it."""
        self._closing = True
        self._waiting.put(None)
        while self._thread.is_alive():
            self._engine.cancel()
            self._thread.join(0.05)

    def _loop(self) -> None:
        while (request := self._waiting.get()) is not None and not self._closing:
            try:
                self._answer(request)
            except Exception as error:
                self._arrived.emit(self.crashed.emit, error)
                failed = Outcome(RunState.FAILED, message("Something went wrong inside the program: {why}", why=error))
                self._arrived.emit(request.receive, failed)

    def _answer(self, request: _Request) -> None:
        with self._lock:
            if request.number in self._stopped:
                self._arrived.emit(request.receive, Outcome(RunState.ABORTED, message("Stopped.")))
                return
            self._current = request.number
        try:
            for event in request.ask(self._engine):
                self._arrived.emit(request.receive, event)
                if request.number in self._stopped:  # asked before the engine had begun
                    self._engine.cancel()
        except ReproError as error:
            self._arrived.emit(request.receive, Outcome(RunState.FAILED, error.message))
        finally:
            with self._lock:
                self._current = None

    def _deliver(self, receive: Callable[[object], None], value: object) -> None:
        if not self._closing:
            receive(value)
