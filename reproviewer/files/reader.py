"""Reading a weight file: a small child process parses it, this process gets windows into bytes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

from reproviewer.core.message import Message, ReproError, message
from reproviewer.core.weights import Stamp, Tensor, WeightSet
from reproviewer.files import child
from reproviewer.files.contents import FileContents, cannot_read

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
    path = Path(os.path.abspath(path))
    scratch.mkdir(parents=True, exist_ok=True)
    unpacked = Path(os.path.abspath(scratch)) / f"unpacked-{uuid.uuid4().hex}.bin"
    try:
        return _contents(_ask(path, unpacked))
    except BaseException:
        unpacked.unlink(missing_ok=True)
        raise


def _ask(path: Path, unpacked: Path) -> dict[str, Any]:
    seconds = SECONDS + _size(path) // BYTES_PER_SECOND
    command = [sys.executable, "-P", "-B", child.__file__, os.fspath(path), os.fspath(unpacked), str(seconds)]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=seconds,
            env={**os.environ, **_ENVIRONMENT},
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise cannot_read(path.name, message("it took longer than {count} seconds", count=seconds)) from None
    except (OSError, ValueError) as error:
        raise cannot_read(path.name, message("no process could be started for it ({why})", why=error)) from None
    try:
        answer: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        raise cannot_read(path.name, _death(done.returncode, done.stderr, seconds)) from None
    if "error" in answer:
        raise _error(answer["error"])
    return answer


_ENVIRONMENT = {"HDF5_PLUGIN_PRELOAD": "::", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONINSPECT": ""}


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
    return FileContents(answer["format"], WeightSet(tensors), answer["metadata"], Path(answer["source"]), stamps)


def _tensor(entry: dict[str, Any], stamp: Stamp | None) -> Tensor:
    shape, aliases = tuple(entry["shape"]), tuple(entry["aliases"])
    return Tensor(entry["name"], entry["dtype"], shape, entry["path"], entry["offset"], entry["role"], aliases, stamp)
