"""How many elements of two tensors are how far apart: bars with their counts, on a logarithmic scale."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFontMetricsF, QPainter, QPen

from reproviewer.core.distance_histogram import DistanceHistogram
from reproviewer.gui.plots import describe_pair, texts
from reproviewer.gui.plots.axes import BOTTOM_PX, LEFT_PX
from reproviewer.gui.plots.pair_view import PairView
from reproviewer.gui.plots.panes import is_close
from reproviewer.gui.plots.texts import tr

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent
    from PySide6.QtWidgets import QWidget

    from reproviewer.gui.plots.describe_pair import Slot
    from reproviewer.gui.plots.load_pair import Paired
    from reproviewer.gui.theme import Theme

BAR_SHARE, MOST_BAR_PX, MOST_SLOT_PX = 0.72, 64.0, 96.0
LABEL_GAP_PX = 3.0
BASE = -0.3
"""The logarithm of the count at which bars begin, so that a count of 1 has a bar."""


class DistancesView(PairView):
    """Paints the counts; the line above says what the bar under the mouse holds, or the one that the arrows reach."""

    @property
    def bars(self) -> tuple[Slot, ...]:
        """The bars, from the left."""
        return self._chart.slots

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and right go from bar to bar."""
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if step is None or not self._chart.slots:
            event.ignore()
            return
        at = -1 if self._chart.marked is None else self._chart.marked
        self._mark(max(0, min(len(self._chart.slots) - 1, at + step)))

    def _setup_body(self) -> None:
        self.setAccessibleName(tr("Distances between the elements of two runs"))
        self._chart = _Chart()
        self._chart.setParentItem(self._root)

    def _fill_body(self, data: Paired) -> None:
        assert isinstance(data.found, DistanceHistogram)
        self._chart.show_slots(describe_pair.slots(data.found), self._theme)
        self._mark(None)

    def _show_body(self, there: bool) -> None:
        self._chart.setVisible(there)

    def _place_body(self, room: QRectF) -> None:
        self._chart.setGeometry(room)

    def _detail(self, data: Paired) -> tuple[str, ...]:
        assert isinstance(data.found, DistanceHistogram)
        assert data.focus is not None
        return describe_pair.distances_line(data.found, is_close(data.focus))

    def _on_mouse(self, scene: QPointF) -> None:
        self._mark(self._chart.at(self._chart.mapFromScene(scene)))

    def _mark(self, place: int | None) -> None:
        assert self._data is not None
        found = self._data.found
        assert isinstance(found, DistanceHistogram)
        self._chart.mark(place)
        if place is None:
            self.say(describe_pair.distances_axis(found))
        else:
            self.say(describe_pair.slot_note(self._chart.slots[place], found.size))


class _Chart(pg.GraphicsWidget):  # type: ignore[misc]
    """Bars on a logarithmic scale, all in pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.slots: tuple[Slot, ...] = ()
        self.marked: int | None = None
        self._theme: Theme | None = None
        self._wide = 0.0

    def show_slots(self, slots: tuple[Slot, ...], theme: Theme) -> None:
        self.slots, self._theme, self.marked = slots, theme, None
        metrics = QFontMetricsF(texts.caption_font())
        self._wide = max((metrics.horizontalAdvance(texts.count(slot.count)) for slot in slots), default=0.0)
        self.update()

    def mark(self, place: int | None) -> None:
        if place != self.marked:
            self.marked = place
            self.update()

    def at(self, point: QPointF) -> int | None:
        """The bar whose column holds a point."""
        room = self._room()
        place = math.floor((point.x() - room.left()) / self._step()) if self.slots else -1
        inside = 0 <= place < len(self.slots) and 0 <= point.y() <= self.size().height()
        return place if inside else None

    def paint(self, painter: QPainter, option: Any, widget: QWidget | None = None) -> None:
        if self._theme is None or not self.slots:
            return
        room = self._room()
        top = max(1.0, math.log10(max(1, *(slot.count for slot in self.slots))))
        painter.setFont(texts.caption_font())
        self._paint_scale(painter, room, top)
        for place, slot in enumerate(self.slots):
            self._paint_slot(painter, room, place, slot, top)
        self._paint_labels(painter, room)
        painter.setPen(QPen(QColor(self._theme.control_line), 1))
        painter.drawLine(room.bottomLeft(), room.bottomRight())

    def _room(self) -> QRectF:
        return QRectF(LEFT_PX, 0, max(1.0, self.size().width() - LEFT_PX), max(1.0, self.size().height() - BOTTOM_PX))

    def _step(self) -> float:
        return min(MOST_SLOT_PX, self._room().width() / len(self.slots))

    def _way(self) -> str:
        """How the counts have room: side by side, turned, or only one by one under the mouse."""
        if self._step() >= self._wide + 4:
            return "flat"
        tall_enough = self._room().height() >= 3 * self._wide
        return "turned" if self._step() >= QFontMetricsF(texts.caption_font()).height() - 2 and tall_enough else "none"

    def _y(self, room: QRectF, top: float, count: float) -> float:
        above = {"flat": 18.0, "turned": self._wide + 10, "none": 6.0}[self._way()]
        return room.bottom() - (math.log10(count) - BASE) / (top - BASE) * (room.height() - above)

    def _paint_scale(self, painter: QPainter, room: QRectF, top: float) -> None:
        assert self._theme is not None
        powers = range(math.floor(top) + 1)
        every = max(1, math.ceil(len(powers) * 18 / room.height()))
        for power in powers[::every]:
            y = self._y(room, top, 10.0**power)
            painter.setPen(QPen(QColor(self._theme.line), 1))
            painter.drawLine(QPointF(room.left(), y), QPointF(room.right(), y))
            painter.setPen(QColor(self._theme.muted))
            where = QRectF(0, y - 8, LEFT_PX - 6, 16)
            right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(where, right, texts.short_count(10**power))

    def _paint_slot(self, painter: QPainter, room: QRectF, place: int, slot: Slot, top: float) -> None:
        assert self._theme is not None
        step = self._step()
        left = room.left() + place * step
        if place == self.marked:
            painter.fillRect(QRectF(left, room.top(), step, room.height()), QColor(self._theme.selection))
        if not slot.count:
            return
        y = self._y(room, top, slot.count)
        wide = max(2.0, min(MOST_BAR_PX, step * BAR_SHARE))
        box = QRectF(left + (step - wide) / 2, y, wide, room.bottom() - y)
        painter.fillRect(box, self._brush(slot))
        self._paint_count(painter, texts.count(slot.count), QPointF(left + step / 2, y))

    def _brush(self, slot: Slot) -> QBrush:
        assert self._theme is not None
        ink = {"identical": self._theme.identical_ink, "equal": self._theme.between_ink}
        pattern = Qt.BrushStyle.BDiagPattern if slot.ink == "unmeasured" else Qt.BrushStyle.SolidPattern
        return QBrush(QColor(ink.get(slot.ink, self._theme.different_ink)), pattern)

    def _paint_count(self, painter: QPainter, text: str, top: QPointF) -> None:
        assert self._theme is not None
        way = self._way()
        if way == "none":
            return
        painter.setPen(QColor(self._theme.text))
        painter.save()
        painter.translate(top)
        if way == "turned":
            painter.rotate(-90)
            middle = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(QRectF(3, -8, self._wide + 8, 16), middle, text)
        else:
            half = self._wide / 2 + 4
            painter.drawText(QRectF(-half, -17, 2 * half, 16), Qt.AlignmentFlag.AlignCenter, text)
        painter.restore()

    def labelled(self) -> tuple[int, ...]:
        """The bars with a label: all, or every second, third, ..., with the first that is not empty among them."""
        metrics = QFontMetricsF(texts.caption_font())
        widest = max(metrics.horizontalAdvance(slot.label) for slot in self.slots)
        every = max(1, math.ceil((widest + LABEL_GAP_PX) / self._step()))
        first = next((place for place, slot in enumerate(self.slots) if slot.count), 0)
        return tuple(range(first % every, len(self.slots), every))

    def _paint_labels(self, painter: QPainter, room: QRectF) -> None:
        """What each bar begins at."""
        assert self._theme is not None
        painter.setPen(QColor(self._theme.muted))
        step = self._step()
        wide = step * len(self.slots)
        for place in self.labelled():
            middle = room.left() + (place + 0.5) * step
            where = QRectF(middle - wide / 2, room.bottom() + 3, wide, 16)
            painter.drawText(where, Qt.AlignmentFlag.AlignCenter, self.slots[place].label)
