"""Tensors as windows into files, and ordered sets of them.

A tensor is never held in memory for its own sake: it is a name, a dtype, a shape and a span of bytes that lie in a
file, little-endian and in C order. Blocks are read with `os.pread`, so a file that shrinks meanwhile is an error in
words and not a killed process. numpy is imported when the first block is read, so that a window can open before it.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from reproviewer.core.message import ReproError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np

Role = Literal["weight", "draw", "optimizer", "other"]
"""Weights of a model, numbers drawn beside it, an optimizer's state, anything else (such as a dropout's seed)."""

BLOCK = 1 << 20
RUN_FILE_VERSION = 1

Stamp = tuple[int, int, int, int]
"""What tells one state of a file from another: device, inode, size in bytes, time of the last change in ns."""

LEFT_OUT = "left out"
"""The remark on what a file holds that no tensor was made of: texts, settings, numbers without a shape."""

_STORAGE = {
    "bfloat16": "<u2",
    **{f"float8_{kind}": "u1" for kind in ("e4m3fn", "e5m2", "e4m3", "e4m3b11fnuz", "e4m3fnuz", "e5m2fnuz", "e8m0fnu")},
}
"""Kinds that numpy has no dtype for, and the integers of the same size that carry their bits."""


@dataclass(frozen=True)
class Tensor:
    """`shape` elements of `dtype` at `offset` of the file `path`. `dtype` is numpy's name or one of ml_dtypes'.

    `aliases` are the names the same weight carries in files: `layers/dense/vars/0`, `layer_with_weights-0/kernel`.
    `stamp` is the state of a file that others may write to, as it was when the file was opened.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    path: str
    offset: int
    role: Role = "weight"
    aliases: tuple[str, ...] = ()
    stamp: Stamp | None = None

    @property
    def size(self) -> int:
        """How many elements."""
        return math.prod(self.shape)

    @property
    def itemsize(self) -> int:
        """Bytes of one element."""
        return storage_dtype(self.dtype).itemsize

    @property
    def nbytes(self) -> int:
        """Bytes of the whole tensor."""
        return self.size * self.itemsize


@dataclass(frozen=True)
class WeightSet:
    """Named tensors in order."""

    tensors: tuple[Tensor, ...] = ()

    @cached_property
    def by_name(self) -> dict[str, Tensor]:
        """The tensors by name; of two with one name the first."""
        return {t.name: t for t in reversed(self.tensors)}

    @cached_property
    def state(self) -> tuple[Tensor, ...]:
        """The tensors that are no weights of the model and no draws."""
        return self.only("optimizer", "other").tensors

    @property
    def size(self) -> int:
        """How many elements in all tensors."""
        return sum(t.size for t in self.tensors)

    @property
    def nbytes(self) -> int:
        """Bytes of all tensors."""
        return sum(t.nbytes for t in self.tensors)

    def only(self, *roles: Role) -> WeightSet:
        """The tensors of these roles."""
        return WeightSet(tuple(t for t in self.tensors if t.role in roles))


def _read_into(fd: int, buffer: memoryview, offset: int) -> int:
    if hasattr(os, "preadv"):
        return os.preadv(fd, [buffer], offset)
    data = os.pread(fd, len(buffer), offset)
    buffer[: len(data)] = data
    return len(data)


@cache
def storage_dtype(dtype: str) -> np.dtype[Any]:
    """The little-endian numpy dtype that carries the bits of `dtype`: itself, or integers of its size."""
    import numpy as np

    return np.dtype(_STORAGE.get(dtype, dtype)).newbyteorder("<")


def as_values(bits: np.ndarray[Any, Any], dtype: str) -> np.ndarray[Any, Any]:
    """Turn stored elements into numbers that numpy computes with (bfloat16 and float8 become float32, exactly)."""
    import numpy as np

    from reproviewer.core import float8

    if float8.is_float8(dtype):
        return np.asarray(float8.table(dtype)[bits])
    if dtype == "bfloat16":
        return (bits.astype(np.uint32) << np.uint32(16)).view(np.float32)
    return bits


class ChangedOnDisk(ReproError):
    """A file is not any more what it was when it was opened; `path` tells which."""

    def __init__(self, path: str) -> None:
        super().__init__("{file} has changed on disk since it was opened; reload it.", file=Path(path).name)
        self.path = path


def stamp_of(status: os.stat_result) -> Stamp:
    """The state of a file."""
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


class Reader:
    """Reads blocks of one tensor. The caller closes it, or uses `open_tensor`."""

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = tensor
        try:
            self._fd = os.open(tensor.path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        except OSError as error:
            raise ReproError("Cannot read {file}: {why}.", file=Path(tensor.path).name, why=error.strerror) from None
        try:
            self.check_unchanged()
        except BaseException:
            self.close()
            raise

    def check_unchanged(self) -> None:
        """Raise ChangedOnDisk when somebody has written to the file since it was opened."""
        if self.tensor.stamp is not None and stamp_of(os.fstat(self._fd)) != self.tensor.stamp:
            raise ChangedOnDisk(self.tensor.path)

    def close(self) -> None:
        """Give the file back."""
        os.close(self._fd)

    def into(self, buffer: memoryview, start: int) -> None:
        """Fill `buffer` from byte `start` of the tensor. Raises ReproError when the file has become shorter."""
        done = 0
        while done < len(buffer):
            count = _read_into(self._fd, buffer[done:], self.tensor.offset + start + done)
            if not count:
                raise ReproError("{file} has become shorter while it was read.", file=Path(self.tensor.path).name)
            done += count

    def raw(self, start: int, count: int) -> bytes:
        """`count` bytes from byte `start` of the tensor. Raises ReproError when the file has become shorter."""
        data = os.pread(self._fd, count, self.tensor.offset + start)
        while len(data) < count:
            more = os.pread(self._fd, count - len(data), self.tensor.offset + start + len(data))
            if not more:
                raise ReproError("{file} has become shorter while it was read.", file=Path(self.tensor.path).name)
            data += more
        return data

    def elements(self, start: int, count: int) -> np.ndarray[Any, Any]:
        """`count` stored elements from element `start` in C order, 1-D."""
        item = self.tensor.itemsize
        return self.view(self.raw(start * item, count * item))

    def view(self, data: bytes | bytearray | memoryview) -> np.ndarray[Any, Any]:
        """Bytes of this tensor as stored elements, 1-D."""
        import numpy as np

        return np.frombuffer(data, storage_dtype(self.tensor.dtype))


@contextmanager
def open_tensor(tensor: Tensor) -> Iterator[Reader]:
    """Open a tensor for reading blocks. What was read is of one state of the file, or ChangedOnDisk is raised."""
    reader = Reader(tensor)
    try:
        yield reader
        reader.check_unchanged()
    finally:
        reader.close()


def read_bits(tensor: Tensor) -> np.ndarray[Any, Any]:
    """The whole tensor as stored elements, in its shape."""
    with open_tensor(tensor) as reader:
        return reader.elements(0, tensor.size).reshape(tensor.shape)


def read_values(tensor: Tensor) -> np.ndarray[Any, Any]:
    """The whole tensor as numbers, in its shape."""
    return as_values(read_bits(tensor), tensor.dtype)


def digest(weights: WeightSet) -> str:
    """sha256 over the tensors in order: for each a line `dtype shape` (`float32 1,5`), then its bytes.

    Names are left out, because Keras numbers them anew with every build.
    """
    total = hashlib.sha256()
    for tensor in weights.tensors:
        total.update(f"{tensor.dtype} {','.join(map(str, tensor.shape))}\n".encode())
        _feed(total, tensor)
    return total.hexdigest()


def tensor_sha256(tensor: Tensor, moved: Callable[[int], None] = lambda _: None) -> str:
    """sha256 of the tensor's bytes in C order, little-endian. `moved` is told of every block how many bytes it has."""
    total = hashlib.sha256()
    _feed(total, tensor, moved)
    return total.hexdigest()


def _feed(total: Any, tensor: Tensor, moved: Callable[[int], None] = lambda _: None) -> None:
    with open_tensor(tensor) as reader:
        for start in range(0, tensor.nbytes, BLOCK):
            size = min(BLOCK, tensor.nbytes - start)
            total.update(reader.raw(start, size))
            moved(size)


def read_run_file(index: Path) -> tuple[WeightSet, dict[str, Any]]:
    """Read the JSON index of a run file: its tensors and its record.

    The index is `{"version": 1, "data": "run-1.bin", "tensors": [...], "record": {}}` where a tensor is
    `{"name", "dtype", "shape", "offset", "role", "aliases"}`; `data` is a bare file name beside the index.
    """
    try:
        document = json.loads(index.read_text(encoding="utf-8"))
        data = index.parent / Path(document["data"]).name
        tensors = tuple(
            Tensor(
                t["name"],
                t["dtype"],
                tuple(t["shape"]),
                str(data),
                t["offset"],
                t.get("role", "weight"),
                tuple(t.get("aliases", ())),
            )
            for t in document["tensors"]
        )
        version, record = document["version"], document.get("record", {})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ReproError("The run file {file} cannot be read: {why}.", file=index.name, why=error) from None
    if version != RUN_FILE_VERSION:
        raise ReproError("The run file {file} has the unknown version {version}.", file=index.name, version=version)
    return WeightSet(tensors), record
