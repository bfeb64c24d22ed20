"""Putting new files in the place of old ones, so that a failure at any moment leaves the old ones whole.

New files are written into a hidden folder beside the target (`.reproviewer-<machine>-<process>-...`). One file takes
its place in a single step of the file system. Several cannot: the old ones are first kept in `backup`, together with a
`journal`; whoever finds a complete backup left by a process that died half-way puts the old files back.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import re
import shutil
import stat
import tempfile
import zlib
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_JOURNAL = "journal"


@contextmanager
def place_beside(folder: Path) -> Iterator[Path]:
    """A new hidden folder inside `folder`, which is created when missing; nothing of it is left afterwards.

    Raises
    ------
    OSError
        The folder cannot be written to.
    """
    created = _make_folders(folder)
    try:
        sweep(folder)
        place = Path(tempfile.mkdtemp(prefix=f"{_own_mark()}{os.getpid()}-", dir=folder))
        try:
            yield place
        finally:
            shutil.rmtree(place, ignore_errors=True)
    except BaseException:
        for one in reversed(created):
            with contextlib.suppress(OSError):
                one.rmdir()
        raise


def install(place: Path, names: list[str]) -> None:
    """Move the files `names` of `place` to the folder around it, in this order, all or none.

    Raises
    ------
    OSError
        One could not be moved; the old files are as they were.
    """
    folder = place.parent
    for name in names:
        _settle(place / name, folder / name)
    if len(names) > 1:
        _back_up(place, names)
    try:
        for name in names:
            os.replace(place / name, folder / name)
    except BaseException:
        _put_back(place)
        raise
    if len(names) > 1:
        os.rename(place / "backup", place / "done")
    with contextlib.suppress(OSError):
        sync(folder)


def sweep(folder: Path) -> None:
    """Remove what processes of this machine left in `folder` when they died, and put back what they had half done."""
    for place in folder.glob(f"{_own_mark()}*"):
        process = re.match(r"(\d+)-", place.name.removeprefix(_own_mark()))
        if process and not _is_alive(int(process[1])):
            with contextlib.suppress(OSError, ValueError):
                _put_back(place)
            shutil.rmtree(place, ignore_errors=True)


def sync(path: Path) -> None:
    """Have the file system write down a file, or the names in a folder."""
    try:
        fd = os.open(path, os.O_RDONLY)
    except PermissionError:
        return
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _make_folders(folder: Path) -> list[Path]:
    missing = [p for p in (folder, *folder.parents) if not p.exists()]
    created = []
    for one in reversed(missing):
        one.mkdir()
        created.append(one)
    return created


def _own_mark() -> str:
    return f".reproviewer-{zlib.crc32(platform.node().encode()):08x}-"


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _settle(new: Path, old: Path) -> None:
    """Give the new file the old one's permissions, or those of any new file, and have it written to the disk.

    The safetensors library makes its files readable for the owner alone.
    """
    with contextlib.suppress(OSError):
        new.chmod(stat.S_IMODE(old.stat().st_mode) if old.exists() else _ordinary_mode(new.parent))
    sync(new)


def _ordinary_mode(folder: Path) -> int:
    """The permissions that a new file gets; asking for the umask itself would change it for all threads."""
    probe = folder / ".mode"
    probe.touch()
    mode = stat.S_IMODE(probe.stat().st_mode)
    probe.unlink()
    return mode


def _back_up(place: Path, names: list[str]) -> None:
    backup = place / "backup.part"
    backup.mkdir()
    journal: dict[str, Any] = {}
    for name in names:
        old = place.parent / name
        if old.exists():
            _link(old, backup / name)
        journal[name] = {"old": _stamp(old), "new": _stamp(place / name)}
    (backup / _JOURNAL).write_text(json.dumps(journal), encoding="utf-8")
    for file in backup.iterdir():
        sync(file)
    backup.rename(place / "backup")
    sync(place)


def _link(old: Path, copy: Path) -> None:
    try:
        os.link(old, copy)
    except OSError:
        shutil.copy2(old, copy)


def _put_back(place: Path) -> None:
    """Undo a half-done `install`, unless somebody else has written to the files since."""
    backup = place / "backup"
    if not backup.is_dir():
        return
    journal = json.loads((backup / _JOURNAL).read_text(encoding="utf-8"))
    known = all(_stamp(place.parent / name) in (s["old"], s["new"]) for name, s in journal.items())
    for name in journal if known else ():
        if (backup / name).exists():
            os.replace(backup / name, place.parent / name)
        else:
            (place.parent / name).unlink(missing_ok=True)
    sync(place.parent)


def _stamp(path: Path) -> list[int] | None:
    try:
        now = path.stat()
    except FileNotFoundError:
        return None
    return [now.st_size, now.st_mtime_ns]
