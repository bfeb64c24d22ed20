"""P3, P4 and P8: runs and their weights, from the worker to the verdict."""

import contextlib
import tempfile
from collections.abc import Iterator

from measure import Result, in_child, interleaved, timed

from reproviewer.core.compare import compare
from reproviewer.core.experiment import Environment, Experiment, SeedCall, Seeding
from reproviewer.core.verdict import Verdict
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


@contextlib.contextmanager
def _engine(experiment: Experiment) -> Iterator[Engine]:
    """An engine that has built this experiment once."""
    with tempfile.TemporaryDirectory() as folder:
        engine = Engine(folder)
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
