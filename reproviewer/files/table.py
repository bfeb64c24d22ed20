"""leveldb's table format, as the `.index` of a TensorFlow checkpoint uses it: sorted keys and values, CRC per block.

https://github.com/google/leveldb/blob/main/doc/table_format.md
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reproviewer.files.contents import MAX_TENSORS, Unreadable
from reproviewer.files.crc32c import crc32c, mask
from reproviewer.files.protobuf import varint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reproviewer.files.protobuf import Data

MAGIC = (0xDB4775248B80FB57).to_bytes(8, "little")
_FOOTER = 48
_TRAILER = 5


def entries(data: Data) -> dict[bytes, Data]:
    """All keys and values of a table, in order; the values are views when `data` is one.

    Raises
    ------
    Unreadable
        It is cut off or damaged, compressed, or holds more than any model has.
    """
    if len(data) < _FOOTER or bytes(data[-8:]) != MAGIC:
        raise Unreadable("its index is cut off or damaged")
    footer = data[-_FOOTER:]
    about, at = _handle(footer, 0)
    index, _ = _handle(footer, at)
    for _ in _block(data, *about):
        pass
    result: dict[bytes, Data] = {}
    last, end = None, 0
    for _, value in _block(data, *index):
        (offset, size), _ = _handle(value, 0)
        if offset < end:
            raise Unreadable("its index is damaged (blocks overlap)")
        end = offset + size
        for key, entry in _block(data, offset, size):
            if last is not None and key <= last:
                raise Unreadable("its index is damaged (keys are not in order)")
            last = key
            result[key] = entry
            if len(result) > MAX_TENSORS:
                raise Unreadable("it holds more than {limit} tensors", limit=MAX_TENSORS)
    return result


def _handle(data: Data, at: int) -> tuple[tuple[int, int], int]:
    offset, at = varint(data, at)
    size, at = varint(data, at)
    return (offset, size), at


def _block(data: Data, offset: int, size: int) -> Iterator[tuple[bytes, Data]]:
    block = data[offset : offset + size + _TRAILER]
    if len(block) != size + _TRAILER or size < 4:
        raise Unreadable("its index is damaged (a block lies outside)")
    if mask(crc32c(block[:-4])) != int.from_bytes(block[-4:], "little"):
        raise Unreadable("the checksum of its index does not match")
    if block[size] != 0:
        raise Unreadable("its index is compressed, which TensorFlow never does")
    restarts = int.from_bytes(block[size - 4 : size], "little")
    end = size - 4 - 4 * restarts
    if end < 0:
        raise Unreadable("its index is damaged (a block is too short)")
    yield from _records(block[:end])


def _records(block: Data) -> Iterator[tuple[bytes, Data]]:
    key, at = b"", 0
    while at < len(block):
        shared, at = varint(block, at)
        added, at = varint(block, at)
        length, at = varint(block, at)
        if shared > len(key) or at + added + length > len(block):
            raise Unreadable("its index is damaged (an entry lies outside its block)")
        key = key[:shared] + bytes(block[at : at + added])
        at += added
        yield key, block[at : at + length]
        at += length
