"""The list of values: index, value in every run, difference; for lists of any length."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QFontMetricsF
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QScrollBar,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from reproviewer.gui.plots import texts
from reproviewer.gui.plots.cursor_widths import HEADER_PADDING_PX, signs
from reproviewer.gui.plots.texts import tr
from reproviewer.gui.plots.values_model import FIRST_RUN, PLACE, SIGN, ValuesModel
from reproviewer.gui.theme import GRID_PX

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent, QWheelEvent

    from reproviewer.core.listing import Rows
    from reproviewer.core.plot_state import PlotState
    from reproviewer.gui.plots.load import Listing
    from reproviewer.gui.theme import Theme

ROW_PX, WHEEL_ROWS = 22, 3
SIGN_PX, PADDING_PX, TITLE_PADDING_PX = 24, 12, 36
FIRST_COLUMNS, LEAST_SIGNS, MOST_SIGNS = 3, 12, 24


class ValuesView(QWidget):
    """A table that holds only the rows in sight, beside a scroll bar for all of them.

    `rowsWanted(listing, start, count)` asks for rows, `searchWanted(listing, start, forward)` for a difference.
    """

    pointed = Signal(object)
    rowsWanted = Signal(object, int, int)
    searchWanted = Signal(object, int, bool)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = ValuesModel(theme)
        self._listing: Listing | None = None
        self._cursor: tuple[int, ...] | None = None
        self._setup_ui()
        self._layout()

    @property
    def model(self) -> ValuesModel:
        """The rows in sight."""
        return self._model

    @property
    def top_row(self) -> int:
        """The first row in sight."""
        return self._bar.value()

    def show_data(self, listing: Listing) -> None:
        """Show this list."""
        again = self._listing is not None and self._listing.plane == listing.plane
        top = self.top_row if again else 0
        self._listing = listing
        self._model.show_listing(listing)
        for button in (self._next, self._previous):
            button.setVisible(listing.focus is not None)
        self._say("")
        self._widths()
        self._fit()
        self._bar.setValue(top)
        self._look()

    def show_verdicts(self, state: PlotState) -> None:
        """Mark the rows by what is known of the comparisons by now."""
        self._model.show_verdicts(state)

    def set_top_row(self, row: int) -> None:
        """Scroll to this row."""
        self._bar.setValue(row)

    def show_rows(self, rows: Rows) -> None:
        """Fill in what was read."""
        self._model.show_rows(rows)

    def show_found(self, row: int | None, forward: bool) -> None:
        """Go to the difference that was found."""
        if row is None:
            self._say(tr("No further difference below.") if forward else tr("No further difference above."))
            return
        plane = self._listing.plane if self._listing else None
        if plane is not None:
            self._say("")
            self.pointed.emit(plane.index(*divmod(row, plane.cols)))

    def set_cursor(self, index: tuple[int, ...] | None) -> None:
        """Mark the row of this element and bring it in sight."""
        self._cursor = index
        row = self._row_of(index)
        self._model.mark(row)
        if row is not None and not self.top_row <= row < self.top_row + self._whole_rows():
            self._bar.setValue(max(0, row - self._whole_rows() // 2))

    def apply_theme(self, theme: Theme) -> None:
        """Take the colours of this theme."""
        self._model.theme = theme
        self._table.viewport().update()

    def resizeEvent(self, event: Any) -> None:
        """Show as many rows as there is room for."""
        super().resizeEvent(event)
        self._fit()
        self._widths()
        self._look()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll the rows."""
        self._bar.setValue(self.top_row - round(event.angleDelta().y() / 120 * WHEEL_ROWS))
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move the cursor by rows, pages and to the ends."""
        if self._listing is None or self._listing.plane is None:
            return
        page, last = self._whole_rows(), self._listing.plane.size - 1
        row = self._row_of(self._cursor)
        here = self.top_row if row is None else row
        steps = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_PageUp: -page, Qt.Key.Key_PageDown: page}
        steps |= {Qt.Key.Key_Home: -here, Qt.Key.Key_End: last - here}
        step = steps.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
            return
        self.pointed.emit(self._listing.plane.index(*divmod(max(0, min(last, here + step)), self._listing.plane.cols)))

    def _setup_ui(self) -> None:
        self._table = _Table()
        self._table.setModel(self._model)
        self._table.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._table.resized.connect(self._widths)
        self._table.clicked.connect(self._on_click)
        self._bar = QScrollBar(Qt.Orientation.Vertical)
        kept = self._bar.sizePolicy()
        kept.setRetainSizeWhenHidden(True)
        self._bar.setSizePolicy(kept)
        self._bar.valueChanged.connect(self._look)
        self._next, self._previous = QPushButton(tr("Next difference")), QPushButton(tr("Previous difference"))
        self._next.clicked.connect(lambda: self._search(forward=True))
        self._previous.clicked.connect(lambda: self._search(forward=False))
        self._message = QLabel()
        self._message.setProperty("kind", "note")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(tr("Values of the chosen tensor in every run"))

    def _layout(self) -> None:
        tools = QHBoxLayout()
        tools.setSpacing(GRID_PX)
        for widget in (self._previous, self._next, self._message):
            tools.addWidget(widget)
        tools.addStretch(1)
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self._table, 1)
        middle.addWidget(self._bar)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID_PX)
        column.addLayout(tools)
        column.addLayout(middle, 1)

    def _whole_rows(self) -> int:
        return max(1, self._table.viewport().height() // ROW_PX)

    def _fit(self) -> None:
        size = self._listing.plane.size if self._listing and self._listing.plane else 0
        rows = min(size, self._whole_rows())
        self._bar.setRange(0, max(0, size - rows))
        self._bar.setPageStep(rows)
        self._bar.setVisible(size > rows)

    def _look(self) -> None:
        if self._listing is None or self._listing.plane is None:
            return
        rows = min(self._listing.plane.size, self._whole_rows())
        self._model.look_at(self.top_row, rows)
        self.rowsWanted.emit(self._listing, self.top_row, rows)

    def _widths(self) -> None:
        """Let the columns share the width; where it is little, two runs and their difference have it."""
        if self._listing is None:
            return
        place, (least, whole) = self._place_px(self._listing), self._value_px(self._listing)
        columns = range(FIRST_RUN, self._model.columnCount())
        room = self._table.viewport().width() - SIGN_PX - place
        first = max(least, min(whole, room // max(1, min(FIRST_COLUMNS, len(columns)))))
        share = max(first, room // max(1, len(columns)))
        for column, width in ((SIGN, SIGN_PX), (PLACE, place), *((column, share) for column in columns)):
            self._table.setColumnWidth(column, width)
        if columns and share * len(columns) <= room:
            self._table.setColumnWidth(columns[-1], room - share * (len(columns) - 1))
        self._model.fit_titles(self._table.horizontalHeader().sectionSize(FIRST_RUN) - TITLE_PADDING_PX)

    def _place_px(self, listing: Listing) -> int:
        """Room for the longest index."""
        last = ", ".join(str(max(0, n - 1)) for n in listing.plane.shape) if listing.plane else ""
        index = QFontMetricsF(texts.text_font()).horizontalAdvance(last) + PADDING_PX
        heading = QFontMetricsF(texts.caption_font()).horizontalAdvance(tr("Index")) + HEADER_PADDING_PX
        return round(max(index, heading))

    def _value_px(self, listing: Listing) -> tuple[int, int]:
        """Room for a value of the usual size, and for any."""
        tensors = [pane.tensor for pane in listing.panes if pane.tensor is not None]
        wide = max(LEAST_SIGNS, *(signs(tensor.dtype) for tensor in tensors), 0)
        metrics = QFontMetricsF(texts.text_font(bold=True))
        usual, any_size = "-0." + "0" * (wide - 5), "0" * min(wide, MOST_SIGNS)
        least, whole = (round(metrics.horizontalAdvance(text)) + PADDING_PX for text in (usual, any_size))
        return least, whole

    def _row_of(self, index: tuple[int, ...] | None) -> int | None:
        plane = self._listing.plane if self._listing else None
        cell = plane.cell(index) if plane else None
        return cell[0] * plane.cols + cell[1] if cell and plane else None

    def _on_click(self, index: QModelIndex) -> None:
        plane = self._listing.plane if self._listing else None
        if plane is not None:
            self.pointed.emit(plane.index(*divmod(self.top_row + index.row(), plane.cols)))

    def _search(self, forward: bool) -> None:
        row = self._row_of(self._cursor)
        start = (self.top_row if row is None else row + 1) if forward else (self.top_row if row is None else row)
        self.searchWanted.emit(self._listing, start, forward)

    def _say(self, text: str) -> None:
        self._message.setText(text)


class _Table(QTableView):
    resized = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setFont(texts.text_font())
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        self.verticalHeader().setMinimumSectionSize(ROW_PX)
        self.verticalHeader().setDefaultSectionSize(ROW_PX)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.horizontalHeader().setHighlightSections(False)
        self.horizontalHeader().setMinimumSectionSize(SIGN_PX)
        self.horizontalHeader().setTextElideMode(Qt.TextElideMode.ElideMiddle)

    def resizeEvent(self, event: Any) -> None:
        super().resizeEvent(event)
        self.resized.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        event.ignore()
