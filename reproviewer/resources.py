"""The only door to `resources/`: in a wheel it lies inside the package, in a checkout beside it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


@cache
def folder() -> Path:
    """Where the resources lie."""
    inside = _PACKAGE / "resources"
    return inside if inside.is_dir() else _PACKAGE.parent / "resources"


def path(name: str) -> Path:
    """The path of a resource, e.g. `path("examples/01-random.json")`. Raises FileNotFoundError."""
    found = folder() / name
    if not found.exists():
        raise FileNotFoundError(found)
    return found


def read_text(name: str) -> str:
    """The text of a resource."""
    return path(name).read_text(encoding="utf-8")
