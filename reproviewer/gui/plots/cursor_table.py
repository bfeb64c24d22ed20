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

from reproviewer.gui.plots import texts
from reproviewer.gui.plots.texts import tr

if TYPE_CHECKING:
    from reproviewer.gui.plots.cursor_rows import CursorRow
    from reproviewer.gui.theme import Theme

ROW_PX, HEADER_PX = 22, 24
RUN, VALUE, DISTANCE, ULP, BITS = range(5)
LEAST_ROWS, MOST_ROWS = 2, 6
Index = QModelIndex | QPersistentModelIndex


class CursorTable(QTableView):
    """Shows rows that were read for one element; empty, it says how to fill it."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._long = theme, False
        self._model = _CursorModel(theme)
        self._bits = _BitsDelegate(theme)
        self._setup_ui()
        self.reserve(LEAST_ROWS)

    def show_rows(self, place: str, rows: tuple[CursorRow, ...]) -> None:
        """Show what was read for the element named `place`, such as `kernel[0, 3]`."""
        self._model.show_rows(place, rows)
        self.viewport().update()

    def reserve(self, rows: int) -> None:
        """Take the height of so many rows, within reason."""
        height = HEADER_PX + ROW_PX * max(LEAST_ROWS, min(MOST_ROWS, rows)) + 2
        if height != self.height():
            self.setFixedHeight(height)

    def give_values_room(self, long: bool) -> None:
        """Make the column of values wide enough for long ones, such as those of float64."""
        if long != self._long:
            self._long = long
            self._share_width()

    def apply_theme(self, theme: Theme) -> None:
        """Take the colours of this theme."""
        self._theme = self._model.theme = self._bits.theme = theme
        self.viewport().update()

    def row_texts(self) -> list[list[str]]:
        """What stands in the table, row by row."""
        model = self._model
        return [[str(model.data(model.index(r, c))) for c in range(5)] for r in range(model.rowCount())]

    def _setup_ui(self) -> None:
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
        width = self.viewport().width()
        for column, share, least, most in (
            (RUN, 0.18, 84, 190),
            (VALUE, 0.25 if self._long else 0.175, 100, 190),
            (DISTANCE, 0.125, 72, 120),
            (ULP, 0.165, 80, 150),
        ):
            self.setColumnWidth(column, int(min(most, max(least, share * width))))

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
        if (
            role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole)
            or orientation != Qt.Orientation.Horizontal
        ):
            return None
        place = self._place or tr("Under the cursor")
        bits = next((row.meaning for row in self._rows if row.meaning), tr("Bits"))
        return (place, tr("Value"), tr("|Δ|"), tr("ULP"), bits)[section]


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
        font = _mono()
        step = QFontMetricsF(font).horizontalAdvance("0")
        text, marks = " ".join(row.groups), " ".join(row.marks)
        if len(text) * step > rect.width() - 8 and row.hexadecimal:
            text, marks = row.hexadecimal, row.hexadecimal_marks
        marks = marks.ljust(len(text))
        ink = self.theme.different_ink if row.unequal else self.theme.between_ink
        bold = QFont(font)
        bold.setBold(True)
        painter.save()
        x, base = rect.left() + 6, rect.center().y() + QFontMetricsF(font).ascent() / 2 - 1
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


def _mono() -> QFont:
    font = QFont("monospace")
    font.setStyleHint(QFont.StyleHint.Monospace)
    font.setPixelSize(11)
    return font


def _swatch(colour: str) -> QPixmap:
    square = QPixmap(10, 10)
    square.fill(QColor(colour))
    return square
