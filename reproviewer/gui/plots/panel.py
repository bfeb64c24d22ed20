"""One plot: a caption, two axes, and bars or a heat map of one run or of a difference."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter

from reproviewer.core.slices import Region
from reproviewer.core.summary import Picture
from reproviewer.gui.plots import texts
from reproviewer.gui.plots.axes import BOTTOM_PX, LEFT_PX, IndexAxis, PlainAxis
from reproviewer.gui.plots.bars_item import BarsItem
from reproviewer.gui.plots.caption import HEIGHT_PX, Caption
from reproviewer.gui.plots.cursor_item import CursorItem
from reproviewer.gui.plots.load import coarser
from reproviewer.gui.plots.picture_item import PictureItem

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from reproviewer.core.slices import Plane
    from reproviewer.core.summary import Array, Difference
    from reproviewer.gui.plots.palette import Palette

LEAST_CELLS = 4.0
FARTHEST = sys.float_info.max / 8
"""Where the axis of bars ends at the latest: the range of both signs and what is computed from it stays finite."""


class Panel(pg.GraphicsWidget):  # type: ignore[misc]
    """Shows what it is given; knows nothing of the plots beside it."""

    def __init__(self) -> None:
        super().__init__()
        self.plane: Plane | None = None
        self.has_axis = False
        self.free_beside = 0.0
        """So many pixels to its right are free for the caption."""
        self._bars = self._has_plot = False
        self._note = ""
        self._ink = QColor()
        self._picture: Picture | Difference | None = None
        self._span = (0.0, 0.0)
        self._limit = 0.0
        self._palette: Palette | None = None
        self._painted: tuple[Any, ...] = ()
        self._setup_ui()

    def _setup_ui(self) -> None:
        self.caption = Caption()
        self.view = pg.ViewBox(enableMenu=False, defaultPadding=0.0)
        self.index_axis, self.row_axis, self.value_axis = IndexAxis("bottom"), IndexAxis("left"), PlainAxis("left")
        self._image, self._bar_item, self._cursor = PictureItem(), BarsItem(), CursorItem()
        for part in (self.caption, self.view, self.index_axis, self.row_axis, self.value_axis):
            part.setParentItem(self)
        for axis in (self.index_axis, self.row_axis, self.value_axis):
            axis.linkToView(self.view)
        for item in (self._image, self._bar_item, self._cursor):
            self.view.addItem(item, ignoreBounds=True)
        self.view.disableAutoRange()

    def apply_theme(self, palette: Palette) -> None:
        """Take these colours."""
        self._palette, theme = palette, palette.theme
        self.caption.apply_theme(theme)
        for axis in (self.index_axis, self.row_axis, self.value_axis):
            axis.apply_theme(theme)
        self._ink = QColor(theme.muted)
        self.view.setBorder(pg.mkPen(theme.line))
        self._cursor.paint_with(QColor(theme.text), QColor(theme.card), QColor(theme.selection))

    def show_note(self, note: str) -> None:
        """Show a sentence in place of a plot."""
        self.plane, self._note, self._picture = None, note, None
        self._show_items(bars=False, picture=False)
        self.update()

    def show_bars(self, plane: Plane, values: Array, marks: Array, colour: str, signed: bool) -> None:
        """Show bars in this colour."""
        assert self._palette is not None
        self._start(plane, bars=True)
        self._picture = None
        theme = self._palette.theme
        self._bar_item.show_values(values, marks, signed)
        self._bar_item.paint_with(QColor(colour), QColor(theme.text), QColor(theme.control_line))
        columns = plane.cols if plane.rows > 1 else 0
        self.index_axis.count(plane.size, columns)

    def span(self, low: float, high: float) -> None:
        """The smallest and the largest value that the bars' axis holds."""
        self._span = (max(-FARTHEST, min(low, 0.0)), min(FARTHEST, max(high, 0.0)))
        self.fit_bars()

    def fit_bars(self) -> None:
        """Leave room for the numbers, in pixels, above and below."""
        height, width = self.view.height(), self.view.width()
        if not self._bars or self.plane is None or height < 4:
            return
        low, high = self._span
        if low == high:
            low, high = -1.0, 1.0
        room = self._bar_item.room_px(width / max(1, self.plane.size), height)
        share = (high - low) / max(height * 0.3, height - room * ((low < 0) + (high > 0)) - 8)
        below = (room if low < 0 else 4) * share
        above = (room if high > 0 else 4) * share
        self.view.setYRange(low - below, high + above, padding=0)

    def show_picture(self, plane: Plane, picture: Picture | Difference, limit: float) -> None:
        """Show a heat map."""
        self._start(plane, bars=False)
        self._picture, self._limit = picture, limit
        self.index_axis.count(plane.cols)
        self.row_axis.count(plane.rows)
        self.refit()

    def show_detail(self, picture: Picture | Difference) -> None:
        """Show a part of the heat map more finely."""
        self._image.show_detail(picture.region, self._paint(picture))

    def block(self, picture: Picture) -> tuple[int, int]:
        """Of how many rows and columns of elements, at most, each cell of the heat map shows one."""
        (rows, cols), (high, wide) = picture.low.shape, self._pixels()
        return -(-picture.region.rows // min(rows, high)), -(-picture.region.cols // min(cols, wide))

    def _pixels(self) -> tuple[int, int]:
        return max(1, int(self.view.height())), max(1, int(self.view.width()))

    def refit(self) -> None:
        """Reduce the heat map to the pixels there are: every cell must have one."""
        if self._picture is None or self._palette is None or self.view.width() < 4:
            return
        painted = (self._picture, self._palette, self._limit, int(self.view.width()), int(self.view.height()))
        if painted == self._painted:
            return
        self._painted = painted
        low = getattr(self._picture, "low", None)
        nan = np.isnan(low) if low is not None and self._picture.exact and low.dtype.kind == "f" else None
        self._image.show_image(self._picture.region, self._paint(self._picture), nan, self._palette)

    def reset_view(self) -> None:
        """Show everything."""
        if self.plane is None:
            return
        wide = self.plane.size if self._bars else self.plane.cols
        self.view.setXRange(0, max(1, wide), padding=0)
        if self._bars:
            self.fit_bars()
        else:
            self.view.setYRange(0, max(1, self.plane.rows), padding=0)

    def mark(self, index: tuple[int, ...] | None) -> None:
        """Show the cursor at an element."""
        cell = self.plane.cell(index) if self.plane else None
        if cell and self._bars and self.plane:
            cell = (0, cell[0] * self.plane.cols + cell[1])
        self._cursor.show_cell(cell, self._bars)

    def element_at(self, scene: QPointF) -> tuple[int, ...] | None:
        """The index of the element at a place of the scene."""
        if self.plane is None or not self.view.sceneBoundingRect().contains(scene):
            return None
        point = self.view.mapSceneToView(scene)
        row, col = (0, int(point.x() // 1)) if self._bars else (int(point.y() // 1), int(point.x() // 1))
        if self._bars:
            row, col = divmod(col, max(1, self.plane.cols))
        inside = 0 <= row < self.plane.rows and 0 <= col < self.plane.cols
        return self.plane.index(row, col) if inside else None

    def paint(self, painter: QPainter, option: Any, widget: QWidget | None = None) -> None:
        """Draw the sentence, if there is one."""
        if not self._note:
            return
        painter.setFont(texts.text_font())
        painter.setPen(self._ink)
        room = QRectF(self.view.geometry()).adjusted(12, 8, -12, -8)
        painter.drawText(room, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._note)

    def resizeEvent(self, event: Any) -> None:
        """Arrange the parts."""
        self._place()
        self.fit_bars()
        self.refit()

    def _place(self) -> None:
        """Show the axes there are and put every part in its place: pyqtgraph takes their size from hidden axes."""
        bars, picture = self._has_plot and self._bars, self._has_plot and not self._bars
        rows = picture and self.plane is not None and len(self.plane.shape) > 1
        for axis, there in (
            (self.index_axis, self._has_plot),
            (self.value_axis, bars and self.has_axis),
            (self.row_axis, rows and self.has_axis),
        ):
            axis.show() if there else axis.hide()
        left = LEFT_PX if self.has_axis else 0
        width, height = self.size().width() - left, self.size().height() - HEIGHT_PX - BOTTOM_PX
        self.caption.setGeometry(QRectF(left, 0, width + self.free_beside, HEIGHT_PX))
        self.view.setGeometry(QRectF(left, HEIGHT_PX, width, height))
        self.index_axis.setGeometry(QRectF(left, HEIGHT_PX + height, width, BOTTOM_PX))
        for axis in (self.row_axis, self.value_axis):
            axis.setGeometry(QRectF(0, HEIGHT_PX, LEFT_PX, height))

    def _start(self, plane: Plane, bars: bool) -> None:
        again = self.plane is not None and (self.plane.rows, self.plane.cols) == (plane.rows, plane.cols)
        again = again and self._bars == bars
        self.plane, self._bars, self._note = plane, bars, ""
        self._show_items(bars, not bars)
        self.view.setMouseEnabled(x=True, y=not bars)
        if not again:
            self._limit_view(plane, bars)
            self.reset_view()
        self.update()

    def _limit_view(self, plane: Plane, bars: bool) -> None:
        wide = max(1, plane.size if bars else plane.cols)
        self.view.invertY(not bars)
        high = max(1, plane.rows)
        rows = (None, None, None) if bars else (0, high, min(LEAST_CELLS, high))
        self.view.setLimits(
            xMin=0, xMax=wide, minXRange=min(LEAST_CELLS, wide), yMin=rows[0], yMax=rows[1], minYRange=rows[2]
        )

    def _show_items(self, bars: bool, picture: bool) -> None:
        self._bars, self._has_plot = bars, bars or picture
        self._bar_item.setVisible(bars)
        self._image.setVisible(picture)
        self._place()

    def _paint(self, picture: Picture | Difference) -> Any:
        assert self._palette is not None
        rows, cols = self._pixels()
        if isinstance(picture, Picture):
            return self._palette.values_image(picture.fitted(rows, cols).values, self._limit)
        return self._palette.difference_image(picture.fitted(*coarser((rows, cols))), self._limit)


def region_of(panel: Panel) -> Region | None:
    """The part of the plane that is looked at, in whole elements."""
    if panel.plane is None:
        return None
    (x0, x1), (y0, y1) = panel.view.viewRange()
    plane = panel.plane
    left, top = max(0, int(x0)), max(0, int(y0))
    return Region(top, min(plane.rows, int(np.ceil(y1))), left, min(plane.cols, int(np.ceil(x1))))
