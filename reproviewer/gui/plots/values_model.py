"""The few rows of the list of values that are in sight."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor

from reproviewer.core.sentences import SIGNS
from reproviewer.core.verdict import Verdict
from reproviewer.gui.plots import describe, texts
from reproviewer.gui.plots.panes import is_close, pane_in
from reproviewer.gui.plots.texts import tr

if TYPE_CHECKING:
    from reproviewer.core.listing import Rows
    from reproviewer.core.plot_state import PlotState
    from reproviewer.gui.plots.load import Listing
    from reproviewer.gui.theme import Theme

Index = QModelIndex | QPersistentModelIndex
SIGN, PLACE, FIRST_RUN = 0, 1, 2


class ValuesModel(QAbstractTableModel):
    """A window of `height` rows, from row `start`, over a list of any length.

    Columns: a sign of the focus, the index, the reference, the focus, their difference, the other runs.
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

    def show_verdicts(self, state: PlotState) -> None:
        """Mark the rows by what is known of the comparisons by now."""
        if self._listing is not None:
            panes = tuple(pane_in(state, pane) for pane in self._listing.panes)
            self._listing = replace(self._listing, state=state, panes=panes)
            self._changed()

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
            return texts.text_font(bold=self._verdict(row, column) is not None)
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
            verdict = self._verdict(row, column)
            return SIGNS[verdict] if verdict else ""
        run = self.run_at(column)
        if run is None:
            signed = not describe.are_magnitudes(*(pane.tensor for pane in self._listing.panes[:2]))
            return texts.distance(rows.difference[at], 6, signed) if at < len(rows.difference) else ""
        values = rows.columns[run].values if run < len(rows.columns) else ()
        return values[at] if at < len(values) else ""

    def _verdict(self, row: int, column: int) -> Verdict | None:
        """How a run's value is unlike the reference's; the sign speaks of the focus, as the difference does."""
        rows, listing = self._rows, self._listing
        run = self.run_at(column)
        run = 1 if run is None else run
        if rows is None or listing is None or row < rows.start or column == PLACE or run >= len(rows.columns):
            return None
        at, found = row - rows.start, rows.columns[run]
        if at >= len(found.differs) or not found.differs[at]:
            return None
        if not found.unequal[at]:
            return Verdict.EQUAL
        return Verdict.CLOSE if is_close(listing.panes[run]) else Verdict.DIFFERENT

    def _ink(self, row: int, column: int) -> QColor | None:
        verdict = self._verdict(row, column)
        if verdict is not None:
            return QColor(self.theme.different_ink if verdict is Verdict.DIFFERENT else self.theme.between_ink)
        return QColor(self.theme.muted) if column == PLACE else None
