"""The place of one environment's worker: a dead one is replaced, and one request at a time is asked."""

from __future__ import annotations

import queue
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from reproviewer.core.message import Message, message
from reproviewer.engine import outcomes
from reproviewer.engine.process import Cancelled, Death, Item, NotStarted, Rubbish, WorkerProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from reproviewer.engine.events import Outcome

POLL_SECONDS = 0.05
LAST_WORDS = ("failed", "done")
LAST_WORD_SECONDS = 2.0
STARTING = message("starting")


class Ended(Exception):
    """The request is over, with this outcome."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(str(outcome.message))
        self.outcome = outcome


class Slot:
    """Holds the worker of one environment. `survives_cancel`: it builds in children, and only a child is killed."""

    def __init__(self, make: Callable[[], WorkerProcess], python: str, survives_cancel: bool, silence: float) -> None:
        self._make = make
        self._python = python
        self._survives_cancel = survives_cancel
        self._silence_seconds = silence
        self._busy = threading.Lock()
        self._lock = threading.RLock()
        self._worker: WorkerProcess | None = None
        self._closed = False
        self._sent: int | None = None
        self._owed: int | None = None
        self._cancelled: set[int] = set()

    @property
    def worker(self) -> WorkerProcess:
        """The worker; a new one is started when there is none or it is dead. Returns at once."""
        with self._lock:
            if self._worker is None or (self._worker.is_over and not self._closed):
                self._worker = self._make()
            return self._worker

    @property
    def hello(self) -> dict[str, Any] | None:
        """What the worker said of itself when it was ready, None when there is none that is."""
        worker = self._worker
        return None if worker is None or worker.is_over else worker.hello

    @contextmanager
    def turn(self, request: int) -> Generator[WorkerProcess]:
        """Wait for other requests to end, then hold the worker. A request that is left early is stopped."""
        while not self._busy.acquire(timeout=POLL_SECONDS):
            self._raise_if_cancelled(request)
        try:
            yield self.worker
        finally:
            self._stop(request)
            self._await_last_word(request)
            self._cancelled.discard(request)
            self._busy.release()

    def cancel(self, request: int) -> None:
        """End `request` from any thread, whatever its worker is doing."""
        worker = self._worker
        self._cancelled.add(request)
        self._stop(request)
        if worker is not None:
            worker.inbox.put(Cancelled(request))

    def wait_ready(self, worker: WorkerProcess, request: int) -> dict[str, Any]:
        """Wait until the worker has imported Keras; what it says of itself. Raises Ended."""
        while worker.hello is None:
            item = self._next(worker, request, STARTING)
            if item["event"] == "failed":
                worker.kill()
                raise Ended(outcomes.failed(item))
        return worker.hello

    def send(self, worker: WorkerProcess, request: int, body: dict[str, Any]) -> None:
        """Send the request. Raises Ended when it is cancelled already."""
        with self._lock:
            self._raise_if_cancelled(request)
            self._sent = request
        worker.send({"id": request, **body})

    def receive(self, worker: WorkerProcess, request: int, doing: Message) -> dict[str, Any]:
        """The next message that answers `request`. Raises Ended when there is none to come."""
        while True:
            item = self._next(worker, request, doing)
            if item.get("id") == request or (item["event"] == "failed" and item.get("id") is None):
                if item["event"] in LAST_WORDS:
                    self._sent = None
                return item

    def close(self) -> None:
        """Kill the worker for good. Returns at once."""
        with self._lock:
            self._closed = True
        if self._worker is not None:
            self._worker.kill()

    def _next(self, worker: WorkerProcess, request: int, doing: Message) -> dict[str, Any]:
        while True:
            try:
                item: Item = worker.inbox.get(timeout=self._silence_seconds)
            except queue.Empty:
                worker.kill()
                raise Ended(outcomes.silent(self._silence_seconds, doing, worker.log)) from None
            self._raise_if_cancelled(request)
            if isinstance(item, (Death, NotStarted, Rubbish)):
                self._sent = None
                worker.kill()
                raise Ended(outcomes.ended(item, doing, self._python, worker.log))
            if not isinstance(item, Cancelled):
                return item

    def _raise_if_cancelled(self, request: int) -> None:
        if request in self._cancelled:
            raise Ended(outcomes.aborted())

    def _stop(self, request: int) -> None:
        """Make the worker drop `request` if it is at it; where that means its death, start the next."""
        with self._lock:
            if self._sent != request or self._worker is None:
                return
            self._sent = None
            if self._survives_cancel:
                self._owed = request
                self._worker.send({"id": request, "do": "cancel"})
            else:
                self._worker.kill()
                _ = self.worker

    def _await_last_word(self, request: int) -> None:
        """Wait until a worker that survives has dropped a request; one that does not is killed after all."""
        if self._owed != request or self._worker is None:
            return
        self._owed = None
        try:
            while not isinstance(item := self._worker.inbox.get(timeout=LAST_WORD_SECONDS), Death):
                if isinstance(item, dict) and item.get("id") == request and item["event"] in LAST_WORDS:
                    return
        except queue.Empty:
            pass
        self._worker.kill()
