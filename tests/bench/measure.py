"""Two ways to do the same thing, measured side by side."""

import contextlib
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Result:
    """One line of the table. `ours` and `rival` in `unit`; the goal: `ours / rival <= ratio`, and `ours <= limit`."""

    number: str
    what: str
    rival_is: str
    ours: float
    rival: float
    ratio: float
    limit: float | None = None
    unit: str = "s"

    @property
    def met(self) -> bool:
        """Whether both halves of the goal are met."""
        return self.ours / self.rival <= self.ratio and (self.limit is None or self.ours <= self.limit)

    @property
    def goal(self) -> str:
        """The goal in words, e.g. `<= 1/20 x, <= 20 ms`."""
        parts = f"<= {self.ratio:g} x" if self.ratio >= 0.5 else f"<= 1/{1 / self.ratio:g} x"
        return parts + (f", <= {self.limit:g} {self.unit}" if self.limit is not None else "")


def interleaved(*sides: Callable[[], float], rounds: int) -> tuple[float, ...]:
    """The median of every side, measured in turns, so that a busy moment of the machine meets all."""
    measured = [[side() for side in sides] for _ in range(rounds)]
    return tuple(statistics.median(side) for side in zip(*measured, strict=True))


def timed(action: Callable[[], object]) -> float:
    """Seconds that a call takes."""
    begin = time.perf_counter()
    action()
    return time.perf_counter() - begin


def in_child(script: str, *arguments: str) -> float:
    """Run `children/SCRIPT` in a process of its own; returns the number on its last line."""
    done = subprocess.run(_command(script, arguments), capture_output=True, text=True, env=environment(), check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{script} {arguments}: exit status {done.returncode}\n{done.stdout}{done.stderr}")
    return float(json.loads(done.stdout.splitlines()[-1]))


def until_line(script: str, *arguments: str) -> float:
    """Seconds from the start of `children/SCRIPT` until it writes its first line; then it is killed."""
    begin = time.perf_counter()
    with subprocess.Popen(_command(script, arguments), stdout=subprocess.PIPE, env=environment()) as child:
        assert child.stdout is not None
        line = child.stdout.readline()
        seconds = time.perf_counter() - begin
        child.kill()
    if not line:
        raise RuntimeError(f"{script} {arguments} ended without a word")
    return seconds


@contextlib.contextmanager
def started(script: str, *arguments: str, keep: int | None = None) -> Iterator[subprocess.Popen[str]]:
    """`children/SCRIPT`, past its first line; ended afterwards. `keep`: a file descriptor that it inherits."""
    with subprocess.Popen(
        _command(script, arguments),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment(),
        text=True,
        bufsize=1,
        pass_fds=() if keep is None else (keep,),
    ) as child:
        assert child.stdout is not None
        if not child.stdout.readline():
            raise RuntimeError(f"{script} {arguments} ended without a word")
        try:
            yield child
        finally:
            child.kill()


def environment() -> dict[str, str]:
    """For children: this checkout, TensorFlow's chatter off."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "2"}


def _command(script: str, arguments: tuple[str, ...]) -> list[str]:
    return [sys.executable, str(Path(__file__).parent / "children" / script), *arguments]
