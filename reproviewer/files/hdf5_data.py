"""The numbers of an HDF5 dataset: of what kind they are, whether they are all there, and how to bring them in order."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
from h5py import h5d, h5s, h5t

from reproviewer.core.weights import BLOCK
from reproviewer.files import hdf5_chunks
from reproviewer.files.contents import COMPLEX, Unreadable, count_bytes, declares, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from h5py.h5d import DatasetID

MAX_CHUNK = 64 << 20
_FILTERS = {1, 2, 3, 32000}
"""gzip, shuffle, fletcher32, lzf: those that h5py brings itself."""
_MAX_RATIO = 1100
"""gzip cannot shrink data further than that."""


class NotNumbers(Unreadable):
    """A dataset of texts, records or references, or one without any elements at all."""


@dataclass(frozen=True)
class Numbers:
    """What a dataset holds, and where: `offset` is that of a window into the file, None where the data is no window."""

    dtype: str
    shape: tuple[int, ...]
    nbytes: int
    offset: int | None


def check(name: str, dataset: DatasetID, is_marked: bool) -> Numbers:
    """What a dataset holds, all in this file. `is_marked`: its attribute says bfloat16.

    Raises
    ------
    NotNumbers
        It holds something else.
    Unreadable
        The data lies elsewhere, is less than declared, or is compressed in an unknown way.
    """
    offset = dataset.get_offset()
    properties = None if offset is not None else _checked_layout(name, dataset)
    shape = _shape(name, dataset)
    dtype, is_little = _dtype(name, dataset, is_marked)
    needs = count_bytes(name, dtype, shape)
    stored = dataset.get_storage_size()
    if not _fits(needs, stored, properties):
        raise declares(name, shape, needs, stored)
    return Numbers(dtype, shape, needs, offset if is_little else None)


def slabs(name: str, identifier: DatasetID) -> Iterator[bytes]:
    """The numbers in C order, one row of chunks at a time along the first axis longer than one."""
    dataset = h5py.Dataset(identifier)
    shape, chunks = dataset.shape, dataset.chunks or dataset.shape
    if dataset.chunks and math.prod(chunks) * dataset.dtype.itemsize > MAX_CHUNK:
        raise Unreadable("`{name}` is compressed in one piece too large to unpack", name=quoted(name))
    hdf5_chunks.check_whole(name, dataset.id)
    axis = next((i for i, length in enumerate(shape) if length > 1), None)
    if axis is None:
        yield _little(dataset[()], dataset.dtype)
        return
    row = math.prod(shape[axis + 1 :]) * dataset.dtype.itemsize
    step = max(chunks[axis] if dataset.chunks else 1, BLOCK // row, 1)
    for start in range(0, shape[axis], step):
        yield _little(dataset[(0,) * axis + (slice(start, start + step),)], dataset.dtype)


def _checked_layout(name: str, dataset: DatasetID) -> Any:
    """The properties of a dataset whose data is not one piece of this file, which HDF5 would give the offset of."""
    properties = dataset.get_create_plist()
    if properties.get_layout() == h5d.VIRTUAL:
        raise Unreadable("`{name}` is a virtual dataset, whose data lies in another file", name=quoted(name))
    if properties.get_external_count():
        raise Unreadable("the data of `{name}` is kept in another file", name=quoted(name))
    for number in range(properties.get_nfilters()):
        code = properties.get_filter(number)[0]
        if code not in _FILTERS:
            raise Unreadable("`{name}` is compressed by the unknown filter {code}", name=quoted(name), code=str(code))
    return properties


def _shape(name: str, dataset: DatasetID) -> tuple[int, ...]:
    shape: tuple[int, ...] = dataset.shape
    if not shape and dataset.get_space().get_simple_extent_type() == h5s.NULL:
        raise NotNumbers("`{name}` holds nothing", name=quoted(name))
    return shape


def _fits(needs: int, stored: int, properties: Any) -> bool:
    if properties is None or properties.get_layout() != h5d.CHUNKED:
        return stored == needs
    return needs <= _MAX_RATIO * stored if properties.get_nfilters() else stored >= needs


def _dtype(name: str, dataset: DatasetID, is_marked: bool) -> tuple[str, bool]:
    """The dtype's name, and whether it is little-endian."""
    dtype, is_little, stored = _kind(dataset.get_type().encode())
    if not stored:
        raise NotNumbers("`{name}` holds values of an unknown kind, not numbers", name=quoted(name))
    if is_marked and dtype != "bfloat16":
        raise Unreadable("`{name}` has a bfloat16 mark on {dtype} data", name=quoted(name), dtype=stored)
    if not dtype:
        raise NotNumbers("`{name}` holds {dtype}, not numbers", name=quoted(name), dtype=quoted(stored))
    return dtype, is_little


@lru_cache(maxsize=64)
def _kind(encoded: bytes) -> tuple[str, bool, str]:
    """Of a type: the dtype if it is one of numbers, whether it is little-endian, and what numpy calls it if it can."""
    stored = h5t.decode(encoded)
    try:
        kind = stored.dtype
    except (TypeError, ValueError):
        return "", False, ""
    if kind.kind == "V" and kind.itemsize == 2 and kind.names is None and kind.subdtype is None:
        return "bfloat16", True, str(kind)  # which Keras marks with an attribute, or not at all
    is_number = (kind.kind in "biuf" and kind.itemsize <= 8) or kind.name in COMPLEX
    dtype = str(kind.name) if is_number and _is_native(stored, kind) else ""
    return dtype, kind == kind.newbyteorder("<"), str(kind)


def _is_native(stored: Any, kind: np.dtype[Any]) -> bool:
    if stored.get_class() == h5t.ENUM and kind.kind != "b":
        return False
    return any(stored == h5t.py_create(k, logical=True) for k in (kind.newbyteorder("<"), kind.newbyteorder(">")))


def _little(values: Any, kind: np.dtype[Any]) -> bytes:
    if kind.kind == "V":
        return np.asarray(values, kind).tobytes()
    return np.asarray(values).astype(kind.newbyteorder("<")).tobytes()
