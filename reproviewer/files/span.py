"""A file, or a stretch of one that is a file of its own, such as a member of a zip file that is stored as it is."""

from __future__ import annotations

import errno
import io
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from _typeshed import WriteableBuffer


@dataclass(frozen=True)
class Span:
    """`size` bytes of the file `path` from byte `start` on."""

    path: str
    start: int
    size: int

    @classmethod
    def whole(cls, path: Path) -> Span:
        """All of a file."""
        return cls(str(path), 0, path.stat().st_size)

    @property
    def is_whole(self) -> bool:
        """Whether nothing else lies in the file."""
        return self.start == 0 and self.size == os.path.getsize(self.path)

    def open(self) -> SpanFile:
        """The stretch as a file for reading; it is closed like any other."""
        return SpanFile(self)


class SpanFile(io.RawIOBase):
    """Reads a span, and nothing outside of it."""

    def __init__(self, span: Span) -> None:
        self._span, self._at = span, 0
        self._fd = os.open(span.path, os.O_RDONLY | getattr(os, "O_BINARY", 0))

    def close(self) -> None:
        """Give the file back."""
        if not self.closed:
            os.close(self._fd)
        super().close()

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def tell(self) -> int:
        """The place, counted from the start of the span."""
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place; as in any file it may lie behind the end."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._span.size}[whence]
        if base + offset < 0:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        self._at = base + offset
        return self._at

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill `buffer` as far as the span reaches."""
        view = memoryview(buffer).cast("B")
        count = max(0, min(len(view), self._span.size - self._at))
        data = os.pread(self._fd, count, self._span.start + self._at)
        view[: len(data)] = data
        self._at += len(data)
        return len(data)
