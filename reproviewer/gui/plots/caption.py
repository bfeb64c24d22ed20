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
        self._title = ""
        self._details: tuple[str, ...] = ("",)
        self._swatches: tuple[str, ...] = ()
        self._title_ink = self._detail_ink = QColor()

    def show_text(self, title: str, details: tuple[str, ...], swatches: tuple[str, ...]) -> None:
        """Show a title after squares of these colours, and below it the longest of the details that fits."""
        self._title, self._details, self._swatches = title, details, swatches
        self.setToolTip(f"{title}\n{details[0]}".strip())
        self.update()

    def apply_theme(self, theme: Theme, detail: str = "") -> None:
        """Take the colours of this theme; `detail` is the colour of the second line."""
        self._title_ink, self._detail_ink = QColor(theme.text), QColor(detail or theme.muted)
        self.update()

    def paint(self, painter: QPainter, option: Any, widget: QWidget | None = None) -> None:
        """Draw both lines."""
        width = self.size().width()
        title, detail = texts.text_font(bold=True), texts.caption_font()
        x, room = 0.0, width - len(self._swatches) * (SWATCH_PX + 3) - 3
        crowded = len(self._swatches) > 1 and QFontMetricsF(title).horizontalAdvance(self._title) > room
        swatches = () if crowded else self._swatches
        for colour in swatches:
            painter.fillRect(QRectF(x, 4, SWATCH_PX, SWATCH_PX), QColor(colour))
            x += SWATCH_PX + 3
        x += 3 if swatches else 0
        painter.setPen(QPen(self._title_ink))
        painter.setFont(title)
        painter.drawText(QPointF(x, 14), texts.elided(self._title, title, width - x))
        painter.setPen(QPen(self._detail_ink))
        painter.setFont(detail)
        metrics = QFontMetricsF(detail)
        fits = (text for text in self._details if metrics.horizontalAdvance(text) <= width)
        painter.drawText(QPointF(0, 28), texts.elided(next(fits, self._details[-1]), detail, width))

    def sizeHint(self, which: Qt.SizeHint, constraint: Any = None) -> Any:
        """Any width, one height."""
        return pg.QtCore.QSizeF(-1 if which != Qt.SizeHint.MinimumSize else 20, HEIGHT_PX)
