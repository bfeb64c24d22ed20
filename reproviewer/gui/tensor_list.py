"""The list of tensors, each with its verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QItemSelectionModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QLabel,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from reproviewer.core.sentences import SIGNS
from reproviewer.gui.texts import word
from reproviewer.gui.theme import GRID_PX, Theme

if TYPE_CHECKING:
    from reproviewer.core.view_state import TensorRow

_Index = QModelIndex | QPersistentModelIndex
SIGN, NAME, SHAPE = range(3)


class TensorModel(QAbstractTableModel):
    """Sign, name and shape of each tensor."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._rows: tuple[TensorRow, ...] = ()

    @property
    def rows(self) -> tuple[TensorRow, ...]:
        """What is shown."""
        return self._rows

    def set_rows(self, rows: tuple[TensorRow, ...]) -> None:
        """Show these; when only verdicts changed, nothing but them is drawn anew."""
        same_names = [(r.name, r.shape) for r in rows] == [(r.name, r.shape) for r in self._rows]
        if same_names:
            self._rows = rows
            if rows:
                self.dataChanged.emit(self.index(0, 0), self.index(len(rows) - 1, SHAPE))
            return
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of this theme."""
        self._theme = theme
        self.set_rows(self._rows)

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 3

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return (SIGNS[row.verdict] if row.verdict else "", row.label, shape_text(row.shape))[index.column()]
        if role == Qt.ItemDataRole.ForegroundRole:
            return self._colour(row, index.column())
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return self._described(row)
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() == SIGN:
            return Qt.AlignmentFlag.AlignCenter
        return None

    def _colour(self, row: TensorRow, column: int) -> QColor | None:
        if column == SIGN and row.verdict is not None:
            return QColor(self._theme.ink(row.verdict))
        return QColor(self._theme.muted) if column == SHAPE else None

    def _described(self, row: TensorRow) -> str:
        parts = [row.label, *([row.name] if row.name != row.label else []), shape_text(row.shape), row.dtype]
        if row.verdict is not None:
            parts.append(word(row.verdict))
        if row.differing:
            parts.append(
                self.tr("{differing} of {size} differ").format(differing=f"{row.differing:,}", size=f"{row.size:,}")
            )
        return " · ".join(parts)


class _InkDelegate(QStyledItemDelegate):
    """Keeps the ink of a verdict's sign where the row is selected."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: _Index) -> None:
        super().initStyleOption(option, index)
        ink = index.data(Qt.ItemDataRole.ForegroundRole)
        if isinstance(ink, QColor):
            option.palette.setColor(QPalette.ColorRole.HighlightedText, ink)


class TensorList(QFrame):
    """Shows rows and says which one the person chose."""

    tensorChosen = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = TensorModel(theme, self)
        self._setting = False
        self._setup_ui()
        self._layout()

    def show_rows(self, rows: tuple[TensorRow, ...], selected: str | None) -> None:
        """Show these tensors, one of them chosen."""
        self._setting = True
        try:
            if rows != self._model.rows:
                self._model.set_rows(rows)
            self._select(next((i for i, row in enumerate(rows) if row.name == selected), None))
        finally:
            self._setting = False
        self._empty.setVisible(not rows)
        self._table.setVisible(bool(rows))

    def apply_theme(self, theme: Theme) -> None:
        """Take the colours of this theme."""
        self._model.set_theme(theme)

    def _select(self, row: int | None) -> None:
        selection = self._table.selectionModel()
        if row is None:
            selection.clear()
        elif self._table.currentIndex().row() != row:
            flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
            selection.setCurrentIndex(self._model.index(row, NAME), flags)

    def _setup_ui(self) -> None:
        self.setProperty("kind", "card")
        self.setMinimumWidth(27 * GRID_PX)
        self._title = QLabel(self.tr("TENSORS"))
        self._title.setProperty("kind", "section")
        self._empty = QLabel(self.tr("The tensors of the runs appear here, each with its verdict."))
        self._empty.setProperty("kind", "caption")
        self._empty.setWordWrap(True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._table = QTableView()
        self._table.setModel(self._model)
        self._table.setAccessibleName(self.tr("Tensors"))
        self._table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self._table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self._table.setTabKeyNavigation(False)
        self._table.setItemDelegate(_InkDelegate(self._table))
        self._table.setShowGrid(False)
        self._table.setWordWrap(False)
        self._table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self._table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._table.horizontalHeader().hide()
        self._table.verticalHeader().hide()
        self._table.verticalHeader().setDefaultSectionSize(3 * GRID_PX)
        header = self._table.horizontalHeader()
        header.setMinimumSectionSize(GRID_PX)
        header.setSectionResizeMode(SIGN, QHeaderView.ResizeMode.Fixed)
        header.resizeSection(SIGN, 3 * GRID_PX)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(SHAPE, QHeaderView.ResizeMode.ResizeToContents)
        self._table.selectionModel().currentRowChanged.connect(self._chosen)

    def _layout(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 4, 8)
        column.setSpacing(GRID_PX)
        column.addWidget(self._title)
        column.addWidget(self._empty, 1)
        column.addWidget(self._table, 1)

    def _chosen(self, current: QModelIndex) -> None:
        if current.isValid() and not self._setting:
            self.tensorChosen.emit(self._model.rows[current.row()].name)


def shape_text(shape: tuple[int, ...]) -> str:
    """A shape as Python writes it."""
    return f"({shape[0]},)" if len(shape) == 1 else f"({', '.join(map(str, shape))})"
