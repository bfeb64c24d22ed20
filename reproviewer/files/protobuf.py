"""Just enough of protocol buffers' wire format to read a checkpoint's index: fields of a message, one after another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reproviewer.files.contents import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

Data = bytes | memoryview
Value = int | Data
MAX_FIELDS = 100_000


def varint(data: Data, at: int) -> tuple[int, int]:
    """The number at `at`, seven bits a byte, and where the next begins."""
    value = shift = 0
    while at < len(data) and shift < 70:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, at
        shift += 7
    raise Unreadable("its index is damaged (a number without an end)")


def fields(data: Data, most: int = MAX_FIELDS) -> Iterator[tuple[int, Value]]:
    """The fields of a message: number, and an integer (varint, fixed) or bytes (string, message); at most `most`."""
    at, end = 0, len(data)
    while at < end:
        most -= 1
        if most < 0:
            raise Unreadable("its index is damaged (a message of too many parts)")
        # Most numbers are below 128, and a large graph has a million of them: no call for those.
        tag = data[at]
        tag, at = (tag, at + 1) if tag < 0x80 else varint(data, at)
        kind = tag & 7
        if kind in (0, 2):
            number = data[at] if at < end else 0x80
            number, at = (number, at + 1) if number < 0x80 else varint(data, at)
            if kind == 0:
                yield tag >> 3, number
                continue
        elif kind in (1, 5):
            number = 8 if kind == 1 else 4
        else:
            raise Unreadable("its index is damaged (an entry of an unknown kind)")
        value = data[at : at + number]
        if len(value) != number:
            raise Unreadable("its index is damaged (an entry is cut off)")
        at += number
        yield tag >> 3, value if kind == 2 else int.from_bytes(value, "little")


def signed(value: Value) -> int:
    """A varint as the int64 that it stands for."""
    number = as_int(value)
    return number - (1 << 64) if number >= 1 << 63 else number


def as_int(value: Value) -> int:
    """A field that must be a number."""
    if not isinstance(value, int):
        raise Unreadable("its index is damaged (bytes where a number belongs)")
    return value


def as_data(value: Value) -> Data:
    """A field that must be bytes, as a view when the message is one."""
    if isinstance(value, int):
        raise Unreadable("its index is damaged (a number where bytes belong)")
    return value


def as_bytes(value: Value) -> bytes:
    """A field that must be bytes."""
    return bytes(as_data(value))


def as_text(value: Value) -> str:
    """A field that must be text."""
    try:
        return as_bytes(value).decode("utf-8")
    except UnicodeDecodeError:
        raise Unreadable("its index is damaged (a name is not UTF-8)") from None


def shape(data: Data) -> tuple[int, ...]:
    """The dimensions of a serialized `TensorShapeProto`."""
    return tuple(signed(dict(fields(as_bytes(value))).get(1, 0)) for number, value in fields(data) if number == 2)
