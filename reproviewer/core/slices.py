"""Flat pictures of tensors of any rank: which two axes are drawn, and where each element lies in its file."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from reproviewer.core.weights import Reader


@dataclass(frozen=True)
class Plane:
    """The last two axes of a tensor at one position of its leading axes, as `rows` times `cols` elements.

    A scalar is one cell, a 1-D tensor one row. The elements lie one after another from element `start` of the tensor.

    >>> plane = plane_of((3, 4, 5), (2,))
    >>> plane.rows, plane.cols, plane.start, plane.index(1, 4)
    (4, 5, 40, (2, 1, 4))
    """

    shape: tuple[int, ...]
    lead: tuple[int, ...]
    rows: int
    cols: int
    start: int

    @property
    def size(self) -> int:
        """How many elements are drawn."""
        return self.rows * self.cols

    @property
    def is_part(self) -> bool:
        """Whether the tensor has elements that are not drawn."""
        return self.size < math.prod(self.shape)

    @property
    def region(self) -> Region:
        """All of the plane."""
        return Region(0, self.rows, 0, self.cols)

    def index(self, row: int, col: int) -> tuple[int, ...]:
        """The tensor's index of a cell."""
        return (*self.lead, row, col)[-len(self.shape) :] if self.shape else ()

    def cell(self, index: tuple[int, ...] | None) -> tuple[int, int] | None:
        """The cell of a tensor's index; None when it lies in another slice or outside the shape."""
        if index is None or not self.holds(index) or index[: len(self.lead)] != self.lead:
            return None
        row, col = (0, 0, *index)[-2:]
        return row, col

    def holds(self, index: tuple[int, ...] | None) -> bool:
        """Whether an index is one of the tensor's, in this slice or another."""
        if index is None or len(index) != len(self.shape):
            return False
        return all(0 <= i < n for i, n in zip(index, self.shape, strict=True))

    def carried(self, index: tuple[int, ...] | None) -> tuple[int, ...] | None:
        """The element in the same row and column of this slice; None when there is none."""
        return None if index is None or not self.holds(index) else (*self.lead, *index[len(self.lead) :])


@dataclass(frozen=True)
class Region:
    """Rows `top` to `bottom` and columns `left` to `right` of a plane; the ends are left out."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def rows(self) -> int:
        """How many rows."""
        return self.bottom - self.top

    @property
    def cols(self) -> int:
        """How many columns."""
        return self.right - self.left


def plane_of(shape: tuple[int, ...], slice_index: tuple[int, ...] = ()) -> Plane:
    """The plane of a tensor of this shape; `slice_index` is filled up with zeros and kept within the shape."""
    lead_shape = shape[:-2]
    wanted = slice_index + (0,) * len(lead_shape)
    lead = tuple(max(0, min(i, n - 1)) for i, n in zip(wanted, lead_shape, strict=False))
    rows, cols = (1, 1, *shape)[-2:]
    if math.prod(shape) == 0:
        return Plane(shape, lead, 0, 0, 0)
    flat = 0
    for i, n in zip(lead, lead_shape, strict=True):
        flat = flat * n + i
    return Plane(shape, lead, rows, cols, flat * rows * cols)


def read_region(reader: Reader, plane: Plane, region: Region, scratch: bytearray | None = None) -> np.ndarray[Any, Any]:
    """The stored elements of a region, in its rows and columns.

    Whole rows are read at once; a narrow region of a wide plane row by row. With `scratch` the elements lie there
    until the next reading: memory that was touched before is several times as fast as new memory.
    """
    first = plane.start + region.top * plane.cols
    if region.rows == 1:
        return _read(reader, first + region.left, region.cols, scratch).reshape(1, region.cols)
    if region.cols * 2 >= plane.cols:
        block = _read(reader, first, region.rows * plane.cols, scratch).reshape(region.rows, plane.cols)
        return block[:, region.left : region.right]
    starts = (first + row * plane.cols + region.left for row in range(region.rows))
    return np.stack([reader.elements(start, region.cols) for start in starts])


def _read(reader: Reader, start: int, count: int, scratch: bytearray | None) -> np.ndarray[Any, Any]:
    size = count * reader.tensor.itemsize
    if scratch is None or len(scratch) < size:
        return reader.elements(start, count)
    reader.into(memoryview(scratch)[:size], start * reader.tensor.itemsize)
    return reader.view(scratch)[:count]
