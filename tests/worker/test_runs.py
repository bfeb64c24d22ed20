"""What a run consists of, and the measured facts of what each seeding call governs."""

import json
import random
from dataclasses import replace

import numpy as np
import pytest

from reproviewer.core.experiment import Draw, Environment, Experiment, SeedCall, Seeding, to_json
from reproviewer.core.weights import digest, read_bits, read_values

KERAS, KERAS2 = Environment("keras"), Environment("tf_keras")
DENSE = Experiment("Dense(5, input_dim=1)")
FIRST_KERNEL = np.float32([-0.48200035, 0.7248938, 0.87680125, -0.3135233, -0.93707347])
GOVERNS = ["random.seed", "keras.utils.set_random_seed"]
GOVERNS_NOT = ["numpy.random.seed", "tf.random.set_seed"]

flavours = pytest.mark.parametrize("environment", [KERAS, KERAS2], ids=["keras", "tf_keras"])


def seeded(function="keras.utils.set_random_seed", seed=1, when="each"):
    return Seeding((SeedCall(function, seed),), when)


def digests(asked):
    return [digest(run.weights) for run in asked.runs]


@flavours
def test_the_first_kernel_of_seed_1(engine, ask, environment):
    first, second = ask(engine.run(replace(DENSE, environment=environment, seeding=seeded()))).runs
    kernel, bias = first.weights.tensors
    assert np.array_equal(read_values(kernel).ravel(), FIRST_KERNEL)
    assert np.array_equal(read_values(bias), np.zeros(5))
    assert digest(first.weights) == digest(second.weights)
    assert [(t.name, t.dtype, t.shape, t.role, t.offset) for t in first.weights.tensors] == [
        ("dense/kernel", "float32", (1, 5), "weight", 0),
        ("dense/bias", "float32", (5,), "weight", 64),
    ]


@flavours
@pytest.mark.parametrize("function", GOVERNS + GOVERNS_NOT)
def test_which_call_governs_the_weights(engine, ask, environment, function):
    experiment = replace(DENSE, environment=environment, seeding=seeded(function), runs=3)
    assert len(set(digests(ask(engine.run(experiment))))) == (1 if function in GOVERNS else 3)


@flavours
def test_unseeded_runs_all_differ(engine, ask, environment):
    """Also from those of a request after the same seeded one: what it left behind must not look like chance."""
    unseeded = replace(DENSE, environment=environment, runs=3)
    found = []
    for _ in range(2):
        ask(engine.run(replace(unseeded, seeding=seeded(), draws=(Draw("keras.random.uniform"),))))
        found += digests(ask(engine.run(unseeded)))
    assert len(set(found)) == 6


@flavours
def test_seeded_once_the_builds_differ_and_repeat(engine, ask, environment):
    experiment = replace(DENSE, environment=environment, seeding=seeded(when="once"), runs=3)
    asked = ask(engine.run(experiment))
    assert len(set(digests(asked))) == 3
    assert digests(asked) == digests(ask(engine.run(experiment)))
    assert [run.record["calls"] for run in asked.runs] == [["keras.utils.set_random_seed(1)"], [], []]
    assert [run.record["seeded_before_run"] for run in asked.runs] == [1, 1, 1]


def test_drawing_between_builds_does_not_disturb_them(engine, ask):
    """As in a script: the generator that keras.random made for itself takes no second seed from `random`."""
    experiment = replace(DENSE, seeding=seeded(when="once"), draws=(Draw("keras.random.uniform", 2),), runs=3)
    runs = ask(engine.run(experiment)).runs
    drawn = [read_values(run.weights.only("draw").tensors[0]) for run in runs]
    assert len({values.tobytes() for values in drawn}) == 3


@pytest.mark.parametrize(
    ("call", "function", "value"),
    [
        ("random.random", "random.seed", 0.13436424411240122),
        ("numpy.random.random", "numpy.random.seed", 0.417022004702574),
    ],
)
def test_draws_without_a_model(engine, ask, call, function, value):
    experiment = Experiment(draws=(Draw(call, 1),), seeding=seeded(function))
    for run in ask(engine.run(experiment)).runs:
        (tensor,) = run.weights.tensors
        assert (tensor.name, tensor.dtype, tensor.shape, tensor.role) == (f"{call}()", "float64", (1,), "draw")
        assert read_values(tensor)[0] == value


def test_a_draw_repeats_what_python_does(engine, ask):
    experiment = Experiment(draws=(Draw("random.random", 1000),), seeding=seeded("random.seed", 7), runs=1)
    (run,) = ask(engine.run(experiment)).runs
    expected = random.Random(7)
    assert read_values(run.weights.tensors[0]).tolist() == [expected.random() for _ in range(1000)]


@flavours
def test_every_kind_of_draw(engine, ask, environment):
    calls = ["tf.random.uniform", "keras.random.uniform", "keras.layers.Dropout", "numpy.random.default_rng"]
    experiment = Experiment(
        draws=tuple(Draw(call, 64) for call in [*calls, "random.random", "random.random"]),
        seeding=seeded(),
        environment=environment,
    )
    first, second = ask(engine.run(experiment)).runs
    names = [t.name for t in first.weights.tensors]
    assert names == [f"{call}()" for call in calls] + ["random.random()", "random.random() (2)"]
    pairs = zip(first.weights.tensors, second.weights.tensors, strict=True)
    same = [np.array_equal(read_bits(a), read_bits(b)) for a, b in pairs]
    assert same == [True, True, True, False, True, True]
    assert set(read_values(first.weights.tensors[2])) == {0.0, 2.0}
    made_as = {"keras.random.uniform": "keras.backend.random_uniform"} if environment == KERAS2 else None
    assert first.record.get("draws_made_as") == made_as


def test_state_that_is_no_weight_comes_last(engine, ask):
    model = "Input((4,))\nDropout(0.5)\nDense(2)\nBatchNormalization()"
    (run,) = ask(engine.run(Experiment(model, runs=1))).runs
    assert [t.role for t in run.weights.tensors] == ["weight"] * 6 + ["other"]
    assert run.weights.tensors[-1].name.endswith("seed_generator_state")


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float64"])
def test_other_dtypes_arrive_bit_by_bit(engine, ask, dtype):
    model = f"Dense(5, input_dim=1, dtype='{dtype}', kernel_initializer=Constant(0.1))"
    (run,) = ask(engine.run(Experiment(model, runs=1))).runs
    kernel = run.weights.tensors[0]
    assert kernel.dtype == dtype
    rounded = {"bfloat16": 0.10009765625, "float16": float(np.float16(0.1)), "float64": float(np.float32(0.1))}
    assert set(read_values(kernel).ravel().astype(np.float64)) == {rounded[dtype]}


@pytest.mark.parametrize("model", ["", "Input((3,))", "Input((3,))\nFlatten()\nDropout(0.5)"])
def test_models_without_weights(engine, ask, model):
    asked = ask(engine.run(Experiment(model, runs=1)))
    assert not asked.runs[0].weights.only("weight").tensors
    assert ask(engine.check(Experiment(model))).data["weights"] == 0


@flavours
def test_names_do_not_count_up(engine, ask, environment):
    model = "Input((6, 2))\nLSTM(3)\nDense(2)\nDense(2)"
    for run in ask(engine.run(Experiment(model, environment=environment))).runs:
        names = [t.name for t in run.weights.only("weight").tensors]
        assert names == [
            *(f"lstm/lstm_cell/{name}" for name in ("kernel", "recurrent_kernel", "bias")),
            *(f"{layer}/{name}" for layer in ("dense", "dense_1") for name in ("kernel", "bias")),
        ]


@flavours
def test_the_record(engine, ask, environment):
    experiment = replace(DENSE, environment=environment, seeding=seeded(), title="one")
    (first, second) = ask(engine.run(experiment)).runs
    record = second.record
    assert record["experiment"] == json.loads(json.dumps(to_json(experiment)))
    assert record["versions"] == engine.versions(environment)
    assert set(record["versions"]) == {"python", "numpy", "tensorflow", "keras"}
    assert record["flavour"] == environment.flavour
    assert record["package"] == environment.flavour
    assert record["process"] == "same"
    assert record["pid"] == first.record["pid"]
    assert record["calls"] == ["keras.utils.set_random_seed(1)"]
    assert record["seeded_before_run"] == 2
    assert record["device"] in ("CPU", "GPU")
    assert isinstance(record["onednn"], bool)
    assert record["started"].endswith("Z")
    assert 0 < record["seconds"] < 60
    assert first.index.parent == second.index.parent


def test_check_tells_what_the_model_consists_of(engine, ask):
    data = ask(engine.check(DENSE)).data
    assert data["weights"] == 2
    kernel = data["tensors"][0]
    assert {key: kernel[key] for key in ("name", "dtype", "shape", "role")} == {
        "name": "dense/kernel",
        "dtype": "float32",
        "shape": [1, 5],
        "role": "weight",
    }


@flavours
def test_memory_stays_flat_over_many_builds(engine, ask, environment):
    experiment = Experiment("Dense(64, input_dim=64)\nDropout(0.1)\nDense(64)", environment=environment, runs=40)
    pid = ask(engine.run(experiment)).runs[0].record["pid"]
    before = resident_bytes(pid)
    seconds = [run.record["seconds"] for run in ask(engine.run(replace(experiment, runs=120))).runs]
    assert resident_bytes(pid) - before < 24 << 20
    assert np.median(seconds[-50:]) < 3 * np.median(seconds[:50])


def resident_bytes(pid):
    with open(f"/proc/{pid}/statm") as file:
        return int(file.read().split()[1]) * 4096
