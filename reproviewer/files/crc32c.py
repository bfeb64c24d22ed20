"""CRC-32C (Castagnoli), as leveldb tables and TensorFlow's tensor bundles use it.

Data is cut into lanes that numpy advances side by side, two bytes a step. A CRC is linear over GF(2), so a lane counts
by what it becomes after as many zero bytes as there are bytes behind it, and the lanes of one piece of data are joined
by exclusive or. Zero bytes in front of data change nothing, so lanes of different lengths go together.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

Words = np.ndarray[Any, np.dtype[np.uint32]]
Counts = np.ndarray[Any, np.dtype[np.int64]]

_LANE = 1024
_FEW = 1 << 15
"""So many bytes are summed faster one by one."""
_STEP = 8 << 20
_POLYNOMIAL = 0x82F63B78
_ONES = 0xFFFFFFFF


def crc32c(data: bytes | memoryview, crc: int = 0) -> int:
    """The CRC of `data`, or of what `crc` stands for followed by `data`.

    >>> hex(crc32c(b"123456789"))
    '0xe3069283'
    """
    if len(data) > _FEW:
        for start in range(0, len(data), _STEP):
            crc = crc32c_each([data[start : start + _STEP]], crc)[0]
        return crc
    state = crc ^ _ONES
    table = _byte_table()
    for byte in data:
        state = table[(state ^ byte) & 0xFF] ^ (state >> 8)
    return state ^ _ONES


def crc32c_each(pieces: Sequence[bytes | memoryview], crc: int = 0) -> list[int]:
    """The CRC of each piece, faster than one after another. Takes about four times their size in memory.

    >>> crc32c_each([b"123456789", b""]) == [crc32c(b"123456789"), 0]
    True
    """
    if not pieces:
        return []
    sizes = np.array([len(piece) for piece in pieces], np.int64)
    lane = min(_LANE, max(2, int(sizes.max()) + 1 & ~1))
    counts = np.maximum(1, -(-sizes // lane))
    states = _advance(_lanes(pieces, counts, lane))
    ends = np.cumsum(counts)
    behind = (np.repeat(ends, counts) - np.arange(1, ends[-1] + 1)) * lane
    sums = np.bitwise_xor.reduceat(_append_zeros(states, behind), ends - counts)
    start = np.full(len(pieces), crc ^ _ONES, np.uint32)
    result: list[int] = (sums ^ _append_zeros(start, sizes) ^ np.uint32(_ONES)).tolist()
    return result


def mask(crc: int) -> int:
    """How a CRC is stored, so that data with CRCs in it can be summed too."""
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & _ONES


def _lanes(pieces: Sequence[bytes | memoryview], counts: Counts, lane: int) -> np.ndarray[Any, np.dtype[np.uint16]]:
    """One row a lane; the first of each piece has zeros in front."""
    data = np.zeros(int(counts.sum()) * lane, np.uint8)
    for piece, end in zip(pieces, np.cumsum(counts * lane).tolist(), strict=True):
        data[end - len(piece) : end] = np.frombuffer(piece, np.uint8)
    return data.view("<u2").reshape(-1, lane // 2)


def _advance(lanes: np.ndarray[Any, np.dtype[np.uint16]]) -> Words:
    table = _word_table()
    states = np.zeros(len(lanes), np.uint32)
    index = np.empty(len(lanes), np.uint16)
    for column in np.ascontiguousarray(lanes.T):
        np.bitwise_xor(states.astype(np.uint16), column, out=index)
        np.right_shift(states, 16, out=states)
        np.bitwise_xor(states, table[index], out=states)
    return states


def _append_zeros(states: Words, counts: Counts) -> Words:
    """What each state becomes after its count of zero bytes."""
    for bit in range(int(counts.max()).bit_length()):
        chosen = counts >> bit & 1 == 1
        states[chosen] = _apply(_zeros(bit), states[chosen])
    return states


@cache
def _zeros(bit: int) -> Words:
    """The operator "append 2**bit zero bytes": a 32x32 bit matrix, as its columns."""
    if bit:
        return _apply(_zeros(bit - 1), _zeros(bit - 1))
    table = _byte_table()
    return np.array([table[(1 << i) & 0xFF] ^ (1 << i >> 8) for i in range(32)], np.uint32)


def _apply(operator: Words, states: Words) -> Words:
    result = np.zeros_like(states)
    for bit in range(32):
        result ^= operator[bit] * (states >> np.uint32(bit) & np.uint32(1))
    return result


@cache
def _byte_table() -> list[int]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = (value >> 1) ^ (_POLYNOMIAL if value & 1 else 0)
        table.append(value)
    return table


@cache
def _word_table() -> Words:
    table = np.array(_byte_table(), np.uint32)
    once = table[np.arange(65536) & 0xFF] ^ (np.arange(65536, dtype=np.uint32) >> 8)
    return np.asarray(table[once & 0xFF] ^ (once >> 8), np.uint32)
