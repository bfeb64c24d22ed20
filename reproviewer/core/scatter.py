"""The values of one tensor against those of another: every element of both, none left to chance.

Elements that are equal lie on the diagonal and are counted along it. Elements that differ are counted in the cells of
a square, and listed one by one while they are few, so that a single one among millions is found.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from reproviewer.core import elements
from reproviewer.core.block_pairs import block_pairs
from reproviewer.core.summary import Array, Cancelled, numbers

if TYPE_CHECKING:
    from reproviewer.core.weights import Tensor

CELLS = 256
"""A power of two, so that it can be halved for smaller plots."""
MOST_POINTS = 5000


@dataclass(frozen=True)
class Span:
    """The range of the values on both axes. Halves are computed with, so that no range is too wide for float64."""

    low: float
    high: float

    def shares(self, values: Array) -> Array:
        """Where values lie in the range, from 0 to 1."""
        return np.asarray((values / 2 - self.low / 2) / (self.high / 2 - self.low / 2))

    def value(self, share: float) -> float:
        """The value at a share of the range."""
        return self.low * (1 - share) + self.high * share


@dataclass(frozen=True, eq=False)
class Scatter:
    """All elements of two tensors, by their values.

    `on` counts equal elements along the diagonal. `off` counts elements that differ: rows by the second tensor's
    value, columns by the first's. `points` are the shares (first, second) of each of them and `positions` their places
    in C order: of all of them, or of none when there are too many. Elements of which one is not finite have no place:
    so many are `unplaced`, and so many of these differ (`unplaced_unequal`). `other_bits` counts equal values in other
    bits.
    """

    span: Span
    on: Array
    off: Array
    points: Array
    positions: Array
    unequal: int
    other_bits: int
    unplaced: int
    unplaced_unequal: int

    @property
    def listed(self) -> bool:
        """Whether the differing elements are few enough to be listed."""
        return self.unequal - self.unplaced_unequal == len(self.points)

    def fitted(self, cells: tuple[int, int]) -> Array:
        """`off` in at most so many rows and columns, each of as many cells: else those of more would stand out."""
        rows, cols = (1 << max(0, min(CELLS, most).bit_length() - 1) for most in cells)
        return np.asarray(self.off.reshape(rows, CELLS // rows, cols, CELLS // cols).sum(axis=(1, 3)))


def scatter(a: Tensor, b: Tensor, cancelled: Cancelled = lambda: False) -> Scatter:
    """Place all elements of two tensors of one shape. Raises Stopped when it was cancelled."""
    gathered = _Gathered(_span(a, b, cancelled), (a.dtype, b.dtype))
    for start, x, y in block_pairs(a, b, cancelled):
        gathered.add(start, x, y)
    return gathered.result()


def _span(a: Tensor, b: Tensor, cancelled: Cancelled) -> Span:
    """What holds all finite values of both, and is never empty."""
    low, high = np.inf, -np.inf
    for _, x, y in block_pairs(a, b, cancelled):
        for bits, dtype in ((x, a.dtype), (y, b.dtype)):
            values = _finite(_values(bits, dtype)) if bits is not None else np.empty(0)
            if len(values):
                low, high = min(low, float(values.min())), max(high, float(values.max()))
    if low > high:
        low = high = 0.0
    if not high / 2 - low / 2 > 0:
        room = abs(low) / 2 if abs(low) > np.finfo(float).tiny else 1.0
        low, high = low - room, high + room
    return Span(low, high)


class _Gathered:
    """Counts and points so far."""

    def __init__(self, span: Span, dtypes: tuple[str, str]) -> None:
        self._span, self._dtypes = span, dtypes
        self._on, self._off = np.zeros(CELLS, np.int64), np.zeros(CELLS * CELLS, np.int64)
        self._points: list[Array] = [np.empty((0, 2))]
        self._positions: list[Array] = [np.empty(0, np.int64)]
        self._unequal = self._other_bits = self._unplaced = self._unplaced_unequal = 0

    def add(self, start: int, a: Array, b: Array | None) -> None:
        """Place stored elements, of which the first is element `start`; without `b` they are the same."""
        x = _values(a, self._dtypes[0])
        if b is None:
            self._place_equal(_finite(x), len(x))
            return
        y = _values(b, self._dtypes[1])
        unequal = _unequal(a, b, x, y, self._dtypes)
        placed = np.isfinite(x) & np.isfinite(y)
        self._place_equal(x[placed & ~unequal], len(x) - int(np.count_nonzero(unequal)))
        if self._dtypes[0] == self._dtypes[1]:
            self._other_bits += int(np.count_nonzero(elements.differing(a, b) & ~unequal))
        off = placed & unequal
        self._place_unequal(start + np.flatnonzero(off), x[off], y[off], int(np.count_nonzero(unequal)))

    def _place_equal(self, values: Array, count: int) -> None:
        self._unplaced += count - len(values)
        self._on += np.bincount(_cells(self._span.shares(values)), minlength=CELLS)

    def _place_unequal(self, positions: Array, x: Array, y: Array, count: int) -> None:
        self._unequal += count
        self._unplaced += count - len(x)
        self._unplaced_unequal += count - len(x)
        one, other = self._span.shares(x), self._span.shares(y)
        self._off += np.bincount(_cells(other) * CELLS + _cells(one), minlength=CELLS * CELLS)
        if self._unequal - self._unplaced_unequal <= MOST_POINTS:
            self._points.append(np.stack([one, other], axis=1))
            self._positions.append(positions)

    def result(self) -> Scatter:
        """Everything that was placed."""
        few = self._unequal - self._unplaced_unequal <= MOST_POINTS
        return Scatter(
            self._span,
            self._on,
            self._off.reshape(CELLS, CELLS),
            np.concatenate(self._points if few else self._points[:1]),
            np.concatenate(self._positions if few else self._positions[:1]),
            self._unequal,
            self._other_bits,
            self._unplaced,
            self._unplaced_unequal,
        )


def _unequal(a: Array, b: Array, x: Array, y: Array, dtypes: tuple[str, str]) -> Array:
    """Which values differ. Integers and complex numbers are not what was made of them to be drawn."""
    if dtypes[0] == dtypes[1] and elements.kind(dtypes[0]) == "float":
        return np.asarray((x != y) & ~((x != x) & (y != y)))
    chunks = (slice(i, i + elements.CHUNK) for i in range(0, len(a), elements.CHUNK))
    with np.errstate(all="ignore"):
        return np.concatenate([elements.distances(a[c], b[c], dtypes).unequal for c in chunks])


def _values(bits: Array, dtype: str) -> Array:
    with np.errstate(all="ignore"):
        return numbers(bits, dtype).astype(np.float64)


def _finite(values: Array) -> Array:
    """The finite ones; where all are, the same array."""
    with np.errstate(all="ignore"):
        return values if np.isfinite(values.min() + values.max()) else values[np.isfinite(values)]


def _cells(shares: Array) -> Array:
    return np.clip((shares * CELLS).astype(np.int64), 0, CELLS - 1)
