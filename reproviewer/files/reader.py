"""Reading a weight file: a small child process parses it, this process gets windows into bytes."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import stat
import subprocess
import sys
import uuid
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reproviewer.core.message import Message, ReproError, message
from reproviewer.core.weights import Stamp, Tensor, WeightSet
from reproviewer.files import child
from reproviewer.files.contents import FileContents, cannot_read

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SECONDS = 20
BYTES_PER_SECOND = 50 << 20
"""Time allowed: 20 seconds, and one more for every 50 MiB of the file (only compressed data takes that long)."""


def read(path: Path, scratch: Path) -> FileContents:
    """Read a weight file, the prefix of a checkpoint, or a folder with one.

    Parameters
    ----------
    path
        Any file; its format is told by its content.
    scratch
        A folder for data that cannot be read in place (compressed, big-endian, Fortran order). Whoever owns the folder
        deletes it when the tensors are not needed any more. Created when missing.

    Raises
    ------
    ReproError
        One sentence that names the file and says why it cannot be read.
    """
    return _Reading(path, scratch).contents()


def read_all(
    paths: Sequence[Path], scratch: Path, meanwhile: Callable[[], object] = lambda: None
) -> list[FileContents]:
    """Read files as `read` does, each while the one before it is being read.

    Parameters
    ----------
    meanwhile
        What there is to do in this process while the first two are being read.

    Raises
    ------
    ReproError
        What `read` raises for the first file that cannot be read.
    """
    with ExitStack() as started:
        readings: list[_Reading] = []
        contents: list[FileContents] = []
        for path in paths:
            readings.append(_Reading(path, scratch))
            started.callback(readings[-1].stop)
            if len(readings) == 2:
                meanwhile()
            if len(readings) > 1:
                contents.append(readings[-2].contents())
        return [*contents, *(reading.contents() for reading in readings[-1:])]


class _Reading:
    """A child process that parses one file; `read` says what may go wrong."""

    def __init__(self, path: Path, scratch: Path) -> None:
        self._path = Path(os.path.abspath(path))
        scratch.mkdir(parents=True, exist_ok=True)
        _check_kind(self._path)
        self._unpacked = Path(os.path.abspath(scratch)) / f"unpacked-{uuid.uuid4().hex}.bin"
        self._seconds = SECONDS + _size(self._path) // BYTES_PER_SECOND
        where, unpacked, seconds = os.fspath(self._path), os.fspath(self._unpacked), str(self._seconds)
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-B", child.__file__, where, unpacked, seconds],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={**os.environ, **_ENVIRONMENT},
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except (OSError, ValueError) as error:
            why = message("no process could be started for it ({why})", why=error)
            raise cannot_read(self._path.name, why) from None

    def contents(self) -> FileContents:
        """Wait for its answer."""
        try:
            return _contents(self._answer())
        except BaseException:
            self.stop()
            self._unpacked.unlink(missing_ok=True)
            raise

    def stop(self) -> None:
        """End it, if it has not ended."""
        self._process.kill()
        self._process.communicate()

    def _answer(self) -> dict[str, Any]:
        name, seconds = self._path.name, self._seconds
        try:
            stdout, stderr = self._process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            raise cannot_read(name, message("it took longer than {count} seconds", count=seconds)) from None
        try:
            answer: dict[str, Any] = json.loads(stdout)
        except ValueError:
            raise cannot_read(name, _death(self._process.returncode, stderr, seconds)) from None
        if "error" in answer:
            raise _error(answer["error"])
        return answer


_ENVIRONMENT = {"HDF5_PLUGIN_PRELOAD": "::", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONINSPECT": ""}


def _check_kind(path: Path) -> None:
    """Refuse a pipe or a device, which may be open in this process alone, as those of a shell's `<(...)` are."""
    with contextlib.suppress(OSError, ValueError):
        mode = path.stat().st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            raise cannot_read(path.name, message("it is not a regular file"))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except (OSError, ValueError):
        return 0


def _death(status: int, stderr: bytes, seconds: int) -> Message:
    if status == -getattr(signal, "SIGXCPU", 0):
        return message("it took longer than {count} seconds", count=seconds)
    if status == -getattr(signal, "SIGVTALRM", 0):
        return message("it is damaged (HDF5 comes to no end with it)")
    if status < 0:
        return message("the process that read it crashed with {signal}", signal=signal.Signals(-status).name)
    if b"MemoryError" in stderr:
        return message("it needs too much memory")
    return message("the process that read it ended with status {status}", status=status)


def _error(data: dict[str, Any]) -> ReproError:
    whole = _message(data)
    return ReproError(whole.template, **dict(whole.args))


def _message(data: dict[str, Any]) -> Message:
    return message(data["template"], **{k: _message(v) if isinstance(v, dict) else v for k, v in data["args"].items()})


def _contents(answer: dict[str, Any]) -> FileContents:
    stamps: dict[str, Stamp] = {path: tuple(stamp) for path, stamp in answer["stamps"].items()}
    tensors = tuple(_tensor(entry, stamps.get(entry["path"])) for entry in answer["tensors"])
    about, remarks = answer["metadata"], answer["remarks"]
    return FileContents(answer["format"], WeightSet(tensors), about, Path(answer["source"]), stamps, remarks)


def _tensor(entry: dict[str, Any], stamp: Stamp | None) -> Tensor:
    shape, aliases = tuple(entry["shape"]), tuple(entry["aliases"])
    return Tensor(entry["name"], entry["dtype"], shape, entry["path"], entry["offset"], entry["role"], aliases, stamp)
