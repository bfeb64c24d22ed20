"""Zip files as weight files use them: where the bytes of each member lie, and the checks before any is read."""

from __future__ import annotations

import zipfile
import zlib
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reproviewer.files.contents import CHEAP, MAX_TENSORS, Unreadable, check_expansion, check_names, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reproviewer.files.span import SpanFile

_LOCAL_HEADER = 30
_UTF_8 = 0x800
_BLOCK = 1 << 20
_SPARE_MEMBERS = 100
_END, _END_64 = 22, 76
"""Bytes of the records at the end of a zip file, and of those that stand before them in a large one."""
_MAX_TAIL = _END_64 + _END + (1 << 16)


@contextmanager
def open_zip(file: Path | SpanFile) -> Iterator[zipfile.ZipFile]:
    """Open a zip file; whatever is wrong with it becomes a clause for the person."""
    try:
        _check_length(file)
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, RuntimeError) as error:
        raise _damaged(error) from None
    with archive:
        _check_members(archive)
        try:
            yield archive
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
            raise _damaged(error) from None


def _damaged(error: Exception) -> Unreadable:
    return Unreadable("it is a damaged zip file ({why})", why=quoted(str(error)))


def _check_members(archive: zipfile.ZipFile) -> None:
    """Refuse what `zipfile` itself stumbles over later.

    That are members without a name, and a list that is said to lie further back than it does: its members would begin
    before the file.
    """
    for member in archive.infolist():
        if not member.filename:
            raise Unreadable("it holds a member without a name")
        if member.header_offset < 0:
            raise _misplaced(member)


def _misplaced(member: zipfile.ZipInfo) -> Unreadable:
    return Unreadable("its member `{name}` is not where the list says", name=quoted(member.filename))


def _check_length(file: Path | SpanFile) -> None:
    """Refuse a list of members that is too long before `zipfile` makes an object of each."""
    with file.open("rb") if isinstance(file, Path) else nullcontext(file) as stream:
        size = stream.seek(0, 2)
        tail_start = max(0, size - _MAX_TAIL)
        stream.seek(tail_start)
        tail = stream.read(_MAX_TAIL) or b""
        at = len(tail) - _END if tail[-_END:].startswith(b"PK\5\6") else tail.rfind(b"PK\5\6")
        length = int.from_bytes(tail[at + 12 : at + 16], "little") if at >= 0 else 0
        if at >= _END_64 and tail[at - 20 :].startswith(b"PK\6\7"):
            at -= _END_64
            length = int.from_bytes(tail[at + 40 : at + 48], "little")
        stream.seek(max(0, tail_start + at - length))
        if (stream.read(min(length, size)) or b"").count(b"PK\1\2") > MAX_TENSORS + _SPARE_MEMBERS:
            raise Unreadable("it holds more than {limit} tensors", limit=MAX_TENSORS)


def data_starts(archive: zipfile.ZipFile, file: Any) -> dict[str, int]:
    """Where each member's bytes begin in the open `file`, by name and in the archive's order.

    Comments, gaps, bytes before the first member, data descriptors and zip64 fields are all well. Refused are
    encryption, members of one name, members that share bytes, and compression other than deflate or beyond all reason.
    """
    members = archive.infolist()
    for member in members:
        if member.flag_bits & 1:
            raise Unreadable("it is encrypted")
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise Unreadable("its member `{name}` is compressed in an unknown way", name=quoted(member.filename))
        if is_stored(member) and member.file_size != member.compress_size:
            raise Unreadable("its member `{name}` has two sizes", name=quoted(member.filename))
    check_names(m.filename for m in members)
    check_expansion(sum(m.compress_size for m in members), sum(m.file_size for m in members))
    starts = _starts(members, file, archive.start_dir)
    return {m.filename: starts[m.filename] for m in members}


def _starts(members: list[zipfile.ZipInfo], file: Any, end: int) -> dict[str, int]:
    starts = {}
    free = end
    for member in sorted(members, key=lambda m: m.header_offset, reverse=True):
        file.seek(member.header_offset)
        local = file.read(_LOCAL_HEADER)
        name_size, extra_size = int.from_bytes(local[26:28], "little"), int.from_bytes(local[28:30], "little")
        start = member.header_offset + _LOCAL_HEADER + name_size + extra_size
        if local[:4] == b"PK\x03\x04" and start + member.compress_size > free:
            raise Unreadable("its member `{name}` overlaps another", name=quoted(member.filename))
        if local[:4] != b"PK\x03\x04" or not _same_name(file.read(name_size), member):
            raise _misplaced(member)
        free = member.header_offset
        starts[member.filename] = start
    return starts


def _same_name(raw: bytes, member: zipfile.ZipInfo) -> bool:
    return raw.decode("utf-8" if member.flag_bits & _UTF_8 else "cp437", "replace") == member.orig_filename


def is_stored(member: zipfile.ZipInfo) -> bool:
    """Whether the member's bytes lie in the file as they are."""
    return member.compress_type == zipfile.ZIP_STORED


def check_crcs(archive: zipfile.ZipFile, file: Any, starts: dict[str, int]) -> str:
    """Read the stored members, as far as that is cheap, and say how far; refuse a checksum that does not match.

    Those of compressed members are checked when they are unpacked.
    """
    left = CHEAP
    for name, start in starts.items():
        member = archive.getinfo(name)
        left -= member.compress_size
        if left < 0:
            return "verified for the first part of the data"
        if is_stored(member):
            check_crc(file, member, start)
    return "all verified"


def check_crc(file: Any, member: zipfile.ZipInfo, start: int) -> None:
    """Read a stored member and refuse it when its checksum is another."""
    file.seek(start)
    crc, left = 0, member.compress_size
    while left and (block := file.read(min(_BLOCK, left))):
        crc = zlib.crc32(block, crc)
        left -= len(block)
    if left or crc != member.CRC:
        raise Unreadable("the checksum of its member `{name}` does not match", name=quoted(member.filename))


def blocks(stream: Any) -> Iterator[bytes]:
    """What is left of an open member, a block at a time."""
    while block := stream.read(_BLOCK):
        yield block
