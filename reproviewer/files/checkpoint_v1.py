"""The first format of TensorFlow's checkpoints, until 2016: one file, a table whose values are the tensors themselves.

Numbers are kept as protocol buffers keep them (integers seven bits a byte), so they are written out anew.

https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/util/saved_tensor_slice.proto
"""

from __future__ import annotations

import mmap
import os
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from reproviewer.core.weights import Tensor
from reproviewer.files import name_roles
from reproviewer.files.contents import LEFT_OUT, Index, Unreadable, check_names, count_bytes, listed
from reproviewer.files.protobuf import Data, as_bytes, as_data, as_int, as_text, fields, shape, varint
from reproviewer.files.table import MAGIC, entries
from reproviewer.files.tensor_slices import Extents, Piece, extents, joined
from reproviewer.files.tf_dtypes import DTYPES, STRING, dtype_of

if TYPE_CHECKING:
    from pathlib import Path

    from reproviewer.files.spill import Spill

Shape = tuple[int, ...]

_PLAIN = {"float32": 5, "float64": 6, "complex64": 9, "complex128": 12}
"""Fields of a `TensorProto` that hold numbers of a fixed size, and below those that hold numbers of varying length."""
_VARYING = {"int32": 7, "int16": 7, "int8": 7, "uint16": 7, "uint8": 7, "int64": 10, "bool": 11, "float16": 13}
_MOST_BYTES = 10
_PART = re.compile(r"-\d{5}-of-(\d{5})$")


def is_v1(path: Path) -> bool:
    """Whether `path` is such a checkpoint: a table whose first value begins as its list of tensors does."""
    if not os.path.isfile(path):
        return False
    with path.open("rb") as file:
        head = file.read(16)
        file.seek(max(0, path.stat().st_size - len(MAGIC)))
        if file.read() != MAGIC or head[:2] != b"\0\0":
            return False
    _, at = varint(head, 2)
    return head[at : at + 1] == b"\x0a"


def read(path: Path, spill: Spill) -> Index:
    """Read the file; every tensor is written out to `spill`."""
    parts = int(match[1]) if (match := _PART.search(path.name)) else 1
    if parts > 1:
        raise Unreadable("it is one of the {count} files of an old checkpoint, which is read only as one", count=parts)
    table = entries(_view(path))
    declared = _declared(table.pop(b"", b""))
    stored = dict(_slice(value) for value in table.values())
    numbers = {name: (dtype, dims) for name, (dtype, dims, _) in declared.items() if dtype != STRING}
    kinds = {name: (DTYPES.get(dtype, ""), dims) for name, (dtype, dims) in numbers.items()}
    tensors = []
    for name, role in name_roles.in_order(kinds):
        dtype = dtype_of(name, numbers[name][0])
        dims = numbers[name][1]
        count_bytes(name, dtype, dims)
        pieces = [_piece(name, dtype, part, stored) for part in declared[name][2]]
        offset = spill.add(joined(name, dims, np.dtype(dtype).itemsize, pieces))
        tensors.append(Tensor(name, dtype, dims, spill.path, offset, role))
    remarks = {"checksums": "all verified"}
    if left_out := [name for name in declared if name not in numbers]:
        remarks[LEFT_OUT] = listed(left_out)
    return Index("tf-checkpoint-v1", tuple(tensors), remarks=remarks)


def _view(path: Path) -> memoryview:
    with path.open("rb") as file:
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def _declared(data: Data) -> dict[str, tuple[int, Shape, list[Extents]]]:
    """Dtype number, shape and slices of every tensor, by name."""
    rows = []
    for number, value in fields(as_data(dict(fields(data)).get(1, b""))):
        if number == 1:
            rows.append(_declaration(as_data(value)))
    check_names(name for name, *_ in rows)
    return {name: (dtype, dims, parts) for name, dtype, dims, parts in rows}


def _declaration(data: Data) -> tuple[str, int, Shape, list[Extents]]:
    values = dict(fields(data))
    parts = [extents(as_bytes(value)) for number, value in fields(data) if number == 4]
    return as_text(values.get(1, b"")), as_int(values.get(3, 0)), shape(as_data(values.get(2, b""))), parts


def _slice(data: Data) -> tuple[tuple[str, Extents], Data]:
    """Name and extents of a slice, and its `TensorProto`."""
    values = dict(fields(as_data(dict(fields(data)).get(2, b""))))
    return (as_text(values.get(1, b"")), extents(as_bytes(values.get(2, b"")))), as_data(values.get(3, b""))


def _piece(name: str, dtype: str, part: Extents, stored: dict[tuple[str, Extents], Data]) -> Piece:
    if (name, part) not in stored:
        raise Unreadable("a slice of `{name}` is missing", name=name)
    numbers = _numbers(name, dtype, dict(fields(stored[name, part]))).data
    return Piece(part, len(numbers), lambda count, start: bytes(numbers[start : start + count]))


def _numbers(name: str, dtype: str, proto: dict[int, Any]) -> np.ndarray[Any, Any]:
    if dtype in _PLAIN:
        return np.frombuffer(as_data(proto.get(_PLAIN[dtype], b"")), np.uint8)
    if dtype not in _VARYING:
        raise Unreadable("`{name}` holds {dtype}, which this format cannot", name=name, dtype=dtype)
    numbers = _varints(np.frombuffer(as_data(proto.get(_VARYING[dtype], b"")), np.uint8))
    bits = np.dtype(f"u{np.dtype(dtype).itemsize}")
    return numbers.astype(bits).view(np.uint8)


def _varints(data: np.ndarray[Any, np.dtype[np.uint8]]) -> np.ndarray[Any, np.dtype[np.uint64]]:
    """Numbers of seven bits a byte; all but the last byte of each have the highest bit set."""
    ends = np.flatnonzero(data < 0x80)
    starts = np.concatenate(([0], ends[:-1] + 1)) if len(ends) else ends
    if (len(data) and (not len(ends) or ends[-1] != len(data) - 1)) or (ends - starts >= _MOST_BYTES).any():
        raise Unreadable("its index is damaged (a number without an end)")
    numbers = np.zeros(len(ends), np.uint64)
    for byte in range(_MOST_BYTES):
        at = np.flatnonzero(starts + byte <= ends)
        numbers[at] |= (data[starts[at] + byte] & np.uint8(0x7F)).astype(np.uint64) << np.uint64(7 * byte)
    return numbers
