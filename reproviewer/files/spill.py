"""A data file for tensors that are not plain windows into their own file: little-endian, C order, one after another."""

from __future__ import annotations

import math
import mmap
import os
from typing import TYPE_CHECKING, Any

import numpy as np

from reproviewer.core.weights import BLOCK
from reproviewer.files.contents import Unreadable, check_expansion

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

ALIGNMENT = 64


class Spill:
    """Writes tensors' bytes to `path`, which is created when the first one comes."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)
        self._file: Any = None
        self._rewritten = 0

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

    def add_strided(
        self, path: str, offset: int, kind: np.dtype[Any], shape: tuple[int, ...], strides: tuple[int, ...]
    ) -> int:
        """Append a tensor whose elements of `kind` lie `strides` bytes apart from byte `offset` of the file `path`."""
        if 0 in shape:
            return self.add([])
        self._rewritten += math.prod(shape) * kind.itemsize
        check_expansion(on_disk(path), self._rewritten)
        strides = tuple(s if d > 1 else 0 for d, s in zip(shape, strides, strict=True))
        before = offset % mmap.ALLOCATIONGRANULARITY
        size = before + kind.itemsize + sum((d - 1) * s for d, s in zip(shape, strides, strict=True))
        with (
            open(path, "rb") as file,
            mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ, offset=offset - before) as view,
        ):
            array: Any = np.ndarray(shape, kind, view, before, strides)
            try:
                return self.add(_c_order(array, kind.newbyteorder("<")))
            finally:
                del array

    def close(self) -> None:
        """Finish the file."""
        if self._file is not None:
            self._file.close()


def on_disk(path: str) -> int:
    """Bytes that a file takes on the disk: few, be it ever so long, when nothing was written to most of it."""
    about = os.stat(path)
    return min(about.st_size, 512 * getattr(about, "st_blocks", 0) or about.st_size)


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
