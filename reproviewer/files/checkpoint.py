"""TensorFlow checkpoints (tensor bundles), read without TensorFlow, whose own reader aborts on a malformed index.

`prefix.index` is a table of `BundleEntryProto` by key; `prefix.data-0000i-of-0000n` holds the tensors' bytes.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from reproviewer.core.weights import Tensor
from reproviewer.files.contents import CHEAP, Index, Unreadable, count_bytes, declares, quoted
from reproviewer.files.crc32c import crc32c, mask
from reproviewer.files.object_graph import Variable, variables
from reproviewer.files.protobuf import as_bytes, as_int, fields, signed, varint
from reproviewer.files.spill import pread
from reproviewer.files.table import entries

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reproviewer.core.weights import Role
    from reproviewer.files.spill import Spill

MAX_INDEX = 64 << 20
MAX_SHARDS = 99_999
_BLOCK = 8 << 20
_GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"
_SUFFIX = "/.ATTRIBUTES/VARIABLE_VALUE"
_STRING = 7
_DTYPES = {
    1: "float32",
    2: "float64",
    3: "int32",
    4: "uint8",
    5: "int16",
    6: "int8",
    8: "complex64",
    9: "int64",
    10: "bool",
    14: "bfloat16",
    17: "uint16",
    18: "complex128",
    19: "float16",
    22: "uint32",
    23: "uint64",
    24: "float8_e5m2",
    25: "float8_e4m3fn",
}
"""https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/framework/types.proto"""


@dataclass(frozen=True)
class _Entry:
    key: str
    dtype: int
    shape: tuple[int, ...]
    shard: int
    offset: int
    size: int
    crc: int
    sliced: bool


class _Shards:
    """The data files of a checkpoint, opened when needed."""

    def __init__(self, prefix: Path, count: int) -> None:
        self._prefix, self._count = prefix, count
        self._open: dict[int, int] = {}

    def path(self, shard: int) -> Path:
        return self._prefix.with_name(f"{self._prefix.name}.data-{shard:05d}-of-{self._count:05d}")

    def read(self, entry: _Entry) -> Callable[[int, int], bytes]:
        """A function (count, offset) for the file that holds `entry`, after checking that it is there and whole."""
        path = self.path(entry.shard)
        if not path.is_file():
            raise Unreadable("its data file {file} is missing", file=quoted(path.name))
        if entry.offset + entry.size > path.stat().st_size:
            raise Unreadable("its data file {file} is too short for `{name}`", file=path.name, name=_name(entry.key))
        if entry.shard not in self._open:
            self._open[entry.shard] = os.open(path, os.O_RDONLY)
        return partial(pread, self._open[entry.shard])

    def close(self) -> None:
        for fd in self._open.values():
            os.close(fd)


def read(prefix: Path, spill: Spill) -> Index:
    """Read the index of the checkpoint at `prefix`; every tensor is a window into a data file."""
    table, shards = _open_index(prefix)
    found = {e.key: e for e in (_entry(key, value) for key, value in table.items()) if not _is_slice(e.key)}
    try:
        graph = _graph(found.pop(_GRAPH, None), shards)
        numbers = {key: e for key, e in found.items() if e.dtype != _STRING}
        left_out = sorted(set(found) - set(numbers))
        order = [v for v in graph if v.key in numbers]
        known = {v.key for v in order}
        order += [Variable(key, "", _role(key, bool(graph))) for key in numbers if key not in known]
        tensors = tuple(_tensor(numbers[v.key], v, shards) for v in dict.fromkeys(order))
        metadata = {"checksums": _check_sums(list(numbers.values()), shards)}
    finally:
        shards.close()
    if left_out:
        metadata["left out"] = ", ".join(map(_name, left_out))
    return Index("tf-checkpoint", tensors, metadata)


def _open_index(prefix: Path) -> tuple[dict[str, bytes], _Shards]:
    path = prefix.with_name(prefix.name + ".index")
    if not path.is_file():
        raise Unreadable("its index {file} is missing", file=quoted(path.name))
    if path.stat().st_size > MAX_INDEX:
        raise Unreadable("its index is larger than {limit} bytes", limit=MAX_INDEX)
    table = entries(path.read_bytes())
    header = dict(fields(table.pop(b"", b"")))
    count = as_int(header.get(1, 0))
    if not 1 <= count <= MAX_SHARDS:
        raise Unreadable("its index declares {count} data files", count=count)
    if as_int(header.get(2, 0)):
        raise Unreadable("it was written on a big-endian machine")
    try:
        return {key.decode("utf-8"): value for key, value in table.items()}, _Shards(prefix, count)
    except UnicodeDecodeError:
        # Slices of partitioned variables have keys that are not text.
        raise Unreadable("it holds variables in slices, which cannot be read yet") from None


def _entry(key: str, data: bytes) -> _Entry:
    values = {}
    sliced = False
    for number, value in fields(data):
        values[number] = value
        sliced = sliced or number == 7
    offset, size, shard = (signed(values.get(n, 0)) for n in (4, 5, 3))
    if min(offset, size, shard) < 0:
        raise Unreadable("`{name}` lies outside the data", name=_name(key))
    return _Entry(
        key,
        as_int(values.get(1, 0)),
        _shape(as_bytes(values.get(2, b""))),
        shard,
        offset,
        size,
        as_int(values.get(6, 0)),
        sliced,
    )


def _shape(data: bytes) -> tuple[int, ...]:
    return tuple(signed(dict(fields(as_bytes(v))).get(1, 0)) for number, v in fields(data) if number == 2)


def _is_slice(key: str) -> bool:
    return key.startswith("\x00")


def _name(key: str) -> str:
    return quoted(key.removesuffix(_SUFFIX))


def _role(key: str, has_graph: bool) -> Role:
    if has_graph or key in ("global_step", "save_counter"):
        return "other"
    return "weight"


def _graph(entry: _Entry | None, shards: _Shards) -> list[Variable]:
    if entry is None:
        return []
    if entry.dtype != _STRING or entry.shape or entry.size > MAX_INDEX or entry.sliced:
        raise Unreadable("its object graph is damaged")
    data = shards.read(entry)(entry.size, entry.offset)
    length, at = varint(data, 0)
    text = data[at + 4 :]
    lengths = length.to_bytes(4 if length < 1 << 32 else 8, "little")
    stored = data[at : at + 4]
    if len(text) != length or mask(crc32c(lengths)) != int.from_bytes(stored, "little"):
        raise Unreadable("its object graph is damaged")
    if mask(crc32c(lengths + stored + text)) != entry.crc:
        raise Unreadable("the checksum of its object graph does not match")
    return variables(text)


def _tensor(entry: _Entry, variable: Variable, shards: _Shards) -> Tensor:
    name = entry.key.removesuffix(_SUFFIX)
    if entry.sliced:
        raise Unreadable("`{name}` is kept in slices, which cannot be read yet", name=quoted(name))
    if entry.dtype not in _DTYPES:
        raise Unreadable(
            "`{name}` has the dtype number {dtype}, not one of numbers", name=quoted(name), dtype=entry.dtype
        )
    dtype = _DTYPES[entry.dtype]
    needs = count_bytes(name, dtype, entry.shape)
    if needs != entry.size:
        raise declares(name, entry.shape, needs, entry.size)
    shards.read(entry)
    aliases = (variable.full_name,) if variable.full_name not in ("", name) else ()
    return Tensor(name, dtype, entry.shape, str(shards.path(entry.shard)), entry.offset, variable.role, aliases)


def _check_sums(all_entries: list[_Entry], shards: _Shards) -> str:
    """Verify the data's checksums as far as that is cheap, and say how far that was."""
    left = CHEAP
    for entry in sorted(all_entries, key=lambda e: (e.shard, e.offset)):
        left -= entry.size
        if left < 0:
            return "verified for the index and the first part of the data"
        get = shards.read(entry)
        crc = 0
        for start in range(0, entry.size, _BLOCK):
            crc = crc32c(get(min(_BLOCK, entry.size - start), entry.offset + start), crc)
        if mask(crc) != entry.crc:
            raise Unreadable("the checksum of `{name}` does not match", name=_name(entry.key))
    return "all verified"
