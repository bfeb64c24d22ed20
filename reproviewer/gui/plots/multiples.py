"""The runs as small multiples; clicking one asks for the focus."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QImage, QKeyEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QScrollArea, QToolTip, QWidget

from reproviewer.gui.plots import thumbs
from reproviewer.gui.plots.describe import tally_text
from reproviewer.gui.plots.palette import palette
from reproviewer.gui.plots.texts import tr
from reproviewer.gui.texts import word

if TYPE_CHECKING:
    from reproviewer.core.plot_state import PlotState
    from reproviewer.gui.plots.load import Thumbnails
    from reproviewer.gui.theme import Theme


class Multiples(QScrollArea):
    """One composed picture of all runs, scrolled when it is too high."""

    focusRequested = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sheet_widget = _SheetWidget(theme)
        self._sheet_widget.chosen.connect(self.focusRequested)
        self.setWidget(self._sheet_widget)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusProxy(self._sheet_widget)
        self.setMinimumHeight(thumbs.LEAST_HEIGHT_PX)

    def show_data(self, shown: Thumbnails) -> None:
        """Show these runs."""
        self._sheet_widget.show_data(shown)
        self._fit()

    def show_state(self, state: PlotState) -> None:
        """Show what is known of the verdicts by now."""
        self._sheet_widget.show_state(state)

    def apply_theme(self, theme: Theme) -> None:
        """Take the colours of this theme."""
        self._sheet_widget.apply_theme(theme)

    def place_of(self, item_id: str) -> QPoint:
        """The middle of a run's thumbnail, in the viewport."""
        place = self._sheet_widget.place(item_id)
        return self._sheet_widget.mapTo(self.viewport(), self._sheet_widget.sheet.cell(place).center())

    def resizeEvent(self, event: Any) -> None:
        """Arrange the thumbnails anew."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        height = self.contentsRect().height()
        self._sheet_widget.fit(self.viewport().width(), height)
        self.setViewportMargins(0, 0, 0, self._sheet_widget.sheet.spare(height))
        focus = self._sheet_widget.focus_cell()
        if focus is not None:
            self.ensureVisible(focus.center().x(), focus.center().y(), 0, focus.height())


class _SheetWidget(QWidget):
    chosen = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._shown: Thumbnails | None = None
        self._state: PlotState | None = None
        self._image: QImage | None = None
        self.sheet = thumbs.sheet_for(1, 200, 100)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(tr("All runs as thumbnails; the arrow keys choose one to compare with the reference"))

    def show_data(self, shown: Thumbnails) -> None:
        self._shown, self._state, self._image = shown, shown.state, None
        self.update()

    def show_state(self, state: PlotState) -> None:
        self._state, self._image = state, None
        self.update()

    def apply_theme(self, theme: Theme) -> None:
        self._theme, self._image = theme, None
        self.update()

    def fit(self, width: int, height: int) -> None:
        count = len(self._shown.runs) if self._shown else 1
        sheet = thumbs.sheet_for(count, width, height)
        if sheet != self.sheet:
            self.sheet, self._image = sheet, None
        self.resize(width, max(height, sheet.full_height))
        self.update()

    def place(self, item_id: str) -> int:
        runs = self._shown.runs if self._shown else ()
        return next((i for i, run in enumerate(runs) if run.pane.item_id == item_id), 0)

    def focus_cell(self) -> QRect | None:
        if self._state is None or self._state.focus is None:
            return None
        return self.sheet.cell(self.place(self._state.focus))

    def paintEvent(self, event: Any) -> None:
        if self._shown is None or self._state is None:
            return
        if self._image is None:
            panes = {pane.item_id: pane for pane in self._state.panes}
            scale = self.devicePixelRatioF()
            self._image = thumbs.compose(self._shown, panes, self.sheet, palette(self._theme), scale)
        with QPainter(self) as painter:
            self._paint(painter, event.rect(), self._image)

    def _paint(self, painter: QPainter, part: QRect, image: QImage) -> None:
        scale = image.devicePixelRatio()
        painter.fillRect(part, QColor(self._theme.card))
        part = part.intersected(QRect(QPoint(), image.deviceIndependentSize().toSize()))
        source = QRectF(part.x() * scale, part.y() * scale, part.width() * scale, part.height() * scale)
        painter.drawImage(QRectF(part), image, source)
        cell = self.focus_cell()
        if cell is not None:
            painter.setPen(QPen(QColor(self._theme.accent), 2))
            painter.drawRect(cell.adjusted(1, thumbs.LABEL_PX + 1, -1, -1))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        point = event.position().toPoint()
        self._choose(self.sheet.at(point.x(), point.y()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Up: -self.sheet.columns,
            Qt.Key.Key_Down: self.sheet.columns,
        }
        step = steps.get(Qt.Key(event.key()))
        if step is None or self._state is None or self._shown is None:
            super().keyPressEvent(event)
            return
        at = self.place(self._state.focus or "") + step
        self._choose(max(0, min(len(self._shown.runs) - 1, at)))

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            place = self.sheet.at(event.pos().x(), event.pos().y())
            QToolTip.showText(event.globalPos(), self._tip(place) if place is not None else "", self)
            return True
        return super().event(event)

    def _tip(self, place: int) -> str:
        assert self._shown is not None
        assert self._state is not None
        run = self._shown.runs[place]
        pane = next((pane for pane in self._state.panes if pane.item_id == run.pane.item_id), run.pane)
        verdict = word(pane.comparison.verdict) if pane.comparison else ""
        return "\n".join(filter(None, (pane.label, verdict, tally_text(run.tally))))

    def _choose(self, place: int | None) -> None:
        if place is None or self._shown is None or self._state is None:
            return
        item_id = self._shown.runs[place].pane.item_id
        if item_id not in (self._state.reference, self._state.focus):
            self.chosen.emit(item_id)
