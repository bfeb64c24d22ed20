"""The plot area: shows a PlotState and knows nothing else.

pyqtgraph takes a good part of a second to import, so it is imported when the first state is shown.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEventLoop, QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import QLabel, QStackedLayout, QVBoxLayout, QWidget

from reproviewer.gui.plots import describe, export, load, panes
from reproviewer.gui.plots.cursor_rows import FIRST_ROWS, CursorRow, cursor_rows
from reproviewer.gui.plots.cursor_table import CursorTable
from reproviewer.gui.plots.cursor_widths import place_name
from reproviewer.gui.plots.loading_note import LoadingNote
from reproviewer.gui.plots.panes import first_difference, same_values
from reproviewer.gui.plots.reading import Reading
from reproviewer.gui.plots.slice_bar import SliceBar
from reproviewer.gui.plots.supply import Supply
from reproviewer.gui.plots.tab_order import order_tabs
from reproviewer.gui.plots.texts import tr
from reproviewer.gui.texts import shown
from reproviewer.gui.theme import GRID_PX, LIGHT, Theme

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from PySide6.QtGui import QCloseEvent, QResizeEvent

    from reproviewer.core.message import ReproError
    from reproviewer.core.plot_state import PlotState
    from reproviewer.gui.plots.content import Content

STEP_AFTER_MS = 1


class PlotArea(QWidget):
    """Plots of one tensor in every run, a chooser of the slice, and the table of the element under the cursor.

    Files are read in threads of the area's own; `close` waits for them. `shownChanged` tells of which state the plots
    are that are in sight: what was shown before stays for a moment.
    """

    sliceChanged = Signal(tuple)
    cursorMoved = Signal(object)
    focusRequested = Signal(str)
    shownChanged = Signal(object)

    def __init__(self, theme: Theme = LIGHT, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._state: PlotState | None = None
        self._told: PlotState | None = None
        self._cursor: tuple[int, ...] | None = None
        self._cursor_chosen = False
        self._hint = tr("Nothing to show yet.")
        self._content: Content | None = None
        self._thumbs: load.Thumbnails | None = None
        self._reading = Reading(self)
        self._setup_ui()
        self._layout()
        self.show_state(None)

    @property
    def cursor_index(self) -> tuple[int, ...] | None:
        """The index of the element under the cursor."""
        return self._cursor

    @property
    def loading(self) -> bool:
        """Whether the plots themselves are still being read."""
        return self._reading.waits_for("load")

    @property
    def busy(self) -> bool:
        """Whether something is still being read."""
        return self._reading.busy

    def set_hint(self, hint: str) -> None:
        """Say this where there is nothing to show."""
        self._hint = hint
        if self._state is None:
            self._show_page(hint)

    def show_state(self, state: PlotState | None) -> None:
        """Show this; the previous picture stays until the new one has been read."""
        before, self._state = self._state, state if state is not None and state.panes else None
        if self._reading.closed:
            return
        if self._state is None:
            self._cancel()
            self._show_page(self._hint)
            return
        if before is not None and same_values(before, self._state) and self._shows_plots():
            self._show_verdicts()
            if self._cursor is None and first_difference(before) is None:
                self._place_cursor(before)
            elif self._cursor is not None:
                self._show_cursor()
            return
        self._start_load()
        self._place_cursor(before)

    def prepare(self) -> None:
        """Make what the first state needs ahead of it, step by step: what waits meanwhile comes first."""
        QTimer.singleShot(STEP_AFTER_MS, self, self._prepare_content)

    def apply_theme(self, theme: Theme) -> None:
        """Take the colours of this theme."""
        self._theme = theme
        self._table.apply_theme(theme)
        if self._content is not None:
            self._content.apply_theme(theme)

    def set_cursor(self, index: tuple[int, ...] | None) -> None:
        """Mark this element, that the person chose, in all plots and show its value and bits."""
        self._cursor_chosen = index is not None
        self._move_cursor(index)

    def _move_cursor(self, index: tuple[int, ...] | None) -> None:
        if index == self._cursor:
            return
        self._cursor = index
        self._show_cursor()
        self.cursorMoved.emit(index)

    def wait_until_drawn(self, timeout_ms: int = 30_000) -> bool:
        """Process events until everything asked for is shown; False when it took too long."""
        loop, limit = QEventLoop(), QTimer()
        limit.setSingleShot(True)
        limit.timeout.connect(loop.quit)
        poll = QTimer()
        poll.timeout.connect(lambda: None if self._unfinished() else loop.quit())
        limit.start(timeout_ms)
        poll.start(2)
        loop.exec()
        poll.stop()
        return not self._unfinished()

    def render_png(self, path: Path, size: QSize) -> None:
        """Write what is shown as a picture of this size. Raises ReproError."""
        with self._sheet(size) as sheet:
            export.save_png(sheet, path)

    def render_svg(self, path: Path, size: QSize | None = None) -> None:
        """Write what is shown as a drawing. Raises ReproError."""
        with self._sheet(size or self.size()) as sheet:
            export.save_svg(sheet, path, self._state.title if self._state else "")

    def rows_csv(self) -> Iterator[list[str]]:
        """The values of the shown slice in every run, row by row, a heading first."""
        if self._state is not None:
            yield from export.rows_csv(self._state)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Cancel what is being read and wait for the threads."""
        self._cancel()
        self._reading.close()
        super().closeEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the "loading" label in its corner."""
        super().resizeEvent(event)
        if self._state is not None:
            self._table.expect(self._state, self.height())
        self._loading.place()

    def minimumSizeHint(self) -> QSize:
        """Small enough for a small screen."""
        return QSize(320, 240)

    def _setup_ui(self) -> None:
        self._page = QLabel()
        self._page.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._page.setWordWrap(True)
        self._page.setProperty("kind", "empty")
        self._slices, self._table = SliceBar(), CursorTable(self._theme)
        self._note = QLabel()
        self._note.setProperty("kind", "caption")
        self._inner = QWidget()
        self._loading = LoadingNote(self)
        self._loading.late.connect(self._on_late)
        self._slices.sliceChanged.connect(self.sliceChanged)
        self._reading.failed.connect(self._on_failed)
        self._reading.crashed.connect(self._on_crash)
        self.destroyed.connect(self._reading.close)
        self.setAccessibleName(tr("Plots of the chosen tensor"))

    def _layout(self) -> None:
        self._plots = QVBoxLayout()
        self._plots.setContentsMargins(0, 0, 0, 0)
        column = QVBoxLayout(self._inner)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID_PX)
        column.addWidget(self._slices)
        column.addWidget(self._note)
        column.addLayout(self._plots, 1)
        column.addWidget(self._table)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._page)
        self._stack.addWidget(self._inner)

    def _start_load(self) -> None:
        state = self._state
        assert state is not None
        cells, thumb = self._the_content().cells(state)
        self._show_slices(state)
        self._table.expect(state, self.height())
        self._reading.drop("detail", "search", "rows")
        self._loading.begin()
        if not self._plots_in_sight:
            self._tell(state)
        self._reading.start("load", partial(load.load_any, state, cells, thumb, self._thumbs), self._on_loaded)

    def _on_loaded(self, found: load.Found) -> None:
        content, loaded = self._the_content(), found.plots
        self._thumbs = found.thumbs
        self._loading.end()
        note = describe.too_many_for_bars(loaded) if isinstance(loaded, load.Shown) else ""
        self._note.setText(note)
        self._note.setVisible(bool(note))
        nothing = describe.nothing_to_show(loaded.state)
        if nothing:
            self._show_page(nothing)
            return
        self._stack.setCurrentWidget(self._inner)
        content.show_loaded(loaded, found.thumbs)
        self._show_verdicts()
        self._tell(loaded.state)
        order_tabs(self, self._slices, self._table)
        self._show_cursor()

    def _show_verdicts(self) -> None:
        """The comparisons may have ended while the plots were read, or will while they are."""
        if self._state is not None and not self.loading:
            self._the_content().show_verdicts(self._state)

    def _cancel(self) -> None:
        self._reading.drop()
        self._loading.end()

    def _on_failed(self, error: ReproError) -> None:
        self._show_page(shown(error.message))

    def _on_crash(self, error: BaseException) -> None:
        self._show_page(tr("The plots could not be drawn: {why}").format(why=error))

    def _show_page(self, text: str) -> None:
        self._loading.end()
        self._page.setText(text)
        self._stack.setCurrentWidget(self._page)
        self._tell(self._state)

    def _show_slices(self, state: PlotState) -> None:
        plane = None if panes.is_whole(state) else panes.lead_plane(state)
        self._slices.show_slice(plane.shape if plane else (), plane.lead if plane else ())

    def _shows_plots(self) -> bool:
        return self._plots_in_sight or self.loading

    @property
    def _plots_in_sight(self) -> bool:
        return self._stack.currentWidget() is self._inner

    def _unfinished(self) -> bool:
        return self.busy or (self._content is not None and self._content.settling and self._shows_plots())

    def _the_content(self) -> Content:
        if self._content is None:
            from reproviewer.gui.plots.content import Content

            content = self._content = Content(self._theme, self._inner)
            content.pointed.connect(self.set_cursor)
            content.focusRequested.connect(self.focusRequested)
            content.board.finerWanted.connect(self._start_load)
            Supply(self._reading, content)
            self._plots.addWidget(content)
            self._settle_layout()
        return self._content

    def _prepare_content(self) -> None:
        if not self._reading.closed:
            self._the_content()
            QTimer.singleShot(STEP_AFTER_MS, self, self._prepare_panels)

    def _prepare_panels(self) -> None:
        """One panel at a time: each takes several milliseconds."""
        if not self._reading.closed and self._the_content().board.prepare_panel():
            QTimer.singleShot(STEP_AFTER_MS, self, self._prepare_panels)

    def _settle_layout(self) -> None:
        """Give the content its size although it is not in sight yet: the pictures are reduced for it."""
        self._inner.resize(self.size())
        layout = self._inner.layout()
        if layout is not None:
            layout.activate()

    def _place_cursor(self, before: PlotState | None) -> None:
        assert self._state is not None
        place = panes.place_of_cursor(self._state, before, self._cursor, self._cursor_chosen)
        self._cursor_chosen = self._cursor_chosen and place == self._cursor
        self._move_cursor(place)

    def _show_cursor(self) -> None:
        """Mark the cursor in the plots and read its element; after the plots, where they are being read."""
        index, state = self._cursor, self._state
        if self._content is not None:
            self._content.set_cursor(index)
        if index is None or state is None:
            self._reading.drop("cursor")
            self._table.show_rows("", ())
            return
        if self.loading:
            return
        self._read_cursor(state, index, FIRST_ROWS)

    def _read_cursor(self, state: PlotState, index: tuple[int, ...], limit: int) -> None:
        work = partial(cursor_rows, state, index, limit)
        self._reading.start("cursor", work, partial(self._on_rows, index, limit))

    def _on_rows(self, index: tuple[int, ...], limit: int, rows: tuple[CursorRow, ...]) -> None:
        if self._state is None:
            return
        if len(rows) > limit:
            self._read_cursor(self._state, index, len(rows))
        self._table.show_rows(place_name(self._state.title, index), rows)

    @contextmanager
    def _sheet(self, size: QSize) -> Iterator[QWidget]:
        """Show the same at another size, off the screen, without the cursor."""
        sheet = export.Sheet(self._theme, size)
        area = PlotArea(self._theme)
        area._table.hide()
        area._slices.write_out()
        try:
            about = (self._state.title, describe.about_comparison(self._state)) if self._state else ("", "")
            sheet.add(area, *about)
            area.show_state(self._state)
            area.set_cursor(None)
            if self._content is not None and area._content is not None:
                area.wait_until_drawn()
                area._content.look_like(self._content)
            area.wait_until_drawn()
            yield sheet
        finally:
            area.close()
            sheet.close()
            sheet.deleteLater()

    def _on_late(self) -> None:
        """The reading takes long: plots of something else must not stand there as if they were what is wanted."""
        assert self._state is not None
        if not self._plots_in_sight or self._told is None or panes.is_stale(self._told, self._state):
            self._show_page(self._loading.text())
        else:
            self._loading.appear()

    def _tell(self, state: PlotState | None) -> None:
        self._told = state
        self.shownChanged.emit(state)
