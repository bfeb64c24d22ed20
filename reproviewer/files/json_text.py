"""JSON from files, within limits. It stays what JSON is: dictionaries, lists, texts and numbers, never objects."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from reproviewer.files.contents import Unreadable, human_bytes, quoted

if TYPE_CHECKING:
    from pathlib import Path

MAX_JSON = 6 << 20
"""Bytes of text. Whatever it says, the lists and dictionaries that it becomes then fit into 250 MB."""


def read(path: Path) -> Any:
    """Parse a JSON file. Raises Unreadable as `parse` does."""
    with path.open("rb") as file:
        check_size(file.seek(0, 2))
        file.seek(0)
        return parse(file.read(MAX_JSON + 1))


def parse(text: bytes) -> Any:
    """Parse a JSON text. Raises Unreadable when it is too long, nested too deep, ambiguous or not JSON at all."""
    check_size(len(text))
    try:
        return json.loads(text.decode("utf-8-sig"), object_pairs_hook=_unique)
    except RecursionError:
        raise Unreadable("its JSON text is nested too deep") from None
    except ValueError as error:
        raise Unreadable("its JSON text is not valid ({why})", why=quoted(str(error))) from None


def check_size(count: int) -> None:
    """Refuse a text that is too long before it is read."""
    if count > MAX_JSON:
        raise Unreadable(
            "its JSON text has {size}, more than the {limit} that are read",
            size=human_bytes(count),
            limit=human_bytes(MAX_JSON),
        )


def looks_like(head: bytes) -> bool:
    """Whether a file that begins like this may be JSON text with an object or a list in it."""
    return head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[") and b"\0" not in head


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise Unreadable("its JSON text has the key `{name}` twice", name=quoted(twice))
    return result
