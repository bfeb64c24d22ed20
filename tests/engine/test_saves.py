"""Files that Keras writes, in the worker: what gets into its way leaves the old files as they were."""

import os
import signal

import pytest

from reproviewer.core.experiment import Experiment
from reproviewer.core.message import ReproError
from reproviewer.engine.events import Outcome, RunState
from reproviewer.engine.transfer import save_weights
from tests.files import obstacles

EXPERIMENT = Experiment("Dense(5, input_dim=1)", runs=1)
FORMATS = {"keras-weights": "a.weights.h5", "legacy-h5": "a.h5", "tf-checkpoint": "a"}
PARTS = ("checkpoint", "a.index", "a.data-00000-of-00001")


@pytest.fixture
def run(engine):
    """Tensors of a run, and the process of the worker that built it."""
    events = list(engine.run(EXPERIMENT))
    assert isinstance(events[-1], Outcome)
    assert events[-1].state is RunState.FINISHED
    return next((e.weights, e.record["pid"]) for e in events if hasattr(e, "weights"))


@pytest.fixture
def old(tmp_path):
    """A folder with the old files of a format."""

    def make(key):
        folder = tmp_path / "out"
        folder.mkdir()
        for name in PARTS if key == "tf-checkpoint" else [FORMATS[key]]:
            (folder / name).write_text(f"the old {name}")
        return folder / FORMATS[key]

    return make


def seen(path):
    return {p.name: p.read_text(errors="replace") for p in path.parent.iterdir()}


@pytest.mark.parametrize("key", FORMATS)
def test_a_full_disk(engine, run, old, key):
    weights, worker = run
    path = old(key)
    before = seen(path)
    with obstacles.full_disk(worker), pytest.raises(ReproError, match="disk is full"):
        save_weights(engine, EXPERIMENT, weights, path, key)
    assert seen(path) == before
    with path.with_name(next(iter(before))).open() as reader:
        save_weights(engine, EXPERIMENT, weights, path, key)
        assert reader.read() == next(iter(before.values()))
    assert seen(path).keys() == before.keys()
    assert seen(path).items().isdisjoint(before.items())


@pytest.mark.parametrize("key", FORMATS)
def test_a_folder_that_is_read_only(engine, run, old, key):
    path = old(key)
    before = seen(path)
    with obstacles.read_only(path.parent), pytest.raises(ReproError, match="cannot be written to"):
        save_weights(engine, EXPERIMENT, run[0], path, key)
    assert seen(path) == before


def test_a_worker_that_is_killed(engine, run, old, monkeypatch):
    weights, worker = run
    path = old("keras-weights")
    before = seen(path)
    real = engine.save

    def save(*args):
        events = real(*args)
        os.kill(worker, signal.SIGKILL)
        yield from events

    monkeypatch.setattr(engine, "save", save)
    with pytest.raises(ReproError, match="was killed"):
        save_weights(engine, EXPERIMENT, weights, path)
    assert seen(path) == before
