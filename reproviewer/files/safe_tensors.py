"""Safetensors: eight bytes of length, a JSON header, then the tensors' bytes without a gap.

The order of the tensors is not part of the format; files written here keep it in the metadata, under names that nobody
else uses.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from reproviewer.core.weights import Tensor
from reproviewer.files import json_text
from reproviewer.files.contents import MAX_TENSORS, Index, Unreadable, count_bytes, declares, natural, quoted

if TYPE_CHECKING:
    from pathlib import Path

    from reproviewer.files.spill import Spill


DTYPES = {
    "BOOL": "bool",
    "U8": "uint8",
    "I8": "int8",
    "U16": "uint16",
    "I16": "int16",
    "U32": "uint32",
    "I32": "int32",
    "U64": "uint64",
    "I64": "int64",
    "F16": "float16",
    "BF16": "bfloat16",
    "F32": "float32",
    "F64": "float64",
    "C64": "complex64",
    "F8_E4M3": "float8_e4m3fn",
    "F8_E5M2": "float8_e5m2",
    "F8_E8M0": "float8_e8m0fnu",
    "F8_E4M3FNUZ": "float8_e4m3fnuz",
    "F8_E5M2FNUZ": "float8_e5m2fnuz",
}
ORDER, WRITER = "reproviewer/order", "reproviewer/version"
"""The keys of metadata for the names of all tensors in order, as a JSON list, and the version that wrote the file."""
_SMALLER_THAN_BYTES = {"F4", "F6_E2M3", "F6_E3M2"}


def read(path: Path, spill: Spill) -> Index:
    """Read the header; every tensor is a window into the file."""
    header, start, size = _header(path)
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
        raise Unreadable("its metadata is not text")
    if len(header) > MAX_TENSORS:
        raise Unreadable("it holds more than {limit} tensors", limit=MAX_TENSORS)
    tensors = {name: _tensor(name, entry, path, start) for name, entry in header.items()}
    _check_layout(list(tensors.values()), start, size)
    names = _order(list(tensors), metadata.get(ORDER, ""))
    if names is None:
        return Index("safetensors", tuple(tensors[n] for n in sorted(tensors, key=natural)), metadata)
    own = {key: value for key, value in metadata.items() if key not in (ORDER, WRITER)}
    remarks = {"written by": f"ReproViewer {metadata[WRITER]}"} if WRITER in metadata else {}
    return Index("safetensors", tuple(tensors[n] for n in names), own, remarks)


def _header(path: Path) -> tuple[dict[str, Any], int, int]:
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        size = path.stat().st_size
        if length > size - 8:
            raise Unreadable("its header claims {count} bytes, more than there can be", count=length)
        json_text.check_size(length)
        text = file.read(length)
    header = json_text.parse(text)
    if not isinstance(header, dict):
        raise Unreadable("its header is not a JSON object")
    return header, 8 + length, size


def _tensor(name: str, entry: Any, path: Path, start: int) -> Tensor:
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise Unreadable("the entry of `{name}` is malformed", name=quoted(name))
    kind, shape, span = entry["dtype"], entry["shape"], entry["data_offsets"]
    if isinstance(kind, str) and kind in _SMALLER_THAN_BYTES:
        raise Unreadable(
            "`{name}` has the dtype {dtype}, whose numbers are smaller than a byte", name=quoted(name), dtype=kind
        )
    if not isinstance(kind, str) or kind not in DTYPES:
        raise Unreadable(
            "`{name}` has the dtype {dtype}, which is not known", name=quoted(name), dtype=quoted(str(kind))
        )
    if not _whole_numbers(shape) or not _whole_numbers(span) or len(span) != 2 or span[1] < span[0]:
        raise Unreadable("the entry of `{name}` is malformed", name=quoted(name))
    needs = count_bytes(name, DTYPES[kind], tuple(shape))
    if needs != span[1] - span[0]:
        raise declares(name, tuple(shape), needs, span[1] - span[0])
    return Tensor(name, DTYPES[kind], tuple(shape), str(path), start + span[0])


def _whole_numbers(value: Any) -> bool:
    return isinstance(value, list) and all(type(v) is int and v >= 0 for v in value)


def _check_layout(tensors: list[Tensor], start: int, size: int) -> None:
    at = start
    for tensor in sorted(tensors, key=lambda t: (t.offset, t.nbytes)):
        if tensor.offset != at:
            raise Unreadable("the data of `{name}` overlaps another or leaves a gap", name=quoted(tensor.name))
        at += tensor.nbytes
    if at != size:
        raise Unreadable("its data should end at byte {end}, but the file has {size} bytes", end=at, size=size)


def _order(names: list[str], stored: str) -> list[str] | None:
    """The stored order, if that is what it is."""
    try:
        order = json.loads(stored) if stored else None
    except (ValueError, RecursionError):
        order = None
    if isinstance(order, list) and all(isinstance(n, str) for n in order) and sorted(order) == sorted(names):
        return order
    return None
