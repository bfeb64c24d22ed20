"""The plots side by side: every run, then the difference; one range, one cursor, linked axes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, QTimer, Signal

from reproviewer.gui.plots import describe, texts
from reproviewer.gui.plots.axes import LEFT_PX
from reproviewer.gui.plots.colour_bar import HEIGHT_PX, ColourBar
from reproviewer.gui.plots.fill import fill_difference, fill_difference_caption, fill_run, fill_run_caption
from reproviewer.gui.plots.grid import COLUMN_GAP_PX, ROW_GAP_PX, Axes, Grid, arrange, grid_for
from reproviewer.gui.plots.keys import moved
from reproviewer.gui.plots.palette import palette
from reproviewer.gui.plots.panel import Panel, region_of
from reproviewer.gui.plots.panes import pane_in

if TYPE_CHECKING:
    from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter
    from PySide6.QtWidgets import QWidget

    from reproviewer.core.plot_state import PlotState
    from reproviewer.core.slices import Plane
    from reproviewer.core.summary import Difference, Picture
    from reproviewer.gui.plots.load import RunData, Shown
    from reproviewer.gui.theme import Theme

FIRST_PANELS = 3
FEWEST_PANELS = 3
"""The two that are compared and their difference are always shown."""
LEAST_PLOT_PX = 90
"""In narrower plots neither a name nor a picture can be told from another."""
DETAIL_AFTER_MS = 40
ZOOM = 1.25


class Board(pg.GraphicsView):  # type: ignore[misc]
    """Paints a `Shown`; emits `pointed` with the index under the mouse or moved to by the keys.

    `detailWanted(region, cells)` asks for a part that is looked at more closely, `finerWanted` for a finer picture
    after the board has grown.
    """

    pointed = Signal(object)
    detailWanted = Signal(object, tuple)
    finerWanted = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._shown: Shown | None = None
        self._cursor: tuple[int, ...] | None = None
        self._runs: tuple[RunData, ...] = ()
        self._panels: list[Panel] = []
        self._grid = Grid(1, 1)
        self._following = False
        self._setup_ui()

    @property
    def shown(self) -> Shown | None:
        """What is shown."""
        return self._shown

    @property
    def settling(self) -> bool:
        """Whether it may still ask for a finer picture."""
        return self._later.isActive()

    @property
    def panels(self) -> tuple[Panel, ...]:
        """The plots, in order."""
        return tuple(self._panels)

    def show_data(self, shown: Shown) -> None:
        """Show this."""
        self._shown = shown
        self._choose_runs()
        self._arrange()
        self._fill()
        self.set_cursor(self._cursor)
        self._later.start()

    def show_verdicts(self, state: PlotState) -> None:
        """Say what is known of the comparisons by now."""
        if self._shown is None or self._shown.difference is None:
            return
        found = self._shown.difference
        found = replace(found, focus=pane_in(state, found.focus))
        self._shown = replace(self._shown, difference=found)
        fill_difference_caption(self._panels[-1], found, self._theme)

    def prepare_panel(self) -> bool:
        """Make one plot ahead of the first data; False when there are as many as two runs need."""
        if self._shown is not None or len(self._panels) >= FIRST_PANELS:
            return False
        self._count(len(self._panels) + 1)
        return True

    def show_detail(self, pictures: dict[str, Picture], difference: Difference | None) -> None:
        """Show parts of the heat maps more finely; `pictures` by the runs' ids."""
        if self._shown is None:
            return
        for panel, run in zip(self._panels, self._runs, strict=False):
            found = pictures.get(run.pane.item_id)
            if found is not None:
                panel.show_detail(found)
                fill_run_caption(panel, run, self._theme, found)
        if difference is not None and self._shown.difference is not None:
            self._panels[-1].show_detail(difference)

    def set_cursor(self, index: tuple[int, ...] | None) -> None:
        """Mark this element in all plots."""
        self._cursor = index
        for panel in self._panels:
            panel.mark(index)

    def apply_theme(self, theme: Theme) -> None:
        """Take the colours of this theme."""
        self._theme = theme
        self.setBackground(theme.card)
        if self._shown is not None:
            self._fill()
            self.set_cursor(self._cursor)
            self._later.start()

    def cells(self, panels: int, bars: bool) -> tuple[int, int]:
        """How many rows and columns of cells a picture needs when so many plots are to be shown."""
        panels = panels if self._has_room(panels, bars) else FEWEST_PANELS
        grid = grid_for(panels, self.width(), self.height())
        scale = self.devicePixelRatioF()
        width, height = self._room(grid, 1)
        return max(16, int(height * scale)), max(16, int(width * scale))

    def reset_view(self) -> None:
        """Show everything again."""
        for panel in self._panels:
            panel.reset_view()

    def look_like(self, other: Board) -> None:
        """Look at the same part as another board that shows the same."""
        for panel, model in zip(self._panels, other._panels, strict=False):
            if panel.plane is not None:
                (x0, x1), (y0, y1) = model.view.viewRange()
                panel.view.setXRange(x0, x1, padding=0)
                if self._shown is not None and self._shown.kind == "heatmap":
                    panel.view.setYRange(y0, y1, padding=0)

    def zoom(self, factor: float) -> None:
        """Zoom in (above 1) or out, about the cursor if it is in sight."""
        first = self._first()
        if first is None:
            return
        x_only = self._shown is not None and self._shown.kind == "bars"
        first.view.scaleBy(x=1 / factor, y=None if x_only else 1 / factor, center=self._centre(first))

    def _setup_ui(self) -> None:
        self._root = _Root(self._on_resize)
        self.setCentralItem(self._root)
        self.setBackground(self._theme.card)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(texts.tr("Plots of the chosen tensor"))
        self._value_bar, self._difference_bar = ColourBar(), ColourBar()
        for bar in (self._value_bar, self._difference_bar):
            bar.setParentItem(self._root)
        self._value_bar.setToolTip(
            texts.tr(
                "The colours of the values: one range for all runs, with zero in the middle."
                " A pixel that stands for many elements has the colour of the one of the largest magnitude."
            )
        )
        self._difference_bar.setToolTip(
            texts.tr(
                "The colours of the differences, without their signs: the least that is not none to the largest."
                " A cell that stands for many elements has the colour of the largest difference."
            )
        )
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(DETAIL_AFTER_MS)
        self._later.timeout.connect(self._want_detail)

    def _has_room(self, panels: int, bars: bool) -> bool:
        """Whether so many plots are wide enough to be told apart."""
        size = self._root.size().width() - 1, self._root.size().height() - (0 if bars else HEIGHT_PX + 4)
        found = arrange(panels, size, Axes.LAST if bars else Axes.FIRST)
        return panels <= FEWEST_PANELS or found.plot_width >= LEAST_PLOT_PX

    def _choose_runs(self) -> None:
        """Which runs there is room for: all, or those two that are compared."""
        assert self._shown is not None
        runs, state = self._shown.runs, self._shown.state
        if not self._has_room(len(runs) + 1, bars=self._shown.kind == "bars"):
            runs = tuple(run for run in runs if run.pane.item_id in (state.reference, state.focus))
        self._runs = runs
        self._count(len(runs) + (self._shown.difference is not None))

    def _count(self, panels: int) -> None:
        while len(self._panels) < panels:
            panel = Panel()
            panel.setParentItem(self._root)
            panel.view.sigRangeChanged.connect(lambda _v, _r, _c=None, p=panel: self._follow(p))
            self._panels.append(panel)
        while len(self._panels) > panels:
            panel = self._panels.pop()
            self.scene().removeItem(panel)
            panel.deleteLater()

    def _fill(self) -> None:
        assert self._shown is not None
        shown = self._shown
        colours = palette(self._theme)
        for panel, run in zip(self._panels, self._runs, strict=False):
            fill_run(panel, run, shown, self._theme)
        limit = 0.0
        if shown.difference is not None:
            limit = fill_difference(self._panels[-1], shown.difference, self._theme)
        is_map = shown.kind == "heatmap"
        self._value_bar.setVisible(is_map)
        self._difference_bar.setVisible(is_map and bool(shown.difference and shown.difference.picture))
        self._value_bar.show_range(describe.value_ticks(shown.limit), colours.values, colours)
        same, ticks = describe.distance_ticks(shown.difference, limit)
        self._difference_bar.show_range(ticks, colours.distances[1:], colours, same)

    def _room(self, grid: Grid, axes: int) -> tuple[float, float]:
        """Width and height of one plot's cells, in pixels."""
        bottom = HEIGHT_PX + 4
        width = (self._root.size().width() - 1 - axes * LEFT_PX - (grid.columns - 1) * COLUMN_GAP_PX) / grid.columns
        height = (self._root.size().height() - bottom - (grid.rows - 1) * ROW_GAP_PX) / grid.rows - 54
        return max(16.0, width), max(16.0, height)

    def _on_resize(self) -> None:
        before = self._runs
        if self._shown is not None:
            self._choose_runs()
        self._arrange()
        if self._runs != before:
            self._fill()
            self.set_cursor(self._cursor)

    def _arrange(self) -> None:
        if self._shown is None or not self._panels:
            return
        is_map = self._shown.kind == "heatmap"
        width, height = self._root.size().width() - 1, self._root.size().height()
        unlike = len({run.plane.shape for run in self._runs if run.plane}) > 1
        found = arrange(
            len(self._panels),
            (width, height - (HEIGHT_PX + 4 if is_map else 0)),
            Axes.ALL if is_map and unlike else Axes.LAST if self._shown.difference and not is_map else Axes.FIRST,
        )
        self._grid = found.grid
        for panel, place in zip(self._panels, found.places, strict=True):
            panel.has_axis = place.has_axis
            panel.free_beside = width - place.x - place.width if panel is self._panels[-1] else 0.0
            panel.setGeometry(QRectF(place.x, place.y, place.width, place.height))
            panel.resizeEvent(None)
        self._arrange_bars(width, height - HEIGHT_PX, found.plot_width)
        self._later.start()

    def _arrange_bars(self, width: float, top: float, plot: float) -> None:
        self._value_bar.setGeometry(QRectF(LEFT_PX, top, plot, HEIGHT_PX))
        last = self._panels[-1].geometry()
        left = max(last.left() + self._panels[-1].has_axis * LEFT_PX, min(LEFT_PX + plot + COLUMN_GAP_PX, width - plot))
        self._difference_bar.setGeometry(QRectF(left, top, plot, HEIGHT_PX))

    def _first(self) -> Panel | None:
        return next((panel for panel in self._panels if panel.plane is not None), None)

    def _centre(self, panel: Panel) -> Any:
        cell = panel.plane.cell(self._cursor) if panel.plane else None
        if cell is None or panel.plane is None:
            return None
        bars = self._shown is not None and self._shown.kind == "bars"
        x = cell[0] * panel.plane.cols + cell[1] if bars else cell[1]
        point = QPointF(x + 0.5, cell[0] + 0.5)
        rect = panel.view.viewRect()
        return point if rect.left() <= point.x() <= rect.right() else None

    def _follow(self, leader: Panel) -> None:
        """All plots of the same shape look at the same part."""
        if self._following or self._shown is None:
            return
        self._following = True
        (x0, x1), (y0, y1) = leader.view.viewRange()
        for panel in self._panels:
            if panel is leader or not _same_shape(panel.plane, leader.plane):
                continue
            panel.view.setXRange(x0, x1, padding=0)
            if self._shown.kind == "heatmap":
                panel.view.setYRange(y0, y1, padding=0)
        self._following = False
        self._later.start()

    def _want_detail(self) -> None:
        if self._shown is None or self._shown.kind != "heatmap":
            return
        panel = self._first()
        region = region_of(panel) if panel else None
        if panel is None or region is None or panel.plane is None or region.rows < 1 or region.cols < 1:
            return
        cells = int(panel.view.height()), int(panel.view.width())
        whole = self._runs[0].picture
        if region == panel.plane.region:
            for one, run in zip(self._panels, self._runs, strict=False):
                fill_run_caption(one, run, self._theme, run.picture)
            if whole is not None and _coarse(whole, cells):
                self.finerWanted.emit()
            return
        self.detailWanted.emit(region, cells)

    def _on_mouse(self, scene: QPointF) -> None:
        for panel in self._panels:
            index = panel.element_at(scene)
            if index is not None:
                self.pointed.emit(index)
                return

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show that the keys reach the plots, where the keys led here."""
        super().focusInEvent(event)
        by_key = event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
        self._root.show_focus(self._theme.accent if by_key else "")

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """The keys go elsewhere."""
        super().focusOutEvent(event)
        self._root.show_focus("")

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follow every move: the scene's own signal drops those that come quickly, the last one among them."""
        super().mouseMoveEvent(event)
        self._on_mouse(self.mapToScene(event.position().toPoint()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows, Home and End move the cursor; plus, minus and 0 zoom; Escape lets the cursor go."""
        key = event.key()
        if key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom(ZOOM)
        elif key == Qt.Key.Key_Minus:
            self.zoom(1 / ZOOM)
        elif key == Qt.Key.Key_0:
            self.reset_view()
        elif key == Qt.Key.Key_Escape and self._cursor is not None:
            self.pointed.emit(None)
        elif not self._move(event):
            event.ignore()

    def _move(self, event: QKeyEvent) -> bool:
        panel = self._first()
        if panel is None or panel.plane is None or self._shown is None:
            return False
        index = moved(panel.plane, self._cursor, event, self._shown.kind == "bars")
        if index is None:
            return False
        self.pointed.emit(index)
        return True

    def changeEvent(self, event: QEvent) -> None:
        """Follow the font of the application."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and self._shown is not None:
            self._fill()


class _Root(pg.GraphicsWidget):  # type: ignore[misc]
    """Holds the plots; tells when there is another size."""

    def __init__(self, arrange: Any) -> None:
        super().__init__()
        self._arrange = arrange
        self._focus = ""

    def show_focus(self, colour: str) -> None:
        """Draw a line of this colour around the plots; none without a colour."""
        self._focus = colour
        self.update()

    def paint(self, painter: QPainter, option: Any, widget: QWidget | None = None) -> None:
        """Draw the line of the focus."""
        if self._focus:
            painter.setPen(pg.mkPen(self._focus))
            painter.drawRect(QRectF(0.5, 0.5, self.size().width() - 1, self.size().height() - 1))

    def resizeEvent(self, event: Any) -> None:
        """Arrange the plots."""
        self._arrange()


def _same_shape(a: Plane | None, b: Plane | None) -> bool:
    return a is not None and b is not None and (a.rows, a.cols) == (b.rows, b.cols)


def _coarse(picture: Picture, cells: tuple[int, int]) -> bool:
    """Whether there are clearly more pixels now than the picture was reduced for."""
    if picture.exact:
        return False
    have = picture.low.shape
    need = min(cells[0], picture.region.rows), min(cells[1], picture.region.cols)
    return bool(need[0] > have[0] * 1.1 or need[1] > have[1] * 1.1)
