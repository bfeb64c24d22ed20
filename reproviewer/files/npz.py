"""NumPy's `.npz`: a zip file of `.npy` members, in the order in which they were saved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reproviewer.core.weights import Tensor
from reproviewer.files.contents import Index
from reproviewer.files.npy import assumed, check_size, in_c_order, read_header
from reproviewer.files.span import Span
from reproviewer.files.zips import blocks, check_crcs, data_starts, is_stored, open_zip

if TYPE_CHECKING:
    import zipfile
    from pathlib import Path

    from reproviewer.files.spill import Spill


def read(path: Path, spill: Spill) -> Index:
    """Read the members' headers; stored ones in C order and little-endian are windows, the others are unpacked."""
    return read_span(Span.whole(path), spill)


def read_span(span: Span, spill: Spill) -> Index:
    """As `read`, for an archive that may lie in another one."""
    with span.open() as file, open_zip(file) as archive:
        starts = data_starts(archive, file)
        checksums = check_crcs(archive, file, starts)
        members = [(archive.getinfo(name), start) for name, start in starts.items()]
        tensors = tuple(_tensor(archive, m, start, span, spill) for m, start in members if not _is_folder(m))
    return Index("npz", tensors, remarks={"checksums": checksums} | assumed(*(t.dtype for t in tensors)))


def _is_folder(member: zipfile.ZipInfo) -> bool:
    """Whether there is nothing in it; some programs write a member for each folder. NumPy reads those with content."""
    return member.is_dir() and not member.file_size


def _tensor(archive: zipfile.ZipFile, member: zipfile.ZipInfo, start: int, span: Span, spill: Spill) -> Tensor:
    """The array of a member, whose name may lack the suffix when other programs packed it."""
    name = member.filename.removesuffix(".npy")
    with archive.open(member) as stream:
        header = read_header(stream, name)
        check_size(name, header, member.file_size - header.size)
        if is_stored(member):
            place, offset = span.path, span.start + start + header.size
        else:
            place, offset = spill.path, spill.add(blocks(stream))
    place, offset = in_c_order(place, offset, header, spill)
    return Tensor(name, header.kind, header.shape, place, offset)
