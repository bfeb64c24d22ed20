"""What stands in the area when there is something to show: small multiples, and the plots of one kind.

Imports pyqtgraph: import this module when the first state is shown, not before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QSplitter, QStackedWidget, QVBoxLayout, QWidget

from reproviewer.gui.plots import load, panes, thumbs
from reproviewer.gui.plots.board import Board
from reproviewer.gui.plots.histogram_view import HistogramView
from reproviewer.gui.plots.multiples import Multiples
from reproviewer.gui.plots.values_view import ValuesView

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from reproviewer.core.plot_state import PlotState
    from reproviewer.gui.plots.distances_view import DistancesView
    from reproviewer.gui.plots.scatter_view import ScatterView
    from reproviewer.gui.theme import Theme

MULTIPLES_SHARE = 0.42
LEAST_PLOTS_PX = 100
"""Where the plots would be lower than that they take the room of the thumbnails; the shelf has the runs as well."""


class Content(QWidget):
    """Passes what was loaded to the view that shows it."""

    pointed = Signal(object)
    focusRequested = Signal(str)
    rowsWanted = Signal(object, int, int)
    searchWanted = Signal(object, int, bool)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._cursor: tuple[int, ...] | None = None
        self._runs = 0
        self._histogram: HistogramView | None = None
        self._values: ValuesView | None = None
        self._distances: DistancesView | None = None
        self._scatter: ScatterView | None = None
        self._setup_ui()
        self._layout()

    @property
    def values(self) -> ValuesView:
        """The list of values."""
        if self._values is None:
            self._values = ValuesView(self._theme, self._views)
            self._values.pointed.connect(self.pointed)
            self._values.rowsWanted.connect(self.rowsWanted)
            self._values.searchWanted.connect(self.searchWanted)
            self._views.addWidget(self._values)
        return self._values

    @property
    def histogram(self) -> HistogramView:
        """The histograms."""
        if self._histogram is None:
            self._histogram = HistogramView(self._theme, self._views)
            self._views.addWidget(self._histogram)
        return self._histogram

    @property
    def distances(self) -> DistancesView:
        """The counts of distances."""
        if self._distances is None:
            from reproviewer.gui.plots.distances_view import DistancesView

            self._distances = DistancesView(self._theme, self._views)
            self._views.addWidget(self._distances)
        return self._distances

    @property
    def scatter(self) -> ScatterView:
        """The values of one run against those of another."""
        if self._scatter is None:
            from reproviewer.gui.plots.scatter_view import ScatterView

            self._scatter = ScatterView(self._theme, self._views)
            self._scatter.pointed.connect(self.pointed)
            self._views.addWidget(self._scatter)
        return self._scatter

    @property
    def settling(self) -> bool:
        """Whether a view may still ask for something."""
        return self.board.settling and self._views.currentWidget() is self.board

    def cells(self, state: PlotState) -> tuple[tuple[int, int], tuple[int, int]]:
        """How finely (rows, columns) plots and thumbnails of this state are to be reduced."""
        panels = len(panes.side_by_side(state)) + (panes.focus_pair(state) is not None)
        room = QSize(self.width(), int(self.height() * MULTIPLES_SHARE))
        if self.multiples.isVisible():
            room = self.multiples.viewport().size()
        sheet = thumbs.sheet_for(len(state.panes), room.width(), room.height())
        scale = self.devicePixelRatioF()
        plots = self.board.cells(panels, bars=panes.drawn_as(state) == "bars")
        return plots, (
            int(sheet.height * scale),
            int(sheet.width * scale),
        )

    def show_loaded(self, loaded: load.Loaded, many: load.Thumbnails | None) -> None:
        """Show what was read."""
        self._runs = len(many.runs) if many else 0
        self._show_multiples()
        view = self._view(loaded)
        self._views.setCurrentWidget(view)
        if many:
            self.multiples.show_data(many)
        view.show_data(loaded)
        self.set_cursor(self._cursor)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Let the thumbnails give way, not the plots alone, when there is less height."""
        super().resizeEvent(event)
        self._splitter.resize(event.size())
        self._show_multiples()
        less = event.size().height() < event.oldSize().height()
        if less and self._runs and self.multiples.height() > self.height() * MULTIPLES_SHARE:
            self._share_height()

    def _show_multiples(self) -> None:
        """Show the thumbnails where there are any, if that leaves the plots room."""
        was_hidden = self.multiples.isHidden()
        least = thumbs.LEAST_HEIGHT_PX + thumbs.GAP_PX + self._splitter.handleWidth() + LEAST_PLOTS_PX
        self.multiples.setVisible(self._runs > 0 and self.height() >= least)
        if was_hidden and not self.multiples.isHidden():
            self._share_height()

    def _share_height(self) -> None:
        """Give the thumbnails as many whole rows as are their share."""
        room = int(self.height() * MULTIPLES_SHARE)
        top = thumbs.sheet_for(self._runs, self.width(), room).whole_rows(room)
        self._splitter.setSizes([top, self.height() - top])

    def _view(self, loaded: load.Loaded) -> Any:
        if isinstance(loaded, load.Shown):
            return self.board
        if isinstance(loaded, load.Histograms):
            return self.histogram
        if isinstance(loaded, load.Listing):
            return self.values
        return self.distances if loaded.state.kind == "distances" else self.scatter

    def show_verdicts(self, state: PlotState) -> None:
        """Show what is known of the comparisons by now."""
        self.multiples.show_state(state)
        view: Any = self._views.currentWidget()
        if view is not self._histogram:
            view.show_verdicts(state)

    def set_cursor(self, index: tuple[int, ...] | None) -> None:
        """Mark this element."""
        self._cursor = index
        self.board.set_cursor(index)
        if self._values is not None and self._views.currentWidget() is self._values:
            self._values.set_cursor(index)
        if self._scatter is not None:
            self._scatter.set_cursor(index)

    def look_like(self, other: Content) -> None:
        """Look at the same part as another content that shows the same."""
        self.board.look_like(other.board)
        if other._values is not None:
            self.values.set_top_row(other._values.top_row)
        if self._scatter is not None and other._scatter is not None:
            self._scatter.look_like(other._scatter)

    def apply_theme(self, theme: Theme) -> None:
        """Take the colours of this theme."""
        self._theme = theme
        for view in (self.board, self.multiples, self._histogram, self._values, self._distances, self._scatter):
            if view is not None:
                view.apply_theme(theme)

    def _setup_ui(self) -> None:
        self._splitter = QSplitter(Qt.Orientation.Vertical, self)
        self._splitter.setChildrenCollapsible(False)
        self._splitter.setHandleWidth(8)
        self.multiples = Multiples(self._theme, self._splitter)
        self.multiples.focusRequested.connect(self.focusRequested)
        self.multiples.hide()
        self._views = QStackedWidget(self._splitter)
        self.board = Board(self._theme, self._views)
        self.board.pointed.connect(self.pointed)
        self._views.addWidget(self.board)

    def _layout(self) -> None:
        self._splitter.setStretchFactor(1, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._splitter)
