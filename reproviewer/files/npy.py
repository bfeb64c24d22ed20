"""NumPy's `.npy`: a header in Python's own notation, then the numbers of one array.

The file keeps no name, so its tensor is called what the file is called, without the last suffix: `kernel.npy` holds
`kernel`.
"""

from __future__ import annotations

import ast
import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from reproviewer.core.weights import Tensor
from reproviewer.files.contents import Index, Unreadable, count_bytes, declares, quoted

if TYPE_CHECKING:
    from pathlib import Path

    from reproviewer.files.spill import Spill

_MAX_HEADER = 10_000
_KINDS = {"b", "i", "u", "f", "c"}
ASSUMED = "two-byte values are bfloat16; this format does not say"


@dataclass(frozen=True)
class Header:
    """What a header says; the data begins `size` bytes after its start. `kind` is the dtype's name for a tensor."""

    kind: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    fortran: bool
    size: int

    @property
    def is_plain(self) -> bool:
        """Whether the numbers are little-endian and in C order."""
        return not self.fortran and self.dtype == self.dtype.newbyteorder("<")


def read(path: Path, spill: Spill) -> Index:
    """Read the header of a file with a single array."""
    name = quoted(path.stem)
    with path.open("rb") as file:
        header = read_header(file, name)
        stored = file.seek(0, 2) - header.size
    check_size(name, header, stored)
    place, offset = in_c_order(str(path), header.size, header, spill)
    return Index("npy", (Tensor(name, header.kind, header.shape, place, offset),), remarks=assumed(header.kind))


def assumed(*kinds: str) -> dict[str, str]:
    """What there is to tell about dtypes that the format does not know."""
    return {"assumed": ASSUMED} if "bfloat16" in kinds else {}


def check_size(name: str, header: Header, stored: int) -> None:
    """Refuse a header that declares more or less than the `stored` bytes."""
    needs = count_bytes(name, header.kind, header.shape)
    if needs != stored:
        raise declares(name, header.shape, needs, stored)


def in_c_order(path: str, offset: int, header: Header, spill: Spill) -> tuple[str, int]:
    """Where the numbers lie in C order and little-endian: where they are, or rewritten in the spill file."""
    if header.is_plain:
        return path, offset
    sizes = header.shape if header.fortran else header.shape[::-1]
    strides = [math.prod(sizes[:i]) * header.dtype.itemsize for i in range(len(sizes))]
    if not header.fortran:
        strides.reverse()
    return spill.path, spill.add_strided(path, offset, header.dtype, header.shape, tuple(strides))


def read_header(stream: Any, name: str) -> Header:
    """Read a header without letting it allocate or run anything."""
    start = stream.read(8)
    if len(start) != 8 or start[:6] != b"\x93NUMPY" or start[6] not in (1, 2, 3):
        raise Unreadable("`{name}` is not an array", name=quoted(name))
    width = 2 if start[6] == 1 else 4
    length = int.from_bytes(stream.read(width), "little")
    if length > _MAX_HEADER:
        raise Unreadable("the header of `{name}` claims {count} bytes", name=quoted(name), count=length)
    fields = _literal(stream.read(length), name)
    descr, shape, fortran = fields["descr"], fields["shape"], fields["fortran_order"]
    if not isinstance(shape, tuple) or any(type(d) is not int for d in shape) or type(fortran) is not bool:
        raise Unreadable("the header of `{name}` is malformed", name=quoted(name))
    kind, dtype = _dtype(descr, name)
    return Header(kind, dtype, shape, fortran, 8 + width + length)


def _literal(text: bytes, name: str) -> dict[str, Any]:
    fields = _parsed(text)
    if not isinstance(fields, dict) or set(fields) != {"descr", "fortran_order", "shape"}:
        raise Unreadable("the header of `{name}` is malformed", name=quoted(name))
    return fields


@lru_cache
def _parsed(text: bytes) -> object:
    """The value that is written there, None where none is; the arrays of one file have few headers among them."""
    try:
        return ast.literal_eval(text.decode("utf-8" if text.isascii() else "latin1").strip())
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return None


def _dtype(descr: object, name: str) -> tuple[str, np.dtype[Any]]:
    """The dtype of a plain number. Objects are pickles; two plain bytes are what numpy makes of a bfloat16."""
    if descr in ("|O", "O"):
        raise Unreadable("`{name}` holds Python objects, which can run code", name=quoted(name))
    if descr in ("|V2", "<V2", "V2"):
        return "bfloat16", np.dtype("<u2")
    try:
        dtype = np.dtype(descr) if isinstance(descr, str) and len(descr) < 8 else None
    except (TypeError, ValueError):
        dtype = None
    if dtype is None or dtype.kind not in _KINDS or dtype.itemsize > 16 or dtype.name in ("float128", "longdouble"):
        raise Unreadable("`{name}` holds {dtype}, not numbers", name=quoted(name), dtype=quoted(repr(descr)))
    return dtype.name, dtype
