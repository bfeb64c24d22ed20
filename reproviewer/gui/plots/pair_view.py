"""What the plots of two whole tensors have in common: a caption, a line of note, or a sentence in place of a plot."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter

from reproviewer.gui.plots import describe_pair, texts
from reproviewer.gui.plots.axes import LEFT_PX
from reproviewer.gui.plots.caption import HEIGHT_PX, Caption
from reproviewer.gui.plots.panes import pane_in

if TYPE_CHECKING:
    from PySide6.QtGui import QMouseEvent
    from PySide6.QtWidgets import QWidget

    from reproviewer.core.plot_state import PlotState
    from reproviewer.gui.plots.load_pair import Paired
    from reproviewer.gui.theme import Theme

NOTE_PX = 18


class PairView(pg.GraphicsView):  # type: ignore[misc]
    """Paints a `Paired`: what is drawn of it is for the kinds of plot to say."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._data: Paired | None = None
        self._root = _Root(self._arrange)
        self._caption = Caption()
        self._caption.setParentItem(self._root)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._setup_body()
        self.setCentralItem(self._root)

    @property
    def note(self) -> str:
        """The line above the plot."""
        return self._root.note

    @property
    def sentence(self) -> str:
        """The sentence in place of the plot."""
        return self._root.sentence

    @property
    def caption(self) -> tuple[str, str]:
        """The title, and the line below it in full."""
        return self._caption.texts

    def show_data(self, data: Paired) -> None:
        """Show this."""
        self._data = data
        self._fill()

    def show_verdicts(self, state: PlotState) -> None:
        """Say what is known of the comparisons by now."""
        if self._data is not None and self._data.focus is not None:
            self._data = replace(self._data, focus=pane_in(state, self._data.focus))
            self._root.write(describe_pair.why_not(self._data), self._theme)
            self._fill_caption(self._data)

    def apply_theme(self, theme: Theme) -> None:
        """Take the colours of this theme."""
        self._theme = theme
        self._fill()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follow every move."""
        super().mouseMoveEvent(event)
        if self._data is not None and self._data.found is not None:
            self._on_mouse(self.mapToScene(event.position().toPoint()))

    def say(self, note: str) -> None:
        """Write the line above the plot."""
        self._root.say(note)

    def _setup_body(self) -> None:
        """Make what is drawn, within `_root`."""
        raise NotImplementedError

    def _fill_body(self, data: Paired) -> None:
        """Show what was found."""
        raise NotImplementedError

    def _show_body(self, there: bool) -> None:
        raise NotImplementedError

    def _place_body(self, room: QRectF) -> None:
        raise NotImplementedError

    def _on_mouse(self, scene: Any) -> None:
        raise NotImplementedError

    def _detail(self, data: Paired) -> tuple[str, ...]:
        raise NotImplementedError

    def _fill(self) -> None:
        theme, data = self._theme, self._data
        self.setBackground(theme.card)
        if data is None:
            return
        self._root.write(describe_pair.why_not(data), theme)
        self._show_body(data.found is not None)
        self._caption.setVisible(data.focus is not None)
        self._fill_caption(data)
        if data.found is not None:
            self._fill_body(data)
        self._arrange()

    def _fill_caption(self, data: Paired) -> None:
        if data.focus is None or data.reference is None:
            return
        self._caption.apply_theme(self._theme, describe_pair.ink(data, self._theme))
        swatches = (self._theme.run(data.focus.colour), self._theme.run(data.reference.colour))
        line = self._detail(data) if data.found is not None else ("",)
        self._caption.show_text(describe_pair.title(data), line, swatches)

    def _arrange(self) -> None:
        width, height = self._root.size().width() - 1, self._root.size().height()
        self._caption.setGeometry(QRectF(LEFT_PX, 0, width - LEFT_PX, HEIGHT_PX))
        top = HEIGHT_PX + NOTE_PX
        self._place_body(QRectF(0, top, width, max(1.0, height - top)))


class _Root(pg.GraphicsWidget):  # type: ignore[misc]
    """Holds the plot; writes the note above it, or the sentence in its place."""

    def __init__(self, arrange: Any) -> None:
        super().__init__()
        self._arrange = arrange
        self.note = self.sentence = ""
        self._ink = QColor()

    def say(self, note: str) -> None:
        if note != self.note:
            self.note = note
            self.update()

    def write(self, sentence: str, theme: Theme) -> None:
        self.sentence, self._ink = sentence, QColor(theme.muted)
        if sentence:
            self.note = ""
        self.update()

    def paint(self, painter: QPainter, option: Any, widget: QWidget | None = None) -> None:
        painter.setPen(self._ink)
        size = self.size()
        if self.sentence:
            painter.setFont(texts.text_font())
            room = QRectF(12, 8, size.width() - 24, size.height() - 16)
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self.sentence)
            return
        small = texts.caption_font()
        painter.setFont(small)
        room = QRectF(LEFT_PX, HEIGHT_PX, size.width() - LEFT_PX, NOTE_PX)
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, texts.elided(self.note, small, room.width()))

    def resizeEvent(self, event: Any) -> None:
        self._arrange()
