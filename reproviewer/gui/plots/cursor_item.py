"""The cursor: a frame around one cell, or a band behind one bar."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from reproviewer.gui.plots.view_item import ViewItem

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

LEAST_PX = 13.0


class CursorItem(ViewItem):
    """Marks the cell (row, column) so that it can be found at any zoom; hidden without one."""

    def __init__(self) -> None:
        super().__init__()
        self._cell: tuple[int, int] | None = None
        self._band = False
        self._ink = self._ground = self._tint = QColor()
        self.setZValue(100)
        self.setVisible(False)

    def paint_with(self, ink: QColor, ground: QColor, tint: QColor) -> None:
        """Colours of the frame, of its outline and of the band."""
        self._ink, self._ground, self._tint = ink, ground, tint
        self.update()

    def show_cell(self, cell: tuple[int, int] | None, band: bool) -> None:
        """Mark a cell, or with `band` the bar at that column; None hides the mark."""
        self.prepareGeometryChange()
        self._cell, self._band = cell, band
        self.setZValue(-10 if band else 100)
        self.setVisible(cell is not None)
        self.update()

    def paint(self, painter: QPainter, option: Any, widget: QWidget | None = None) -> None:
        """Draw the mark in pixels."""
        if self._cell is None:
            return
        row, col = self._cell
        world, whole = self.to_pixels(painter)
        if self._band:
            left, right = world.map(QPointF(col, 0)).x(), world.map(QPointF(col + 1, 0)).x()
            painter.fillRect(QRectF(left, whole.top(), max(2.0, right - left), whole.height()), self._tint)
            return
        box = _at_least(world.mapRect(QRectF(col, row, 1, 1)), LEAST_PX).intersected(whole)
        if box.isEmpty():
            return
        self._crosshair(painter, whole, box)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for colour, width in ((self._ground, 4), (self._ink, 2)):
            pen = QPen(colour, width)
            pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
            painter.setPen(pen)
            painter.drawRect(box)

    def _crosshair(self, painter: QPainter, whole: QRectF, box: QRectF) -> None:
        colour = QColor(self._ink)
        colour.setAlpha(90)
        painter.setPen(QPen(colour, 1))
        x, y = box.center().x(), box.center().y()
        for start, end in (
            (QPointF(whole.left(), y), QPointF(box.left(), y)),
            (QPointF(box.right(), y), QPointF(whole.right(), y)),
            (QPointF(x, whole.top()), QPointF(x, box.top())),
            (QPointF(x, box.bottom()), QPointF(x, whole.bottom())),
        ):
            painter.drawLine(start, end)


def _at_least(box: QRectF, size: float) -> QRectF:
    more_x, more_y = max(0.0, size - box.width()) / 2, max(0.0, size - box.height()) / 2
    return box.adjusted(-more_x, -more_y, more_x, more_y)
