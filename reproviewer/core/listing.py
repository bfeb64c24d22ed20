"""Rows of a long list of values: the same few elements of every run, and where the next difference is."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

import numpy as np

from reproviewer.core import elements
from reproviewer.core.slices import Plane, plane_of
from reproviewer.core.summary import BLOCK_ELEMENTS, Cancelled, Stopped, distances, signed_difference
from reproviewer.core.weights import open_tensor

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reproviewer.core.elements import Array
    from reproviewer.core.weights import Tensor


@dataclass(frozen=True)
class Column:
    """A run's values as texts that read back; empty without such a tensor.

    `differs` says which are not the reference's, `unequal` which of those have another value and not only other bits.
    """

    values: tuple[str, ...] = ()
    differs: tuple[bool, ...] = ()
    unequal: tuple[bool, ...] = ()


@dataclass(frozen=True)
class Rows:
    """Rows from `start`: one column for each run (the reference first), and the focus minus the reference."""

    start: int
    columns: tuple[Column, ...]
    difference: tuple[float, ...] = ()


def read_rows(
    tensors: Sequence[Tensor | None],
    focus: int | None,
    plane: Plane,
    start: int,
    size: int,
    cancelled: Cancelled = lambda: False,
) -> Rows:
    """Read `size` elements from `start` of the plane, of every tensor; `focus` is the place of one of them.

    Of a tensor of another shape the elements at the same indices are read; what it has not is blank.
    """
    first = tensors[0] if tensors and tensors[0] and tensors[0].shape == plane.shape else None
    reference = None if first is None else _elements(first, plane.lead, start, size)
    columns, difference = [], ()
    for place, tensor in enumerate(tensors):
        if cancelled():
            raise Stopped
        if tensor is None:
            columns.append(Column())
            continue
        if tensor.shape != plane.shape:
            columns.append(Column(tuple(_values_at_indices(tensor, plane, start, size))))
            continue
        bits = reference if place == 0 and reference is not None else _elements(tensor, plane.lead, start, size)
        values = tuple(elements.text(bits[i : i + 1], tensor.dtype) for i in range(len(bits)))
        if place == 0 or first is None or reference is None:
            columns.append(Column(values))
            continue
        dtypes = (first.dtype, tensor.dtype)
        far, unlike = distances(reference, bits, dtypes)
        columns.append(Column(values, tuple(unlike.tolist()), tuple((unlike & (far != 0)).tolist())))
        if place == focus and "raw" not in map(elements.kind, dtypes):
            difference = tuple(signed_difference(reference, bits, dtypes).tolist())
    return Rows(start, tuple(columns), difference)


def next_difference(
    reference: Tensor, other: Tensor, slice_index: tuple[int, ...], start: int, forward: bool, cancelled: Cancelled
) -> int | None:
    """The first element of the slice at or after `start` (or before it) that is not the same; None without one."""
    if reference.shape != other.shape:
        return None
    plane = plane_of(reference.shape, slice_index)
    with open_tensor(reference) as left, open_tensor(other) as right:
        for begin, end in _blocks(plane.size, start, forward):
            if cancelled():
                raise Stopped
            span = plane.start + begin, end - begin
            a, b = left.elements(*span), right.elements(*span)
            found = np.flatnonzero(distances(a, b, (reference.dtype, other.dtype))[1])
            if len(found):
                return begin + int(found[0 if forward else -1])
    return None


def _blocks(size: int, start: int, forward: bool) -> Iterator[tuple[int, int]]:
    for step in count():
        if forward:
            begin = start + step * BLOCK_ELEMENTS
            end = min(size, begin + BLOCK_ELEMENTS)
        else:
            end = start - step * BLOCK_ELEMENTS
            begin = max(0, end - BLOCK_ELEMENTS)
        if begin >= end:
            return
        yield begin, end


def _elements(tensor: Tensor, slice_index: tuple[int, ...], start: int, size: int) -> Array:
    plane = plane_of(tensor.shape, slice_index)
    with open_tensor(tensor) as reader:
        return reader.elements(plane.start + start, max(0, min(size, plane.size - start)))


def _values_at_indices(tensor: Tensor, plane: Plane, start: int, size: int) -> Iterator[str]:
    """The values of a tensor of another shape at the indices of a plane, row by row; "" where it has none."""
    own = plane_of(tensor.shape, plane.lead)
    alike = len(tensor.shape) == len(plane.shape) and own.lead == plane.lead and own.size
    end = min(start + size, plane.size)
    with open_tensor(tensor) as reader:
        while start < end:
            row, col = divmod(start, plane.cols)
            count = min(plane.cols - col, end - start)
            there = max(0, min(count, own.cols - col)) if alike and row < own.rows else 0
            bits = reader.elements(own.start + (row * own.cols + col if there else 0), there)
            yield from (elements.text(bits[i : i + 1], tensor.dtype) for i in range(there))
            yield from [""] * (count - there)
            start += count
