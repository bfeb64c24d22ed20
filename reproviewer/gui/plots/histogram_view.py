"""Histograms of all runs over each other: step outlines over common bins, and a legend."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPolygonF

from reproviewer.gui.plots import describe, texts
from reproviewer.gui.plots.axes import BOTTOM_PX, LEFT_PX, CountAxis, PlainAxis
from reproviewer.gui.plots.texts import tr
from reproviewer.gui.plots.view_item import ViewItem

if TYPE_CHECKING:
    from PySide6.QtGui import QMouseEvent
    from PySide6.QtWidgets import QWidget

    from reproviewer.core.summary import Array
    from reproviewer.gui.plots.load import Histograms
    from reproviewer.gui.theme import Theme

LINE_PX, LEGEND_PX, MAX_LEGEND = 18, 12, 6
TITLE_PX = 16


@dataclass(frozen=True, eq=False)
class _Outline:
    counts: Array
    colour: str
    width_px: float
    label: str = ""


class HistogramView(pg.GraphicsView):  # type: ignore[misc]
    """Paints `Histograms`. The line under the legend says what the bin under the mouse holds."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._data: Histograms | None = None
        self._setup_ui()

    def show_data(self, data: Histograms) -> None:
        """Show this."""
        self._data = data
        self._fill()

    def apply_theme(self, theme: Theme) -> None:
        """Take the colours of this theme."""
        self._theme = theme
        self._fill()

    def _setup_ui(self) -> None:
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(tr("Histogram of the chosen tensor in every run"))
        self._view = pg.ViewBox(enableMenu=False, defaultPadding=0.0)
        self._view.setMouseEnabled(x=True, y=False)
        self._view.disableAutoRange()
        self._steps, self._legend = _StepsItem(), _Legend()
        self._view.addItem(self._steps, ignoreBounds=True)
        self._legend.setToolTip(
            tr("The colour of each run, and the range of its values; where outlines are the same the first is wider.")
        )
        self._root = _Root(self._arrange)
        self._left, self._bottom = CountAxis("left"), PlainAxis("bottom")
        for part in (self._view, self._left, self._bottom, self._legend):
            part.setParentItem(self._root)
        for axis in (self._left, self._bottom):
            axis.linkToView(self._view)
        self.setCentralItem(self._root)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follow every move."""
        super().mouseMoveEvent(event)
        self._on_mouse(self.mapToScene(event.position().toPoint()))

    def _fill(self) -> None:
        theme = self._theme
        self.setBackground(theme.card)
        self._view.setBorder(pg.mkPen(theme.line))
        for axis in (self._left, self._bottom):
            axis.apply_theme(theme)
        if self._data is None:
            return
        outlines = _outlines(self._data, theme)
        self._steps.show_outlines(self._data.bins.edges, outlines, theme)
        self._legend.show_entries(_entries(self._data, theme), tr("count of values in each bin"), theme)
        bins = self._data.bins
        most = max((int(o.counts.max()) for o in outlines), default=0)
        self._view.setLimits(xMin=bins.low, xMax=bins.high, yMin=0, yMax=max(1, most) * 1.06)
        self._view.setRange(xRange=(bins.low, bins.high), yRange=(0, max(1, most) * 1.06), padding=0)
        self._arrange()

    def _arrange(self) -> None:
        width, height = self._root.size().width() - 1, self._root.size().height()
        top = self._legend.height_for(width - LEFT_PX) + 4
        self._legend.setGeometry(QRectF(LEFT_PX, 0, width - LEFT_PX, top))
        self._view.setGeometry(QRectF(LEFT_PX, top, width - LEFT_PX, height - top - BOTTOM_PX))
        self._left.setGeometry(QRectF(0, top, LEFT_PX, height - top - BOTTOM_PX))
        self._bottom.setGeometry(QRectF(LEFT_PX, height - BOTTOM_PX, width - LEFT_PX, BOTTOM_PX))

    def _on_mouse(self, scene: QPointF) -> None:
        if self._data is None:
            return
        bins, inside = self._data.bins, self._view.sceneBoundingRect().contains(scene)
        x = self._view.mapSceneToView(scene).x()
        place = int((x - bins.low) / (bins.high - bins.low) * bins.count) if inside else -1
        if not 0 <= place < bins.count:
            self._steps.mark(None)
            self._legend.show_note(tr("count of values in each bin"))
            return
        self._steps.mark(place)
        edges = bins.edges
        counts = [
            f"{pane.label}: {texts.count(int(found[place]))}"
            for pane, found, _ in self._data.runs[:MAX_LEGEND]
            if found is not None
        ]
        span = tr("{low} to {high}").format(low=texts.number(edges[place]), high=texts.number(edges[place + 1]))
        self._legend.show_note(f"{span} — {', '.join(counts)}")


class _StepsItem(ViewItem):
    """Step outlines in pixels; where they coincide, the wider line of the first shows beside the later."""

    def __init__(self) -> None:
        super().__init__()
        self._edges = np.zeros(2)
        self._outlines: list[_Outline] = []
        self._marked: int | None = None
        self._tint = QColor()

    def show_outlines(self, edges: Array, outlines: list[_Outline], theme: Theme) -> None:
        self.prepareGeometryChange()
        self._edges, self._outlines, self._tint = edges, outlines, QColor(theme.selection)
        self._marked = None
        self.update()

    def mark(self, place: int | None) -> None:
        if place != self._marked:
            self._marked = place
            self.update()

    def paint(self, painter: QPainter, option: Any, widget: QWidget | None = None) -> None:
        world, area = self.to_pixels(painter)
        xs = [world.map(QPointF(edge, 0)).x() for edge in self._edges.tolist()]
        if self._marked is not None:
            left, right = xs[self._marked], xs[self._marked + 1]
            painter.fillRect(QRectF(left, area.top(), max(2.0, right - left), area.height()), self._tint)
        for outline in self._outlines:
            pen = QPen(QColor(outline.colour), outline.width_px)
            pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
            painter.setPen(pen)
            ys = [world.map(QPointF(0, count)).y() for count in outline.counts.tolist()]
            painter.drawPolyline(_steps(xs, ys, world.map(QPointF(0, 0)).y()))


class _Legend(pg.GraphicsWidget):  # type: ignore[misc]
    """Names after short lines of their colours, and one line of note."""

    def __init__(self) -> None:
        super().__init__()
        self._entries: list[tuple[str, str, str]] = []
        self._note = ""
        self._ink = self._muted = QColor()

    def show_entries(self, entries: list[tuple[str, str, str]], note: str, theme: Theme) -> None:
        self._entries, self._note = entries, note
        self._ink, self._muted = QColor(theme.text), QColor(theme.muted)
        self.update()

    def show_note(self, note: str) -> None:
        if note != self._note:
            self._note = note
            self.update()

    def height_for(self, width: float) -> float:
        return (self._places(width)[-1][1] + LINE_PX if self._entries else 0) + TITLE_PX

    def paint(self, painter: QPainter, option: Any, widget: QWidget | None = None) -> None:
        width = self.size().width()
        bold, small = texts.text_font(bold=True), texts.caption_font()
        for (label, detail, colour), (x, y) in zip(self._entries, self._places(width), strict=True):
            painter.fillRect(QRectF(x, y + 4, LEGEND_PX, LEGEND_PX - 2), QColor(colour))
            painter.setFont(bold)
            painter.setPen(self._ink)
            x += LEGEND_PX + 5
            painter.drawText(QPointF(x, y + 14), texts.elided(label, bold, width - x))
            x += QFontMetricsF(bold).horizontalAdvance(label) + 6
            painter.setFont(small)
            painter.setPen(self._muted)
            painter.drawText(QPointF(x, y + 14), texts.elided(detail, small, max(0.0, width - x)))
        painter.setFont(small)
        painter.setPen(self._muted)
        painter.drawText(QPointF(0, self.size().height() - 8), texts.elided(self._note, small, width))

    def _places(self, width: float) -> list[tuple[float, float]]:
        bold, small = QFontMetricsF(texts.text_font(bold=True)), QFontMetricsF(texts.caption_font())
        places, x, y = [], 0.0, 0.0
        for label, detail, _ in self._entries:
            wide = LEGEND_PX + 11 + bold.horizontalAdvance(label) + small.horizontalAdvance(detail) + 18
            if x and x + wide - 18 > width:
                x, y = 0.0, y + LINE_PX
            places.append((x, y))
            x += wide
        return places


class _Root(pg.GraphicsWidget):  # type: ignore[misc]
    def __init__(self, arrange: Any) -> None:
        super().__init__()
        self._arrange = arrange

    def resizeEvent(self, event: Any) -> None:
        self._arrange()


def _outlines(data: Histograms, theme: Theme) -> list[_Outline]:
    """The lines from back to front: of many runs all but the reference and the focus are thin and pale."""
    few = len(data.runs) <= MAX_LEGEND
    loud = {data.state.reference, data.state.focus}
    named = [run for run in data.runs if run[1] is not None and (few or run[0].item_id in loud)]
    lines = [
        _Outline(counts, theme.control_line, 0.6)
        for pane, counts, _ in data.runs
        if counts is not None and not few and pane.item_id not in loud
    ]
    for place, (pane, counts, _) in enumerate(named):
        assert counts is not None
        width = 1.5 + 2.0 * (len(named) - 1 - place)
        lines.append(_Outline(counts, theme.run(pane.colour), width))
    return lines


def _entries(data: Histograms, theme: Theme) -> list[tuple[str, str, str]]:
    few = len(data.runs) <= MAX_LEGEND
    loud = {data.state.reference, data.state.focus}
    entries = [
        (
            pane.label,
            describe.tally_text(tally) if counts is not None else tr("nothing to count"),
            theme.run(pane.colour),
        )
        for pane, counts, tally in data.runs
        if few or pane.item_id in loud
    ]
    if not few:
        others = len(data.runs) - len(entries)
        entries.append((tr("{n} other runs").format(n=texts.count(others)), "", theme.control_line))
    return entries


def _steps(xs: list[float], ys: list[float], zero: float) -> QPolygonF:
    points = [QPointF(xs[0], zero)]
    for left, right, y in zip(xs, xs[1:], ys, strict=False):
        points += [QPointF(left, y), QPointF(right, y)]
    return QPolygonF([*points, QPointF(xs[-1], zero)])
