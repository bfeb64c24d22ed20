"""What the colours of a heat map mean: one bar for all runs, one for the difference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyqtgraph as pg
from PySide6.QtCore import QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPen

from reproviewer.gui.plots import texts

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from reproviewer.gui.plots.palette import Palette

HEIGHT_PX = 30
STRIP_PX, BOX_PX = 8, 18
MAX_PX = 280.0


class ColourBar(pg.GraphicsWidget):  # type: ignore[misc]
    """A strip of colour with numbers below; with `same` a square before it for "no difference"."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(HEIGHT_PX)
        self._strip = QImage()
        self._labels: tuple[str, ...] = ()
        self._same = ""
        self._ink = self._line = self._ground = QColor()

    def show_range(self, labels: tuple[str, ...], strip: Any, palette: Palette, same: str = "") -> None:
        """Show the colours `strip` (uint32) with the labels spread evenly below it."""
        data = strip.reshape(1, -1).copy()
        self._strip = QImage(data.data, data.shape[1], 1, data.nbytes, QImage.Format.Format_RGB32).copy()
        self._labels, self._same = labels, same
        self._ink, self._line = QColor(palette.theme.muted), QColor(palette.theme.control_line)
        self._ground = QColor(palette.theme.card)
        self.update()

    def paint(self, painter: QPainter, option: Any, widget: QWidget | None = None) -> None:
        """Draw the square, the strip and the labels."""
        font = texts.caption_font()
        metrics = QFontMetricsF(font)
        painter.setFont(font)
        width = min(self.size().width(), MAX_PX)
        x = 0.0
        if self._same:
            taken = metrics.horizontalAdvance(self._same)
            self._frame(painter, QRectF(0.5, 2.5, BOX_PX, STRIP_PX), self._ground)
            if taken + 6 + metrics.horizontalAdvance(self._labels[-1]) <= width:
                painter.setPen(QPen(self._ink))
                painter.drawText(QRectF(0, 12, taken + 2, 16), Qt.AlignmentFlag.AlignLeft, self._same)
                x = taken + 14
            else:
                x = BOX_PX + 8
        strip = QRectF(x + 0.5, 2.5, max(10.0, width - x - 1), STRIP_PX)
        painter.drawImage(strip, self._strip)
        self._frame(painter, strip, None)
        painter.setPen(QPen(self._ink))
        for label, side in self._placed(metrics, strip.width()):
            over = max(0.0, metrics.horizontalAdvance(label) - strip.width())
            painter.drawText(QRectF(strip.left() - over, 12, strip.width() + over, 16), side, label)

    def _placed(self, metrics: QFontMetricsF, width: float) -> list[tuple[str, Qt.AlignmentFlag]]:
        """The labels at the left, in the middle and at the right; the middle goes first, where room is short."""
        if len(self._labels) == 1:
            return [(self._labels[0], Qt.AlignmentFlag.AlignHCenter)]
        left, *middle, right = self._labels
        placed = [(right, Qt.AlignmentFlag.AlignRight)]
        if self._room(metrics, left, right) <= width:
            placed.append((left, Qt.AlignmentFlag.AlignLeft))
        if self._room(metrics, *self._labels) <= width:
            placed += [(label, Qt.AlignmentFlag.AlignHCenter) for label in middle]
        return placed

    def _room(self, metrics: QFontMetricsF, *labels: str) -> float:
        return sum(metrics.horizontalAdvance(label) + 6 for label in labels)

    def _frame(self, painter: QPainter, box: QRectF, fill: QColor | None) -> None:
        painter.setPen(QPen(self._line, 1))
        painter.setBrush(fill if fill is not None else Qt.BrushStyle.NoBrush)
        painter.drawRect(box)

    def sizeHint(self, which: Qt.SizeHint, constraint: Any = None) -> Any:
        """Any width, one height."""
        return QSizeF(-1 if which != Qt.SizeHint.MinimumSize else 40, HEIGHT_PX)
