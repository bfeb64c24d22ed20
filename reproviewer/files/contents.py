"""What a weight file holds, the limits that every reader keeps, and the checks that they share."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reproviewer.core.message import Message, ReproError, encodable, one_line
from reproviewer.core.weights import LEFT_OUT as LEFT_OUT
from reproviewer.core.weights import Stamp, Tensor, WeightSet, storage_dtype

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

MAX_TENSORS = 50_000
MAX_RANK = 32
MAX_DIMENSION = 1 << 48
MAX_NAME = 1_000
MAX_TEXT = 4000
"""So much of an HDF5 attribute's text is told."""
CHEAP = 64 << 20
"""Checksums that a format keeps are verified over this many bytes of data; more would make opening slow."""
SPARE_EXPANSION = 256 << 20
MAX_EXPANSION = 20
"""Compressed data may grow to 256 MiB, or to 20 times the size of its file. Real weights hardly compress at all."""

ARCHITECTURE = "architecture"
"""The remark on a model's layers and how they are connected. No other file gets them, nor what is left out."""
NOT_LOADED = "stored in the file, not loaded"

_NUMBER = re.compile(r"\d{1,18}")
_MOST_NUMBERS = 20
COMPLEX = {"complex64", "complex128"}


@dataclass(frozen=True)
class FileContents:
    """A weight file as read.

    `source` is the file itself, or the prefix of a checkpoint. `metadata` is what the file says about itself, word for
    word. `remarks` are the reader's: `checksums` (which of them were verified), `left out`, `assumed` and so on, where
    there is something to tell. `stamps` are the states of all files that it was read from, by path.
    """

    format: str
    weights: WeightSet
    metadata: dict[str, str]
    source: Path
    stamps: dict[str, Stamp] = field(default_factory=dict)
    remarks: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Index:
    """What a reader finds: the format's key, the tensors in order, what the file says about itself, and remarks.

    `files` are those that were read, besides the one that was opened and those in which the tensors lie. `seen` are the
    states of files of which what is told here must be true together, as they were before the first byte was read.
    """

    format: str
    tensors: tuple[Tensor, ...]
    metadata: dict[str, str] = field(default_factory=dict)
    remarks: dict[str, str] = field(default_factory=dict)
    files: tuple[Path, ...] = ()
    seen: dict[Path, Stamp] = field(default_factory=dict)


class Unreadable(ReproError):
    """Why a file cannot be read: the clause that follows "... cannot be read:"."""


def cannot_read(file: str, why: Message) -> ReproError:
    """The sentence for the person, from the clause that a reader raised."""
    return ReproError("{file} cannot be read: {why}.", file=quoted(file), why=why)


def quoted(name: str) -> str:
    """A name from a file, fit for one line of text: nothing unprintable, not too long."""
    name = one_line(name[: MAX_NAME + 1])
    return name if len(name) <= 120 else f"{name[:60]}...{name[-50:]}"


def listed(names: Sequence[str], most: int = 8) -> str:
    """Some names in a row, and how many more there are.

    >>> listed(["a", "b", "c"], 2)
    'a, b and 1 more'
    """
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(map(quoted, names[:most])) + more


def attributes_left_out(names: Sequence[str], of: str = "") -> list[str]:
    """The remark on attributes that nothing becomes of, if there are any: those of an object, or of the file itself.

    >>> attributes_left_out(["units", "scale"], "dense/kernel")
    ['attributes units, scale of dense/kernel']
    """
    if not names:
        return []
    what = f"attribute {quoted(names[0])}" if len(names) == 1 else f"attributes {listed(names)}"
    return [f"{what} of {quoted(of)}" if of else what]


def human_bytes(count: int) -> str:
    """`16.0 TiB`, `3.5 MiB`, `812 bytes`."""
    size = float(count)
    for unit in ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB"):
        if size < 1024 or unit == "PiB":
            break
        size /= 1024
    return f"{count} bytes" if unit == "bytes" else f"{size:.1f} {unit}"


def natural(name: str) -> str:
    """A sort key for paths: part by part, digits as numbers (`vars/2` before `vars/10`).

    In the key a part ends with what is less than anything in it, and a number begins with how long it is. Only so many
    numbers count as such as paths have: a key is short, and soon made, whatever the name.

    >>> sorted(["a10", "a/b", "a9", "ab", "a", "a//b"], key=natural)
    ['a', 'a//b', 'a/b', 'a9', 'a10', 'ab']
    """
    return _NUMBER.sub(_with_length, name.replace("/", "\0"), _MOST_NUMBERS)


def _with_length(number: re.Match[str]) -> str:
    text = str(int(number[0]))
    return f"\1{chr(16 + len(text))}{text}"


def count_bytes(name: str, dtype: str, shape: tuple[int, ...]) -> int:
    """Bytes of a tensor that a file declares. Raises Unreadable when the shape or the dtype is beyond reason."""
    if len(shape) > MAX_RANK:
        raise Unreadable("`{name}` declares {rank} dimensions", name=quoted(name), rank=len(shape))
    if any(not 0 <= d < MAX_DIMENSION for d in shape):
        raise Unreadable("`{name}` declares an impossible shape, {shape}", name=quoted(name), shape=_short(shape))
    return math.prod(shape) * storage_dtype(dtype).itemsize


def declares(name: str, shape: tuple[int, ...], needs: int, has: int) -> Unreadable:
    """A shape that needs more, or less, than the file has."""
    return Unreadable(
        "`{name}` declares the shape {shape}, that is {needs}, but {has} are stored",
        name=quoted(name),
        shape=_short(shape),
        needs=human_bytes(needs),
        has=human_bytes(has),
    )


def check_expansion(stored: int, expanded: int) -> None:
    """Refuse data, compressed or repeated, that grows beyond all reason."""
    if expanded > SPARE_EXPANSION and expanded > MAX_EXPANSION * stored:
        raise Unreadable(
            "its data would expand from {stored} to {expanded}",
            stored=human_bytes(stored),
            expanded=human_bytes(expanded),
        )


def check_names(names: Iterable[str]) -> None:
    """Refuse names that are empty, overlong, not text, or there twice, and more of them than any model has.

    Text is what UTF-8 has a form for, without zero bytes; tabs, line ends and invisible signs are shown escaped.
    """
    seen: set[str] = set()
    for name in names:
        if not name:
            raise Unreadable("it holds a tensor without a name")
        if len(name) > MAX_NAME or "\0" in name or encodable(name) != name:
            raise Unreadable("it holds a tensor with an impossible name, `{name}`", name=quoted(name))
        if name in seen:
            raise Unreadable("it holds `{name}` twice", name=quoted(name))
        seen.add(name)
        if len(seen) > MAX_TENSORS:
            raise Unreadable("it holds more than {limit} tensors", limit=MAX_TENSORS)


def _short(shape: tuple[int, ...]) -> str:
    text = ", ".join(map(str, shape[:8]))
    return f"({text}, ...)" if len(shape) > 8 else f"({text})"
