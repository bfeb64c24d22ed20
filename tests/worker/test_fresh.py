"""Runs in processes of their own: as fresh as a spawned one, with the bits of a spawned one."""

import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from reproviewer.core.experiment import Draw, Environment, Experiment, SeedCall, Seeding
from reproviewer.core.weights import digest, read_bits
from reproviewer.engine import Engine

WORKER = Path(__file__).parents[2] / "reproviewer" / "worker"
SPOILED = Path(__file__).parent / "fakes" / "spoiled.py"
MODELS = {
    "dense": "Dense(5, input_dim=1)",
    "conv": "Input((8, 8, 3))\nConv2D(4, 3)\nDropout(0.5)\nFlatten()\nDense(300)",
    "lstm": "Input((6, 2))\nLSTM(4, return_sequences=True)\nBidirectional(LSTM(3))",
}
SEEDED = Seeding((SeedCall("keras.utils.set_random_seed", 1),))
DRAWS = tuple(
    Draw(call, 2) for call in ("random.random", "numpy.random.random", "tf.random.uniform", "keras.random.uniform")
)

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="forks on Linux only")

SPAWNED = """
import sys
from {flavour}.layers import *
from {flavour} import Input, Sequential
from {flavour}.utils import set_random_seed
import numpy, hashlib
for text in sys.argv[1:]:
    set_random_seed(1)
    model = Sequential(eval("[" + text.replace(chr(10), ",") + "]"))
    print(hashlib.sha256(b"".join(numpy.asarray(w).tobytes() for w in model.get_weights())).hexdigest())
"""


def fresh(flavour, model="", **changes):
    return Experiment(model, environment=Environment(flavour, "fresh"), **changes)


@pytest.mark.parametrize("flavour", ["keras", "tf_keras"])
def test_seeded_runs_have_the_bits_of_a_script(engine, ask, flavour):
    """The script is a process that nobody forked, which knows nothing of the worker."""
    import hashlib

    command = [sys.executable, "-c", SPAWNED.format(flavour=flavour), *MODELS.values()]
    script = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    for model, expected in zip(MODELS.values(), script, strict=True):
        runs = ask(engine.run(fresh(flavour, model, seeding=SEEDED))).runs
        assert [run.record["process"] for run in runs] == ["forked", "forked"]
        for run in runs:
            weights = run.weights.only("weight").tensors
            bits = hashlib.sha256(b"".join(read_bits(t).tobytes() for t in weights)).hexdigest()
            assert bits == expected


@pytest.mark.parametrize("flavour", ["keras", "tf_keras"])
@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_unseeded_runs_all_differ(engine, ask, flavour, model):
    runs = ask(engine.run(fresh(flavour, model, draws=DRAWS, runs=4))).runs
    assert len({run.record["pid"] for run in runs}) == 4
    for number, tensor in enumerate(runs[0].weights.tensors):
        if "bias" not in tensor.name:
            assert len({read_bits(run.weights.tensors[number]).tobytes() for run in runs}) == 4, tensor.name


def test_once_is_each_in_a_fresh_process(engine, ask):
    runs = ask(engine.run(fresh("keras", MODELS["dense"], seeding=replace(SEEDED, when="once")))).runs
    assert digest(runs[0].weights) == digest(runs[1].weights)
    assert [run.record["seeded_before_run"] for run in runs] == [1, 2]
    assert all(run.record["calls"] for run in runs)


def test_other_requests_are_answered_too(engine, ask, refusal):
    experiment = fresh("keras", MODELS["dense"])
    assert ask(engine.check(experiment)).data["weights"] == 2
    assert "Dense" in ask(engine.catalog(experiment.environment)).data["layers"]
    weights = ask(engine.run(experiment)).runs[0].weights
    assert digest(ask(engine.load(experiment, weights.tensors)).runs[1].weights) == digest(weights)
    outcome = refusal(engine.run(fresh("keras", "Dense(-1)")))
    assert outcome.where == (0, "units")


def test_a_fresh_run_is_quick(engine, ask):
    """2.2 s is what a process of its own takes that imports Keras first."""
    experiment = fresh("keras", MODELS["dense"], runs=1)
    ask(engine.run(experiment))
    seconds = []
    for _ in range(5):
        before = time.perf_counter()
        ask(engine.run(experiment))
        seconds.append(time.perf_counter() - before)
    assert min(seconds) < 0.5


@pytest.mark.parametrize(
    ("how", "reason"), [("told", "TensorFlow has run an op in the server"), ("hidden", "a forked process hung")]
)
def test_an_unsafe_server_spawns(tmp_path, ask, how, reason):
    command = [sys.executable, str(SPOILED), str(WORKER), how, "--idle", "1.5"]
    with Engine(tmp_path, worker_command=command) as engine:
        experiment = fresh("keras", MODELS["conv"], seeding=SEEDED, runs=1)
        (run,) = ask(engine.run(experiment)).runs
    assert (run.record["process"], run.record["process_reason"]) == ("spawned", reason)
    assert run.number == 1
