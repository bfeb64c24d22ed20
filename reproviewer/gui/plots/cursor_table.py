"""The element under the cursor, to the last bit, in every run; of one height, so that nothing jumps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from reproviewer.gui.plots import cursor_widths, texts
from reproviewer.gui.plots.cursor_widths import HEADER_PADDING_PX, SWATCH_PX, mono_font
from reproviewer.gui.plots.panes import is_many
from reproviewer.gui.plots.texts import tr

if TYPE_CHECKING:
    from reproviewer.core.plot_state import PlotState
    from reproviewer.gui.plots.cursor_rows import CursorRow
    from reproviewer.gui.theme import Theme

ROW_PX, HEADER_PX = 22, 24
RUN, VALUE, DISTANCE, ULP, BITS = range(5)
LEAST_ROWS, MOST_ROWS = 2, 6
LOW_AREA_PX, LOW_ROWS = 440, 3
"""In an area lower than that the plots need the room more; the two that are compared are the first rows."""
BITS_PADDING_PX = 8
Index = QModelIndex | QPersistentModelIndex


class CursorTable(QTableView):
    """Shows rows that were read for one element; empty, it says how to fill it."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._wishes: tuple[int, ...] = cursor_widths.LEAST
        self._model = _CursorModel(theme)
        self._bits = _BitsDelegate(theme)
        self._setup_ui()
        self._reserve(LEAST_ROWS)

    def show_rows(self, place: str, rows: tuple[CursorRow, ...]) -> None:
        """Show what was read for the element named `place`, such as `kernel[0, 3]`."""
        self._model.show_rows(place, rows)
        self.viewport().update()

    def expect(self, state: PlotState, area_px: int) -> None:
        """Take the height that the runs of this state need in an area of that height, and the widths for its values."""
        rows = len(state.panes) if area_px >= LOW_AREA_PX and not is_many(state) else LOW_ROWS
        self._reserve(min(len(state.panes), rows))
        wishes = cursor_widths.wanted(state)
        if wishes != self._wishes:
            self._wishes = wishes
            self._share_width()

    def _reserve(self, rows: int) -> None:
        height = HEADER_PX + ROW_PX * max(LEAST_ROWS, min(MOST_ROWS, rows)) + 2
        if height != self.height():
            self.setFixedHeight(height)

    def apply_theme(self, theme: Theme) -> None:
        """Take the colours of this theme."""
        self._theme = self._model.theme = self._bits.theme = theme
        self.viewport().update()

    def row_texts(self) -> list[list[str]]:
        """What stands in the table, row by row."""
        model = self._model
        return [[str(model.data(model.index(r, c))) for c in range(5)] for r in range(model.rowCount())]

    def _setup_ui(self) -> None:
        self.setObjectName("cursor")
        self.setModel(self._model)
        self.setItemDelegateForColumn(BITS, self._bits)
        self.setAccessibleName(tr("The element under the cursor in every run"))
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setFont(texts.text_font())
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setTabKeyNavigation(False)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalHeader().hide()
        self.verticalHeader().setMinimumSectionSize(ROW_PX)
        self.verticalHeader().setDefaultSectionSize(ROW_PX)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header = self.horizontalHeader()
        header.setFixedHeight(HEADER_PX)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setSectionResizeMode(BITS, QHeaderView.ResizeMode.Stretch)
        header.setHighlightSections(False)
        header.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        header.setSectionsClickable(False)

    def resizeEvent(self, event: Any) -> None:
        """Share the width."""
        self._share_width()
        super().resizeEvent(event)

    def _share_width(self) -> None:
        """The bits take what is left."""
        widths = cursor_widths.shared(self.viewport().width(), self._wishes)
        for column, width in enumerate(widths[:BITS]):
            self.setColumnWidth(column, width)
        self._model.fit_bits(widths[BITS])

    def paintEvent(self, event: Any) -> None:
        """Draw the rows, or how to fill them."""
        super().paintEvent(event)
        if self._model.rowCount():
            return
        hint = tr("Point at an element, or move with the arrow keys, to read its value and bits in every run.")
        room = self.viewport().rect().adjusted(6, 4, -6, -4)
        where = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
        with QPainter(self.viewport()) as painter:
            painter.setPen(QColor(self._theme.muted))
            painter.setFont(texts.text_font())
            painter.drawText(room, where, hint)


class _CursorModel(QAbstractTableModel):
    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.theme = theme
        self._place = ""
        self._rows: tuple[CursorRow, ...] = ()
        self._bits_px = 0

    @property
    def hexadecimal(self) -> bool:
        """Whether the bits of a row are too many for their column."""
        step = QFontMetricsF(mono_font()).horizontalAdvance("0")
        longest = max((len(" ".join(row.groups)) for row in self._rows if row.hexadecimal), default=0)
        return longest * step > self._bits_px - BITS_PADDING_PX

    def fit_bits(self, width: int) -> None:
        """Write the bits for a column of this width."""
        if width != self._bits_px:
            self._bits_px = width
            self.headerDataChanged.emit(Qt.Orientation.Horizontal, BITS, BITS)

    def show_rows(self, place: str, rows: tuple[CursorRow, ...]) -> None:
        if len(rows) == len(self._rows) and rows:
            self._place, self._rows = place, rows
            self.dataChanged.emit(self.index(0, 0), self.index(len(rows) - 1, BITS))
            self.headerDataChanged.emit(Qt.Orientation.Horizontal, RUN, BITS)
            return
        self.beginResetModel()
        self._place, self._rows = place, rows
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 5

    def row(self, index: Index) -> CursorRow:
        return self._rows[index.row()]

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self._rows[index.row()]
        column = index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return (row.label, row.value, row.distance, row.ulp, " ".join(row.groups))[column]
        if role == Qt.ItemDataRole.DecorationRole and column == RUN:
            return _swatch(self.theme.run(row.colour))
        if role == Qt.ItemDataRole.ToolTipRole:
            return (row.label, row.value, row.distance, row.ulp, _bits_tip(row))[column]
        if role == Qt.ItemDataRole.ForegroundRole and row.differs and column != RUN:
            return QColor(self.theme.different_ink if row.unequal else self.theme.between_ink)
        if role == Qt.ItemDataRole.FontRole and row.differs and column == VALUE:
            return texts.text_font(bold=True)
        return None

    def headerData(self, section: int, orientation: Any, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._explained(section)
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        if section == BITS:
            room = self._bits_px - HEADER_PADDING_PX
            return texts.first_that_fits(self._bit_titles(), texts.caption_font(), room)
        return (self._place or cursor_widths.no_place(), tr("Value"), tr("|Δ|"), tr("ULP"))[section]

    def _bit_titles(self) -> tuple[str, ...]:
        """What the bits are, in full and shorter."""
        if self.hexadecimal:
            return tr("Bits, hexadecimal"), tr("Hexadecimal"), tr("Hex")
        return self._meaning, tr("Bits")

    @property
    def _meaning(self) -> str:
        return next((row.meaning for row in self._rows if row.meaning), tr("Bits"))

    def _explained(self, section: int) -> str:
        where = self._place or tr("The element under the cursor, in every run")
        underlined = tr("{bits}. Those that are not the reference's are underlined.").format(bits=self._meaning)
        value = tr("The value, in as many digits as read back to the same bits.")
        return (where, value, texts.explained_distance(), texts.explained_ulp(), underlined)[section]


class _BitsDelegate(QStyledItemDelegate):
    """Bits in groups; those that differ from the reference's bold and underlined, and in ink."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.theme = theme

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        model = index.model()
        if not isinstance(model, _CursorModel):
            return
        row = model.row(index)
        rect = QRectF(option.rect)
        font = mono_font()
        step = QFontMetricsF(font).horizontalAdvance("0")
        text, marks = " ".join(row.groups), " ".join(row.marks)
        if model.hexadecimal and row.hexadecimal:
            text, marks = row.hexadecimal, row.hexadecimal_marks
        room = int((rect.width() - BITS_PADDING_PX) / step)
        if len(text) > room:
            text = text[: max(0, room - 1)] + "…"
        marks = marks[: len(text)].ljust(len(text))
        ink = self.theme.different_ink if row.unequal else self.theme.between_ink
        bold = QFont(font)
        bold.setBold(True)
        painter.save()
        x, base = rect.left() + 3, rect.center().y() + QFontMetricsF(font).ascent() / 2 - 1
        painter.setClipRect(rect)
        for character, mark in zip(text, marks, strict=False):
            unlike = mark == "^"
            painter.setFont(bold if unlike else font)
            painter.setPen(QPen(QColor(ink if unlike else self.theme.text), 1.5))
            painter.drawText(QRectF(x, rect.top(), step + 2, rect.height()), Qt.AlignmentFlag.AlignVCenter, character)
            if unlike:
                painter.drawLine(int(x), int(base) + 3, int(x + step - 1), int(base) + 3)
            x += step
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(100, ROW_PX)


def _bits_tip(row: CursorRow) -> str:
    """What the groups are, the groups, and the same in hexadecimal."""
    return "\n".join(text for text in (row.meaning, " ".join(row.groups), row.hexadecimal) if text)


def _swatch(colour: str) -> QPixmap:
    square = QPixmap(SWATCH_PX, SWATCH_PX)
    square.fill(QColor(colour))
    return square
