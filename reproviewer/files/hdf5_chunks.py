"""The stored chunks of an HDF5 dataset: whether each is whole once it is unpacked.

HDF5 does not look: where a chunk unpacks to less than its size, it gives whatever was in memory before for the rest,
something else each time. A damaged filter mask or a lost byte is enough.
"""

from __future__ import annotations

import math
import zlib
from typing import TYPE_CHECKING, Any

from h5py import h5d

from reproviewer.files.contents import Unreadable, human_bytes, quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

GZIP, SHUFFLE, FLETCHER32, LZF = 1, 2, 3, 32000
_CHECKSUM = 4
MAX_LZF = 64 << 20
"""Bytes of lzf in a dataset up to which they are read: it takes a second to work out the length of ten million."""


def check_whole(name: str, dataset: Any) -> None:
    """Raise Unreadable where a chunk of a dataset (`h5py.h5d.DatasetID`) is not whole."""
    properties = dataset.get_create_plist()
    if properties.get_layout() != h5d.CHUNKED:
        return
    filters = [properties.get_filter(number)[0] for number in range(properties.get_nfilters())]
    whole = math.prod(properties.get_chunk()) * dataset.get_type().get_size()
    chunks: list[Any] = []
    dataset.chunk_iter(chunks.append)
    ways = [[code for place, code in enumerate(filters) if not chunk.filter_mask >> place & 1] for chunk in chunks]
    if sum(chunk.size for chunk, applied in zip(chunks, ways, strict=True) if LZF in applied) > MAX_LZF:
        raise Unreadable(
            "`{name}` holds more than {limit} of lzf, too much to check that all of it is there",
            name=quoted(name),
            limit=human_bytes(MAX_LZF),
        )
    for chunk, applied in zip(chunks, ways, strict=True):
        if _unpacked_size(name, dataset, chunk, applied, whole) != whole:
            raise Unreadable("a piece of `{name}` is not as long as it should be", name=quoted(name))


def _unpacked_size(name: str, dataset: Any, chunk: Any, applied: Sequence[int], whole: int) -> int:
    """How many bytes a chunk unpacks to; -1 for more than there should be."""
    size: int = chunk.size
    data: bytes | None = None
    for code in reversed(applied):
        if code == FLETCHER32:
            size -= _CHECKSUM
        elif code in (GZIP, LZF):
            data = dataset.read_direct_chunk(chunk.chunk_offset)[1] if data is None else data
            data = _inflated(name, data[:size], whole) if code == GZIP else data
            size = len(data) if code == GZIP else _lzf_size(data[:size])
    return size


def _inflated(name: str, data: bytes, whole: int) -> bytes:
    stream = zlib.decompressobj()
    try:
        return stream.decompress(data, whole + _CHECKSUM + 1)
    except zlib.error:
        raise Unreadable("`{name}` is damaged: a piece of it cannot be unpacked", name=quoted(name)) from None


def _lzf_size(data: bytes) -> int:
    """How many bytes lzf unpacks to: runs of bytes as they are, and references to earlier ones."""
    size, at, end = 0, 0, len(data)
    while at < end:
        control = data[at]
        if control < 32:
            at, size = at + control + 2, size + control + 1
        elif control < 224:
            at, size = at + 2, size + (control >> 5) + 2
        else:
            at, size = at + 3, size + (data[at + 1] if at + 1 < end else 0) + 9
    return size
