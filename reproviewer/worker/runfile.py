"""Run files: the bytes of a run's tensors one after the other, and an index of them in JSON."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import signal
from typing import Any

from . import tensors
from .protocol import Mistake

VERSION = 1
ALIGNMENT = 64
FULL = (errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC))


def write(np: Any, request: dict[str, Any], number: int, entries: list[tensors.Entry], record: dict[str, Any]) -> str:
    """Write `run-N.bin`, then `run-N.json`, which exists only when all of the run is there.

    Both go to the request's `folder`. Its `spares` are files that the engine lends to be overwritten.

    Returns
    -------
    The name of the index.

    Raises
    ------
    Mistake
        The disk is full or the folder cannot be written; nothing of the run is left behind.
    """
    folder, data, index = request["folder"], f"run-{number}.bin", f"run-{number}.json"
    part = os.path.join(folder, index + ".part")
    try:
        _take_spare(os.path.join(folder, data), request.get("spares", []))
        headers = _write_data(np, os.path.join(folder, data), entries)
        with open(part, "w", encoding="utf-8") as file:
            json.dump({"version": VERSION, "data": data, "tensors": headers, "record": record}, file)
        os.replace(part, os.path.join(folder, index))
    except OSError as error:
        for leftover in (part, os.path.join(folder, data)):
            _remove(leftover)
        raise trouble(error, number, sum(entry.array.nbytes for entry in entries)) from None
    return index


def _take_spare(path: str, spares: list[str]) -> None:
    """Move a spare file to `path`, if there is one.

    Writing over its bytes is a plain copy. The memory of a new file has to be cleared first, and a virtual machine has
    to get it from its host: that takes several times, or many times, as long as the copy.
    """
    for spare in spares:
        try:
            os.replace(spare, path)
        except OSError:
            continue  # an earlier run has taken it
        if _is_open_nowhere(path):
            return
        os.remove(path)


def _is_open_nowhere(path: str) -> bool:
    """Whether nobody else has the file open: else the kernel grants no lease. No where there are no leases."""
    with open(path, "r+b", buffering=0) as file:
        try:
            fcntl.fcntl(file, fcntl.F_SETSIG, signal.SIGURG)  # ends no process, should somebody want it at this moment
            fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)
            fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_UNLCK)
        except (AttributeError, OSError):
            return False
    return True


def _write_data(np: Any, path: str, entries: list[tensors.Entry]) -> list[dict[str, Any]]:
    headers = []
    offset = 0
    with open(os.open(path, os.O_RDWR | os.O_CREAT, 0o666), "r+b", buffering=0) as file:
        for entry in entries:
            headers.append(entry.header(offset))
            file.seek(offset)
            left = tensors.raw(np, entry.array)
            offset += -(-len(left) // ALIGNMENT) * ALIGNMENT
            while left:
                left = left[file.write(left) :]
        file.truncate()
    return headers


def _remove(path: str) -> None:
    if os.path.exists(path):
        os.remove(path)


def trouble(error: OSError, number: int, size: int) -> Mistake:
    """The sentence for a run that could not be written."""
    if error.errno in FULL:
        return Mistake("The disk is full: run {number} needs {size}.", number=number, size=readable(size))
    return Mistake("Run {number} cannot be written: {why}.", number=number, why=error.strerror or str(error))


def readable(size: float) -> str:
    """A number of bytes for a person: `11.2 GiB`.

    >>> readable(20)
    '20 bytes'
    """
    units = ["bytes", "KiB", "MiB", "GiB"]
    while size >= 1024 and len(units) > 1:
        size /= 1024
        del units[0]
    return f"{size:.0f} bytes" if units[0] == "bytes" else f"{size:.1f} {units[0]}"
