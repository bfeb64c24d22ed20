"""The few rows of the list of values that are in sight."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor

from reproviewer.core.sentences import SIGNS
from reproviewer.core.verdict import Verdict
from reproviewer.gui.plots import describe, texts
from reproviewer.gui.plots.texts import tr

if TYPE_CHECKING:
    from reproviewer.core.listing import Rows
    from reproviewer.gui.plots.load import Listing
    from reproviewer.gui.theme import Theme

Index = QModelIndex | QPersistentModelIndex
SIGN, PLACE, FIRST_RUN = 0, 1, 2


class ValuesModel(QAbstractTableModel):
    """A window of `height` rows, from row `start`, over a list of any length.

    Columns: a sign, the index, the reference, the focus, their difference, the other runs.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.theme = theme
        self.start = 0
        self.marked: int | None = None
        self._height = 0
        self._listing: Listing | None = None
        self._rows: Rows | None = None
        self._title_px = math.inf

    def fit_titles(self, width: float) -> None:
        """The heading of the difference is so wide, in pixels."""
        self._title_px = width
        if self.columnCount():
            self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, self.columnCount() - 1)

    def show_listing(self, listing: Listing) -> None:
        """Show another list from its beginning."""
        self.beginResetModel()
        self._listing, self._rows, self.start = listing, None, 0
        self.endResetModel()

    def look_at(self, start: int, height: int) -> None:
        """Show these rows; what has not been read is left blank."""
        if height != self._height:
            self.beginResetModel()
            self.start, self._height = start, height
            self.endResetModel()
        elif start != self.start:
            self.start = start
            self._changed()

    def mark(self, row: int | None) -> None:
        """Mark the row of the cursor."""
        self.marked = row
        self._changed()

    def show_rows(self, rows: Rows) -> None:
        """Fill in what was read."""
        self._rows = rows
        self._changed()

    @property
    def difference_column(self) -> int | None:
        """Which column has the difference."""
        return FIRST_RUN + 2 if self._listing and self._listing.focus is not None else None

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """The rows in sight."""
        return 0 if parent.isValid() or self._listing is None else self._height

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """Sign, index, runs and the difference."""
        if parent.isValid() or self._listing is None:
            return 0
        return FIRST_RUN + len(self._listing.panes) + (self.difference_column is not None)

    def run_at(self, column: int) -> int | None:
        """The place of the run that a column shows."""
        difference = self.difference_column
        if column < FIRST_RUN or column == difference:
            return None
        return column - FIRST_RUN - (difference is not None and column > difference)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Text, colour and font of a cell."""
        row, column = self.start + index.row(), index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(row, column)
        if role == Qt.ItemDataRole.TextAlignmentRole and column >= FIRST_RUN:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.ForegroundRole:
            return self._ink(row, column)
        if role == Qt.ItemDataRole.BackgroundRole:
            return QColor(self.theme.selection) if row == self.marked else None
        if role == Qt.ItemDataRole.FontRole:
            return texts.text_font(bold=self._differs(row, column))
        return None

    def headerData(self, section: int, orientation: Any, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Names of the columns."""
        if orientation != Qt.Orientation.Horizontal or self._listing is None:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole and section >= FIRST_RUN:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.TextAlignmentRole and section == PLACE:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return None
        panes = self._listing.panes
        if section < FIRST_RUN:
            return ("", tr("Index"))[section]
        run = self.run_at(section)
        if run is not None:
            return panes[run].label
        title = texts.Title(f"{{0}} {texts.MINUS} {{1}}", (panes[1].label, panes[0].label))
        if role == Qt.ItemDataRole.ToolTipRole:
            return tr("{title}: the one value less the other.").format(title=title)
        return title.fitted(texts.caption_font(), self._title_px)

    def _changed(self) -> None:
        if self._height and self.columnCount():
            self.dataChanged.emit(self.index(0, 0), self.index(self._height - 1, self.columnCount() - 1))

    def _text(self, row: int, column: int) -> str:
        assert self._listing is not None
        plane, rows = self._listing.plane, self._rows
        if plane is None:
            return ""
        if column == PLACE:
            return ", ".join(map(str, plane.index(*divmod(row, max(1, plane.cols))))) or "()"
        if rows is None or row < rows.start:
            return ""
        at = row - rows.start
        if column == SIGN:
            return self._sign(row)
        run = self.run_at(column)
        if run is None:
            signed = not describe.are_magnitudes(*(pane.tensor for pane in self._listing.panes[:2]))
            return texts.distance(rows.difference[at], 6, signed) if at < len(rows.difference) else ""
        values = rows.columns[run].values if run < len(rows.columns) else ()
        return values[at] if at < len(values) else ""

    def _sign(self, row: int) -> str:
        if not self._differs(row, SIGN) or self._rows is None:
            return ""
        at = row - self._rows.start
        unequal = any(at < len(found.unequal) and found.unequal[at] for found in self._rows.columns)
        return SIGNS[Verdict.DIFFERENT if unequal else Verdict.EQUAL]

    def _differs(self, row: int, column: int) -> bool:
        rows = self._rows
        if rows is None or row < rows.start or column == PLACE:
            return False
        at = row - rows.start
        run = self.run_at(column)
        chosen = rows.columns if column == SIGN else rows.columns[1:2] if run is None else rows.columns[run : run + 1]
        return any(at < len(found.differs) and found.differs[at] for found in chosen)

    def _ink(self, row: int, column: int) -> QColor | None:
        if self._differs(row, column):
            only_bits = self._sign(row) == SIGNS[Verdict.EQUAL]
            return QColor(self.theme.between_ink if only_bits else self.theme.different_ink)
        return QColor(self.theme.muted) if column == PLACE else None
