"""CRC-32C (Castagnoli), as leveldb tables and TensorFlow's tensor bundles use it.

Large data is split into lanes that numpy advances side by side, two bytes a step; because a CRC is linear over GF(2),
the lanes' results are then joined by the operator "append n zero bytes".
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

Words = np.ndarray[Any, np.dtype[np.uint32]]

_LANES = 8192
_POLYNOMIAL = 0x82F63B78


def crc32c(data: bytes, crc: int = 0) -> int:
    """The CRC of `data`, or of what `crc` stands for followed by `data`.

    >>> hex(crc32c(b"123456789"))
    '0xe3069283'
    """
    state = crc ^ 0xFFFFFFFF
    length = len(data) // _LANES & ~1
    if length:
        state = _lanes(data, length, state)
    table = _byte_table()
    for byte in data[length * _LANES :]:
        state = table[(state ^ byte) & 0xFF] ^ (state >> 8)
    return state ^ 0xFFFFFFFF


def mask(crc: int) -> int:
    """How a CRC is stored, so that data with CRCs in it can be summed too."""
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def _lanes(data: bytes, length: int, state: int) -> int:
    words = np.frombuffer(data, "<u2", length * _LANES // 2).reshape(_LANES, length // 2)
    columns = np.ascontiguousarray(words.T)
    table = _word_table()
    states = np.zeros(_LANES, np.uint32)
    states[0] = state
    index = np.empty(_LANES, np.uint16)
    for column in columns:
        np.bitwise_xor(states.astype(np.uint16), column, out=index)
        np.right_shift(states, 16, out=states)
        np.bitwise_xor(states, table[index], out=states)
    return _join(states, length)


def _join(states: Words, length: int) -> int:
    operator = _append_zeros(length)
    while len(states) > 1:
        states = _apply(operator, states[::2]) ^ states[1::2]
        operator = _apply(operator, operator)
    return int(states[0])


def _apply(operator: Words, states: Words) -> Words:
    """Multiply 32x32 bit matrix `operator` (its columns) with every state."""
    result = np.zeros_like(states)
    for bit in range(32):
        result ^= operator[bit] * (states >> np.uint32(bit) & np.uint32(1))
    return result


@cache
def _append_zeros(count: int) -> Words:
    power = np.array([_byte_step(1 << bit) for bit in range(32)], np.uint32)
    operator = np.array([1 << bit for bit in range(32)], np.uint32)
    while count:
        if count & 1:
            operator = _apply(power, operator)
        power = _apply(power, power)
        count >>= 1
    return operator


def _byte_step(state: int) -> int:
    return _byte_table()[state & 0xFF] ^ (state >> 8)


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
