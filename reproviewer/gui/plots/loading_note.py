"""Says that something is being read, once that has taken so long that one wonders."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QLabel, QWidget

from reproviewer.gui.plots.texts import tr
from reproviewer.gui.theme import GRID_PX

LATE_AFTER_MS = 100


class LoadingNote(QLabel):
    """A label in the upper right corner of its parent; `late` asks whether it is to `appear`."""

    late = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(tr("Reading the values…"), parent)
        self._over = parent
        self.setObjectName("loading")
        self.hide()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(LATE_AFTER_MS)
        self._timer.timeout.connect(self.late)

    def begin(self) -> None:
        """The reading begins, or begins anew."""
        self._timer.start()

    def end(self) -> None:
        """It has ended."""
        self._timer.stop()
        self.hide()

    def appear(self) -> None:
        """Show the note."""
        self.show()
        self.raise_()
        self.place()

    def place(self) -> None:
        """Keep to the corner."""
        self.adjustSize()
        self.move(self._over.width() - self.width() - GRID_PX, 0)
