"""P5, P6 and P7: two weight files of 1 GB, from the verdict to the full report. The page cache is warm."""

import functools
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import h5py
import numpy as np
from measure import Result, environment, in_child, interleaved, timed

from reproviewer.core.compare import compare
from reproviewer.core.verdict import Comparison, Verdict
from reproviewer.files import read_all

TENSORS = 32
SHAPE = (3125, 2500)
H5DIFF, CMP = "h5diff -q", "cmp -s"


def p5() -> tuple[Result, Result]:
    """Two equal files that are open in the program."""
    a, b = _files()[:2]
    what, opened = "verdict on two equal 1 GB files", _opened(a, b)
    ours, h5diff, cmp = interleaved(
        lambda: timed(lambda: _expect(Verdict.IDENTICAL, compare(*opened))),
        lambda: _run(0, *H5DIFF.split(), a, b),
        lambda: _run(0, *CMP.split(), a, b),
        rounds=9,
    )
    return Result("P5", what, H5DIFF, ours, h5diff, 1 / 10), Result("P5", what, CMP, ours, cmp, 1 / 3)


def p6() -> tuple[Result, Result]:
    """The same from the command line; of the memory counts the largest process, children included."""
    a, b = _files()[:2]
    command, rival = (sys.executable, "-m", "reproviewer", "compare", a, b), (*H5DIFF.split(), a, b)
    ours, theirs = interleaved(lambda: _run(0, *command), lambda: _run(0, *rival), rounds=9)
    peaks = in_child("peak.py", *command), in_child("peak.py", *rival)
    return (
        Result("P6", "the same as a whole process", H5DIFF, ours, theirs, 1 / 3),
        Result("P6", "peak of its memory", H5DIFF, *peaks, 1, limit=100, unit="MB"),
    )


def p7() -> Result:
    """Two draws from one distribution: all elements are counted and measured."""
    a, _, other = _files()
    opened = _opened(a, other)
    ours, theirs = interleaved(
        lambda: timed(lambda: _expect(Verdict.DIFFERENT, compare(*opened))),
        lambda: _run(1, *H5DIFF.split(), a, other),
        rounds=7,
    )
    return Result("P7", "full report on 1 GB, all of it different", H5DIFF, ours, theirs, 1 / 5)


@functools.cache
def _files() -> tuple[str, str, str]:
    """Two equal files and one with other numbers; they go when the process ends."""
    if not shutil.which("h5diff"):
        raise RuntimeError("there is no h5diff to compare with: `apt-get install hdf5-tools` brings it")
    folder = Path(_folder().name)
    paths = tuple(str(folder / f"{name}.weights.h5") for name in ("one", "equal", "other"))
    for path, seed in zip(paths, (1, 1, 2), strict=True):
        numbers = np.random.default_rng(seed)
        with h5py.File(path, "w") as file:
            for layer in range(TENSORS):
                place = f"layers/dense_{layer}/vars/0".replace("dense_0/", "dense/")
                file[place] = numbers.standard_normal(SHAPE, dtype=np.float32)
    return paths


@functools.cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="reproviewer-bench-")


def _opened(*paths: str):
    return [contents.weights for contents in read_all([Path(path) for path in paths], Path(_folder().name))]


def _expect(verdict: Verdict, comparison: Comparison) -> None:
    if comparison.verdict != verdict or len(comparison.tensors) != TENSORS:
        raise AssertionError(f"the verdict is {comparison.verdict}")


def _run(status: int, *command: str) -> float:
    """Seconds that a command takes, which must end with this status."""
    done = []
    run = lambda: done.append(subprocess.run(command, capture_output=True, env=environment(), check=False))  # noqa: E731
    seconds = timed(run)
    if done[0].returncode != status:
        raise RuntimeError(f"{command[0]}: exit status {done[0].returncode}\n{done[0].stderr.decode()}")
    return seconds
