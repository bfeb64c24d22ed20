"""A data file for tensors that are not plain windows into their own file: little-endian, C order, one after another."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from reproviewer.core.weights import BLOCK, storage_dtype
from reproviewer.files.contents import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

ALIGNMENT = 64


class Spill:
    """Writes tensors' bytes to `path`, which is created when the first one comes."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)
        self._file: Any = None

    def add(self, blocks: Iterable[bytes | memoryview]) -> int:
        """Append the bytes of one tensor and return their offset."""
        try:
            if self._file is None:
                self._file = open(self.path, "xb")  # noqa: SIM115
            self._file.write(bytes(-self._file.tell() % ALIGNMENT))
            offset: int = self._file.tell()
            for block in blocks:
                self._file.write(block)
            self._file.flush()
        except OSError as error:
            raise Unreadable("its data could not be unpacked: {why}", why=error.strerror or error) from None
        return offset

    def add_array(self, array: np.ndarray[Any, Any], dtype: str) -> int:
        """Append an array of any byte order and memory order, a block at a time."""
        return self.add(_c_order(array, storage_dtype(dtype)))

    def close(self) -> None:
        """Finish the file."""
        if self._file is not None:
            self._file.close()


def _c_order(array: np.ndarray[Any, Any], dtype: np.dtype[Any]) -> Iterable[memoryview]:
    if array.ndim == 0:
        yield memoryview(array.astype(dtype).tobytes())
        return
    if array.ndim > 1 and array[:1].nbytes > BLOCK:
        for part in array:
            yield from _c_order(part, dtype)
        return
    rows = max(1, BLOCK // max(1, array[:1].nbytes))
    for start in range(0, len(array), rows):
        yield memoryview(np.ascontiguousarray(array[start : start + rows], dtype).tobytes())


def pread(fd: int, count: int, offset: int) -> bytes:
    """Exactly `count` bytes at `offset`. Raises Unreadable when the file ends before."""
    data = os.pread(fd, count, offset)
    while len(data) < count:
        more = os.pread(fd, count - len(data), offset + len(data))
        if not more:
            raise Unreadable("it ends too early")
        data += more
    return data
