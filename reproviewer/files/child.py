"""Reads one weight file in a process of its own, within limits, and prints its index as one line of JSON.

Run by path with the file and a name for unpacked data; see `files.reader`. A file that crashes a library, or would
take all memory, ends this process and nothing else.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import signal
import sys
from pathlib import Path
from typing import Any

MEMORY = 1 << 30
MAX_MEMORY = 16 << 30
_PR_SET_PDEATHSIG = 1


def end_with_parent() -> None:
    """Let the system kill this process as soon as nobody waits for it: the thread that started it has ended (Linux)."""
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    listener = select.poll()
    listener.register(1, 0)
    if listener.poll(0):  # it ended before it was asked for
        os._exit(1)


def limit(seconds: int, file_size: int) -> None:
    """Bound the address space, processor time and core dumps of this process, where the system can."""
    try:
        import resource
    except ImportError:
        return
    memory = min(MEMORY + file_size, MAX_MEMORY) + address_space()
    for what, value in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CPU, seconds), (resource.RLIMIT_CORE, 0)):
        _soft, hard = resource.getrlimit(what)
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(what, (value, hard))


def address_space() -> int:
    """How much this process has mapped, in bytes; a guess where the system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except (OSError, ValueError):
        return 1 << 30
    return pages * os.sysconf("SC_PAGE_SIZE")


def answer(path: Path, scratch: Path) -> dict[str, Any]:
    """The index of `path` as a JSON document, or the error as one."""
    from reproviewer.core.message import ReproError, message
    from reproviewer.files.contents import Unreadable, cannot_read
    from reproviewer.files.registry import read_index

    try:
        return read_index(path, scratch)
    except Unreadable as error:
        trouble = cannot_read(path.name, error.message)
    except ReproError as error:
        trouble = error
    except (MemoryError, RecursionError):
        trouble = cannot_read(path.name, message("it needs too much memory"))
    except OSError as error:
        trouble = cannot_read(path.name, message("{why}", why=error.strerror or error))
    except Exception as error:
        why = message(
            "it is damaged ({kind}: {why})", kind=type(error).__name__, why=" ".join(str(error).split())[:200]
        )
        trouble = cannot_read(path.name, why)
    return {"error": _to_json(trouble.message)}


def _to_json(value: Any) -> Any:
    from reproviewer.core.message import Message

    if isinstance(value, Message):
        return {"template": value.template, "args": {k: _to_json(v) for k, v in value.args}}
    return value if isinstance(value, int) else str(value)


def main() -> None:
    """Answer on what was stdout; whatever a library prints goes to stderr."""
    path, scratch, seconds = Path(os.fsdecode(sys.argv[1])), Path(os.fsdecode(sys.argv[2])), int(sys.argv[3])
    out = os.dup(1)
    os.dup2(2, 1)
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    try:
        size = path.stat().st_size
    except (OSError, ValueError):
        size = 0
    limit(seconds, size)
    line = json.dumps(answer(path, scratch)).encode("ascii")
    with os.fdopen(out, "wb") as stream:
        stream.write(line)
    os._exit(0)


if __name__ == "__main__":
    end_with_parent()
    main()
