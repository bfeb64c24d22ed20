"""Weights in several files: a JSON list within limits, and the files beside it that it names, never any other."""

from __future__ import annotations

import json
import os
import stat
from typing import TYPE_CHECKING, Any

from reproviewer.files.contents import Unreadable, quoted

if TYPE_CHECKING:
    from pathlib import Path

MAX_JSON = 16 << 20
MAX_PARTS = 10_000


def read_json(path: Path) -> dict[str, Any]:
    """The object of a small JSON file in which no key is there twice. Raises Unreadable."""
    with path.open("rb") as file:
        text = file.read(MAX_JSON + 1)
    if len(text) > MAX_JSON:
        raise Unreadable("its JSON is larger than {limit} bytes", limit=MAX_JSON)
    return parse_json(text)


def parse_json(text: bytes) -> dict[str, Any]:
    """The object that JSON text describes. Raises Unreadable."""
    try:
        document = json.loads(text.decode("utf-8"), object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise Unreadable("its JSON is not valid ({why})", why=quoted(str(error))) from None
    if not isinstance(document, dict):
        raise Unreadable("its JSON is not an object")
    return document


def file_beside(path: Path, name: object) -> Path:
    """The file `name` in the folder of `path`: a bare name of a regular file that lies there. Raises Unreadable."""
    if not isinstance(name, str) or not name or name in (".", "..") or set(name) & set("/\\:\0"):
        raise Unreadable("it names a file outside its folder, `{name}`", name=quoted(str(name)))
    part = path.with_name(name)
    try:
        mode = part.stat().st_mode
    except (OSError, ValueError):
        raise Unreadable("its part `{name}` is missing", name=quoted(name)) from None
    if not stat.S_ISREG(mode):
        raise Unreadable("its part `{name}` is not a regular file", name=quoted(name))
    if os.path.dirname(os.path.realpath(part)) != os.path.realpath(path.parent):
        raise Unreadable("its part `{name}` is a link that leads out of its folder", name=quoted(name))
    return part


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise Unreadable("its JSON has the key `{name}` twice", name=quoted(twice))
    return result
