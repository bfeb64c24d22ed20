"""Files that another one names: only by a bare name, only in its own folder."""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from reproviewer.files.contents import Unreadable, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator


def find(folder: Path, name: str, opened: Path | None = None) -> Path | None:
    """Where the file `name` of `folder` really lies; None when there is none.

    A link is followed as long as it stays inside the folder, or leads to where `opened`, the file that the person
    chose, really lies: some caches keep all files of a model elsewhere, and only links to them in a folder.

    Raises
    ------
    Unreadable
        The name is a path, the link leads elsewhere, or it is no regular file.
    """
    if not name or name in (".", "..") or any(c in name for c in "/\\\0") or Path(name).is_absolute():
        raise Unreadable("it names a file outside its folder, `{name}`", name=quoted(name))
    real = Path(os.path.realpath(folder / name))
    if not _is_inside(real, folder, opened):
        raise Unreadable("its `{name}` is a link to another folder; open that file itself", name=quoted(name))
    try:
        mode = real.stat().st_mode
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Unreadable("its `{name}` cannot be found ({why})", name=quoted(name), why=error.strerror) from None
    if not stat.S_ISREG(mode):
        raise Unreadable("its `{name}` is not a regular file", name=quoted(name))
    return real


@contextmanager
def part(listing: Path, name: str) -> Iterator[Path]:
    """Where a file lies that the list `listing` names. What is found wrong with it within is told of this file.

    Raises
    ------
    Unreadable
        It is missing, or `find` refuses it.
    """
    place = find(listing.parent, name, listing)
    if place is None:
        raise Unreadable("its part `{name}` is missing", name=quoted(name))
    try:
        yield place
    except Unreadable as error:
        raise Unreadable("of its part `{name}`: {why}", name=quoted(name), why=error.message) from None


def _is_inside(real: Path, folder: Path, opened: Path | None) -> bool:
    home = Path(os.path.realpath(folder))
    if home in real.parents:
        return True
    return opened is not None and Path(os.path.realpath(opened)).parent == real.parent
