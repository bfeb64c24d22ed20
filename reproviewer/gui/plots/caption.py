"""What stands above a plot: the run's colour and name, and a line about its values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from reproviewer.gui.plots import texts
from reproviewer.gui.plots.texts import Title

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from reproviewer.gui.theme import Theme

SWATCH_PX = 10
HEIGHT_PX = 34
LEAST_TITLE_PX = 56
"""With less room for two names their colours say more."""


class Caption(pg.GraphicsWidget):  # type: ignore[misc]
    """Two lines, always of the same height; what does not fit is cut with an ellipsis."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(HEIGHT_PX)
        self._title = Title("", ())
        self._details: tuple[str, ...] = ("",)
        self._swatches: tuple[str, ...] = ()
        self._title_ink = self._detail_ink = QColor()

    @property
    def texts(self) -> tuple[str, str]:
        """The title, and the line below it, both in full."""
        return str(self._title), self._details[0]

    def show_text(self, title: Title, details: tuple[str, ...], swatches: tuple[str, ...]) -> None:
        """Show a title after squares of these colours, and below it the first detail that fits."""
        self._title, self._details, self._swatches = title, details, swatches
        self.setToolTip("\n".join(self.texts).strip())
        self.update()

    def title_in(self, width: float) -> tuple[str, tuple[str, ...]]:
        """The title as there is room for it, and the squares: two names in full say more than their colours."""
        bold, taken = texts.text_font(bold=True), self._taken(self._swatches)
        whole = QFontMetricsF(bold).horizontalAdvance(str(self._title))
        if width - taken < whole <= width and len(self._swatches) > 1:
            return str(self._title), ()
        if width - taken < LEAST_TITLE_PX and len(self._swatches) > 1:
            return "", self._swatches
        return self._title.fitted(bold, width - taken), self._swatches

    def apply_theme(self, theme: Theme, detail: str = "") -> None:
        """Take the colours of this theme; `detail` is the colour of the second line."""
        self._title_ink, self._detail_ink = QColor(theme.text), QColor(detail or theme.muted)
        self.update()

    def paint(self, painter: QPainter, option: Any, widget: QWidget | None = None) -> None:
        """Draw both lines."""
        width = self.size().width()
        bold, small = texts.text_font(bold=True), texts.caption_font()
        title, swatches = self.title_in(width)
        x = self._taken(swatches)
        for place, colour in enumerate(swatches):
            painter.fillRect(QRectF(place * (SWATCH_PX + 3), 4, SWATCH_PX, SWATCH_PX), QColor(colour))
        painter.setPen(QPen(self._title_ink))
        painter.setFont(bold)
        painter.drawText(QPointF(x, 14), title)
        painter.setPen(QPen(self._detail_ink))
        painter.setFont(small)
        painter.drawText(QPointF(0, 28), texts.first_that_fits(self._details, small, width))

    def _taken(self, swatches: tuple[str, ...]) -> float:
        return len(swatches) * (SWATCH_PX + 3) + 3 if swatches else 0.0

    def sizeHint(self, which: Qt.SizeHint, constraint: Any = None) -> Any:
        """Any width, one height."""
        return pg.QtCore.QSizeF(-1 if which != Qt.SizeHint.MinimumSize else 20, HEIGHT_PX)
