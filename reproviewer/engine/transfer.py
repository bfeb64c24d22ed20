"""Between models and weight files: save the weights of a run, load a file's weights into a second model."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reproviewer.core import fitting
from reproviewer.core.message import ReproError
from reproviewer.core.weights import Tensor, WeightSet
from reproviewer.engine.events import Event, Outcome, Reply, RunState
from reproviewer.files import formats
from reproviewer.files.save import save
from reproviewer.files.writers import write_npz, write_safetensors

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from reproviewer.core.experiment import Experiment
    from reproviewer.engine import Engine


def save_weights(
    engine: Engine,
    experiment: Experiment,
    weights: WeightSet,
    target: Path,
    key: str = "",
    read_from: Iterable[str] = (),
) -> None:
    """Save the weights of a run of `experiment` in the format `key` (default: the one of the file's name).

    The files `read_from`, from which the weights came, are never written over.

    Raises
    ------
    ReproError
        The worker, the disk or reading back failed; what `target` held before is untouched.
    """
    key = key or formats.format_for_name(target).key
    model = weights.only("weight")
    if formats.by_key(key).needs_keras:
        model = _in_order(model_tensors(engine, experiment), model)

    def write(path: Path) -> None:
        if key == "npz":
            write_npz(model, path)
        elif key == "safetensors":
            write_safetensors(model, path)
        else:
            _expect_success(engine.save(experiment, model.tensors, key, path))

    save(target, key, model, write, engine.scratch(), read_from)


def _in_order(model: WeightSet, weights: WeightSet) -> WeightSet:
    """Weights that may come from a file, in the model's order and under its names. Raises ReproError."""
    ordered = fitting.order_for(model, weights)
    return WeightSet(
        tuple(replace(t, name=m.name, aliases=m.aliases) for m, t in zip(model.tensors, ordered, strict=True))
    )


def load_weights(engine: Engine, experiment: Experiment, weights: WeightSet) -> Iterator[Event]:
    """Build a model, then give it the weights of a file: two runs, before and after. All or nothing.

    Raises
    ------
    ReproError
        A tensor does not fit the model; says which.
    """
    ordered = fitting.order_for(model_tensors(engine, experiment), weights)
    yield from engine.load(experiment, ordered)


def model_tensors(engine: Engine, experiment: Experiment) -> WeightSet:
    """What weights the model of `experiment` has: names, dtypes and shapes without bytes. Raises ReproError."""
    reply = _expect_success(engine.check(experiment))
    return WeightSet(
        tuple(
            Tensor(t["name"], t["dtype"], tuple(t["shape"]), "", 0, t["role"], tuple(t.get("aliases", ())))
            for t in (reply.data["tensors"] if reply else ())
            if t["role"] == "weight"
        )
    )


def _expect_success(events: Iterator[Event]) -> Reply | None:
    reply = None
    for event in events:
        if isinstance(event, Reply):
            reply = event
        elif isinstance(event, Outcome) and event.state is not RunState.FINISHED:
            raise WorkerError(event)
    return reply


class WorkerError(ReproError):
    """A request that the worker did not finish."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__("{outcome}", outcome=outcome.message)
        self.message = outcome.message
        self.outcome = outcome
