"""One worker process: started by a thread that lives as long as the engine, read by a thread of its own."""

from __future__ import annotations

import json
import os
import queue
import resource
import signal
import subprocess
import sys
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

VERSION = 1
LONGEST_LINE = 64 << 20


@dataclass(frozen=True)
class Death:
    """How a process ended. `memory_bytes` is the most it used, 0 when that is not known."""

    status: int
    memory_bytes: int = 0

    @property
    def signal(self) -> int | None:
        """The signal that killed it, None when it left by itself."""
        return -self.status if self.status < 0 else None


@dataclass(frozen=True)
class NotStarted:
    """The process could not even be started."""

    why: str


@dataclass(frozen=True)
class Rubbish:
    """A line that is no message of the protocol."""

    line: str


@dataclass(frozen=True)
class Cancelled:
    """Somebody wants the request `request` to end."""

    request: int


Item = dict[str, Any] | Death | NotStarted | Rubbish | Cancelled


class Spawner:
    """Starts processes from one thread, since the kernel kills a worker when the *thread* that started it ends."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, "spawner")

    def submit(self, work: Any) -> Future[Any]:
        """Run `work()` in the thread."""
        return self._pool.submit(work)

    def close(self) -> None:
        """End the thread once its work is done."""
        self._pool.shutdown(wait=True)


class WorkerProcess:
    """A worker that is starting, running or dead.

    What it says arrives in `inbox`, its death last; `hello` is its message `ready` once it has come.
    """

    def __init__(self, command: Sequence[str], log: Path, environment: dict[str, str], spawner: Spawner) -> None:
        self.inbox: queue.SimpleQueue[Item] = queue.SimpleQueue()
        self.log = log
        self.hello: dict[str, Any] | None = None
        self._command = list(command)
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._killed = False
        self._reader: threading.Thread | None = None
        self._over = threading.Event()
        spawner.submit(self._start)

    @property
    def pid(self) -> int | None:
        """The id of the process, None before it is started."""
        return self._process.pid if self._process else None

    @property
    def is_over(self) -> bool:
        """Whether it is dead, or never came to life."""
        return self._over.is_set() or self._killed

    def send(self, request: dict[str, Any]) -> None:
        """Send one request; a process that died meanwhile says so in the inbox."""
        process = self._process
        if process is not None and process.stdin is not None:
            with suppress(OSError, ValueError):
                process.stdin.write(json.dumps({"v": VERSION, **request}).encode() + b"\n")
                process.stdin.flush()

    def kill(self) -> None:
        """Kill the process and what it started. Returns at once."""
        with self._lock:
            self._killed = True
            if self._process is not None and not self._over.is_set():
                _kill_group(self._process)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the process is gone and reaped, and the thread that listened to it has ended."""
        is_over = self._over.wait(timeout)
        if is_over and self._reader is not None:
            self._reader.join(timeout)
        return is_over

    def _start(self) -> None:
        own_peak = _peak_bytes(resource.getrusage(resource.RUSAGE_SELF))
        with self._lock:
            if self._killed:
                self._over.set()
                return
            try:
                with self.log.open("ab") as log:
                    self._process = subprocess.Popen(
                        self._command,
                        stdin=subprocess.PIPE,
                        stdout=subprocess.PIPE,
                        stderr=log,
                        env=self._environment,
                        start_new_session=True,
                    )
            except OSError as error:
                self._over.set()
                self.inbox.put(NotStarted(error.strerror or str(error)))
                return
        self._reader = threading.Thread(target=self._read, args=(self._process, own_peak), name="worker", daemon=True)
        self._reader.start()

    def _read(self, process: subprocess.Popen[bytes], own_peak: int) -> None:
        stdout = process.stdout
        assert stdout is not None
        while line := stdout.readline(LONGEST_LINE):
            item = decode(line)
            if isinstance(item, dict) and item["event"] == "ready":
                self.hello = item
            self.inbox.put(item)
            if isinstance(item, Rubbish):
                self.kill()
                break
        death = self._reap(process, own_peak)
        self._over.set()
        for pipe in (process.stdin, stdout):
            with suppress(OSError):
                pipe.close()  # type: ignore[union-attr]
        self.inbox.put(death)

    def _reap(self, process: subprocess.Popen[bytes], own_peak: int) -> Death:
        """Wait for the end. A peak below our own is none of the child's: the kernel counts what it was forked from."""
        _, status, usage = os.wait4(process.pid, 0)
        with self._lock:
            process.returncode = os.waitstatus_to_exitcode(status)
        peak = _peak_bytes(usage)
        return Death(process.returncode, peak if peak > own_peak else 0)


def decode(line: bytes) -> dict[str, Any] | Rubbish:
    """One line of the worker's as a message of this version."""
    try:
        message = json.loads(line)
        if message["v"] == VERSION and isinstance(message["event"], str):
            return dict(message)
    except (ValueError, TypeError, KeyError, RecursionError):
        pass
    return Rubbish(line[:1000].decode(errors="replace").rstrip())


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _peak_bytes(usage: resource.struct_rusage) -> int:
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
