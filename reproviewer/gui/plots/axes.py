"""Axes: whole numbers under the middle of cells, and values."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pyqtgraph as pg

from reproviewer.gui.plots import texts

if TYPE_CHECKING:
    from reproviewer.gui.theme import Theme

LEFT_PX, BOTTOM_PX = 50, 20


class PlainAxis(pg.AxisItem):  # type: ignore[misc]
    """An axis without clutter: thin line, short ticks, small numbers."""

    def __init__(self, orientation: str) -> None:
        super().__init__(orientation, showValues=True)
        self.setStyle(tickLength=-4, tickTextOffset=5, tickFont=texts.caption_font(), maxTickLevel=0)
        self.enableAutoSIPrefix(False)
        if orientation == "left":
            self.setWidth(LEFT_PX)
        else:
            self.setHeight(BOTTOM_PX)

    def apply_theme(self, theme: Theme) -> None:
        """Take the colours of this theme."""
        self.setPen(pg.mkPen(theme.line))
        self.setTickPen(pg.mkPen(theme.control_line))
        self.setTextPen(pg.mkPen(theme.muted))


class CountAxis(PlainAxis):
    """Counts: whole numbers only, grouped by thousands."""

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[Any]:
        """The whole numbers that have room."""
        low, high = sorted((minVal, maxVal))
        step = _nice(40.0 * (high - low) / max(1.0, size))
        first = math.ceil(low / step) * step
        return [(step, [float(i) for i in range(first, math.floor(high) + 1, step)])]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        """The counts."""
        return [texts.short_count(int(value)) for value in values]


class IndexAxis(PlainAxis):
    """Counts elements: index `i` is written at `i + 0.5`, never between two."""

    def __init__(self, orientation: str) -> None:
        super().__init__(orientation)
        self.setStyle(hideOverlappingLabels=False)
        self._size = 0
        self._columns = 0

    def count(self, size: int, columns: int = 0) -> None:
        """There are so many elements; with `columns` they are cells of a matrix and written `row, column`."""
        self._size, self._columns = size, columns
        self.picture = None
        self.update()

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[Any]:
        """The indices that have room."""
        minVal, maxVal = sorted((minVal, maxVal))
        room = 24.0 if self.orientation == "left" else 14.0 + 8 * max(2, len(self._text(max(0, self._size - 1))))
        step = _nice(room * (maxVal - minVal) / max(1.0, size))
        first = max(0, math.floor(minVal / step) * step)
        shown = range(first, min(self._size, math.ceil(maxVal) + 1), step)
        places = [i + 0.5 for i in shown if minVal <= i + 0.5 <= maxVal]
        if self.orientation == "bottom":
            pixel = size / (maxVal - minVal)
            places = [x for x in places if (x - minVal) * pixel + 3.5 * len(self._text(int(x))) <= size + 1]
        return [(step, places)]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        """The indices."""
        return [self._text(int(value)) for value in values]

    def _text(self, i: int) -> str:
        return f"{i // self._columns}, {i % self._columns}" if self._columns else str(i)


def _nice(least: float) -> int:
    """The smallest of 1, 2, 5, 10, 20, 50, ... that is not below `least`."""
    if least <= 1:
        return 1
    power = 10 ** math.floor(math.log10(least))
    return int(next(power * k for k in (1, 2, 5, 10) if power * k >= least))
