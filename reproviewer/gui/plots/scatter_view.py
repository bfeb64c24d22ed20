"""The values of one run against those of another: equal ones along a line, every difference off it or on top of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt, Signal

from reproviewer.core.scatter import CELLS, Scatter
from reproviewer.gui.plots import describe, describe_pair
from reproviewer.gui.plots.axes import BOTTOM_PX, LEFT_PX
from reproviewer.gui.plots.cloud_item import CloudItem
from reproviewer.gui.plots.pair_view import PairView
from reproviewer.gui.plots.palette import palette
from reproviewer.gui.plots.panes import is_close
from reproviewer.gui.plots.share_axis import ShareAxis
from reproviewer.gui.plots.texts import tr

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent

    from reproviewer.gui.plots.load_pair import Paired

MARGIN = 0.03
ZOOM = 1.25
CLOSEST, CLOSEST_CELLS = 1e-7, 8 / CELLS
NEAR_PX = 8.0


class ScatterView(PairView):
    """Paints a `Scatter`; `pointed` tells the index of the differing element under the mouse.

    The mouse's wheel and the keys plus, minus and 0 zoom; left and right go from one differing element to the next.
    """

    pointed = Signal(object)

    def look_like(self, other: ScatterView) -> None:
        """Look at the same part as another view that shows the same."""
        self._view.setRange(other._view.viewRect(), padding=0)

    def set_cursor(self, index: tuple[int, ...] | None) -> None:
        """Mark this element, if it is drawn as a point."""
        self._cloud.mark(self._point_of(index))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Zoom, or go to the next differing element."""
        key = event.key()
        zooms = {Qt.Key.Key_Plus: 1 / ZOOM, Qt.Key.Key_Equal: 1 / ZOOM, Qt.Key.Key_Minus: ZOOM}
        if key in zooms:
            self._view.scaleBy((zooms[Qt.Key(key)],) * 2)
        elif key == Qt.Key.Key_0:
            self._reset()
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right) and self._scatter is not None and len(self._scatter.points):
            step = 1 if key == Qt.Key.Key_Right else -1
            at = self._cloud.marked
            place = (0 if step > 0 else -1) if at is None else at + step
            self._point(place % len(self._scatter.points))
        else:
            event.ignore()

    @property
    def _scatter(self) -> Scatter | None:
        found = self._data.found if self._data else None
        return found if isinstance(found, Scatter) else None

    def _setup_body(self) -> None:
        self.setAccessibleName(tr("Values of one run against those of another"))
        self._view = pg.ViewBox(enableMenu=False, defaultPadding=0.0)
        self._view.disableAutoRange()
        self._cloud = CloudItem()
        self._view.addItem(self._cloud, ignoreBounds=True)
        self._left, self._bottom = ShareAxis("left"), ShareAxis("bottom")
        for part in (self._view, self._left, self._bottom):
            part.setParentItem(self._root)
        for axis in (self._left, self._bottom):
            axis.linkToView(self._view)

    def _fill_body(self, data: Paired) -> None:
        found = self._scatter
        assert found is not None
        self._view.setBorder(pg.mkPen(self._theme.line))
        for axis in (self._left, self._bottom):
            axis.apply_theme(self._theme)
            axis.show_span(found.span)
        again = self._cloud.scatter is not None and self._cloud.scatter.span == found.span
        self._cloud.show_scatter(found, palette(self._theme))
        closest = CLOSEST if found.listed else CLOSEST_CELLS
        ends = {"Min": -MARGIN, "Max": 1 + MARGIN}
        self._view.setLimits(
            **{f"{axis}{end}": value for axis in "xy" for end, value in ends.items()},
            minXRange=closest,
            minYRange=closest,
        )
        if not again:
            self._reset()
        self.say(describe_pair.scatter_axis(data))

    def _reset(self) -> None:
        ends = (-MARGIN, 1 + MARGIN)
        self._view.setRange(xRange=ends, yRange=ends, padding=0)

    def _show_body(self, there: bool) -> None:
        for part in (self._view, self._left, self._bottom):
            part.setVisible(there)

    def _place_body(self, room: QRectF) -> None:
        plot = room.adjusted(LEFT_PX, 0, 0, -BOTTOM_PX)
        self._view.setGeometry(plot)
        self._left.setGeometry(QRectF(0, plot.top(), LEFT_PX, plot.height()))
        self._bottom.setGeometry(QRectF(plot.left(), plot.bottom(), plot.width(), BOTTOM_PX))

    def _detail(self, data: Paired) -> tuple[str, ...]:
        found = self._scatter
        assert found is not None
        assert data.focus is not None
        assert data.reference is not None
        magnitudes = describe.are_magnitudes(data.focus.tensor, data.reference.tensor)
        return describe_pair.scatter_line(found, is_close(data.focus), magnitudes)

    def _on_mouse(self, scene: QPointF) -> None:
        found = self._scatter
        if found is None or self._data is None:
            return
        if not self._view.sceneBoundingRect().contains(scene):
            self.say(describe_pair.scatter_axis(self._data))
            return
        share = self._view.mapSceneToView(scene)
        self.say(self._cell_note(found, share))
        near = self._nearest(found, share)
        if near is not None:
            self._point(near)

    def _cell_note(self, found: Scatter, share: QPointF) -> str:
        col, row = (max(0, min(CELLS - 1, int(v * CELLS))) for v in (share.x(), share.y()))
        low = found.span.value(col / CELLS), found.span.value(row / CELLS)
        high = found.span.value((col + 1) / CELLS), found.span.value((row + 1) / CELLS)
        equal = int(found.on[col]) if col == row else 0
        return describe_pair.cell_note(low, high, (equal, int(found.off[row, col])))

    def _nearest(self, found: Scatter, share: QPointF) -> int | None:
        """The point next to a place, if there is one at all near."""
        if not len(found.points):
            return None
        pixel_x, pixel_y = self._view.viewPixelSize()
        across = (found.points[:, 0] - share.x()) / pixel_x
        up = (found.points[:, 1] - share.y()) / pixel_y
        far: Any = across**2 + up**2
        place = int(far.argmin())
        return place if far[place] <= NEAR_PX**2 else None

    def _point(self, place: int) -> None:
        assert self._scatter is not None
        assert self._data is not None
        flat = int(self._scatter.positions[place])
        self.pointed.emit(tuple(int(i) for i in np.unravel_index(flat, self._data.shape)))

    def _point_of(self, index: tuple[int, ...] | None) -> int | None:
        found = self._scatter
        if index is None or found is None or self._data is None or len(index) != len(self._data.shape):
            return None
        if any(i >= n for i, n in zip(index, self._data.shape, strict=True)):
            return None
        flat = int(np.ravel_multi_index(index, self._data.shape)) if index else 0
        places = np.flatnonzero(found.positions == flat)
        return int(places[0]) if len(places) else None
