"""How many elements of two tensors are how far apart: counted over all of both, block by block.

Floating-point numbers of one dtype are counted by their distance in units in the last place (ULP), integers by their
difference, both in powers of two: 1, 2 to 3, 4 to 7, ... Numbers of two dtypes are counted by decades of their
difference. No element is left out: the counts add up to the size of the tensor.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from reproviewer.core import elements
from reproviewer.core.block_pairs import block_pairs

if TYPE_CHECKING:
    from reproviewer.core.summary import Array, Cancelled
    from reproviewer.core.weights import Tensor

Unit = Literal["ulp", "whole", "decades", "none"]

WORD_BITS = 64
MOST_DECADE_BINS = 64
_LEAST_DECADE, _LAST_DECADE = -324, 308
_DECADES = np.array([5e-324, *(float(f"1e{k}") for k in range(_LEAST_DECADE + 1, _LAST_DECADE + 1))])


@dataclass(frozen=True, eq=False)
class DistanceHistogram:
    """`counts[i]` elements are at least `edges[i]` and less than `edges[i + 1]` apart.

    `unit` says what is measured: ULP, the difference of whole numbers, or of numbers of two dtypes; `none` where the
    elements are no numbers. `identical` elements have the same bits; `equal` ones the same value in other bits or in
    another dtype; `unmeasured` ones differ, but have no finite distance: a NaN or an infinity meets another value.
    """

    unit: Unit
    identical: int
    equal: int
    unmeasured: int
    counts: tuple[int, ...]
    edges: tuple[float, ...]

    @property
    def size(self) -> int:
        """All elements."""
        return self.identical + self.equal + self.unmeasured + sum(self.counts)

    @property
    def unequal(self) -> int:
        """The elements whose values differ."""
        return self.unmeasured + sum(self.counts)


def distance_histogram(a: Tensor, b: Tensor, cancelled: Cancelled = lambda: False) -> DistanceHistogram:
    """Count the distances between all elements of two tensors of one shape. Raises Stopped when it was cancelled."""
    counter = _Counter((a.dtype, b.dtype))
    for _, x, y in block_pairs(a, b, cancelled):
        if y is None:
            counter.identical += len(x)
        else:
            counter.add(x, y)
    return counter.result()


def unit_of(dtypes: tuple[str, str]) -> Unit:
    """What the distances between these dtypes are counted in."""
    kinds = {elements.kind(dtype) for dtype in dtypes}
    if "raw" in kinds:
        return "none"
    if dtypes[0] != dtypes[1]:
        return "decades"
    return "whole" if kinds <= {"int", "bool"} else "ulp"


class _Counter:
    def __init__(self, dtypes: tuple[str, str]) -> None:
        self.identical = self._equal = self._unmeasured = 0
        self._dtypes, self._unit = dtypes, unit_of(dtypes)
        self._counts = np.zeros(len(_DECADES) if self._unit == "decades" else WORD_BITS, np.int64)

    def add(self, a: Array, b: Array) -> None:
        """Count stored elements."""
        if self._dtypes[0] == self._dtypes[1]:
            unlike = elements.differing(a, b)
            self.identical += len(a) - int(np.count_nonzero(unlike))
            a, b = a[unlike], b[unlike]
        for start in range(0, len(a), elements.CHUNK):
            chunk = slice(start, start + elements.CHUNK)
            self._measure(a[chunk], b[chunk])

    def _measure(self, a: Array, b: Array) -> None:
        with np.errstate(all="ignore"):
            found = elements.distances(a, b, self._dtypes)
        unequal = int(np.count_nonzero(found.unequal))
        self._equal += len(a) - unequal
        places = self._places(found, a, b)
        self._unmeasured += unequal - len(places)
        self._counts += np.bincount(places, minlength=len(self._counts))

    def _places(self, found: elements.Distances, a: Array, b: Array) -> Array:
        """The bins of the elements that differ and have a distance."""
        if self._unit == "none":
            return np.empty(0, np.int64)
        if self._unit == "ulp":
            assert found.ulp is not None
            assert found.has_ulp is not None
            return _power_of_two(found.ulp[found.unequal & found.has_ulp])
        if self._unit == "whole":
            return _power_of_two(elements.whole_distance(a, b)[found.unequal])
        assert found.far is not None
        return np.searchsorted(_DECADES, found.far[found.unequal & np.isfinite(found.far)], side="right") - 1

    def result(self) -> DistanceHistogram:
        """Everything counted, from the first bin (of decades: the first that holds something) to the last."""
        used = np.flatnonzero(self._counts)
        first = int(used[0]) if len(used) and self._unit == "decades" else 0
        counts = self._counts[first : int(used[-1]) + 1 if len(used) else 0]
        step = max(1, -(-len(counts) // MOST_DECADE_BINS)) if self._unit == "decades" else 1
        starts = range(0, len(counts), step)
        return DistanceHistogram(
            self._unit,
            self.identical,
            self._equal,
            self._unmeasured,
            tuple(int(counts[i : i + step].sum()) for i in starts),
            tuple(self._edge(first + i) for i in (*starts, len(starts) * step)) if len(counts) else (),
        )

    def _edge(self, place: int) -> float:
        if self._unit != "decades":
            return 1 << place
        return float(_DECADES[place]) if place < len(_DECADES) else float("inf")


def _power_of_two(distances: Array) -> Array:
    """The exponents of the powers of two at or below these unsigned integers, none of which is 0.

    The bit below the highest is cleared, so that no rounding to float64 reaches the next power.
    """
    wide = distances.astype(np.uint64)
    rounded = (wide & ~(wide >> np.uint64(1))).astype(np.float64)
    return (rounded.view(np.int64) >> 52) - 1023
