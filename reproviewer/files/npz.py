"""NumPy's `.npz`: a zip file of `.npy` members, in the order in which they were saved."""

from __future__ import annotations

import ast
import math
import mmap
import zipfile
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from reproviewer.core.weights import Tensor
from reproviewer.files.contents import (
    CHEAP,
    MAX_TENSORS,
    Index,
    Unreadable,
    check_expansion,
    check_names,
    count_bytes,
    declares,
    quoted,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reproviewer.files.spill import Spill

_LOCAL_HEADER = 30
_MAX_NPY_HEADER = 10_000
_BLOCK = 1 << 20
_KINDS = {"b", "i", "u", "f", "c"}


@dataclass(frozen=True)
class _Header:
    """What a member's `.npy` header says; its data begins `size` bytes after the start of the member."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    fortran: bool
    size: int

    @property
    def is_plain(self) -> bool:
        return not self.fortran and self.dtype == self.dtype.newbyteorder("<")


def read(path: Path, spill: Spill) -> Index:
    """Read the members' headers; stored ones in C order and little-endian are windows, the others are unpacked."""
    try:
        with zipfile.ZipFile(path) as archive, path.open("rb") as file:
            members = archive.infolist()
            starts = _check_members(members, file, archive.start_dir)
            left = CHEAP
            tensors = []
            for member, start in zip(members, starts, strict=True):
                left -= member.compress_size
                if left >= 0 and member.compress_type == zipfile.ZIP_STORED:
                    _check_crc(file, member, start)
                tensors.append(_tensor(archive, member, start, path, spill))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise Unreadable("it is a damaged zip file ({why})", why=error) from None
    checked = "all verified" if left >= 0 else "verified for the first part of the data"
    return Index("npz", tuple(tensors), {"checksums": checked})


def _check_members(members: list[zipfile.ZipInfo], file: Any, end: int) -> list[int]:
    """Where each member's bytes begin. Refuses members that no `np.savez` writes, and those that share bytes."""
    if len(members) > MAX_TENSORS:
        raise Unreadable("it holds more than {limit} tensors", limit=MAX_TENSORS)
    for member in members:
        if not member.filename.endswith(".npy"):
            raise Unreadable("its member `{name}` is not an array", name=quoted(member.filename))
        if member.flag_bits & 1:
            raise Unreadable("it is encrypted")
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise Unreadable("its member `{name}` is compressed in an unknown way", name=quoted(member.filename))
        if member.compress_type == zipfile.ZIP_STORED and member.file_size != member.compress_size:
            raise Unreadable("its member `{name}` has two sizes", name=quoted(member.filename))
    check_names(m.filename for m in members)
    check_expansion(sum(m.compress_size for m in members), sum(m.file_size for m in members))
    return _data_starts(members, file, end)


def _data_starts(members: list[zipfile.ZipInfo], file: Any, end: int) -> list[int]:
    starts = {}
    free = end
    for member in sorted(members, key=lambda m: m.header_offset, reverse=True):
        file.seek(member.header_offset)
        local = file.read(_LOCAL_HEADER)
        if len(local) != _LOCAL_HEADER or local[:4] != b"PK\x03\x04":
            raise Unreadable("its member `{name}` is not where the list says", name=quoted(member.filename))
        skipped = int.from_bytes(local[26:28], "little") + int.from_bytes(local[28:30], "little")
        start = member.header_offset + _LOCAL_HEADER + skipped
        if start + member.compress_size > free:
            raise Unreadable("its member `{name}` overlaps another", name=quoted(member.filename))
        free = member.header_offset
        starts[member.filename] = start
    return [starts[m.filename] for m in members]


def _check_crc(file: Any, member: zipfile.ZipInfo, start: int) -> None:
    file.seek(start)
    crc, left = 0, member.compress_size
    while left and (block := file.read(min(_BLOCK, left))):
        crc = zlib.crc32(block, crc)
        left -= len(block)
    if left or crc != member.CRC:
        raise Unreadable("the checksum of its member `{name}` does not match", name=quoted(member.filename))


def _tensor(archive: zipfile.ZipFile, member: zipfile.ZipInfo, start: int, path: Path, spill: Spill) -> Tensor:
    name = member.filename.removesuffix(".npy")
    stored = member.compress_type == zipfile.ZIP_STORED
    with archive.open(member) as stream:
        header = _npy_header(stream, name)
        dtype = header.dtype.name
        needs = count_bytes(name, dtype, header.shape)
        if needs != member.file_size - header.size:
            raise declares(name, header.shape, needs, member.file_size - header.size)
        if stored and header.is_plain:
            return Tensor(name, dtype, header.shape, str(path), start + header.size)
        if stored:
            place, offset = str(path), start + header.size
        else:
            place, offset = spill.path, spill.add(_blocks(stream))
    if not header.is_plain:
        place, offset = spill.path, _reorder(place, offset, header, spill)
    return Tensor(name, dtype, header.shape, place, offset)


def _blocks(stream: Any) -> Iterator[bytes]:
    while block := stream.read(_BLOCK):
        yield block


def _reorder(path: str, offset: int, header: _Header, spill: Spill) -> int:
    count = math.prod(header.shape)
    if not count:
        return spill.add([])
    before = offset % mmap.ALLOCATIONGRANULARITY
    size = before + count * header.dtype.itemsize
    with (
        open(path, "rb") as file,
        mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ, offset=offset - before) as view,
    ):
        flat: Any = np.frombuffer(view, header.dtype, count, before)
        array = flat.reshape(header.shape, order="F" if header.fortran else "C")
        try:
            return spill.add_array(array, header.dtype.name)
        finally:
            del flat, array


def _npy_header(stream: Any, name: str) -> _Header:
    start = stream.read(8)
    if len(start) != 8 or start[:6] != b"\x93NUMPY" or start[6] not in (1, 2, 3):
        raise Unreadable("its member `{name}` is not an array", name=quoted(name))
    width = 2 if start[6] == 1 else 4
    length = int.from_bytes(stream.read(width), "little")
    if length > _MAX_NPY_HEADER:
        raise Unreadable("the header of `{name}` claims {count} bytes", name=quoted(name), count=length)
    fields = _literal(stream.read(length), name)
    descr, shape, fortran = fields["descr"], fields["shape"], fields["fortran_order"]
    if not isinstance(shape, tuple) or any(type(d) is not int for d in shape) or type(fortran) is not bool:
        raise Unreadable("the header of `{name}` is malformed", name=quoted(name))
    return _Header(_dtype(descr, name), shape, fortran, 8 + width + length)


def _literal(text: bytes, name: str) -> dict[str, Any]:
    try:
        fields = ast.literal_eval(text.decode("utf-8" if text.isascii() else "latin1").strip())
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        fields = None
    if not isinstance(fields, dict) or set(fields) != {"descr", "fortran_order", "shape"}:
        raise Unreadable("the header of `{name}` is malformed", name=quoted(name))
    return fields


def _dtype(descr: object, name: str) -> np.dtype[Any]:
    """The dtype of a plain number. Objects are pickles, two plain bytes are a bfloat16 whose mark numpy has lost."""
    if descr in ("|O", "O"):
        raise Unreadable("`{name}` holds Python objects, which can run code", name=quoted(name))
    if descr in ("|V2", "<V2", "V2"):
        raise Unreadable(
            "`{name}` holds two-byte values without a dtype; bfloat16 is lost in this format", name=quoted(name)
        )
    try:
        dtype = np.dtype(descr) if isinstance(descr, str) and len(descr) < 8 else None
    except (TypeError, ValueError):
        dtype = None
    if dtype is None or dtype.kind not in _KINDS or dtype.itemsize > 16 or dtype.name in ("float128", "longdouble"):
        raise Unreadable("`{name}` holds {dtype}, not numbers", name=quoted(name), dtype=quoted(repr(descr)))
    return dtype
