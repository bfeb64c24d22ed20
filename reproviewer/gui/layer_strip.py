"""The model at a glance: a strip with a cell for every tensor, in order, that shows where the differences are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from reproviewer.core import layer_strip
from reproviewer.core.layer_strip import Strip
from reproviewer.core.layer_tree import shape_text
from reproviewer.core.verdict import Verdict
from reproviewer.gui.texts import shown, word
from reproviewer.gui.theme import CAPTION_PX, Theme

if TYPE_CHECKING:
    from reproviewer.core.layer_strip import Cell

HEIGHT_PX = 20
BAR_PX = 14
LOW_PX = 4
"""What is identical is a low line, what differs stands out of it, what does not fit is hollow: it takes no colours."""
CAPTION_ROOM_PX = 168
GAP_FROM_PX = 4
"""Cells of this width or more have a gap of one pixel between them."""


class LayerStrip(QWidget):
    """Shows the lines and says which tensor the person chose. A cell that tensors share leads to the worst of them."""

    tensorChosen = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._strip = Strip()
        self._selected: int | None = None
        self._cells: tuple[Cell, ...] = ()
        self._caption = ""
        self.setFixedHeight(HEIGHT_PX)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Differences along the model"))
        self.setToolTip(
            self.tr(
                "The model from left to right: a cell for each tensor, the wider the more elements it has.\n"
                "A low line is identical, a high one differs, a hollow one does not fit."
            )
        )

    def show_strip(self, strip: Strip, selected: int | None) -> None:
        """Show these tensors, the line `selected` marked."""
        if strip is self._strip and selected == self._selected:
            return
        if strip is not self._strip:
            self._strip = strip
            self._caption = shown(strip.caption)
            self.setAccessibleDescription(shown(strip.summary))
            self.setFocusPolicy(Qt.FocusPolicy.TabFocus if strip.rows else Qt.FocusPolicy.NoFocus)
            self._cut()
        self._selected = selected
        self.update()

    def apply_theme(self, theme: Theme) -> None:
        """Take the colours of this theme."""
        self._theme = theme
        self.update()

    @property
    def cells(self) -> tuple[Cell, ...]:
        """What is drawn."""
        return self._cells

    def sizeHint(self) -> QSize:
        return QSize(400, HEIGHT_PX)

    # Qt's events

    def resizeEvent(self, event: object) -> None:
        self._cut()

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._cells:
            return
        painter = QPainter(self)
        chosen = layer_strip.cell_of(self._cells, self._selected)
        for at, cell in enumerate(self._cells):
            self._paint_cell(painter, cell, at == chosen)
        painter.setPen(QColor(self._theme.muted))
        font = QFont(self.font())
        font.setPixelSize(CAPTION_PX)
        painter.setFont(font)
        room = QRect(self.width() - CAPTION_ROOM_PX, 0, CAPTION_ROOM_PX, BAR_PX)
        painter.drawText(room, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, self._caption)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            cell = self._cell_at(event.pos().x())
            if cell is None:
                QToolTip.showText(event.globalPos(), self.toolTip(), self)
            else:
                QToolTip.showText(event.globalPos(), self._about(cell), self, self._rect(cell))
            return True
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        cell = self._cell_at(round(event.position().x()))
        if cell is not None and event.button() == Qt.MouseButton.LeftButton:
            self._choose(cell.worst)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and right go from cell to cell, Home and End to the first and the last."""
        here = layer_strip.cell_of(self._cells, self._selected)
        last = len(self._cells) - 1
        step = {
            Qt.Key.Key_Left: -1 if here is None else here - 1,
            Qt.Key.Key_Right: 0 if here is None else here + 1,
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: last,
        }.get(Qt.Key(event.key()))
        if step is None or not self._cells:
            super().keyPressEvent(event)
        elif 0 <= step <= last:
            self._choose(self._cells[step].worst)

    # inside

    def _cut(self) -> None:
        self._cells = layer_strip.cells(self._strip, max(0, self.width() - CAPTION_ROOM_PX - 8))

    def _choose(self, row: int) -> None:
        self.tensorChosen.emit(self._strip.rows[row].name)

    def _cell_at(self, x: int) -> Cell | None:
        return next((cell for cell in self._cells if cell.left <= x < cell.left + cell.width), None)

    def _rect(self, cell: Cell) -> QRect:
        gap = 1 if cell.width >= GAP_FROM_PX else 0
        return QRect(cell.left, 0, cell.width - gap, BAR_PX)

    def _paint_cell(self, painter: QPainter, cell: Cell, is_chosen: bool) -> None:
        rect = self._rect(cell)
        if is_chosen:
            colour = self._theme.text if self.hasFocus() else self._theme.accent
            painter.fillRect(QRect(rect.left() - 1, BAR_PX + 2, max(rect.width(), 4) + 2, 3), QColor(colour))
        if cell.verdict in (None, Verdict.IDENTICAL):
            colour = self._theme.line if cell.verdict is None else self._theme.identical_ink
            painter.fillRect(rect.adjusted(0, BAR_PX - LOW_PX, 0, 0), QColor(colour))
            return
        assert cell.verdict is not None
        ink = QColor(self._theme.ink(cell.verdict))
        if cell.verdict is Verdict.MISMATCHED:
            painter.fillRect(rect, ink)
            painter.fillRect(rect.adjusted(1, 2, -1, -2), QColor(self._theme.tint(cell.verdict)))
        elif cell.verdict is Verdict.DIFFERENT:
            painter.fillRect(rect, ink)
        else:
            painter.fillRect(rect.adjusted(0, BAR_PX // 2, 0, 0), ink)

    def _about(self, cell: Cell) -> str:
        line = self._strip.rows[cell.worst]
        parts = [line.label, f"{shape_text(line.shape)} {line.dtype}"]
        if line.verdict is not None:
            parts.append(word(line.verdict))
        if more := cell.last - cell.first:
            parts.append(self.tr("and {n} neighbours, none of them worse").format(n=more))
        return "\n".join([*parts, "", self.toolTip()])
