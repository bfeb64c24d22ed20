"""An axis of values at shares of their range."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from reproviewer.core.scatter import Span
from reproviewer.gui.plots import texts
from reproviewer.gui.plots.axes import PlainAxis


class ShareAxis(PlainAxis):
    """Values at shares of their range, which may be too narrow or too wide for pyqtgraph's own reckoning."""

    def __init__(self, orientation: str) -> None:
        super().__init__(orientation)
        self._span = Span(0.0, 1.0)

    def show_span(self, span: Span) -> None:
        """Shares from 0 to 1 are values of this range."""
        self._span = span
        self.picture = None
        self.update()

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[Any]:
        """The shares of the round values that have room."""
        low, high = (self._span.value(share) for share in sorted((minVal, maxVal)))
        room = 40.0 if self.orientation == "left" else 90.0
        step = _round_step((high / 2 - low / 2) * (2 * room / max(1.0, size)))
        if not 0 < step < math.inf:
            return [(1.0, [])]
        first, last = math.ceil(low / step), math.floor(high / step)
        shares = self._span.shares(np.arange(first, last + 1, dtype=float) * step)
        return [(step, shares.tolist())]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        """The values, in as many digits as tell them apart."""
        real = [self._span.value(value) for value in values]
        largest = max((abs(value) for value in real), default=0.0)
        digits = 1 + max(0, math.ceil(math.log10(largest / spacing + 1))) if largest else 3
        return [texts.number(0.0 if abs(v) < spacing / 1e6 else v, min(17, max(3, digits))) for v in real]


def _round_step(least: float) -> float:
    """The smallest of 1, 2, 5 times a power of ten that is not below `least`; 0 for none."""
    if not 0 < least < math.inf:
        return 0.0
    power = 10.0 ** math.floor(math.log10(least))
    return next((power * k for k in (1, 2, 5, 10) if power * k >= least), power * 10)
