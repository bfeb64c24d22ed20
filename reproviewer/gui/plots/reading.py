"""What is being read for the plots: each thing under a key, in a thread, dropped when it is not wanted any more."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from reproviewer.gui.tasks import Background

if TYPE_CHECKING:
    from collections.abc import Callable

    from reproviewer.core.message import ReproError

PICTURES = ("load", "detail")


class Reading(QObject):
    """Two threads: pictures do not hold up the single elements that are asked for meanwhile."""

    failed = Signal(object)
    crashed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pending: set[str] = set()
        self._closed = False
        self._pictures, self._elements = Background(), Background()
        for background in (self._pictures, self._elements):
            background.crashed.connect(self._on_crash)

    @property
    def closed(self) -> bool:
        """Whether nothing is read any more."""
        return self._closed

    @property
    def busy(self) -> bool:
        """Whether something is being read."""
        return bool(self._pending)

    def waits_for(self, key: str) -> bool:
        """Whether what was asked under this key is still being read."""
        return key in self._pending

    def start(self, key: str, work: Callable[..., Any], done: Callable[[Any], None]) -> None:
        """Read with `work(cancelled)`, then call `done`; what was asked under the same key before is dropped."""
        if self._closed:
            return
        self._pending.add(key)

        def finish(result: Any) -> None:
            self._pending.discard(key)
            done(result)

        self._thread_of(key).start(key, work, finish, partial(self._on_failed, key))

    def drop(self, *keys: str) -> None:
        """Forget what was asked under these keys; without any, everything."""
        for key in keys or tuple(self._pending):
            self._thread_of(key).cancel(key)
            self._pending.discard(key)

    def close(self) -> None:
        """Drop everything and wait for the threads."""
        self._closed = True
        self.drop()
        for background in (self._pictures, self._elements):
            background.close()

    def _thread_of(self, key: str) -> Background:
        return self._pictures if key in PICTURES else self._elements

    def _on_failed(self, key: str, error: ReproError) -> None:
        self._pending.discard(key)
        self.failed.emit(error)

    def _on_crash(self, error: BaseException) -> None:
        self._pending.clear()
        self.crashed.emit(error)
