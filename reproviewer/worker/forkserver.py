"""Every run in a process of its own: forked from this one, which has only imported Keras; spawned where that is unsafe.

One thread, no op, no device: the parent of a fork must have none of them. What a child says is passed on line by line.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
import warnings
from typing import TYPE_CHECKING, Any, Callable

from . import death, protocol, runfile, seeds
from .protocol import Mistake

if TYPE_CHECKING:
    from .protocol import Channel
    from .stack import Stack

HERE = os.path.dirname(os.path.abspath(__file__))
IDLE_SECONDS = 10.0
"""A forked child that neither speaks nor uses the processor for so long has locked itself up."""
POLL_SECONDS = 0.5


class Stuck(Exception):
    """A forked child hangs."""


class Unsafe(Exception):
    """Python itself says that this process should not have been forked."""


class Cancelled(Exception):
    """The program no longer wants the answer."""


class ForkServer:
    """Answers requests in children. `answer(stack, line, channel)` is what a child does."""

    def __init__(
        self, stack: Stack, requests: int, channel: Channel, answer: Callable[..., None], idle_seconds: float
    ) -> None:
        self._stack = stack
        self._requests = requests
        self._channel = channel
        self._answer = answer
        self._idle_seconds = idle_seconds
        self._input = b""
        self._waiting: list[str] = []
        self._spawn_because = ""
        self._started = 0

    def serve(self) -> None:
        """Answer until standard input ends."""
        while True:
            line = self._next_line()
            self._channel.request = None
            try:
                request = protocol.read_request(line)
                if request.get("do") == "cancel":
                    continue
                self._channel.request = request["id"]
                self._handle(request)
            except Mistake as mistake:
                self._channel.emit("failed", **mistake.fields())
            except Cancelled:
                self._channel.emit("failed", **Mistake("Stopped.").fields())

    def _handle(self, request: dict[str, Any]) -> None:
        self._started = 0
        if request.get("do") != "run":
            parts = [request]
        else:
            parts = [dict(request, numbers=[number]) for number in request["numbers"]]
        for part in parts:
            if not self._in_child(part):
                return
        self._channel.emit("done")

    def _in_child(self, request: dict[str, Any]) -> bool:
        """Answer in a child; whether it succeeded."""
        reason = self._spawn_because or why_unsafe(self._stack)
        if not reason:
            try:
                return self._pass_on(self._fork(dict(request, process="forked")))
            except Unsafe as unsafe:
                reason = str(unsafe)
            except OSError as error:
                reason = error.strerror or str(error)
            except Stuck:
                reason = "a forked process hung"
        self._spawn_because = reason
        return self._pass_on(self._spawn(dict(request, process="spawned", process_reason=reason)))

    def _fork(self, request: dict[str, Any]) -> Child:
        reading, writing = os.pipe()
        parent = os.getpid()
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always", DeprecationWarning)
            pid = os.fork()
        if pid:
            os.close(writing)
            return _checked(Child(pid, reading), warned)
        try:
            os.close(reading)
            os.close(self._requests)
            _become_child(parent)
            seeds.freshen(self._stack)
            self._answer(self._stack, json.dumps(request), protocol.Channel(writing))
        finally:
            os._exit(0)

    def _spawn(self, request: dict[str, Any]) -> Child:
        process = subprocess.Popen(
            [sys.executable, HERE, "--flavour", self._stack.flavour], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(request).encode() + b"\n")
        process.stdin.flush()
        return Child(process.pid, process.stdout.fileno(), process)

    def _pass_on(self, child: Child) -> bool:
        """Pass on what the child says until it has said its last word or is dead; whether it succeeded."""
        try:
            for message in self._messages(child):
                event = message["event"]
                if event == "done":
                    return True
                if event == "ready" or (event == "started" and message["number"] == self._started):
                    continue
                self._started = message.get("number", self._started)
                self._channel.emit(**{key: value for key, value in message.items() if key not in ("v", "id")})
                if event == "failed":
                    return False
            status, memory = child.reap()
        finally:
            child.end()
        raise _dead(status, memory, self._started)

    def _messages(self, child: Child) -> Any:
        pending = b""
        active, spent = time.monotonic(), 0.0
        while True:
            readable = select.select([child.fd, self._requests], [], [], POLL_SECONDS)[0]
            if self._requests in readable:
                self._read_requests()
                self._raise_if_cancelled()
            if child.fd in readable:
                data = os.read(child.fd, 1 << 16)
                if not data:
                    return
                *lines, pending = (pending + data).split(b"\n")
                active = time.monotonic()
                for line in lines:
                    yield json.loads(line)
            elif child.is_forked:
                used = child.processor_seconds()
                if used != spent:
                    active, spent = time.monotonic(), used
                if time.monotonic() - active > self._idle_seconds:
                    raise Stuck

    def _next_line(self) -> str:
        while not self._waiting:
            self._read_requests()
        return self._waiting.pop(0)

    def _read_requests(self) -> None:
        data = os.read(self._requests, 1 << 16)
        if not data:
            os._exit(0)
        *lines, self._input = (self._input + data).split(b"\n")
        self._waiting += [line.decode("utf-8") for line in lines]

    def _raise_if_cancelled(self) -> None:
        for line in self._waiting:
            request = protocol.read_request(line)
            if request.get("do") == "cancel" and request["id"] == self._channel.request:
                self._waiting.remove(line)
                raise Cancelled


class Child:
    """A process that answers one request, and the end of the pipe on which it speaks."""

    def __init__(self, pid: int, fd: int, process: subprocess.Popen[bytes] | None = None) -> None:
        self.fd = fd
        self._pid = pid
        self._process = process
        self._reaped = False

    @property
    def is_forked(self) -> bool:
        """Whether it shares its start with this process."""
        return self._process is None

    def processor_seconds(self) -> float:
        """What it has used of the processor; the time of day where the system does not tell."""
        try:
            with open(f"/proc/{self._pid}/stat", "rb") as file:
                fields = file.read().rpartition(b")")[2].split()
        except OSError:
            return time.monotonic()
        return float(int(fields[11]) + int(fields[12]))

    def reap(self) -> tuple[int, int]:
        """Wait for its end: its exit status (negative: the signal), and the most memory it used, in bytes."""
        _, status, usage = os.wait4(self._pid, 0)
        self._reaped = True
        code = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
        if self._process is not None:
            self._process.returncode = code
        return code, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)

    def end(self) -> None:
        """Kill it if it is still there, and let go of it."""
        if not self._reaped:
            os.kill(self._pid, signal.SIGKILL)
            self.reap()
        if self._process is None:
            os.close(self.fd)
        else:
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    pipe.close()


def _checked(child: Child, warned: list[warnings.WarningMessage]) -> Child:
    """Python 3.12 and later warn when a process with several threads is forked."""
    if warned:
        child.end()
        raise Unsafe(str(warned[0].message))
    return child


def why_unsafe(stack: Stack) -> str:
    """Why this process must not be forked now; empty when it may be."""
    if not sys.platform.startswith("linux"):
        return f"forking was not tried on {sys.platform}"
    if _may_have_gpu(stack):
        return "a GPU is visible"
    context = sys.modules.get("tensorflow.python.eager.context")
    eager = getattr(context, "_context", None)
    if eager is not None and getattr(eager, "_context_handle", None) is not None:
        return "TensorFlow has run an op in the server"
    if any(name.startswith("tf_") for name in _threads()):
        return "TensorFlow has started threads in the server"
    return ""


def _may_have_gpu(stack: Stack) -> bool:
    """Whether TensorFlow could reach a GPU, told without asking it: that would touch the device."""
    if os.environ.get("CUDA_VISIBLE_DEVICES", "0") in ("", "-1"):
        return False
    return any(os.path.exists(device) for device in ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg"))


def _threads() -> list[str]:
    names = []
    for task in os.listdir("/proc/self/task"):
        try:
            with open(f"/proc/self/task/{task}/comm", encoding="utf-8") as file:
                names.append(file.read().strip())
        except OSError:
            continue
    return names


def _become_child(parent: int) -> None:
    death.with_parent()
    if os.getppid() != parent:
        os._exit(1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.set_wakeup_fd(-1)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)


def _dead(status: int, memory: int, run: int) -> Mistake:
    if status >= 0:
        return Mistake("The process of run {number} ended with status {status}.", number=run, status=str(status))
    return Mistake(
        "The process of run {number} was killed ({signal}); it used {memory}.",
        number=run,
        signal=_signal_name(-status),
        memory=runfile.readable(memory),
    )


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
