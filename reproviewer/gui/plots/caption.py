"""What stands above a plot: the run's colour and name, and a line about its values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from reproviewer.gui.plots import texts

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from reproviewer.gui.theme import Theme

SWATCH_PX = 10
HEIGHT_PX = 34


class Caption(pg.GraphicsWidget):  # type: ignore[misc]
    """Two lines, always of the same height; what does not fit is cut with an ellipsis."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(HEIGHT_PX)
        self._title, self._detail = "", ""
        self._swatches: tuple[str, ...] = ()
        self._title_ink = self._detail_ink = QColor()

    def show_text(self, title: str, detail: str, swatches: tuple[str, ...]) -> None:
        """Show a title after squares of these colours, and below it a detail."""
        self._title, self._detail, self._swatches = title, detail, swatches
        self.setToolTip(f"{title}\n{detail}".strip())
        self.update()

    def apply_theme(self, theme: Theme, detail: str = "") -> None:
        """Take the colours of this theme; `detail` is the colour of the second line."""
        self._title_ink, self._detail_ink = QColor(theme.text), QColor(detail or theme.muted)
        self.update()

    def paint(self, painter: QPainter, option: Any, widget: QWidget | None = None) -> None:
        """Draw both lines."""
        width = self.size().width()
        x = 0.0
        for colour in self._swatches:
            painter.fillRect(QRectF(x, 4, SWATCH_PX, SWATCH_PX), QColor(colour))
            x += SWATCH_PX + 3
        x += 3 if self._swatches else 0
        title, detail = texts.text_font(bold=True), texts.caption_font()
        painter.setPen(QPen(self._title_ink))
        painter.setFont(title)
        painter.drawText(QPointF(x, 14), texts.elided(self._title, title, width - x))
        painter.setPen(QPen(self._detail_ink))
        painter.setFont(detail)
        painter.drawText(QPointF(0, 28), texts.elided(self._detail, detail, width))

    def width_of(self, text: str) -> float:
        """How wide a title is, in pixels."""
        return QFontMetricsF(texts.text_font(bold=True)).horizontalAdvance(text)

    def sizeHint(self, which: Qt.SizeHint, constraint: Any = None) -> Any:
        """Any width, one height."""
        return pg.QtCore.QSizeF(-1 if which != Qt.SizeHint.MinimumSize else 20, HEIGHT_PX)
