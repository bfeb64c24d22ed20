"""Python's full garbage collections, kept for pauses.

A full collection looks at every object and holds all threads meanwhile: a tenth of a second and more where there are
ten thousand tensors. Python would begin it in the middle of anything.
"""

from __future__ import annotations

import gc
import math
import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

if TYPE_CHECKING:
    from reproviewer.core.view_state import ViewState

PAUSE_MS = 2000
SHORT_S = 0.01
"""A collection as short as this may come at any time."""
YOUNG_COLLECTIONS = 10
"""So many collections of young objects leave something to do for a full one."""
_NEVER = 1 << 30


class Collector(QObject):
    """Collects when nothing was shown anew for a while and nothing is under way. What exists already is left out."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._before = gc.get_threshold()
        self._stirred = self._busy = False
        self._last_s = math.inf
        self._timer = QTimer(self, interval=PAUSE_MS)
        self._timer.timeout.connect(self._look)

    def start(self) -> None:
        """From now on."""
        gc.freeze()
        gc.set_threshold(*self._before[:2], _NEVER)
        self._timer.start()

    def stop(self) -> None:
        """Leave it to Python again."""
        self._timer.stop()
        gc.set_threshold(*self._before)

    def see(self, state: ViewState) -> None:
        """The window shows something new."""
        self._stirred, self._busy = True, state.busy or state.verdict.face == "comparing"

    def _look(self) -> None:
        is_pause, self._stirred = not self._stirred, False
        if self._busy or gc.get_count()[2] < YOUNG_COLLECTIONS:
            return
        if is_pause or self._last_s < SHORT_S:
            start = time.perf_counter()
            gc.collect()
            self._last_s = time.perf_counter() - start
            if self._last_s > SHORT_S:
                gc.freeze()  # what lives now, mostly what was found about tensors, is not looked at again
