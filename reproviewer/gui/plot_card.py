"""The card of pictures: which tensor, shown how, and the plots themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QStackedLayout, QVBoxLayout, QWidget

from reproviewer.gui.elided_label import ElidedLabel
from reproviewer.gui.kind_switch import KindSwitch
from reproviewer.gui.theme import GRID_PX, Theme

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from reproviewer.core.plot_state import PlotKind, PlotState
    from reproviewer.gui.plots.area import PlotArea

HEADING_PX = 26 * GRID_PX
"""What is kept free of the kinds of plot, whatever the tensor is called."""
MIN_WIDTH_PX = 60 * GRID_PX
"""Room for the plots of two runs: with less the other rooms would shrink when the first plot comes."""


class PlotCard(QFrame):
    """A title, the choice of the kind of plot, and the plot area."""

    kindChosen = Signal(str)
    sliceChosen = Signal(tuple)
    itemChosen = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._area: PlotArea | None = None
        self._setup_ui()
        self._layout()

    @property
    def area(self) -> PlotArea:
        """The plots. They are made when they are first wanted, so that the window can open before them."""
        self.prepare()
        assert self._area is not None
        return self._area

    def prepare(self) -> None:
        """Make the plots ahead of the first run."""
        if self._area is None:
            self._area = self._make_area()
            self._area.prepare()

    def _make_area(self) -> PlotArea:
        from reproviewer.gui.plots.area import PlotArea

        area = PlotArea(self._theme)
        area.set_hint(self._hint.text())
        area.sliceChanged.connect(self.sliceChosen)
        area.focusRequested.connect(self.itemChosen)
        area.shownChanged.connect(self._show_title)
        self._pages.addWidget(area)
        return area

    def finish(self) -> None:
        """End what still reads in the background."""
        if self._area is not None:
            self._area.close()

    def show_plot(self, plot: PlotState | None, kind: PlotKind) -> None:
        """Show these plots."""
        self._kinds.show_kind(kind)
        self._kinds.setEnabled(plot is not None)
        if plot is not None:
            self.area.show_state(plot)
            self._pages.setCurrentWidget(self.area)
        else:
            if self._area is not None:
                self._area.show_state(None)
            self._pages.setCurrentWidget(self._hint)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the kinds what the heading does not need: never more or less because of the tensor's name."""
        super().resizeEvent(event)
        self._kinds.fit(self.width() - HEADING_PX)

    def apply_theme(self, theme: Theme) -> None:
        """Take the colours of this theme."""
        self._theme = theme
        if self._area is not None:
            self._area.apply_theme(theme)

    def _setup_ui(self) -> None:
        self.setProperty("kind", "card")
        self.setMinimumWidth(MIN_WIDTH_PX)
        self._hint = QLabel(self.tr("The weights of the runs appear here, side by side."))
        self._hint.setProperty("kind", "hint")
        self._hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._pages = QStackedLayout()
        self._pages.addWidget(self._hint)
        self._title = ElidedLabel(mode=Qt.TextElideMode.ElideMiddle)
        self._title.setProperty("kind", "title")
        self._caption = ElidedLabel()
        self._caption.setProperty("kind", "caption")
        for label in (self._title, self._caption):
            label.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self._kinds = KindSwitch()
        self._kinds.kindChosen.connect(self.kindChosen)

    def _layout(self) -> None:
        heading = QVBoxLayout()
        heading.setSpacing(0)
        heading.addWidget(self._title)
        heading.addWidget(self._caption)
        top = QHBoxLayout()
        top.setSpacing(GRID_PX)
        top.addLayout(heading, 1)
        top.addWidget(self._kinds)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 8, 8)
        column.setSpacing(GRID_PX)
        column.addLayout(top)
        column.addLayout(self._pages, 1)

    def _show_title(self, plot: PlotState | None) -> None:
        """Say of which tensor the plots are that are in sight, and not of which they are going to be."""
        title = about = ""
        if plot is not None:
            from reproviewer.gui.plots.describe import about_tensor

            title, about = plot.title, about_tensor(plot)
        self._title.set_full_text(title)
        self._caption.set_full_text(about)
