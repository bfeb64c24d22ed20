"""The numbers of an HDF5 dataset: of what kind they are, whether they are all there, and how to bring them in order."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from reproviewer.core.weights import BLOCK
from reproviewer.files import hdf5_chunks
from reproviewer.files.contents import COMPLEX, Unreadable, count_bytes, declares, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_CHUNK = 64 << 20
_FILTERS = {1, 2, 3, 32000}
"""gzip, shuffle, fletcher32, lzf: those that h5py brings itself."""
_MAX_RATIO = 1100
"""gzip cannot shrink data further than that."""


class NotNumbers(Unreadable):
    """A dataset of texts, records or references, or one without any elements at all."""


def check(name: str, dataset: Any, is_marked: bool) -> tuple[str, int]:
    """The dtype and the bytes that a dataset holds, all in this file. `is_marked`: its attribute says bfloat16.

    Raises
    ------
    NotNumbers
        It holds something else.
    Unreadable
        The data lies elsewhere, is less than declared, or is compressed in an unknown way.
    """
    properties = dataset.id.get_create_plist()
    _check_layout(name, dataset, properties)
    dtype = _dtype(name, dataset, is_marked)
    needs = count_bytes(name, dtype, dataset.shape)
    _check_stored(name, dataset, properties, needs)
    return dtype, needs


def window(dataset: Any, dtype: str) -> int | None:
    """Where the numbers lie in the file, little-endian and one after another; None when they do not."""
    offset: int | None = dataset.id.get_offset()
    kind = None if offset is None or dtype == "bfloat16" else dataset.dtype
    return offset if kind is None or kind == kind.newbyteorder("<") else None


def slabs(name: str, dataset: Any) -> Iterator[bytes]:
    """The numbers in C order, one row of chunks at a time along the first axis longer than one."""
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


def _check_layout(name: str, dataset: Any, properties: Any) -> None:
    if properties.get_layout() == h5py.h5d.VIRTUAL:
        raise Unreadable("`{name}` is a virtual dataset, whose data lies in another file", name=quoted(name))
    if properties.get_external_count():
        raise Unreadable("the data of `{name}` is kept in another file", name=quoted(name))
    if dataset.shape is None:
        raise NotNumbers("`{name}` holds nothing", name=quoted(name))
    for number in range(properties.get_nfilters()):
        code = properties.get_filter(number)[0]
        if code not in _FILTERS:
            raise Unreadable("`{name}` is compressed by the unknown filter {code}", name=quoted(name), code=str(code))


def _check_stored(name: str, dataset: Any, properties: Any, needs: int) -> None:
    stored = dataset.id.get_storage_size()
    if properties.get_layout() != h5py.h5d.CHUNKED:
        fits = stored == needs
    elif properties.get_nfilters():
        fits = needs <= _MAX_RATIO * stored
    else:
        fits = stored >= needs
    if not fits:
        raise declares(name, dataset.shape, needs, stored)


def _dtype(name: str, dataset: Any, is_marked: bool) -> str:
    """The dtype's name. Two plain bytes are bfloat16, which Keras marks with an attribute, or not at all."""
    try:
        kind = dataset.dtype
    except (TypeError, ValueError):
        raise NotNumbers("`{name}` holds values of an unknown kind, not numbers", name=quoted(name)) from None
    if kind.kind == "V" and kind.itemsize == 2 and kind.names is None and kind.subdtype is None:
        return "bfloat16"
    if is_marked:
        raise Unreadable("`{name}` has a bfloat16 mark on {dtype} data", name=quoted(name), dtype=str(kind))
    known = (kind.kind in "biuf" and kind.itemsize <= 8) or kind.name in COMPLEX
    if not known or not _is_native(dataset, kind):
        raise NotNumbers("`{name}` holds {dtype}, not numbers", name=quoted(name), dtype=quoted(str(kind)))
    return str(kind.name)


def _is_native(dataset: Any, kind: np.dtype[Any]) -> bool:
    stored = dataset.id.get_type()
    if stored.get_class() == h5py.h5t.ENUM and kind.kind != "b":
        return False
    return any(stored == h5py.h5t.py_create(k, logical=True) for k in (kind.newbyteorder("<"), kind.newbyteorder(">")))


def _little(values: Any, kind: np.dtype[Any]) -> bytes:
    if kind.kind == "V":
        return np.asarray(values, kind).tobytes()
    return np.asarray(values).astype(kind.newbyteorder("<")).tobytes()
