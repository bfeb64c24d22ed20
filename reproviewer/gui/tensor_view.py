"""The tree of tensors on the screen: keys, columns, and which groups are open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QAction, QContextMenuEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QTreeView

from reproviewer.core.layer_tree import shape_text, tensors
from reproviewer.gui.tensor_delegates import ROW_PX, ShareDelegate, SignDelegate, TextDelegate
from reproviewer.gui.tensor_model import ABS, COLUMNS, DTYPE, NAME, SHAPE, SHARE, ULP, TensorModel
from reproviewer.gui.theme import GRID_PX, Theme

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtWidgets import QWidget

    from reproviewer.core.layer_tree import Node, Order
    from reproviewer.core.tensor_rows import TensorRow
    from reproviewer.gui.tensor_model import Index

WIDTHS_PX = {SHARE: 96, ABS: 80, ULP: 88, DTYPE: 72}
"""Of the columns beside name and shape, in the order in which they come when there is more room."""
MIN_NAME_PX, MAX_SHAPE_PX, INDENT_PX = 168, 104, 12
ORDERS: dict[int, Order] = {NAME: "name", SHARE: "share", ABS: "abs", ULP: "ulp"}
MAX_OPEN = 400
"""Trees of up to so many tensors stand open; of larger ones only the groups that lead to the tensor looked at."""

_SELECT = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows


class TensorView(QTreeView):
    """Says which line was chosen, which order is wanted, and where a menu is."""

    rowChosen = Signal(int)
    orderWanted = Signal(str, bool)
    menuWanted = Signal(QModelIndex, QPoint)

    all_open: bool
    """Whether groups stand open that the person closed: what was searched for is in them."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.contents = TensorModel(theme, self)
        self._opened: dict[str, bool] = {}
        self._columns: dict[int, bool] = {}
        self._shape_px = 8 * GRID_PX
        self._sorted: tuple[int, bool] | None = None
        self._restoring = False
        self.all_open = False
        self._setup_ui(theme)

    def show_nodes(self, nodes: tuple[Node, ...], rows: Sequence[TensorRow]) -> None:
        """Show these. Where nodes moved, the open groups, the line looked at and the place stay as far as they can."""
        chosen, top = self.current_name(), self.verticalScrollBar().value()
        self._restoring = True
        try:
            if self.contents.show(nodes, rows):
                self._measure_shapes(rows)
                self._open_groups(nodes)
                self.select_name(chosen)
                self.executeDelayedItemsLayout()
                self.verticalScrollBar().setValue(top)
        finally:
            self._restoring = False

    def current_name(self) -> str | None:
        """The name of the tensor that is selected, if one is."""
        line = self.contents.line(self.currentIndex())
        return line.name if line is not None else None

    def current_row(self) -> int | None:
        """The line that is selected, if it is a tensor."""
        node = self.contents.node(self.currentIndex())
        return node.row if node is not None else None

    def show_selected(self, name: str | None) -> None:
        """Select this tensor, its groups open, and bring it in sight; nobody chose it here."""
        self._restoring = True
        try:
            self.select_name(name)
        finally:
            self._restoring = False

    def select_name(self, name: str | None) -> None:
        """Select this tensor."""
        self.select_row(next((at for at, line in enumerate(self.contents.rows) if line.name == name), None))

    def select_row(self, row: int | None) -> None:
        """Select this line; nothing when it is not shown."""
        index = self.contents.index_of(row)
        if not index.isValid():
            self.selectionModel().clear()
        elif index != self.currentIndex().siblingAtColumn(NAME):
            seen = self.viewport().rect().contains(self.visualRect(index).center())
            self.selectionModel().setCurrentIndex(index, _SELECT)
            if not seen:
                self.scrollTo(index, QAbstractItemView.ScrollHint.PositionAtCenter)

    def apply_theme(self, theme: Theme) -> None:
        """Take the colours of this theme."""
        for delegate in self._delegates:
            delegate.theme = theme
        self.contents.set_theme(theme)

    def column_actions(self, menu: QMenu) -> None:
        """Fill a menu with the columns that can be shown."""
        fitting: QAction = menu.addAction(self.tr("As many as fit"))
        fitting.setCheckable(True)
        fitting.setChecked(not self._columns)
        fitting.triggered.connect(self._fit_columns)
        menu.addSeparator()
        for column in range(SHAPE, COLUMNS):
            action = menu.addAction(self.contents.headerData(column, Qt.Orientation.Horizontal))
            action.setCheckable(True)
            action.setChecked(not self.isColumnHidden(column))
            action.triggered.connect(lambda on, c=column: self._show_column(c, on))

    # Qt's events

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Home and End go to the first and the last tensor, Enter shows it or opens its group."""
        key, node = event.key(), self.contents.node(self.currentIndex())
        if key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            order = list(tensors(self.contents.nodes))
            if order:
                self.select_row(order[0 if key == Qt.Key.Key_Home else -1].row)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and node is not None:
            if node.row is not None:
                self.rowChosen.emit(node.row)
            else:
                self.setExpanded(self.currentIndex(), not self.isExpanded(self.currentIndex()))
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Ask for a menu: of the line below the mouse, or of the selected one where a key was pressed."""
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        index = self.currentIndex() if by_key else self.indexAt(event.pos())
        at = self.visualRect(index).bottomLeft() if by_key else event.pos()
        if index.isValid():
            self.menuWanted.emit(index, self.viewport().mapToGlobal(at))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the selected line in sight if it was, or if nothing has been in sight yet."""
        before = event.oldSize().height()
        was_seen = before <= ROW_PX or 0 <= self.visualRect(self.currentIndex()).center().y() < before
        super().resizeEvent(event)
        self._lay_out_columns()
        if was_seen:
            self.scrollTo(self.currentIndex())

    def currentChanged(self, current: Index, previous: Index) -> None:
        super().currentChanged(current, previous)
        node = self.contents.node(current)
        if node is not None and node.row is not None and not self._restoring:
            self.rowChosen.emit(node.row)

    # inside

    def _setup_ui(self, theme: Theme) -> None:
        self.setModel(self.contents)
        self.setAccessibleName(self.tr("Tensors"))
        self.setUniformRowHeights(True)
        self.setIndentation(INDENT_PX)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragDrop)
        self.setDefaultDropAction(Qt.DropAction.LinkAction)
        self._delegates = TextDelegate(theme, self), SignDelegate(theme, self), ShareDelegate(theme, self)
        self.setItemDelegate(self._delegates[0])
        self.setItemDelegateForColumn(NAME, self._delegates[1])
        self.setItemDelegateForColumn(SHARE, self._delegates[2])
        self._setup_header(self.header())
        self.expanded.connect(lambda index: self._remember(index, True))
        self.collapsed.connect(lambda index: self._remember(index, False))

    def _setup_header(self, header: QHeaderView) -> None:
        header.setStretchLastSection(False)
        header.setMinimumSectionSize(GRID_PX)
        header.setSectionsMovable(False)
        header.setSectionsClickable(True)
        header.setSortIndicatorShown(False)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(self._open_column_menu)
        header.sectionClicked.connect(self._sort)
        self._lay_out_columns()

    def _open_column_menu(self, at: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.column_actions(menu)
        menu.popup(self.header().mapToGlobal(at))

    def _sort(self, column: int) -> None:
        """Once: names from A, numbers from the largest; again: the other way; a third time: as in the model."""
        if column not in ORDERS:
            self._show_order()
            return
        first = column != NAME
        steps: dict[tuple[int, bool] | None, tuple[int, bool] | None]
        steps = {(column, first): (column, not first), (column, not first): None}
        self._sorted = steps.get(self._sorted, (column, first))
        self._show_order()

    def unsort(self) -> None:
        """List the tensors as in the model."""
        self._sorted = None
        self._show_order()

    def _show_order(self) -> None:
        """Have it so, with the arrow where it belongs: Qt moves it to whatever column is clicked."""
        column, descending = self._sorted or (NAME, False)
        header = self.header()
        header.setSortIndicatorShown(self._sorted is not None)
        header.setSortIndicator(column, Qt.SortOrder.DescendingOrder if descending else Qt.SortOrder.AscendingOrder)
        self.orderWanted.emit(ORDERS[column] if self._sorted else "model", descending)

    def _show_column(self, column: int, on: bool) -> None:
        self._columns[column] = on
        self._lay_out_columns()

    def _fit_columns(self) -> None:
        self._columns.clear()
        self._lay_out_columns()

    def _lay_out_columns(self) -> None:
        """Show the columns that the person chose, or as many as there is room for."""
        room = self.width() - MIN_NAME_PX - self._shape_px
        self.setColumnHidden(SHAPE, not self._columns.get(SHAPE, True))
        self.setColumnWidth(SHAPE, self._shape_px)
        for column, width in WIDTHS_PX.items():
            room -= width
            self.setColumnHidden(column, not self._columns.get(column, room >= 0))
            self.setColumnWidth(column, width)

    def _measure_shapes(self, rows: Sequence[TensorRow]) -> None:
        """Give the shapes the room they need and no more: names are longer."""
        self.ensurePolished()
        metrics = self.fontMetrics()
        texts = [shape_text(shape) for shape in {row.shape for row in rows}]
        widest = max(map(metrics.horizontalAdvance, texts), default=0) + GRID_PX
        self._shape_px = min(max(widest, 6 * GRID_PX), MAX_SHAPE_PX)
        self._lay_out_columns()

    def _remember(self, index: QModelIndex, is_open: bool) -> None:
        node = self.contents.node(index)
        if node is not None and not self._restoring:
            self._opened[node.path] = is_open

    def _open_groups(self, nodes: tuple[Node, ...]) -> None:
        few = sum(1 for _ in tensors(nodes)) <= MAX_OPEN
        levels = [QModelIndex()]
        while levels:
            for index in self.contents.below(levels.pop()):
                node = self.contents.node(index)
                assert node is not None
                by_itself = few and (self.all_open or not node.section)
                if node.children and ((by_itself and self.all_open) or self._opened.get(node.path, by_itself)):
                    self.expand(index)
                    levels.append(index)
