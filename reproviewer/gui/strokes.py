"""Which small changes are one step to undo."""

from __future__ import annotations

from PySide6.QtCore import QElapsedTimer

PAUSE_MS = 1000


class Strokes:
    """Names the changes that a person makes: those in one place, one soon after the other, have one name."""

    def __init__(self) -> None:
        self._place = ""
        self._number = 0
        self._since = QElapsedTimer()

    def name(self, place: str) -> str | None:
        """The name of a change that is made now; None for one that stands alone, in no place."""
        if place != self._place or not self._since.isValid() or self._since.hasExpired(PAUSE_MS):
            self._number += 1
        self._place = place
        self._since.start()
        return f"{self._number} {place}" if place else None
