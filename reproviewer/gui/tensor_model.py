"""The tree of tensors as Qt's views read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractItemModel, QMimeData, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor

from reproviewer.core.layer_tree import SECTIONS, misfit_text, shape_text, share_text, short_count, trail
from reproviewer.core.message import message, one_line
from reproviewer.core.sentences import how_paired, shown_distance
from reproviewer.core.verdict import Verdict
from reproviewer.gui.texts import shown, word

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from PySide6.QtWidgets import QWidget

    from reproviewer.core.layer_tree import Node
    from reproviewer.core.tensor_rows import TensorRow
    from reproviewer.gui.theme import Theme

Index = QModelIndex | QPersistentModelIndex
NAME, SHAPE, DTYPE, SHARE, ABS, ULP = range(6)
COLUMNS = 6
VERDICT_ROLE = Qt.ItemDataRole.UserRole
SHARE_ROLE = Qt.ItemDataRole.UserRole + 1
MIME = "application/x-reproviewer-tensor"

_TOP = -1
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class TensorModel(QAbstractItemModel):
    """Nodes, and the lines that they stand for. `pairWanted`: a tensor was dropped on one of the other side.

    A node is numbered when it is first asked for, together with those beside it: what no view has come to is not looked
    at, so that a large tree takes no longer than what is in sight.
    """

    pairWanted = Signal(str, str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.rows: Sequence[TensorRow] = ()
        self.nodes: tuple[Node, ...] = ()
        self._met: list[Node] = []
        self._parents: list[int] = []
        self._places: list[int] = []
        self._below: dict[int, int] = {}
        self._titles = (
            self.tr("Tensor"),
            self.tr("Shape"),
            self.tr("Dtype"),
            self.tr("Differ"),
            self.tr("Largest |Δ|"),
            self.tr("Largest ULP"),
        )

    def show(self, nodes: tuple[Node, ...], rows: Sequence[TensorRow]) -> bool:
        """Show these; where only what was found changed, nothing but that is drawn anew. Whether nodes moved."""
        moved = not _alike(self.nodes, nodes)
        if moved:
            self.beginResetModel()
            self._met, self._parents, self._places, self._below = [], [], [], {}
        self.nodes, self.rows = nodes, rows
        if moved:
            self.endResetModel()
        elif nodes:
            for at, above in enumerate(self._parents):
                self._met[at] = self._level(above)[self._places[at]]
            self.refresh()
        return moved

    def refresh(self) -> None:
        """Have everything in sight drawn anew; Qt wants to be told of each level by itself."""
        for above, first in self._below.items():
            last = len(self._level(above)) - 1
            self.dataChanged.emit(self.createIndex(0, NAME, first), self.createIndex(last, COLUMNS - 1, first + last))

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of this theme."""
        self._theme = theme
        if self.nodes:
            self.refresh()

    def node(self, index: Index) -> Node | None:
        """What is shown there."""
        return self._met[index.internalId()] if index.isValid() else None

    def line(self, index: Index) -> TensorRow | None:
        """The line of the tensor that is shown there; None for a group."""
        node = self.node(index)
        return None if node is None or node.row is None else self.rows[node.row]

    def index_of(self, row: int | None) -> QModelIndex:
        """Where this line is shown; invalid when it is not."""
        index = QModelIndex()
        for place in trail(self.nodes, row) if row is not None else ():
            index = self.index(place, NAME, index)
        return index

    def below(self, parent: QModelIndex) -> Iterator[QModelIndex]:
        """Where the nodes right below one are; those at the top below an invalid one."""
        return (self.index(place, NAME, parent) for place in range(self.rowCount(parent)))

    # Qt's questions

    def index(self, row: int, column: int, parent: Index = QModelIndex()) -> QModelIndex:  # noqa: B008
        above = parent.internalId() if parent.isValid() else _TOP
        level = self._level(above)
        if not (0 <= row < len(level) and 0 <= column < COLUMNS):
            return QModelIndex()
        first = self._below.get(above)
        if first is None:
            first = self._below[above] = len(self._met)
            self._met += level
            self._parents += [above] * len(level)
            self._places += range(len(level))
        return self.createIndex(row, column, first + row)

    def parent(self, index: Index) -> QModelIndex:  # type: ignore[override]
        above = self._parents[index.internalId()] if index.isValid() else _TOP
        return QModelIndex() if above == _TOP else self.createIndex(self._places[above], NAME, above)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        if not parent.isValid():
            return len(self.nodes)
        return len(self._met[parent.internalId()].children) if parent.column() == NAME else 0

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return COLUMNS

    def hasChildren(self, parent: Index = QModelIndex()) -> bool:  # noqa: B008
        return self.rowCount(parent) > 0

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        line = self.line(index)
        if line is None:
            return flags
        if line.verdict is not None:
            flags |= Qt.ItemFlag.ItemIsDropEnabled
            if None in line.names:
                flags |= Qt.ItemFlag.ItemIsDragEnabled
        return flags | Qt.ItemFlag.ItemNeverHasChildren

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self._titles[section]
        if role == Qt.ItemDataRole.TextAlignmentRole and section in (ABS, ULP):
            return _RIGHT
        if role == Qt.ItemDataRole.ToolTipRole:
            return self.tr("Click to sort: once, the other way, and as in the model. Right-click for more columns.")
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        node = self._met[index.internalId()]
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(node, index.column())
        if role == VERDICT_ROLE:
            return node.tally.verdict
        if role == SHARE_ROLE:
            return node.tally.share if node.tally.differing else None
        if role == Qt.ItemDataRole.ForegroundRole:
            return QColor(self._theme.muted) if index.column() in (SHAPE, DTYPE) else None
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return self._described(node, "\n" if role == Qt.ItemDataRole.ToolTipRole else ", ")
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() in (ABS, ULP):
            return _RIGHT
        return None

    def _text(self, node: Node, column: int) -> str:
        line = None if node.row is None else self.rows[node.row]
        tally = node.tally
        differs = tally.verdict is not None and tally.verdict is not Verdict.IDENTICAL
        if column == NAME:
            return shown(message(node.label)) if node.section else node.label
        if column in (SHARE, ABS, ULP) and not differs:
            return ""
        if column == SHARE:
            misfit = line is not None and line.verdict is Verdict.MISMATCHED
            return shown(misfit_text(line) if misfit and line else share_text(tally))
        if column == ABS:
            return "" if tally.max_abs is None else shown_distance(tally.max_abs)
        if column == ULP:
            return "" if tally.max_ulp is None else short_count(tally.max_ulp)
        if line is None:
            return ""
        return shape_text(line.shape) if column == SHAPE else line.dtype

    def _described(self, node: Node, joint: str) -> str:
        line = None if node.row is None else self.rows[node.row]
        parts = self._about_group(node) if line is None else self._about(line)
        tally = node.tally
        if tally.verdict is not None:
            parts.append(word(tally.verdict))
        if tally.differing:
            counts = self.tr("{differing} of {size} weights differ")
            parts.append(counts.format(differing=f"{tally.differing:,}", size=f"{tally.size:,}"))
        return joint.join(parts)

    def _about_group(self, node: Node) -> list[str]:
        path = node.path.partition("/")[2] if node.path.startswith("\0") else node.path
        name = shown(message(node.label)) if node.section else path
        counts = self.tr("{n} tensors").format(n=f"{node.tally.tensors:,}")
        if node.tally.unlike:
            unlike = self.tr("{unlike} of {n} tensors not identical")
            counts = unlike.format(unlike=node.tally.unlike, n=node.tally.tensors)
        return [name, counts]

    def _about(self, line: TensorRow) -> list[str]:
        parts = [line.label, f"{shape_text(line.shape)} {line.dtype}"]
        others = map(one_line, (line.name, *(name for name in line.names if name), *line.aliases))
        if more := [name for name in dict.fromkeys(others) if name != line.label]:
            parts.append(self.tr("also named {names}").format(names=", ".join(more)))
        if line.rule and None not in line.names:
            parts.append(self.tr("paired by: {rule}").format(rule=shown(how_paired(line.rule))))
        elif line.rule:
            parts.append(shown(message(line.rule)))
        if line.role in SECTIONS and line.verdict is None:
            parts.append(self.tr("not compared"))
        return parts

    # dragging one tensor onto another

    def mimeTypes(self) -> list[str]:
        return [MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        mime = QMimeData()
        line = self.line(indexes[0])
        if line is not None:
            mime.setData(MIME, line.name.encode())
        return mime

    def supportedDropActions(self) -> Qt.DropAction:
        return Qt.DropAction.LinkAction

    def supportedDragActions(self) -> Qt.DropAction:
        return Qt.DropAction.LinkAction

    def canDropMimeData(self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index) -> bool:
        return self._dropped(data, parent) is not None

    def dropMimeData(self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index) -> bool:
        pair = self._dropped(data, parent)
        if pair is not None:
            self.pairWanted.emit(*pair)
        return pair is not None

    def _dropped(self, data: QMimeData, onto: Index) -> tuple[str, str] | None:
        """The reference's tensor and the other one, if the two are of the two sides."""
        name = bytes(data.data(MIME).data()).decode()
        one = next((row for row in self.rows if row.name == name and row.verdict is not None), None)
        other = self.line(onto)
        if one is None or other is None or one is other:
            return None
        if one.names[0] is not None and other.names[1] is not None and one.names[1] is None:
            return one.names[0], other.names[1]
        if one.names[0] is None and one.names[1] is not None and other.names[0] is not None:
            return other.names[0], one.names[1]
        return None

    def _level(self, above: int) -> tuple[Node, ...]:
        return self.nodes if above == _TOP else self._met[above].children


def _alike(before: tuple[Node, ...], after: tuple[Node, ...]) -> bool:
    """Whether two trees have the same nodes in the same places."""
    return len(before) == len(after) and all(
        a.path == b.path and _alike(a.children, b.children) for a, b in zip(before, after, strict=True)
    )
