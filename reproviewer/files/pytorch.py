"""PyTorch's zip files (`torch.save` since 1.6): a pickle that describes tensors, and beside it their numbers.

    <name>/data.pkl     nested dicts and lists of tensors and settings; see `files.torch_pickle`
    <name>/data/<key>   the numbers of one storage, which several tensors may share, each with an offset and strides
    <name>/byteorder    `little` or `big`; without it, little

A tensor's name is its path through the dicts and lists, `state_dict/layer.weight`. A tensor alone is called what the
file is called. What belongs to an optimizer is told by the shape of its dict (`state` and `param_groups`) or its key.
Text and numbers at the top are metadata; others are left out, and said to be.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reproviewer.core.weights import Role, Tensor, storage_dtype
from reproviewer.files import torch_pickle
from reproviewer.files.contents import (
    LEFT_OUT,
    Index,
    Unreadable,
    check_expansion,
    count_bytes,
    declares,
    listed,
    quoted,
)
from reproviewer.files.torch_pickle import DTYPES, PARAMETER, STORAGES, TENSOR_2, TENSOR_3, Call, Name, Outside
from reproviewer.files.zips import blocks, check_crcs, data_starts, is_stored, open_zip

if TYPE_CHECKING:
    import zipfile
    from collections.abc import Iterator
    from pathlib import Path

    from reproviewer.files.spill import Spill

MAX_PICKLE = 64 << 20
MAX_DEPTH = 64
MAX_ITEMS = 500_000
_PICKLE = "data.pkl"
_UNTYPED = "torch.storage.UntypedStorage"
_MOST_SHOWN = 20


def read(path: Path, spill: Spill) -> Index:
    """Read the pickle as data; tensors whose numbers lie in C order are windows, others are unpacked."""
    with open_zip(path) as archive, path.open("rb") as file:
        starts = data_starts(archive, file)
        root = _root(archive)
        # PyTorch can be told to write no checksums; all are 0 then.
        keeps = any(m.CRC for m in archive.infolist())
        checksums = check_crcs(archive, file, starts) if keeps else "none are in the file"
        members = _Members(archive, file, starts, root, path, spill)
        content = torch_pickle.load(members.read(_PICKLE, MAX_PICKLE))
        found = list(_Walk().leaves(content, (), "weight"))
        tensors = tuple(members.tensor(leaf, path.stem) for leaf in found if isinstance(leaf.value, Call))
    if not tensors:
        raise Unreadable("it holds no tensors")
    metadata, left_out = _metadata(found)
    return Index("pytorch", tensors, metadata, {"checksums": checksums} | ({LEFT_OUT: left_out} if left_out else {}))


def _root(archive: zipfile.ZipFile) -> str:
    names = archive.namelist()
    roots = [n.removesuffix(_PICKLE) for n in names if n == _PICKLE or n.endswith(f"/{_PICKLE}")]
    if any(n.startswith(f"{root}code/") or n == f"{root}constants.pkl" for root in roots for n in names):
        raise Unreadable("it is a TorchScript program; save only `model.state_dict()` with PyTorch")
    if len(roots) != 1:
        raise Unreadable("it holds {count} pickles, not one", count=len(roots))
    return roots[0]


@dataclass(frozen=True)
class _Leaf:
    """A tensor or a plain value at the end of a path."""

    path: tuple[str, ...]
    value: Any
    role: Role


class _Walk:
    """Goes through dicts and lists, never more often than a real file needs: one dict may be in many places."""

    def __init__(self) -> None:
        self._left = MAX_ITEMS

    def leaves(self, value: Any, path: tuple[str, ...], role: Role) -> Iterator[_Leaf]:
        self._left -= 1
        if self._left < 0:
            raise Unreadable("it holds more than {limit} values", limit=MAX_ITEMS)
        if len(path) > MAX_DEPTH:
            raise Unreadable("its dictionaries are nested more than {limit} deep", limit=MAX_DEPTH)
        if isinstance(value, dict):
            role = "optimizer" if role == "weight" and value.keys() == {"state", "param_groups"} else role
            items = [(str(key), one) for key, one in value.items()]
        elif isinstance(value, list | tuple):
            items = [(str(number), one) for number, one in enumerate(value)]
        else:
            yield _Leaf(path, value, role)
            return
        for key, one in items:
            yield from self.leaves(one, (*path, key), role if role != "weight" else _role(key, one))


def _role(key: str, value: Any) -> Role:
    """What a key says of the things under it; a layer may be called anything, so containers alone are judged."""
    if key.endswith("rng_state"):
        return "other"
    if not isinstance(value, dict | list | tuple):
        return "weight"
    if key.lower().startswith("optim"):
        return "optimizer"
    return "other" if any(word in key for word in ("scheduler", "scaler", "callbacks")) else "weight"


def _metadata(found: list[_Leaf]) -> tuple[dict[str, str], str]:
    """Plain values at the top, and what is told of the others."""
    plain = [leaf for leaf in found if not isinstance(leaf.value, Call | Outside)]
    bare = ["/".join(leaf.path) for leaf in found if isinstance(leaf.value, Outside)]
    shown = {leaf.path[0]: _text(leaf.value) for leaf in plain if len(leaf.path) == 1}
    places = list(dict.fromkeys("/".join(leaf.path[:-1]) for leaf in plain if len(leaf.path) > 1))
    some = ", ".join(map(quoted, places[:3])) + (f" and {len(places) - 3:,} more" if len(places) > 3 else "")
    more = f"{len(shown) - _MOST_SHOWN:,} more at the top" if len(shown) > _MOST_SHOWN else ""
    storages = f"numbers without a shape in {listed(bare)}" if bare else ""
    left_out = [text for text in (storages, f"settings in {some}" if places else "", more) if text]
    return dict(list(shown.items())[:_MOST_SHOWN]), "; ".join(left_out)


def _text(value: Any) -> str:
    return value.path if isinstance(value, Name) else str(value)


class _Members:
    """The members of the archive under its root, and where tensors lie in them."""

    def __init__(
        self, archive: zipfile.ZipFile, file: Any, starts: dict[str, int], root: str, path: Path, spill: Spill
    ) -> None:
        self._archive, self._file, self._starts, self._root = archive, file, starts, root
        self._path, self._spill = path, spill
        self._places: dict[str, tuple[str, int]] = {}
        self._unpacked = 0
        order = self.read("byteorder", 16) if f"{root}byteorder" in starts else b"little"
        if order not in (b"little", b"big"):
            raise Unreadable("its byte order is neither `little` nor `big`")
        self._is_big_endian = order == b"big"

    def read(self, name: str, limit: int) -> bytes:
        """The bytes of a small member. Stored ones are read in place, as their checksum may be missing."""
        member = self._archive.getinfo(self._root + name)
        if member.file_size > limit:
            raise Unreadable("its member `{name}` is larger than {limit} bytes", name=name, limit=limit)
        if not is_stored(member):
            return self._archive.read(member)
        self._file.seek(self._starts[member.filename])
        data: bytes = self._file.read(member.file_size)
        return data

    def tensor(self, leaf: _Leaf, stem: str) -> Tensor:
        """The window of the tensor that `leaf` describes."""
        name = "/".join(leaf.path) if leaf.path else stem
        view = _view(leaf.value, name)
        needs = count_bytes(name, view.dtype, view.shape)
        path, start = self._place(view, name)
        kind = storage_dtype(view.dtype).newbyteorder(">" if self._is_big_endian else "<")
        offset = start + view.offset * kind.itemsize
        if not view.is_contiguous or kind != kind.newbyteorder("<"):
            self._unpacked += needs
            check_expansion(self._path.stat().st_size, self._unpacked)
            strides = tuple(s * kind.itemsize for s in view.strides)
            path, offset = self._spill.path, self._spill.add_strided(path, offset, kind, view.shape, strides)
        aliases = (leaf.path[-1],) if len(leaf.path) > 1 and not leaf.path[-1].isdecimal() else ()
        return Tensor(name, view.dtype, view.shape, path, offset, leaf.role, aliases)

    def _place(self, view: _View, name: str) -> tuple[str, int]:
        """Where the storage begins, after checking that it is there, whole, and large enough for the tensor."""
        member_name = f"{self._root}data/{view.key}"
        if member_name not in self._starts:
            raise Unreadable("the data of `{name}` is missing", name=quoted(name))
        member = self._archive.getinfo(member_name)
        if view.count * view.item != member.file_size:
            raise declares(name, (view.count,), view.count * view.item, member.file_size)
        itemsize = storage_dtype(view.dtype).itemsize
        if view.offset < 0 or view.end * itemsize > member.file_size:
            raise declares(name, view.shape, view.end * itemsize, member.file_size)
        if member_name not in self._places:
            self._places[member_name] = self._found(member)
        return self._places[member_name]

    def _found(self, member: zipfile.ZipInfo) -> tuple[str, int]:
        if is_stored(member):
            return str(self._path), self._starts[member.filename]
        with self._archive.open(member) as stream:
            return self._spill.path, self._spill.add(blocks(stream))


@dataclass(frozen=True)
class _View:
    """A tensor: `shape` elements, `strides` elements apart, from element `offset` of the storage `key`.

    The storage has `count` elements of `item` bytes, which for untyped ones are not those of the tensor.
    """

    key: str
    count: int
    item: int
    dtype: str
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    @property
    def end(self) -> int:
        """The element of the storage behind the last one that belongs to the tensor."""
        if 0 in self.shape:
            return self.offset
        return self.offset + 1 + sum((d - 1) * s for d, s in zip(self.shape, self.strides, strict=True))

    @property
    def is_contiguous(self) -> bool:
        """Whether the elements lie in C order without a gap."""
        inner = [(d, s) for d, s in zip(self.shape, self.strides, strict=True) if d != 1]
        wanted = [math.prod(d for d, _ in inner[i + 1 :]) for i in range(len(inner))]
        return 0 in self.shape or [s for _, s in inner] == wanted


def _view(call: Call, name: str) -> _View:
    if call.name == PARAMETER and call.args and isinstance(call.args[0], Call):
        call = call.args[0]
    typed = {TENSOR_2: 6, TENSOR_3: 7}.get(call.name, 0)
    if not typed or len(call.args) not in (typed, typed + 1):
        raise _malformed(name)
    storage, offset, shape, strides = call.args[:4]
    if call.args[typed:] and call.args[typed]:
        raise Unreadable("`{name}` is a conjugated or negated view, whose bits are not its values", name=quoted(name))
    id = storage.id if isinstance(storage, Outside) else None
    if not (isinstance(id, tuple) and len(id) == 5 and id[0] == "storage" and isinstance(id[1], Name)):
        raise _malformed(name)
    _, kind, key, _, count = id
    if not _whole(shape) or not _whole(strides) or len(shape) != len(strides) or not _whole((offset, count)):
        raise _malformed(name)
    if type(key) is not str or kind.path not in STORAGES:
        raise _malformed(name)
    item = storage_dtype(STORAGES[kind.path]).itemsize
    return _View(key, count, item, _dtype(call, kind, name), offset, shape, strides)


def _dtype(call: Call, kind: Name, name: str) -> str:
    """Of the storage, or, where that is untyped, of the call."""
    if call.name == TENSOR_2 and kind.path != _UNTYPED:
        return STORAGES[kind.path]
    dtype = call.args[6] if call.name == TENSOR_3 else None
    if not isinstance(dtype, Name) or dtype.path not in DTYPES or kind.path != _UNTYPED:
        raise _malformed(name)
    return DTYPES[dtype.path]


def _whole(value: Any) -> bool:
    return isinstance(value, tuple) and all(type(v) is int and 0 <= v < 1 << 62 for v in value)


def _malformed(name: str) -> Unreadable:
    return Unreadable("the description of `{name}` is malformed", name=quoted(name))
