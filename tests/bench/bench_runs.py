"""P3, P4 and P8: runs and their weights, from the worker to the verdict."""

import contextlib
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from measure import Result, in_child, interleaved, started, timed

from reproviewer.core.compare import compare
from reproviewer.core.experiment import Environment, Experiment, SeedCall, Seeding
from reproviewer.core.verdict import Verdict
from reproviewer.core.weights import open_tensor
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
            *interleaved(lambda: timed(lambda: _build_and_compare(engine, experiment)), rival, rounds=7),
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
                rounds=5,
            ),
            ratio=1.15,
        )


def p8() -> Result:
    """1 GB of weights, from a worker that has built them to a window that can read any of them.

    As in a window that has forgotten its oldest runs to make room, whose files the next runs write over.
    """
    experiment = Experiment("Dense(16000, input_dim=15625, use_bias=False)", seeding=SEEDED)
    with _engine(experiment) as engine, _by_pipe() as rival:
        what = "1 GB from worker to window, over old runs"
        ours = lambda: _transfer(engine, experiment)  # noqa: E731
        return Result("P8", what, "a pickled Pipe", *interleaved(ours, rival, rounds=5), ratio=1 / 20)


def _transfer(engine: Engine, experiment: Experiment) -> float:
    """Mean seconds from a run that is built, by the worker's clock, until its last number is read here."""
    seconds = []
    for run in _runs(engine, experiment):
        tensor = run.weights.tensors[-1]
        with open_tensor(tensor) as reader:
            assert len(reader.elements(tensor.size - 1, 1)) == 1
        built = datetime.fromisoformat(run.record["started"]).timestamp() + run.record["seconds"]
        seconds.append(time.time() - built)
    return statistics.mean(seconds)


@contextlib.contextmanager
def _by_pipe() -> Iterator[Callable[[], float]]:
    """The rival: the standard library's way to send an array to another process."""

    def once() -> float:
        begin = time.perf_counter()
        child.stdin.write("go\n")
        assert receiver.recv().flat[-1] >= 0
        return time.perf_counter() - begin

    receiver, sender = multiprocessing.Pipe(duplex=False)
    with receiver, started("sender.py", str(sender.fileno()), keep=sender.fileno()) as child:
        sender.close()
        yield once


@contextlib.contextmanager
def _engine(experiment: Experiment) -> Iterator[Engine]:
    """An engine that has built this experiment once."""
    with tempfile.TemporaryDirectory() as folder, Engine(Path(folder)) as engine:
        _build_and_compare(engine, experiment)
        yield engine


def _build_and_compare(engine: Engine, experiment: Experiment) -> None:
    """Build all runs; all must be identical."""
    first = None
    for run in _runs(engine, experiment):
        first = first or run.weights
        if compare(first, run.weights).verdict != Verdict.IDENTICAL:
            raise AssertionError("seeded builds differ")


def _runs(engine: Engine, experiment: Experiment) -> Iterator[RunFinished]:
    """The runs as they come; all are forgotten when the last one has been used."""
    runs = []
    for event in engine.run(experiment):
        if isinstance(event, RunFinished):
            runs.append(event)
            yield event
        elif isinstance(event, Outcome) and event.state != RunState.FINISHED:
            raise RuntimeError(str(event.message))
    for run in runs:
        engine.forget(run.index)
