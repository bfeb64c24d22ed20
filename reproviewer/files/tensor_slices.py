"""Slices of partitioned variables, as TensorFlow's checkpoints keep them: what they are called, how they are joined.

A variable is partitioned along one axis: each slice has a start and a length on that axis and all of the others.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

import numpy as np

from reproviewer.core.weights import BLOCK
from reproviewer.files.contents import Unreadable, quoted
from reproviewer.files.protobuf import as_bytes, fields, signed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Extents = tuple[tuple[int, int], ...]
"""Start and length on every axis; the length -1 stands for all of it."""
_ALL = -1


@dataclass(frozen=True)
class Piece:
    """A slice and its bytes: `read(count, start)` gives some of the `size` there are."""

    extents: Extents
    size: int
    read: Callable[[int, int], bytes]


def extents(data: bytes) -> Extents:
    """The extents of a serialized `TensorSliceProto`."""
    axes = (dict(fields(as_bytes(value))) for number, value in fields(data) if number == 1)
    return tuple((signed(axis.get(1, 0)), signed(axis.get(2, _ALL & 0xFFFFFFFFFFFFFFFF))) for axis in axes)


def slice_key(name: str, part: Extents) -> bytes:
    """The key of a slice in the index: a zero, the name, the rank, then start and length on every axis.

    https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/util/saved_tensor_slice_util.cc
    """
    text = name.encode().replace(b"\0", b"\0\xff") + b"\0\1"
    rank = bytes([1, len(part)]) if part else b"\0"
    return b"\0" + text + rank + b"".join(_ordered(number) for axis in part for number in axis)


def _ordered(number: int) -> bytes:
    """A signed number of n bytes begins with n bits that are the opposite of its sign, as UTF-8's lengths do."""
    size = 1 + (number if number >= 0 else ~number).bit_length() // 7
    header = ((1 << size) - 1) << (7 * size)
    return ((number & ((1 << 8 * size) - 1)) ^ header).to_bytes(size, "big")


def joined(name: str, shape: tuple[int, ...], itemsize: int, pieces: list[Piece]) -> Iterator[bytes]:
    """The bytes of the whole variable, in C order and some at a time.

    Raises
    ------
    Unreadable
        The slices are not those of one axis, leave gaps, overlap, or have another size than they say.
    """
    axis, pieces = _in_order(name, shape, pieces)
    rest = itemsize * math.prod(shape[:axis] + shape[axis + 1 :])
    for piece in pieces:
        if piece.size != rest * (piece.extents[axis][1] if shape else 1):
            raise Unreadable("a slice of `{name}` has another size than it says", name=quoted(name))
    rows = math.prod(shape[:axis])
    widths = [piece.size // rows if rows else 0 for piece in pieces]
    if sum(widths) > BLOCK // 2:
        yield from _piecewise(pieces, widths, rows)
        return
    step = BLOCK // max(1, sum(widths))
    for row in range(0, rows, step):
        count = min(step, rows - row)
        parts = [
            np.frombuffer(piece.read(count * width, row * width), np.uint8).reshape(count, width)
            for piece, width in zip(pieces, widths, strict=True)
        ]
        yield np.concatenate(parts, axis=1).tobytes()


def _piecewise(pieces: list[Piece], widths: list[int], rows: int) -> Iterator[bytes]:
    for row in range(rows):
        for piece, width in zip(pieces, widths, strict=True):
            for start in range(0, width, BLOCK):
                yield piece.read(min(BLOCK, width - start), row * width + start)


def _in_order(name: str, shape: tuple[int, ...], pieces: list[Piece]) -> tuple[int, list[Piece]]:
    """The axis that is cut, and the slices along it with their lengths."""
    if not pieces or any(len(piece.extents) != len(shape) for piece in pieces):
        raise Unreadable("a slice of `{name}` has another rank", name=quoted(name))
    pieces = [Piece(_resolved(p.extents, shape), p.size, p.read) for p in pieces]
    cut = sorted({i for p in pieces for i, size in enumerate(shape) if p.extents[i] != (0, size)})
    if len(cut) > 1:
        raise Unreadable("`{name}` is kept in slices along several axes, which are not read", name=quoted(name))
    axis = cut[0] if cut else 0
    pieces.sort(key=lambda p: p.extents)
    spans = [p.extents[axis] if shape else (0, 1) for p in pieces]
    ends = list(accumulate(length for _, length in spans))
    if [start for start, _ in spans] != [0, *ends[:-1]] or ends[-1] != (shape[axis] if shape else 1):
        raise Unreadable("the slices of `{name}` leave gaps or overlap", name=quoted(name))
    return axis, pieces


def _resolved(part: Extents, shape: tuple[int, ...]) -> Extents:
    return tuple((start, size if length == _ALL else length) for (start, length), size in zip(part, shape, strict=True))
