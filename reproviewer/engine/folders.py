"""The folder of an engine's runs: it goes with the engine, and one left by a dead process is swept by the next."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

PREFIX = "reproviewer-runs-"
LOCK = "in-use"
FRESH_SECONDS = 60


class RunFolder:
    """A new folder below `root` (the system's folder for temporary files by default)."""

    def __init__(self, root: Path | None = None) -> None:
        root = root or Path(tempfile.gettempdir())
        root.mkdir(parents=True, exist_ok=True)
        sweep(root)
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=root))
        self._lock = (self.path / LOCK).open("wb")
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    def request(self, number: int) -> Path:
        """Make the folder of one request."""
        path = self.path / f"request-{number}"
        path.mkdir()
        return path

    def close(self) -> None:
        """Remove it all."""
        self._lock.close()
        shutil.rmtree(self.path, ignore_errors=True)


def sweep(root: Path) -> None:
    """Remove the folders whose owner is dead: the kernel has released its lock."""
    for folder in root.glob(PREFIX + "*"):
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
