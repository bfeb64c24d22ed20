"""Work off the window's thread: one at a time, cancelled and stamped, so that a late answer is dropped."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal

from reproviewer.core.message import ReproError

Work = Callable[[Callable[[], bool]], Any]


class Background(QObject):
    """Runs functions in one thread and hands their results back in the window's thread.

    `start(key, work, done, failed)` drops whatever was asked under the same `key` before. `work` is given a function
    that says whether it was cancelled meanwhile. Trouble that nobody expected goes to `crashed`.
    """

    crashed = Signal(object)
    _arrived = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="background")
        self._stamps: dict[str, threading.Event] = {}
        self._arrived.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def start(self, key: str, work: Work, done: Callable[[Any], None], failed: Callable[[ReproError], None]) -> None:
        """Run `work`; then `done(result)` or `failed(error)`, unless it was cancelled."""
        self.cancel(key)
        stamp = self._stamps[key] = threading.Event()
        self._pool.submit(self._run, key, stamp, work, done, failed)

    def cancel(self, key: str) -> None:
        """Forget what was asked under `key`."""
        stamp = self._stamps.pop(key, None)
        if stamp is not None:
            stamp.set()

    def close(self) -> None:
        """Cancel everything and wait for the thread."""
        for key in tuple(self._stamps):
            self.cancel(key)
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _run(
        self,
        key: str,
        stamp: threading.Event,
        work: Work,
        done: Callable[[Any], None],
        failed: Callable[[ReproError], None],
    ) -> None:
        if stamp.is_set():
            return
        try:
            result = work(stamp.is_set)
        except ReproError as error:
            self._arrived.emit((key, stamp, failed, error))
        except Exception as error:
            self._arrived.emit((key, stamp, self.crashed.emit, error))
        else:
            self._arrived.emit((key, stamp, done, result))

    def _deliver(self, arrival: tuple[str, threading.Event, Callable[[Any], None], Any]) -> None:
        key, stamp, receive, value = arrival
        if stamp.is_set():
            return
        if self._stamps.get(key) is stamp:
            del self._stamps[key]
        receive(value)
