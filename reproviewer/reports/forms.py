"""The forms of a report, known without making one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reproviewer.core.message import ReproError

if TYPE_CHECKING:
    from pathlib import Path

SUFFIXES = (".html", ".json", ".csv")


def check_suffix(path: Path) -> None:
    """Refuse a name that is not a report's. Raises ReproError."""
    if path.suffix.lower() not in SUFFIXES:
        raise ReproError("A report is a .html, a .json or a .csv file, not {file}.", file=path.name)
