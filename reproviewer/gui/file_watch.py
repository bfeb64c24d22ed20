"""Notices when somebody writes to a file that lies on the shelf."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from PySide6.QtCore import QFileSystemWatcher, QObject, QTimer, Signal

from reproviewer.core.weights import Stamp, stamp_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reproviewer.core.session import Item

SETTLE_MS = 200
RETURN_MS = 1000
"""How often a file that is gone is looked for: only what is there can be watched."""


class FileWatch(QObject):
    """Keeps `stale`, the ids of the followed items whose files are not any more what was read; tells when it changes.

    `gone` are those of them whose files are not there; `returned` carries the ids of some that are there again, as they
    were when they were read. A file that is being written is looked at when nothing has happened to it for a moment.
    """

    changed = Signal()
    returned = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._items: tuple[Item, ...] = ()
        self.stale: frozenset[str] = frozenset()
        self.gone: frozenset[str] = frozenset()
        self._watcher = QFileSystemWatcher(self)
        self._timer = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._timer.timeout.connect(self.look)
        self._again = QTimer(self, singleShot=True, interval=RETURN_MS)
        self._again.timeout.connect(self.look)
        self._watcher.fileChanged.connect(self._timer.start)

    def follow(self, items: Iterable[Item]) -> None:
        """Watch the files of these items and of no others."""
        self._items = tuple(item for item in items if item.stamps)
        paths = {path for item in self._items for path in item.stamps}
        watched = set(self._watcher.files())
        if watched - paths:
            self._watcher.removePaths(sorted(watched - paths))
        if paths - watched:
            self._watcher.addPaths(sorted(paths - watched))
            self._timer.start()
        followed = {item.id for item in self._items}
        self.stale, self.gone = self.stale & followed, self.gone & followed

    def look(self) -> None:
        """Compare the files with what was read, now. One that was replaced has to be watched anew, and that first."""
        lost = {p for item in self._items for p in item.stamps if os.path.exists(p)} - set(self._watcher.files())
        if lost:
            self._watcher.addPaths(sorted(lost))
        stale = frozenset(item.id for item in self._items if any(_stamp(p) != s for p, s in item.stamps.items()))
        gone = frozenset(item.id for item in self._items if not all(map(os.path.exists, item.stamps)))
        returned = self.gone - stale
        if gone:
            self._again.start()
        if (stale, gone) != (self.stale, self.gone):
            self.stale, self.gone = stale, gone
            self.changed.emit()
        if returned:
            self.returned.emit(returned)

    def close(self) -> None:
        """Look no more.

        The watcher has to go in this thread. Left to Python it may go in any, and Qt then waits on a closed file.
        """
        self._timer.stop()
        self._again.stop()
        self._items = ()
        self._watcher.deleteLater()


def _stamp(path: str) -> Stamp | None:
    try:
        return stamp_of(os.stat(path))
    except OSError:
        return None
