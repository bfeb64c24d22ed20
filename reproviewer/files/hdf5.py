"""HDF5 files, touched only through checked accessors: nothing is read that does not lie in the file itself.

Links to other files, data kept in other files, virtual datasets, filters from plug-ins, groups linked twice and shapes
that the stored bytes cannot fill are refused before any data is read.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from reproviewer.core.weights import BLOCK, Role, Tensor
from reproviewer.files.contents import (
    COMPLEX,
    MAX_TENSORS,
    Index,
    Unreadable,
    check_expansion,
    count_bytes,
    declares,
    quoted,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reproviewer.files.spill import Spill

MAX_ATTRIBUTE = 16 << 20
MAX_CHUNK = 64 << 20
_FILTERS = {1, 2, 3, 32000}
"""gzip, shuffle, fletcher32, lzf: those that h5py brings itself."""
_MAX_RATIO = 1100
"""gzip cannot shrink data further than that."""


def read(path: Path, spill: Spill) -> Index:
    """Read the weights in either of Keras' layouts; contiguous datasets are windows, others are unpacked."""
    from reproviewer.files import keras_weights, legacy_h5

    try:
        with h5py.File(path, "r", locking="best-effort") as root:
            tree = Tree(root, path, spill)
            if legacy_h5.is_legacy(tree):
                return legacy_h5.read(tree)
            return keras_weights.read(tree)
    except (OSError, RuntimeError, KeyError) as error:
        raise Unreadable("{why}", why=_plain(str(error))) from None


def _plain(text: str) -> str:
    """HDF5's message in brackets behind what it most likely means."""
    inner = " ".join(text.split())[:200].strip("'\"")
    what = "it is cut off" if "truncated" in inner or "eof" in inner else "it is damaged"
    return f"{what} ({inner})"


class Tree:
    """An open file; every step into it goes through the checks."""

    def __init__(self, root: Any, path: Path, spill: Spill) -> None:
        self.root = root
        self._path, self._spill = str(path), spill
        self._unpacked = 0

    def child(self, group: Any, name: str) -> Any:
        """The object at the relative path `name` below `group`, by hard links only."""
        for part in name.split("/"):
            if part in ("", ".", ".."):
                raise Unreadable("it names a place outside its group, `{name}`", name=quoted(name))
            if not isinstance(group, h5py.Group):
                raise Unreadable("`{name}` is not a group", name=quoted(_inside(group)))
            link = group.get(part, getlink=True) if part in group.id else None
            if link is None:
                raise Unreadable(
                    "it names `{name}` but does not hold it", name=quoted(f"{_inside(group)}/{part}".strip("/"))
                )
            if isinstance(link, h5py.ExternalLink):
                raise Unreadable(
                    "it contains a link to another file (`{name}`)", name=quoted(f"{_inside(group)}/{part}")
                )
            if not isinstance(link, h5py.HardLink):
                raise Unreadable("it contains a soft link (`{name}`)", name=quoted(f"{_inside(group)}/{part}"))
            group = group[part]
        return group

    def group(self, parent: Any, name: str) -> Any:
        """As `child`, for what must be a group."""
        found = self.child(parent, name)
        if not isinstance(found, h5py.Group):
            raise Unreadable("`{name}` is not a group", name=quoted(_inside(found)))
        return found

    def strings(self, item: Any, key: str) -> list[str]:
        """A text attribute, or a list of them; an empty list is stored as numbers without any."""
        attribute = h5py.h5a.open(item.id, key.encode())
        kind, space = attribute.get_type(), attribute.get_space()
        count = space.get_simple_extent_npoints()
        if not count:
            return []
        size = count * kind.get_size()
        if kind.get_class() != h5py.h5t.STRING or size > MAX_ATTRIBUTE or count > MAX_TENSORS:
            raise Unreadable("its attribute `{name}` is not a list of names", name=quoted(key))
        values = np.atleast_1d(np.asarray(item.attrs[key])).ravel().tolist()
        try:
            return [v.decode("utf-8") if isinstance(v, bytes) else str(v).encode("utf-8").decode() for v in values]
        except UnicodeError:
            raise Unreadable("its attribute `{name}` is not UTF-8 text", name=quoted(key)) from None

    def tensor(self, dataset: Any, name: str, role: Role, aliases: tuple[str, ...] = ()) -> Tensor:
        """The window that holds a dataset's numbers, unpacked first when it is not one already."""
        if not isinstance(dataset, h5py.Dataset):
            raise Unreadable("`{name}` is not a dataset", name=quoted(name))
        properties = dataset.id.get_create_plist()
        _check_layout(name, dataset, properties)
        dtype = _dtype(name, dataset, "dtype" in dataset.attrs and self.strings(dataset, "dtype") == ["bfloat16"])
        needs = count_bytes(name, dtype, dataset.shape)
        _check_stored(name, dataset, properties, needs)
        offset = dataset.id.get_offset() if _is_plain(dataset, dtype) else None
        if offset is not None:
            return Tensor(name, dtype, dataset.shape, self._path, offset, role, aliases)
        if not needs:
            return Tensor(name, dtype, dataset.shape, self._path, 0, role, aliases)
        offset = self._unpack(name, dataset, needs)
        return Tensor(name, dtype, dataset.shape, self._spill.path, offset, role, aliases)

    def _unpack(self, name: str, dataset: Any, needs: int) -> int:
        self._unpacked += needs
        check_expansion(self.root.id.get_filesize(), self._unpacked)
        if dataset.chunks and math.prod(dataset.chunks) * dataset.dtype.itemsize > MAX_CHUNK:
            raise Unreadable("`{name}` is compressed in one piece too large to unpack", name=quoted(name))
        return self._spill.add(_slabs(dataset))


def _inside(item: Any) -> str:
    return str(item.name or "").strip("/")


def _check_layout(name: str, dataset: Any, properties: Any) -> None:
    if properties.get_layout() == h5py.h5d.VIRTUAL:
        raise Unreadable("`{name}` is a virtual dataset, whose data lies in another file", name=quoted(name))
    if properties.get_external_count():
        raise Unreadable("the data of `{name}` is kept in another file", name=quoted(name))
    if dataset.shape is None:
        raise Unreadable("`{name}` holds nothing", name=quoted(name))
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
    kind = dataset.dtype
    if kind.kind == "V" and kind.itemsize == 2 and kind.names is None and kind.subdtype is None:
        return "bfloat16"
    if is_marked:
        raise Unreadable("`{name}` has a bfloat16 mark on {dtype} data", name=quoted(name), dtype=str(kind))
    known = (kind.kind in "biuf" and kind.itemsize <= 8) or kind.name in COMPLEX
    if not known or not _is_native(dataset, kind):
        raise Unreadable("`{name}` holds {dtype}, not numbers", name=quoted(name), dtype=quoted(str(kind)))
    return str(kind.name)


def _is_native(dataset: Any, kind: np.dtype[Any]) -> bool:
    stored = dataset.id.get_type()
    if stored.get_class() == h5py.h5t.ENUM and kind.kind != "b":
        return False
    return any(stored == h5py.h5t.py_create(k, logical=True) for k in (kind.newbyteorder("<"), kind.newbyteorder(">")))


def _is_plain(dataset: Any, dtype: str) -> bool:
    return dtype == "bfloat16" or dataset.dtype == dataset.dtype.newbyteorder("<")


def _slabs(dataset: Any) -> Iterator[bytes]:
    """The dataset's numbers in C order, one row of chunks at a time along the first axis longer than one."""
    shape, chunks = dataset.shape, dataset.chunks or dataset.shape
    axis = next((i for i, length in enumerate(shape) if length > 1), None)
    if axis is None:
        yield _little(dataset[()], dataset.dtype)
        return
    row = math.prod(shape[axis + 1 :]) * dataset.dtype.itemsize
    step = max(chunks[axis] if dataset.chunks else 1, BLOCK // row, 1)
    for start in range(0, shape[axis], step):
        yield _little(dataset[(0,) * axis + (slice(start, start + step),)], dataset.dtype)


def _little(values: Any, kind: np.dtype[Any]) -> bytes:
    if kind.kind == "V":
        return np.asarray(values, kind).tobytes()
    return np.asarray(values).astype(kind.newbyteorder("<")).tobytes()
