"""The folder of an engine's runs: it goes with the engine, and one left by a dead process is swept by the next."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from itertools import count
from typing import TYPE_CHECKING

from reproviewer.files.scratch import OwnFolder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PREFIX = "reproviewer-runs-"
LARGE = 64 << 20
"""Bytes of a file that is worth overwriting: a smaller one is written anew as quickly."""
SPARE_BYTES = 2 << 30
"""The most that is kept for being overwritten."""


class RunFolder:
    """A new folder below `root` (the system's folder for temporary files by default)."""

    def __init__(self, root: Path | None = None) -> None:
        self._folder = OwnFolder(PREFIX, root)
        self.path = self._folder.path
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
        self._folder.close()
