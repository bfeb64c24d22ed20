"""The folder of an engine's runs: it goes with the engine, and one left by a dead process is swept by the next."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
import time
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIX = "reproviewer-runs-"
LOCK = "in-use"
FRESH_SECONDS = 60
LARGE = 64 << 20
"""Bytes of a file that is worth overwriting: a smaller one is written anew as quickly."""
SPARE_BYTES = 2 << 30
"""The most that is kept for being overwritten."""


class RunFolder:
    """A new folder below `root` (the system's folder for temporary files by default)."""

    def __init__(self, root: Path | None = None) -> None:
        root = root or Path(tempfile.gettempdir())
        root.mkdir(parents=True, exist_ok=True)
        sweep(root)
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=root))
        self._lock = (self.path / LOCK).open("wb")
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self._spares: list[Path] = []
        self._numbers = count(1)

    def request(self, number: int) -> Path:
        """Make the folder of one request."""
        path = self.path / f"request-{number}"
        path.mkdir()
        return path

    def give_back(self, path: Path) -> None:
        """Take a file that nobody looks at any more; a large one is kept for the next request to write over."""
        with suppress(FileNotFoundError):
            size = path.stat().st_size
            if size < LARGE or size + sum(spare.stat().st_size for spare in self._spares) > SPARE_BYTES:
                path.unlink()
            else:
                self._spares.append(path.replace(self.path / f"spare-{next(self._numbers)}.bin"))

    @contextmanager
    def spares(self) -> Iterator[list[Path]]:
        """Lend the files that were given back. Those that are still there at the end are removed."""
        lent, self._spares = self._spares, []
        try:
            yield lent
        finally:
            for path in lent:
                path.unlink(missing_ok=True)

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
