"""Folders for passing data: each goes with its owner, and one that a dead process left is swept by the next."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
import time
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

LOCK = "in-use"
FRESH_SECONDS = 60
_PREFIX = "reproviewer-scratch-"


class OwnFolder:
    """A new folder, called `prefix...`, below `root` (the system's folder for temporary files by default)."""

    def __init__(self, prefix: str, root: Path | None = None) -> None:
        root = root or Path(tempfile.gettempdir())
        root.mkdir(parents=True, exist_ok=True)
        sweep(root, prefix)
        self.path = Path(tempfile.mkdtemp(prefix=prefix, dir=root))
        self._lock = (self.path / LOCK).open("wb")
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    def close(self) -> None:
        """Remove it all."""
        self._lock.close()
        shutil.rmtree(self.path, ignore_errors=True)


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder for the time of one command."""
    with closing(OwnFolder(_PREFIX)) as folder:
        yield folder.path


def sweep(root: Path, prefix: str) -> None:
    """Remove the folders whose owner is dead: the kernel has released its lock."""
    for folder in root.glob(prefix + "*"):
        if not _is_in_use(folder):
            shutil.rmtree(folder, ignore_errors=True)


def _is_in_use(folder: Path) -> bool:
    lock = folder / LOCK
    try:
        if not lock.exists():
            return time.time() - folder.stat().st_mtime < FRESH_SECONDS
        with lock.open("rb") as file:
            return not _can_lock(file)
    except OSError:
        return True


def _can_lock(file: IO[bytes]) -> bool:
    with suppress(OSError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False
