"""Just enough of protocol buffers' wire format to read a checkpoint's index: fields of a message, one after another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reproviewer.files.contents import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

Value = int | bytes


def varint(data: bytes, at: int) -> tuple[int, int]:
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


def fields(data: bytes) -> Iterator[tuple[int, Value]]:
    """The fields of a message: number, and an integer (varint, fixed) or bytes (string, message)."""
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        kind = tag & 7
        value: Value
        if kind == 0:
            value, at = varint(data, at)
        elif kind in (1, 2, 5):
            if kind == 2:
                length, at = varint(data, at)
            else:
                length = 8 if kind == 1 else 4
            value = data[at : at + length]
            if len(value) != length:
                raise Unreadable("its index is damaged (an entry is cut off)")
            at += length
            if kind != 2:
                value = int.from_bytes(value, "little")
        else:
            raise Unreadable("its index is damaged (an entry of an unknown kind)")
        yield tag >> 3, value


def signed(value: Value) -> int:
    """A varint as the int64 that it stands for."""
    number = as_int(value)
    return number - (1 << 64) if number >= 1 << 63 else number


def as_int(value: Value) -> int:
    """A field that must be a number."""
    if not isinstance(value, int):
        raise Unreadable("its index is damaged (bytes where a number belongs)")
    return value


def as_bytes(value: Value) -> bytes:
    """A field that must be bytes."""
    if not isinstance(value, bytes):
        raise Unreadable("its index is damaged (a number where bytes belong)")
    return value


def as_text(value: Value) -> str:
    """A field that must be text."""
    try:
        return as_bytes(value).decode("utf-8")
    except UnicodeDecodeError:
        raise Unreadable("its index is damaged (a name is not UTF-8)") from None
