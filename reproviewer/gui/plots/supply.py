"""Reads what the views ask for beyond the first picture: finer parts, rows of values, the next difference."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from reproviewer.core.listing import next_difference, read_rows
from reproviewer.gui.plots import load

if TYPE_CHECKING:
    from reproviewer.core.slices import Region
    from reproviewer.gui.plots.content import Content
    from reproviewer.gui.plots.reading import Reading


class Supply(QObject):
    """Answers the wishes of one content."""

    def __init__(self, reading: Reading, content: Content) -> None:
        super().__init__(content)
        self._reading, self._content = reading, content
        content.board.detailWanted.connect(self._on_detail_wanted)
        content.rowsWanted.connect(self._on_rows_wanted)
        content.searchWanted.connect(self._on_search_wanted)

    def _on_detail_wanted(self, region: Region, cells: tuple[int, int]) -> None:
        board = self._content.board
        if board.shown is not None:
            work = partial(load.load_detail, board.shown, region, cells)
            self._reading.start("detail", work, lambda found: board.show_detail(*found))

    def _on_rows_wanted(self, listing: load.Listing, start: int, size: int) -> None:
        if listing.plane is None:
            return
        tensors = [pane.tensor for pane in listing.panes]
        work = partial(read_rows, tensors, listing.focus, listing.plane, start, size)
        self._reading.start("rows", work, self._content.values.show_rows)

    def _on_search_wanted(self, listing: load.Listing, start: int, forward: bool) -> None:
        reference, focus = listing.panes[0].tensor, listing.panes[1].tensor
        if reference is None or focus is None:
            return
        work = partial(next_difference, reference, focus, listing.state.slice_index, start, forward)
        show = self._content.values.show_found
        self._reading.start("search", work, lambda row: show(row, forward))
