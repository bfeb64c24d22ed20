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
        self._lock = threading.Lock()
        self._worker: WorkerProcess | None = None
        self._sent: int | None = None
        self._cancelled: set[int] = set()

    @property
    def worker(self) -> WorkerProcess:
        """The worker; a new one is started when there is none or it is dead. Returns at once."""
        with self._lock:
            if self._worker is None or self._worker.is_over:
                self._worker = self._make()
            return self._worker

    @property
    def hello(self) -> dict[str, Any] | None:
        """What the worker said of itself when it was ready, None when there is none that is."""
        worker = self._worker
        return None if worker is None or worker.is_over else worker.hello

    @contextmanager
    def turn(self, request: int) -> Generator[None]:
        """Wait for other requests to end, then hold the worker. A request that is left early is stopped."""
        while not self._busy.acquire(timeout=POLL_SECONDS):
            self._raise_if_cancelled(request)
        try:
            yield
        finally:
            if self._sent == request:
                self._stop()
            self._cancelled.discard(request)
            self._busy.release()

    def cancel(self, request: int) -> None:
        """End `request` from any thread, whatever its worker is doing."""
        self._cancelled.add(request)
        if self._sent == request:
            self._stop()
        worker = self._worker
        if worker is not None:
            worker.inbox.put(Cancelled(request))

    def wait_ready(self, request: int) -> dict[str, Any]:
        """Wait until the worker has imported Keras; what it says of itself. Raises Ended."""
        worker = self.worker
        while worker.hello is None:
            item = self._next(worker, request, STARTING)
            if isinstance(item, dict) and item["event"] == "failed":
                worker.kill()
                raise Ended(outcomes.failed(item))
        return worker.hello

    def send(self, request: int, body: dict[str, Any]) -> None:
        """Send the request."""
        self._raise_if_cancelled(request)
        self._sent = request
        self.worker.send({"id": request, **body})

    def receive(self, request: int, doing: Message) -> dict[str, Any]:
        """The next message that answers `request`. Raises Ended when there is none to come."""
        while True:
            item = self._next(self.worker, request, doing)
            if item.get("id") == request:
                return item

    def done(self) -> None:
        """The worker has said its last word on the request."""
        self._sent = None

    def close(self) -> WorkerProcess | None:
        """Kill the worker; return it, to be waited for."""
        if self._worker is not None:
            self._worker.kill()
        return self._worker

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

    def _stop(self) -> None:
        """Make the worker drop what it does; where that means its death, start the next."""
        request, self._sent = self._sent, None
        worker = self._worker
        if worker is None or request is None:
            return
        if self._survives_cancel:
            worker.send({"id": request, "do": "cancel"})
        else:
            worker.kill()
            _ = self.worker
