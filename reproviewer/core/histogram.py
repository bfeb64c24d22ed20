"""Histograms of large tensors over common bins, counted block by block."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from reproviewer.core.summary import BLOCK_ELEMENTS, Array, Cancelled, Stopped, Tally, numbers
from reproviewer.core.weights import open_tensor

if TYPE_CHECKING:
    from reproviewer.core.slices import Plane
    from reproviewer.core.weights import Tensor

LEAST_BINS, MOST_BINS = 8, 120


@dataclass(frozen=True)
class Bins:
    """`count` equal bins from `low` to `high`."""

    low: float
    high: float
    count: int

    @property
    def edges(self) -> Array:
        """The ends of the bins."""
        share = np.linspace(0.0, 1.0, self.count + 1)
        return self.low * (1 - share) + self.high * share


def common_bins(tallies: list[Tally], whole: bool) -> Bins:
    """Bins that hold all finite values; of `whole` numbers in a small range one bin for each."""
    finite = [tally for tally in tallies if tally.finite]
    low = min((tally.low for tally in finite), default=0.0)
    high = max((tally.high for tally in finite), default=0.0)
    if whole and high - low < MOST_BINS:
        return Bins(low - 0.5, high + 0.5, int(high - low) + 1)
    if low == high:
        room = abs(low) / 2 or 1.0
        low, high = low - room, high + room
    size = max((tally.finite for tally in finite), default=0)
    return Bins(low, high, max(LEAST_BINS, min(MOST_BINS, math.ceil(2 * size ** (1 / 3)))))


def histogram(tensor: Tensor, plane: Plane, bins: Bins, cancelled: Cancelled = lambda: False) -> Array:
    """How many finite values of a plane lie in each bin. Raises Stopped when it was cancelled."""
    counts = np.zeros(bins.count, np.int64)
    width = bins.high / 2 - bins.low / 2
    with open_tensor(tensor) as reader, np.errstate(all="ignore"):
        for start in range(0, plane.size, BLOCK_ELEMENTS):
            if cancelled():
                raise Stopped
            bits = reader.elements(plane.start + start, min(BLOCK_ELEMENTS, plane.size - start))
            values = numbers(bits, tensor.dtype).astype(np.float64)
            if not np.isfinite(values.min() + values.max()):
                values = values[np.isfinite(values)]
            place = ((values / 2 - bins.low / 2) * (bins.count / width)).astype(np.int64)
            counts += np.bincount(np.clip(place, 0, bins.count - 1), minlength=bins.count)
    return counts
