"""Imports what the first plot needs while the person is still looking around.

pyqtgraph and numpy take a good part of a second. Imported by the window's thread when the first run arrives they would
freeze the window; imported here, in a thread that gives way often, they do not.
"""

from __future__ import annotations

import importlib
import sys
import threading

from PySide6.QtCore import QObject, Qt, Signal

MODULES = (
    "numpy",
    "pyqtgraph",
    "reproviewer.core.compare",
    "reproviewer.gui.plots.area",
    "reproviewer.gui.plots.board",
)
GIVE_WAY_S = 0.0005


class Preload(QObject):
    """`start` imports in a thread of its own; then `done` is emitted in the window's thread."""

    done = Signal()
    _imported = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="preload", daemon=True)
        self._imported.connect(self.done, Qt.ConnectionType.QueuedConnection)

    def start(self) -> None:
        """Begin; once is enough."""
        if not self._thread.is_alive() and not self._closing.is_set():
            self._thread.start()

    def close(self) -> None:
        """Import nothing more and wait for the thread."""
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        before = sys.getswitchinterval()
        sys.setswitchinterval(GIVE_WAY_S)
        try:
            for module in MODULES:
                if self._closing.is_set():
                    return
                importlib.import_module(module)
        finally:
            sys.setswitchinterval(before)
        if not self._closing.is_set():
            self._imported.emit()
