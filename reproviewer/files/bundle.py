"""Tensor bundles: `prefix.index`, a table of entries by key, and `prefix.data-0000i-of-0000n`, the tensors' bytes.

A data file may be a link only to where the folder, or the index itself, really lies: a download cache keeps all parts
of a checkpoint as links into one other folder; a link to anywhere else is not followed.

https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/protobuf/tensor_bundle.proto
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reproviewer.core.weights import stamp_of
from reproviewer.files.contents import Unreadable, quoted
from reproviewer.files.crc32c import crc32c, crc32c_each, mask
from reproviewer.files.protobuf import as_bytes, as_int, fields, shape, signed
from reproviewer.files.spill import pread
from reproviewer.files.table import entries
from reproviewer.files.tensor_slices import Extents, extents, slice_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from reproviewer.core.weights import Stamp
    from reproviewer.files.protobuf import Data

MAX_INDEX = 16 << 20
MAX_SHARDS = 99_999
SUFFIX = "/.ATTRIBUTES/VARIABLE_VALUE"
_BLOCK = 8 << 20
_BATCH = 4096


@dataclass(frozen=True)
class Entry:
    """Where the bytes of one tensor, or of one slice of it, lie. `dtype` is TensorFlow's number.

    A tensor kept in `slices` has no bytes of its own.
    """

    key: str
    dtype: int
    shape: tuple[int, ...]
    shard: int
    offset: int
    size: int
    crc: int
    slices: tuple[Extents, ...] = ()

    @property
    def name(self) -> str:
        """The key as a person reads it."""
        return quoted(self.key.removesuffix(SUFFIX))


class Bundle:
    """An open bundle: its entries by key, and the bytes of their data files.

    `unused` are the keys of slices that nobody asked for. `seen` are its index and the data files that were looked at,
    as they were then: whoever trains a model writes them anew one after another.
    """

    def __init__(self, prefix: Path) -> None:
        self._prefix = prefix
        index = index_of(prefix)
        self.seen = {index: _state_of_index(index)}
        self._table = entries(index.read_bytes())
        self.file_count = _file_count(self._table.pop(b"", b""))
        self.entries = {e.key: e for e in (_entry(_text(k), v) for k, v in self._table.items() if k[:1] != b"\0")}
        self.unused = {k for k in self._table if k[:1] == b"\0"}
        self._sizes: dict[int, int] = {}
        self._open: tuple[int, int] | None = None

    def slices(self, entry: Entry) -> list[Entry]:
        """The entries of the slices that `entry` is kept in, in its own order."""
        return [self._slice(entry, part) for part in entry.slices]

    def _slice(self, entry: Entry, part: Extents) -> Entry:
        key = slice_key(entry.key, part)
        data = self._table.get(key)
        if data is None:
            raise Unreadable("a slice of `{name}` is missing", name=entry.name)
        found = _entry(entry.key, data)
        if found.dtype != entry.dtype or found.slices:
            raise Unreadable("a slice of `{name}` is damaged", name=entry.name)
        self.unused.discard(key)
        return found

    def path(self, entry: Entry) -> Path:
        """The data file of an entry."""
        return self._data(entry.shard)

    def _data(self, shard: int) -> Path:
        return self._prefix.with_name(f"{self._prefix.name}.data-{shard:05d}-of-{self.file_count:05d}")

    def check(self, entry: Entry) -> None:
        """Refuse an entry whose data file is missing, too short, or a link to somewhere else."""
        if entry.shard not in self._sizes:
            self._sizes[entry.shard] = self._size(self.path(entry))
        if entry.offset + entry.size > self._sizes[entry.shard]:
            file = quoted(self.path(entry).name)
            raise Unreadable("its data file {file} is too short for `{name}`", file=file, name=entry.name)

    def _size(self, path: Path) -> int:
        if not path.is_file():
            raise Unreadable("its data file {file} is missing", file=quoted(path.name))
        homes = {os.path.realpath(path.parent), os.path.dirname(os.path.realpath(index_of(self._prefix)))}
        if os.path.dirname(os.path.realpath(path)) not in homes:
            raise Unreadable("its data file {file} is a link to another place", file=quoted(path.name))
        status = path.stat()
        self.seen[path] = stamp_of(status)
        return status.st_size

    def read(self, entry: Entry, start: int = 0, count: int | None = None) -> bytes:
        """Bytes of an entry: all, or `count` from `start`."""
        self.check(entry)
        if self._open is None or self._open[0] != entry.shard:
            self.close()
            self._open = entry.shard, os.open(self.path(entry), os.O_RDONLY | getattr(os, "O_BINARY", 0))
        return pread(self._open[1], entry.size if count is None else count, entry.offset + start)

    def close(self) -> None:
        """Close the data file that is open."""
        if self._open is not None:
            os.close(self._open[1])
            self._open = None


@contextmanager
def open_bundle(prefix: Path) -> Iterator[Bundle]:
    """Open the bundle at `prefix`; raises Unreadable when its index is not sound."""
    bundle = Bundle(prefix)
    try:
        yield bundle
    finally:
        bundle.close()


def index_of(prefix: Path) -> Path:
    """The index file of a bundle."""
    return prefix.with_name(prefix.name + ".index") if prefix.name else prefix


def check_apart(stored: Iterable[Entry]) -> None:
    """Refuse entries that share bytes, which no writer makes and which could make a small file look large."""
    last: Entry | None = None
    for entry in sorted((e for e in stored if e.size), key=lambda e: (e.shard, e.offset)):
        if last and last.shard == entry.shard and entry.offset < last.offset + last.size:
            raise Unreadable("`{first}` and `{second}` share bytes", first=last.name, second=entry.name)
        last = entry


def verify(bundle: Bundle, stored: Iterable[Entry], most: int) -> bool:
    """Verify checksums over the first `most` bytes of data; whether that was all of it."""
    batch: list[Entry] = []
    done = waiting = 0
    complete = True
    for entry in sorted(stored, key=lambda e: (e.shard, e.offset)):
        done += entry.size
        if done > most:
            complete = False
            break
        if entry.size > _BLOCK:
            _verify_long(bundle, entry)
            continue
        batch.append(entry)
        waiting += entry.size
        if len(batch) == _BATCH or waiting > _BLOCK:
            _verify_each(bundle, batch)
            batch, waiting = [], 0
    _verify_each(bundle, batch)
    return complete


def _verify_each(bundle: Bundle, batch: list[Entry]) -> None:
    for entry, crc in zip(batch, crc32c_each([bundle.read(e) for e in batch]), strict=True):
        _compare(entry, crc)


def _verify_long(bundle: Bundle, entry: Entry) -> None:
    crc = 0
    for start in range(0, entry.size, _BLOCK):
        crc = crc32c(bundle.read(entry, start, min(_BLOCK, entry.size - start)), crc)
    _compare(entry, crc)


def _compare(entry: Entry, crc: int) -> None:
    if mask(crc) != entry.crc:
        raise Unreadable("the checksum of `{name}` does not match", name=entry.name)


def _state_of_index(path: Path) -> Stamp:
    if not path.is_file():
        raise Unreadable("its index {file} is missing", file=quoted(path.name))
    if path.stat().st_size > MAX_INDEX:
        raise Unreadable("its index is larger than {limit} bytes", limit=MAX_INDEX)
    return stamp_of(path.stat())


def _file_count(header: Data) -> int:
    values = dict(fields(header))
    count = as_int(values.get(1, 0))
    if not 1 <= count <= MAX_SHARDS:
        raise Unreadable("its index declares {count} data files", count=count)
    if as_int(values.get(2, 0)):
        raise Unreadable("it was written on a big-endian machine")
    return count


def _text(key: bytes) -> str:
    try:
        return key.decode("utf-8")
    except UnicodeDecodeError:
        raise Unreadable("its index is damaged (a name is not UTF-8)") from None


def _entry(key: str, data: Data) -> Entry:
    values = {}
    parts = []
    for number, value in fields(data):
        values[number] = value
        if number == 7:
            parts.append(extents(as_bytes(value)))
    offset, size, shard = (signed(values.get(n, 0)) for n in (4, 5, 3))
    if min(offset, size, shard) < 0:
        raise Unreadable("`{name}` lies outside the data", name=quoted(key.removesuffix(SUFFIX)))
    dims = shape(as_bytes(values.get(2, b"")))
    return Entry(key, as_int(values.get(1, 0)), dims, shard, offset, size, as_int(values.get(6, 0)), tuple(parts))
