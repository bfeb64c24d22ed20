"""Bars from zero with their numbers written; numbers never collide: they turn, or they go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFontMetricsF, QPainter, QPen

from reproviewer.gui.plots import texts
from reproviewer.gui.plots.view_item import ViewItem

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from reproviewer.core.summary import Array

GAP_PX = 4
BAR_SHARE = 0.72


class BarsItem(ViewItem):
    """One bar for each element; bar `i` stands on `i` to `i + 1`.

    `marks` are the signs of elements that differ although they have no bar; "" for all others.
    """

    def __init__(self) -> None:
        super().__init__()
        self._values: Array = np.empty(0)
        self._labels: list[str] = []
        self._width = 0.0
        self._colour = self._ink = self._line = QColor()

    def show_values(self, values: Array, marks: Array, signed: bool) -> None:
        """Show these values; `signed` writes a plus too."""
        self.prepareGeometryChange()
        self._values = values.astype(np.float64).ravel()
        self._labels = []
        if self._values.size <= 512:
            both = zip(self._values.tolist(), marks.ravel().tolist(), strict=True)
            self._labels = [mark or _label(value, signed) for value, mark in both]
        metrics = QFontMetricsF(texts.caption_font())
        self._width = max((metrics.horizontalAdvance(label) for label in self._labels), default=0.0)
        self.update()

    def paint_with(self, colour: QColor, ink: QColor, line: QColor) -> None:
        """Colours of bars, numbers and the zero line."""
        self._colour, self._ink, self._line = colour, ink, line
        self.update()

    def room_px(self, slot_px: float, height_px: float) -> float:
        """How much room the numbers take above and below the bars when each bar has `slot_px`."""
        return {"flat": 18.0, "turned": self._width + 10, "none": 6.0}[self._way(slot_px, height_px)]

    def boundingRect(self) -> QRectF:
        """All bars; the height is that of the view, so that numbers are never cut."""
        view = super().boundingRect()
        return QRectF(0, view.top(), max(1, self._values.size), view.height())

    def paint(self, painter: QPainter, option: Any, widget: QWidget | None = None) -> None:
        """Draw bars, then numbers, in pixels."""
        if not self._values.size:
            return
        world, area = self.to_pixels(painter)
        zero = world.map(QPointF(0, 0)).y()
        slot = abs(world.m11())
        painter.setPen(QPen(self._line, 1))
        painter.drawLine(QPointF(area.left(), zero), QPointF(area.right(), zero))
        way = self._way(slot, area.height())
        painter.setFont(texts.caption_font())
        left = world.map(QPointF(0, 0)).x()
        for i, value in enumerate(self._values.tolist()):
            box = self._bar(left + i * slot, slot, value, world, zero, area)
            self._paint_bar(painter, box, value)
            if way != "none":
                self._paint_label(painter, i, box, left + (i + 0.5) * slot, slot, way, value)

    def _way(self, slot_px: float, height_px: float) -> str:
        line = QFontMetricsF(texts.caption_font()).height()
        if not self._labels or slot_px >= self._width + GAP_PX:
            return "flat" if self._labels else "none"
        return "turned" if slot_px >= line and height_px >= 4 * self._width else "none"

    def _bar(self, x: float, slot: float, value: float, world: Any, zero: float, area: QRectF) -> QRectF:
        wide = max(1.0, slot * BAR_SHARE) if slot > 3 else max(1.0, slot)
        wide = min(wide, 96.0)
        if np.isnan(value):
            y = area.top()
        elif np.isinf(value):
            y = area.top() if value > 0 else area.bottom()
        else:
            y = world.map(QPointF(0, value)).y()
        other = area.bottom() if np.isnan(value) else zero
        return QRectF(x + (slot - wide) / 2, min(y, other), wide, abs(other - y))

    def _paint_bar(self, painter: QPainter, box: QRectF, value: float) -> None:
        if np.isnan(value):
            painter.fillRect(box, QBrush(self._line, Qt.BrushStyle.BDiagPattern))
        elif np.isinf(value):
            painter.fillRect(box, QBrush(self._colour, Qt.BrushStyle.Dense4Pattern))
        else:
            painter.fillRect(box, self._colour)

    def _paint_label(
        self, painter: QPainter, i: int, box: QRectF, middle: float, slot: float, way: str, value: float
    ) -> None:
        text = self._labels[i]
        below = value < 0
        painter.setPen(self._ink)
        wide = QFontMetricsF(painter.font()).horizontalAdvance(text) + 2
        length, thick = (wide, 16.0) if way == "flat" else (16.0, wide)
        if not np.isfinite(value):
            top = box.center().y() - thick / 2
        else:
            top = box.bottom() + 1 if below else box.top() - thick - 1
        spot = QRectF(middle - length / 2, top, length, thick)
        if way == "flat":
            painter.drawText(spot, Qt.AlignmentFlag.AlignCenter, text)
            return
        painter.save()
        painter.translate(spot.center())
        painter.rotate(-90)
        start = Qt.AlignmentFlag.AlignRight if below else Qt.AlignmentFlag.AlignLeft
        painter.drawText(QRectF(-thick / 2, -8, thick, 16), start | Qt.AlignmentFlag.AlignVCenter, text)
        painter.restore()


def _label(value: float, signed: bool) -> str:
    """A number; of a difference without a finite distance, such as to NaN, only that."""
    return "∞" if signed and np.isinf(value) else texts.number(value, 4, signed)
