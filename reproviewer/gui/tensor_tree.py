"""The card of tensors: a tree of layers, each line with its verdict; search, filter, and the way to the next one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QModelIndex, QPoint, QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit, QToolButton, QVBoxLayout, QWidget

from reproviewer.core.layer_tree import Arrangement, arranged, fitting, next_unlike
from reproviewer.core.tensor_list import TensorList
from reproviewer.gui.pair_menu import PairMenu
from reproviewer.gui.tensor_view import TensorView
from reproviewer.gui.theme import GRID_PX, Theme

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent

    from reproviewer.core.verdict import Comparison
    from reproviewer.gui.actions import Actions


class TensorTree(QFrame):
    """Shows lines and says which one the person chose, and which tensors are to be paired otherwise than by rule.

    `pairWanted` carries the reference's name and the other item's; `unpairWanted` the reference's;
    `ruleWanted` both names, of which one may be None: pair these by the rules again; `toleranceWanted` the reference's.
    """

    tensorChosen = Signal(str)
    pairWanted = Signal(str, str)
    unpairWanted = Signal(str)
    ruleWanted = Signal(object, object)
    toleranceWanted = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None, actions: Actions | None = None) -> None:
        super().__init__(parent)
        self._list = TensorList()
        self._wanted = Arrangement()
        self._selected: str | None = None
        self._pairing: Comparison | None = None
        self._other = ""
        self._setup_ui(theme)
        self._layout()
        if actions is None:
            self._hide_tools()
        else:
            self._connect(actions)

    def show_list(
        self, tensors: TensorList, selected: str | None, pairing: Comparison | None = None, other: str = ""
    ) -> None:
        """Show these tensors, one of them chosen.

        `pairing` tells which of them can be paired by hand with those of the item with the label `other`.
        """
        self._pairing, self._other = pairing, other
        if tensors.rows != self._list.rows:
            self._list = tensors
            self._arrange()
        if selected != self._selected or not self.view.currentIndex().isValid():
            self._selected = selected
            self.view.show_selected(selected)

    def apply_theme(self, theme: Theme) -> None:
        """Take the colours of this theme."""
        self.view.apply_theme(theme)

    def search(self) -> None:
        """Let the person type what to look for."""
        self.finder.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.finder.selectAll()

    def go_to_difference(self, forward: bool = True) -> None:
        """Choose the next tensor that differs among those shown, or the one before, going round."""
        row = next_unlike(self.view.contents.nodes, self.view.current_row(), forward)
        if row is not None:
            self.view.select_row(row)

    def _arrange(self) -> None:
        nodes = arranged(self._list.tree, self._list.rows, self._wanted)
        self.view.show_nodes(nodes, self._list.rows)
        self.view.setVisible(bool(self._list.rows))
        self._note.setText(self._note_text(bool(nodes)))
        self._note.setVisible(not nodes)

    def _note_text(self, any_shown: bool) -> str:
        if not self._list.rows:
            return self.tr("The tensors of the runs appear here, each with its verdict.")
        if any_shown:
            return ""
        if self._wanted.only_unlike and not fitting(self._list.rows, Arrangement(only_unlike=True)):
            return self.tr("No tensor differs.")
        return self.tr("No tensor fits the search.")

    def _want(self, **changes: Any) -> None:
        self._wanted = replace(self._wanted, **changes)
        self.view.all_open = bool(self._wanted.text or self._wanted.only_unlike)
        self._arrange()
        self.view.show_selected(self._selected)
        self.view.scrollTo(self.view.currentIndex())

    def _choose(self, row: int) -> None:
        self._selected = self._list.rows[row].name
        self.tensorChosen.emit(self._selected)

    def _open_menu(self, index: QModelIndex, at: QPoint) -> None:
        line = self.view.contents.line(index)
        if line is not None:
            menu = PairMenu(line, self._pairing, self, self._other)
            menu.pairWanted.connect(self.pairWanted)
            menu.unpairWanted.connect(self.unpairWanted)
            menu.ruleWanted.connect(self.ruleWanted)
            menu.toleranceWanted.connect(self.toleranceWanted)
            menu.popup(at)

    def _setup_ui(self, theme: Theme) -> None:
        self.setProperty("kind", "card")
        self.setMinimumWidth(27 * GRID_PX)
        self._title = QLabel(self.tr("TENSORS"), self)
        self._title.setProperty("kind", "section")
        self._only = QToolButton(self)
        self._only.setProperty("kind", "toggle")
        self.finder = _Find(self)
        self.finder.setAccessibleName(self.tr("Find a tensor"))
        self.finder.setPlaceholderText(self.tr("Find"))
        self.finder.setClearButtonEnabled(True)
        self.finder.textChanged.connect(lambda text: self._want(text=text))
        self._previous, self._next = QToolButton(self), QToolButton(self)
        for button in (self._previous, self._next):
            button.setProperty("kind", "step")
            button.setFixedSize(QSize(26, 26))
        self._note = QLabel(self._note_text(False), self)
        self._note.setProperty("kind", "caption")
        self._note.setWordWrap(True)
        self._note.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.view = TensorView(theme, self)
        self.view.hide()
        self.view.rowChosen.connect(self._choose)
        self.view.orderWanted.connect(lambda order, descending: self._want(order=order, descending=descending))
        self.view.menuWanted.connect(self._open_menu)
        self.view.contents.pairWanted.connect(self.pairWanted)
        self.finder.leftDownwards.connect(self.view.setFocus)

    def _layout(self) -> None:
        top, tools = QHBoxLayout(), QHBoxLayout()
        top.setContentsMargins(0, 0, 8, 0)
        top.addWidget(self._title, 1)
        top.addWidget(self._only)
        tools.setContentsMargins(0, 0, 8, 0)
        tools.setSpacing(4)
        tools.addWidget(self.finder, 1)
        tools.addWidget(self._previous)
        tools.addWidget(self._next)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 4, 8)
        column.setSpacing(GRID_PX)
        column.addLayout(top)
        column.addLayout(tools)
        column.addWidget(self._note)
        column.addWidget(self.view, 1)
        column.addStretch()

    def _connect(self, actions: Actions) -> None:
        actions.find.triggered.connect(self.search)
        self.finder.setToolTip(actions.find.toolTip())
        actions.next_difference.triggered.connect(lambda: self.go_to_difference())
        actions.only_differences.toggled.connect(lambda only: self._want(only_unlike=only))
        actions.previous_difference.triggered.connect(lambda: self.go_to_difference(forward=False))
        self._only.setDefaultAction(actions.only_differences)
        self._previous.setDefaultAction(actions.previous_difference)
        self._next.setDefaultAction(actions.next_difference)

    def _hide_tools(self) -> None:
        """A picture has no use for what is pressed."""
        for tool in (self._only, self.finder, self._previous, self._next):
            tool.hide()


class _Find(QLineEdit):
    """Escape clears it, the down key goes to what was found."""

    leftDownwards = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
        elif event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.leftDownwards.emit()
        else:
            super().keyPressEvent(event)
