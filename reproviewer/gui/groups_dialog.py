"""Which items of the shelf equal which: the groups of identical ones, and the verdict on every two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QLabel,
    QProgressBar,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from reproviewer.core.sentences import SIGNS
from reproviewer.gui.report import compared_items, groups_of
from reproviewer.gui.tasks import Background
from reproviewer.gui.texts import shown, word
from reproviewer.gui.theme import GRID_PX, Theme

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reproviewer.core.groups import Groups
    from reproviewer.core.known import Findings
    from reproviewer.core.message import ReproError
    from reproviewer.core.session import Session

Index = QModelIndex | QPersistentModelIndex
CELL_PX = 4 * GRID_PX
SHOWN_GROUPS = 12


class GroupsDialog(QDialog):
    """Finds out in the background; `pairWanted` carries two items that the person wants to see side by side."""

    pairWanted = Signal(str, str)
    crashed = Signal(object)
    _moved = Signal(int, int)

    def __init__(self, session: Session, findings: Findings, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Which equals which"))
        self.resize(80 * GRID_PX, 64 * GRID_PX)
        self._theme = theme
        self._items = compared_items(session, findings)
        self._background = Background(self)
        self._background.crashed.connect(self.crashed)
        self._moved.connect(self._show_progress, Qt.ConnectionType.QueuedConnection)
        self.finished.connect(self._background.close)
        self._layout()
        self._background.start(
            "groups",
            lambda cancelled: groups_of(session, findings, cancelled, self._moved.emit),
            self._show_groups,
            self._show_error,
        )

    def _layout(self) -> None:
        self.note = QLabel(self.tr("Every tensor is read once…"), self)
        self.note.setWordWrap(True)
        self.note.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.progress = QProgressBar(self)
        self.progress.setTextVisible(False)
        self.progress.setRange(0, 0)
        self.progress.setAccessibleName(self.tr("Progress"))
        self.table = QTableView(self)
        self.table.setObjectName("groups")
        self.table.setAccessibleName(self.tr("The verdict on every two"))
        self.table.setEditTriggers(QTableView.EditTrigger.NoEditTriggers)
        self.table.setSelectionMode(QTableView.SelectionMode.SingleSelection)
        self.table.setTabKeyNavigation(False)
        self.table.setSizeAdjustPolicy(QTableView.SizeAdjustPolicy.AdjustToContents)
        self.table.hide()
        self.table.activated.connect(self._choose)
        self.hint = QLabel(self.tr("Double-click a sign to see the two side by side."), self)
        self.hint.setProperty("kind", "caption")
        self.hint.hide()
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, parent=self)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(*4 * [2 * GRID_PX])
        column.setSpacing(GRID_PX)
        column.addWidget(self.note)
        column.addWidget(self.progress)
        column.addWidget(self.table, 1, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        column.addWidget(self.hint)
        column.addStretch()
        column.addWidget(buttons)

    def _show_progress(self, done: int, total: int) -> None:
        self.progress.setRange(0, 1000)
        self.progress.setValue(1000 * done // max(total, 1))

    def _show_groups(self, found: Groups) -> None:
        self.progress.hide()
        self.note.setText(self._said(found))
        self.table.setModel(_Matrix([item.label for item in self._items], found, self._theme, self.table))
        for header in (self.table.horizontalHeader(), self.table.verticalHeader()):
            header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
            header.setDefaultSectionSize(CELL_PX)
        self.table.verticalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.table.show()
        self.hint.show()
        self.table.setCurrentIndex(self.table.model().index(0, 1))
        self.table.setFocus()

    def _show_error(self, error: ReproError) -> None:
        self.progress.hide()
        self.note.setText(shown(error.message))

    def _said(self, found: Groups) -> str:
        if len(found.classes) == 1:
            return self.tr("All {n} are identical to the last bit.").format(n=len(self._items))
        groups = [group for group in found.classes if len(group) > 1]
        if not groups:
            return self.tr("No two are identical.")
        lines = [self.tr("Identical: {names}").format(names=self._names(group)) for group in groups[:SHOWN_GROUPS]]
        if len(groups) > SHOWN_GROUPS:
            lines.append(self.tr("and {n} more groups").format(n=len(groups) - SHOWN_GROUPS))
        if alone := [at for group in found.classes if len(group) == 1 for at in group]:
            lines.append(self.tr("Like no other: {names}").format(names=self._names(alone)))
        return "\n".join(lines)

    def _names(self, group: Sequence[int]) -> str:
        labels = [self._items[at].label for at in group]
        names = ", ".join(labels[:6])
        if len(labels) > 6:
            return self.tr("{names} and {n} more").format(names=names, n=len(labels) - 6)
        return names

    def _choose(self, index: QModelIndex) -> None:
        if index.row() != index.column():
            self.pairWanted.emit(self._items[index.row()].id, self._items[index.column()].id)
            self.accept()


class _Matrix(QAbstractTableModel):
    """The verdict on every two as a sign; the word is told too."""

    def __init__(self, labels: list[str], found: Groups, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._labels, self._found = labels, found
        self._theme = theme

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._labels)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return self.rowCount(parent)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._labels[section]
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        number = str(section + 1)
        return number if orientation == Qt.Orientation.Horizontal else f"{number}   {self._labels[section]}"

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row, column = index.row(), index.column()
        verdict = self._found.matrix[row][column]
        if role == Qt.ItemDataRole.DisplayRole:
            return "·" if row == column else SIGNS[verdict]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignCenter
        if role == Qt.ItemDataRole.ForegroundRole:
            return QColor(self._theme.muted if row == column else self._theme.ink(verdict))
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            one, other = self._labels[row], self._labels[column]
            return self.tr("{one} and {other}: {word}").format(one=one, other=other, word=word(verdict))
        return None
