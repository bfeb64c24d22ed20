"""What a plot needs of a tensor: pictures reduced by block extremes, ranges and histograms.

A picture of 8192 x 8192 elements has far fewer pixels than elements. Every cell of a reduced picture keeps the
smallest and the largest value of its block, and for differences the largest distance and whether any bit differs, so
that nothing is averaged away. Files are read in blocks; no tensor is held as a whole.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from reproviewer.core import elements
from reproviewer.core.slices import Plane, Region, read_region
from reproviewer.core.weights import Reader, Tensor, as_values, open_tensor

Array = np.ndarray[Any, Any]
Cancelled = Callable[[], bool]

BLOCK_ELEMENTS = 1 << 18
"""Elements that are worked on at once: they stay in the processor's cache."""
SHORT_PART = 4
GROUP_COLUMNS = 1 << 18
"""Columns that are worked on at once where a row is very long."""


class Stopped(Exception):
    """The work was cancelled meanwhile."""


@dataclass(frozen=True, eq=False)
class Tally:
    """What was counted over all elements of a picture: the finite range, NaN and infinite elements."""

    low: float = 0.0
    high: float = 0.0
    finite: int = 0
    nan: int = 0
    infinite: int = 0

    @property
    def limit(self) -> float:
        """The largest finite magnitude."""
        return max(abs(self.low), abs(self.high)) if self.finite else 0.0

    def merged(self, other: Tally) -> Tally:
        """Both together."""
        low, high = self.low, self.high
        if other.finite:
            low = min(low, other.low) if self.finite else other.low
            high = max(high, other.high) if self.finite else other.high
        return Tally(low, high, self.finite + other.finite, self.nan + other.nan, self.infinite + other.infinite)


@dataclass(frozen=True, eq=False)
class Picture:
    """`region` of a plane as cells; `low` and `high` are the extremes of each cell's block.

    A block with a NaN has NaN for both.
    """

    region: Region
    low: Array
    high: Array
    tally: Tally

    @property
    def values(self) -> Array:
        """For each cell the value of the largest magnitude."""
        if self.low.dtype.kind == "u":
            return self.high
        if self.low.dtype.kind == "i":
            return np.where(self.high >= -self.low.astype(np.float64), self.high, self.low)
        with np.errstate(all="ignore"):
            largest = np.maximum(np.abs(self.low), np.abs(self.high))
            return np.asarray(np.copysign(largest, self.low + self.high))

    @property
    def exact(self) -> bool:
        """Whether each cell is one element."""
        return bool(self.low.shape == (self.region.rows, self.region.cols))

    def fitted(self, rows: int, cols: int) -> Picture:
        """The same with at most so many cells."""
        if self.low.shape[0] <= rows and self.low.shape[1] <= cols:
            return self
        down, across = edges(self.low.shape[0], rows), edges(self.low.shape[1], cols)
        return replace(
            self, low=_extreme(np.minimum, self.low, down, across), high=_extreme(np.maximum, self.high, down, across)
        )


@dataclass(frozen=True, eq=False)
class Difference:
    """Two tensors' difference over `region`: for each cell the largest distance, and whether any bit differs.

    `distance` is |b - a|, infinite where a NaN or an infinity meets another value. `tally` is of the distances,
    `differing` counts elements whose bits (in two dtypes: values) differ; both of the blocks that were looked at.
    """

    region: Region
    distance: Array
    differs: Array
    tally: Tally
    differing: int

    @property
    def exact(self) -> bool:
        """Whether each cell is one element."""
        return bool(self.distance.shape == (self.region.rows, self.region.cols))

    def fitted(self, rows: int, cols: int) -> Difference:
        """The same with at most so many cells."""
        down, across = edges(self.distance.shape[0], rows), edges(self.distance.shape[1], cols)
        return replace(
            self,
            distance=_extreme(np.maximum, self.distance, down, across),
            differs=_extreme(np.logical_or, self.differs, down, across),
        )


def edges(size: int, cells: int) -> Array:
    """The ends of at most `cells` nearly equal parts of `size` elements: `cells + 1` numbers from 0 to `size`."""
    cells = max(1, min(size, cells))
    return np.arange(cells + 1, dtype=np.int64) * size // cells


def numbers(bits: Array, dtype: str) -> Array:
    """Stored elements as real numbers that compare and subtract: complex by magnitude, bool as 0 and 1."""
    values = as_values(bits, dtype)
    kind = values.dtype.kind
    if kind == "c":
        return np.asarray(np.abs(values))
    if kind == "b":
        return values.view(np.uint8)
    return values.astype(np.float32) if values.dtype.itemsize == 2 and kind == "f" else values


def plane_values(tensor: Tensor, plane: Plane) -> Array:
    """All elements of a plane as real numbers, in its rows and columns; for small planes."""
    return numbers(plane_bits(tensor, plane), tensor.dtype)


def plane_bits(tensor: Tensor, plane: Plane) -> Array:
    """All stored elements of a plane, in its rows and columns; for small planes."""
    with open_tensor(tensor) as reader:
        return reader.elements(plane.start, plane.size).reshape(plane.rows, plane.cols)


def tally_of(values: Array) -> Tally:
    """Count one block."""
    if values.dtype.kind != "f":
        return Tally(float(values.min()), float(values.max()), values.size) if values.size else Tally()
    finite = values[np.isfinite(values)]
    nan = int(np.isnan(values).sum())
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    return Tally(low, high, finite.size, nan, values.size - finite.size - nan)


def picture(
    tensor: Tensor, plane: Plane, region: Region, cells: tuple[int, int], cancelled: Cancelled = lambda: False
) -> Picture:
    """Reduce a region of a tensor to at most `cells` (rows, columns). Raises Stopped when it was cancelled."""
    down, across = edges(region.rows, cells[0]), edges(region.cols, cells[1])
    with open_tensor(tensor) as reader, np.errstate(all="ignore"):
        if region.rows * region.cols <= BLOCK_ELEMENTS:
            return _small_picture(reader, plane, region, down, across)
        return _large_picture(reader, plane, region, down, across, cancelled)


def small_pictures(tensors: Sequence[Tensor], plane: Plane, cells: tuple[int, int]) -> list[Picture]:
    """Reduce many small tensors of one dtype and shape together: hundreds of them as fast as a few."""
    bits = np.stack([plane_bits(tensor, plane) for tensor in tensors])
    down, across = edges(plane.rows, cells[0]), edges(plane.cols, cells[1])
    with np.errstate(all="ignore"):
        block = numbers(bits, tensors[0].dtype)
        low, high = _extreme(np.minimum, block, down, across), _extreme(np.maximum, block, down, across)
        least, most = low.min(axis=(1, 2)).tolist(), high.max(axis=(1, 2)).tolist()
    tallies = (
        Tally(float(a), float(b), plane.size) if math.isfinite(a) and math.isfinite(b) else tally_of(values)
        for a, b, values in zip(least, most, block, strict=True)
    )
    return [Picture(plane.region, a, b, tally) for a, b, tally in zip(low, high, tallies, strict=True)]


def difference(
    a: Tensor,
    b: Tensor,
    plane: Plane,
    region: Region,
    cells: tuple[int, int],
    cancelled: Cancelled = lambda: False,
) -> Difference:
    """Reduce |b - a| over a region of two tensors of one shape. Raises Stopped when it was cancelled."""
    down, across = edges(region.rows, cells[0]), edges(region.cols, cells[1])
    shape = (len(down) - 1, len(across) - 1)
    distance, differs = np.zeros(shape), np.zeros(shape, bool)
    tally, count = Tally(), 0
    with open_tensor(a) as left, open_tensor(b) as right:
        scratch = _scratch(left), _scratch(right)
        for i, j0, j1, parts in _bands(region, down, across):
            if cancelled():
                raise Stopped
            starts = across[j0:j1] - across[j0]
            for part in parts:
                found = _unlike(left, right, plane, part, scratch)
                if found is None:
                    continue
                far, unlike = found
                count += int(unlike.sum())
                tally = tally.merged(tally_of(far))
                there = distance[i, j0:j1]
                np.maximum(there, np.maximum.reduceat(far.max(axis=0), starts), out=there)
                differs[i, j0:j1] |= np.logical_or.reduceat(unlike.any(axis=0), starts)
    return Difference(region, distance, differs, tally, count)


def distances(a: Array, b: Array, dtypes: tuple[str, str]) -> tuple[Array, Array]:
    """For stored elements of two tensors: |b - a| as float64, and which are not the same.

    The same means the same bits, or for two dtypes the same value. False is 0 and True 1. Where a dtype has no numbers,
    what differs is infinitely far off.
    """
    if dtypes[0] == dtypes[1] and elements.kind(dtypes[0]) == "float":
        return _float_distances(a, b, dtypes[0])
    x, y = (np.ascontiguousarray(v).ravel() for v in (a, b))
    found = elements.distances(x, y, dtypes)
    unlike = elements.differing(x, y) if dtypes[0] == dtypes[1] else found.unequal
    far = found.far
    if far is None:
        whole = elements.kind(dtypes[0]) == elements.kind(dtypes[1]) == "bool"
        far = np.where(found.unequal, 1.0 if whole else np.inf, 0.0)
    return far.reshape(a.shape), unlike.reshape(a.shape)


def same_bits(a: Array, b: Array) -> bool:
    """Whether two blocks of one dtype and shape are the same to the last bit."""
    whole = np.dtype("V16" if a.itemsize == 16 else f"<u{a.itemsize}")
    if whole.kind == "V":
        return a.tobytes() == b.tobytes()
    return bool(np.array_equal(a.view(whole), b.view(whole)))


def signed_difference(a: Array, b: Array, dtypes: tuple[str, str]) -> Array:
    """For stored elements of two tensors: b - a as float64; where numbers have no order, the distance."""
    far = distances(a, b, dtypes)[0]
    x, y = as_values(a, dtypes[0]), as_values(b, dtypes[1])
    if {x.dtype.kind, y.dtype.kind} & set("cV"):
        return far
    with np.errstate(all="ignore"):
        return np.asarray(np.where(y < x, -far, far))


def _float_distances(a: Array, b: Array, dtype: str) -> tuple[Array, Array]:
    with np.errstate(all="ignore"):
        x, y = as_values(a, dtype), as_values(b, dtype)
        far = np.abs(y.astype(np.float64) - x.astype(np.float64))
        blank = np.isnan(far)
        if blank.any():
            same = (x == y) | ((x != x) & (y != y))
            far[blank] = np.where(same, 0.0, np.inf)[blank]
        whole = np.dtype(f"<u{a.dtype.itemsize}")
        return far, np.asarray(a.view(whole) != b.view(whole))


def _small_picture(reader: Reader, plane: Plane, region: Region, down: Array, across: Array) -> Picture:
    block = numbers(read_region(reader, plane, region), reader.tensor.dtype)
    low, high = _extreme(np.minimum, block, down, across), _extreme(np.maximum, block, down, across)
    return Picture(region, low, high, _quick_tally(block, low, high))


def _large_picture(
    reader: Reader, plane: Plane, region: Region, down: Array, across: Array, cancelled: Cancelled
) -> Picture:
    dtype = reader.tensor.dtype
    kind = numbers(reader.elements(0, 0), dtype).dtype
    shape = (len(down) - 1, len(across) - 1)
    low, high, tally = np.empty(shape, kind), np.empty(shape, kind), Tally()
    scratch = _scratch(reader)
    for i, j0, j1, parts in _bands(region, down, across):
        if cancelled():
            raise Stopped
        lows, highs = [], []
        for part in parts:
            block = numbers(read_region(reader, plane, part, scratch), dtype)
            if part.rows == 1 and len(parts) > 1:
                block = block.copy()
            lows.append(_merged(np.minimum, block))
            highs.append(_merged(np.maximum, block))
            tally = tally.merged(_quick_tally(block, lows[-1], highs[-1]))
        starts = across[j0:j1] - across[j0]
        low[i, j0:j1] = np.minimum.reduceat(_merged(np.minimum, lows), starts)
        high[i, j0:j1] = np.maximum.reduceat(_merged(np.maximum, highs), starts)
    return Picture(region, low, high, tally)


def _unlike(
    left: Reader, right: Reader, plane: Plane, part: Region, scratch: tuple[bytearray, bytearray]
) -> tuple[Array, Array] | None:
    """Distances and which elements differ in a block; None when the block is the same on both sides."""
    a, b = read_region(left, plane, part, scratch[0]), read_region(right, plane, part, scratch[1])
    if left.tensor.dtype == right.tensor.dtype and same_bits(a, b):
        return None
    return distances(a, b, (left.tensor.dtype, right.tensor.dtype))


def _scratch(reader: Reader) -> bytearray:
    """Room for the blocks of a tensor."""
    return bytearray(2 * BLOCK_ELEMENTS * reader.tensor.itemsize)


def _merged(choose: np.ufunc, rows: Array | list[Array]) -> Array:
    """One row of extremes; a single row as it is, not a copy of it."""
    return np.asarray(rows[0] if len(rows) == 1 else choose.reduce(rows, axis=0))


def _quick_tally(block: Array, low: Array, high: Array) -> Tally:
    """Count one block; where all its values are finite, its extremes along one axis say it all."""
    least, most = low.min(), high.max()
    if block.dtype.kind == "f" and not (np.isfinite(least) and np.isfinite(most)):
        return tally_of(block)
    return Tally(float(least), float(most), block.size)


def _bands(region: Region, down: Array, across: Array) -> Any:
    """Walk over rows of cells: (row of cells, first cell, end cell, blocks that make up those cells)."""
    cols = len(across) - 1
    ends = np.searchsorted(across, np.arange(0, region.cols, GROUP_COLUMNS)[1:], side="left").tolist()
    groups = sorted({0, *ends, cols})
    for i in range(len(down) - 1):
        for j0, j1 in pairwise(groups):
            yield i, j0, j1, _parts(region, down[i : i + 2], across[[j0, j1]])


def _parts(region: Region, rows: Array, cols: Array) -> list[Region]:
    left, right = (region.left + int(c) for c in cols)
    top, bottom = (region.top + int(r) for r in rows)
    step = max(1, BLOCK_ELEMENTS // max(1, right - left))
    return [Region(row, min(row + step, bottom), left, right) for row in range(top, bottom, step)]


def _extreme(choose: np.ufunc, cells: Array, down: Array, across: Array) -> Array:
    """Reduce the last two axes to the parts between the ends `down` and `across`."""
    if cells.size == 0 or (len(down) - 1, len(across) - 1) == cells.shape[-2:]:
        return cells
    return _reduced(choose, _reduced(choose, cells, down, -2), across, -1)


def _reduced(choose: np.ufunc, cells: Array, ends: Array, axis: int) -> Array:
    """Reduce one axis; where its parts are short, by picking their first, second, ... members."""
    starts, longest = ends[:-1], int(np.diff(ends).max())
    if longest > SHORT_PART:
        return np.asarray(choose.reduceat(cells, starts, axis=axis))
    found = np.take(cells, starts, axis=axis)
    for step in range(1, longest):
        choose(found, np.take(cells, np.minimum(starts + step, ends[1:] - 1), axis=axis), out=found)
    return found
