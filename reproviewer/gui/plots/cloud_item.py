"""A scatter plot's picture: the diagonal, equal elements along it, elements that differ on top."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen

from reproviewer.core.scatter import CELLS
from reproviewer.gui.plots.view_item import ViewItem

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from reproviewer.core.scatter import Scatter
    from reproviewer.gui.plots.palette import Palette

DOT_PX, RING_PX, BAND_PX = 5.0, 13.0, 5.0
CELL_PX = 3
"""A cell with differing elements is at least so many pixels wide and high, so that a single one is found."""
PALEST = 0.4


class CloudItem(ViewItem):
    """Draws in the unit square: shares of the common range, the reference's to the right, the other's up."""

    def __init__(self) -> None:
        super().__init__()
        self.scatter: Scatter | None = None
        self.marked: int | None = None
        self._palette: Palette | None = None
        self._image: tuple[tuple[int, int], QImage] | None = None

    def show_scatter(self, scatter: Scatter, palette: Palette) -> None:
        """Show this in these colours."""
        self.scatter, self._palette = scatter, palette
        self._image = self.marked = None
        self.update()

    def mark(self, place: int | None) -> None:
        """Draw a ring around a point."""
        if place != self.marked:
            self.marked = place
            self.update()

    def paint(self, painter: QPainter, option: Any, widget: QWidget | None = None) -> None:
        """Draw in pixels."""
        if self.scatter is None or self._palette is None:
            return
        world, area = self.to_pixels(painter)
        painter.setClipRect(area, Qt.ClipOperation.IntersectClip)
        self._paint_equal(painter, world)
        if self.scatter.listed:
            self._paint_dots(painter, world, area)
        else:
            self._paint_cells(painter, world)
            self._paint_line_above(painter, world)
        self._paint_ring(painter, world)

    def _paint_equal(self, painter: QPainter, world: Any) -> None:
        """The diagonal; where equal elements lie on it a band, the stronger the more."""
        assert self.scatter is not None
        assert self._palette is not None
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setPen(QPen(QColor(self._palette.theme.control_line), 1))
        painter.drawLine(world.map(QPointF(-1, -1)), world.map(QPointF(2, 2)))
        strength = _logarithmic(self.scatter.on)
        ink, ground = QColor(self._palette.theme.identical_ink), QColor(self._palette.theme.card)
        for place in np.flatnonzero(self.scatter.on).tolist():
            colour = _mixed(ground, ink, PALEST + (1 - PALEST) * float(strength[place]))
            painter.setPen(QPen(colour, BAND_PX, Qt.PenStyle.SolidLine, Qt.PenCapStyle.SquareCap))
            ends = (QPointF(share, share) for share in (place / CELLS, (place + 1) / CELLS))
            painter.drawLine(*(world.map(end) for end in ends))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _paint_line_above(self, painter: QPainter, world: Any) -> None:
        """The diagonal again over cells that hide it: in two colours, of which one is seen on any ground."""
        assert self._palette is not None
        theme = self._palette.theme
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        for pen in (QPen(QColor(theme.text), 1), QPen(QColor(theme.card), 1, Qt.PenStyle.DashLine)):
            painter.setPen(pen)
            painter.drawLine(world.map(QPointF(-1, -1)), world.map(QPointF(2, 2)))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _paint_dots(self, painter: QPainter, world: Any, area: QRectF) -> None:
        assert self.scatter is not None
        assert self._palette is not None
        ink, ground = QColor(self._palette.theme.different_ink), QColor(self._palette.theme.card)
        half = DOT_PX / 2
        reach = area.adjusted(-half, -half, half, half)
        spots = [QPointF(*point) for point in self.scatter.points.tolist()]
        for spot in (world.map(spot) for spot in spots):
            if reach.contains(spot):
                painter.fillRect(QRectF(spot.x() - half - 1, spot.y() - half - 1, DOT_PX + 2, DOT_PX + 2), ground)
        for spot in (world.map(spot) for spot in spots):
            if reach.contains(spot):
                painter.fillRect(QRectF(spot.x() - half, spot.y() - half, DOT_PX, DOT_PX), ink)

    def _paint_cells(self, painter: QPainter, world: Any) -> None:
        rows, cols = (max(1, min(CELLS, int(abs(scale) / CELL_PX))) for scale in (world.m22(), world.m11()))
        cells = (rows, cols)
        if self._image is None or self._image[0] != cells:
            self._image = cells, self._coloured(cells)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.drawImage(world.mapRect(QRectF(0, 0, 1, 1)), self._image[1])

    def _coloured(self, cells: tuple[int, int]) -> QImage:
        """Colours from the smallest count, well off the ground, to the largest; nothing where nothing differs."""
        assert self.scatter is not None
        assert self._palette is not None
        counts = self.scatter.fitted(cells)[::-1]
        table = self._palette.distances
        level = 1 + np.round(_logarithmic(counts) * (len(table) - 2)).astype(np.int64)
        colours = np.where(counts > 0, table[level] | np.uint32(0xFF000000), np.uint32(0)).astype(np.uint32)
        colours = np.ascontiguousarray(colours)
        height, width = colours.shape
        return QImage(colours.data, width, height, width * 4, QImage.Format.Format_ARGB32).copy()

    def _paint_ring(self, painter: QPainter, world: Any) -> None:
        assert self.scatter is not None
        assert self._palette is not None
        if self.marked is None or self.marked >= len(self.scatter.points):
            return
        spot = world.map(QPointF(*self.scatter.points[self.marked].tolist()))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for colour, width in ((self._palette.theme.card, 4), (self._palette.theme.text, 2)):
            painter.setPen(QPen(QColor(colour), width))
            painter.drawRect(QRectF(spot.x() - RING_PX / 2, spot.y() - RING_PX / 2, RING_PX, RING_PX))


def _mixed(ground: QColor, ink: QColor, share: float) -> QColor:
    parts = zip(ground.getRgb()[:3], ink.getRgb()[:3], strict=True)  # type: ignore[index]
    return QColor(*(round(a + (b - a) * share) for a, b in parts))


def _logarithmic(counts: Any) -> Any:
    """Counts from 1 to the largest as 0 to 1, by their logarithms."""
    most = max(2, int(counts.max(initial=0)))
    return np.log(np.maximum(counts, 1)) / np.log(most)
