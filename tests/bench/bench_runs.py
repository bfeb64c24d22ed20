"""P3, P4 and P8: runs and their weights, from the worker to the verdict."""

import contextlib
import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from measure import Result, in_child, interleaved, started, timed

from reproviewer.core.compare import compare
from reproviewer.core.experiment import Environment, Experiment, SeedCall, Seeding
from reproviewer.core.verdict import Verdict
from reproviewer.core.weights import read_run_file
from reproviewer.engine import Engine
from reproviewer.engine.events import Outcome, RunFinished, RunState

BUILDS = 200
SEEDED = Seeding((SeedCall("keras.utils.set_random_seed", 1),))


def p3() -> Result:
    """One run of Dense(5) in a process of its own, from the question to the answer."""
    experiment = Experiment("Dense(5, input_dim=1)", seeding=SEEDED, environment=Environment(process="fresh"), runs=1)
    with _engine(experiment) as engine:
        rival = lambda: timed(lambda: in_child("keras_loop.py", "1"))  # noqa: E731
        return Result(
            "P3",
            "a run in a fresh process",
            "python, import keras, build",
            *interleaved(lambda: timed(lambda: _build_and_compare(engine, experiment)), rival, 7),
            ratio=1 / 15,
        )


def p4() -> Result:
    """Many builds, each compared with the first."""
    experiment = Experiment("Dense(5, input_dim=1)", seeding=SEEDED, runs=BUILDS)
    with _engine(experiment) as engine:
        return Result(
            "P4",
            f"{BUILDS} seeded builds, compared",
            "the bare Keras loop",
            *interleaved(
                lambda: timed(lambda: _build_and_compare(engine, experiment)),
                lambda: in_child("keras_loop.py", str(BUILDS)),
                5,
            ),
            ratio=1.15,
        )


def p8() -> Result:
    """1 GB of weights, from a process that holds them to one that can read any of them."""
    with (
        tempfile.TemporaryDirectory(prefix="reproviewer-bench-") as folder,
        _by_file(folder) as ours,
        _by_pipe() as rival,
    ):
        return Result("P8", "1 GB from worker to window", "a pickled Pipe", *interleaved(ours, rival, 5), ratio=1 / 20)


@contextlib.contextmanager
def _by_file(folder: str) -> Iterator[Callable[[], float]]:
    """As the worker and the engine do it. What one round leaves is removed before the next, outside the time."""

    def once() -> float:
        begin = time.perf_counter()
        child.stdin.write("go\n")
        index = Path(folder, child.stdout.readline().strip())
        weights, _ = read_run_file(index)
        last = weights.tensors[-1]
        with open(last.path, "rb") as file:
            assert os.pread(file.fileno(), 4, last.offset + last.nbytes - 4)
        seconds = time.perf_counter() - begin
        index.with_suffix(".bin").unlink()
        return seconds

    with started("sender.py", "file", folder) as child:
        yield once


@contextlib.contextmanager
def _by_pipe() -> Iterator[Callable[[], float]]:
    """The rival: the standard library's way to send an array to another process."""

    def once() -> float:
        begin = time.perf_counter()
        child.stdin.write("go\n")
        assert receiver.recv().flat[-1] >= 0
        return time.perf_counter() - begin

    receiver, sender = multiprocessing.Pipe(duplex=False)
    with receiver, started("sender.py", "pipe", str(sender.fileno()), keep=sender.fileno()) as child:
        sender.close()
        yield once


@contextlib.contextmanager
def _engine(experiment: Experiment) -> Iterator[Engine]:
    """An engine that has built this experiment once."""
    with tempfile.TemporaryDirectory() as folder:
        engine = Engine(Path(folder))
        try:
            _build_and_compare(engine, experiment)
            yield engine
        finally:
            engine.close()


def _build_and_compare(engine: Engine, experiment: Experiment) -> None:
    """Build all runs; all must be identical."""
    first = None
    for event in engine.run(experiment):
        if isinstance(event, RunFinished):
            first = first or event.weights
            if compare(first, event.weights).verdict != Verdict.IDENTICAL:
                raise AssertionError("seeded builds differ")
        elif isinstance(event, Outcome) and event.state != RunState.FINISHED:
            raise RuntimeError(str(event.message))
