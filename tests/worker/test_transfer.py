"""Weights to files and from files, with the names that they have there."""

import subprocess
import sys
from dataclasses import replace

import h5py
import numpy as np
import pytest

from reproviewer.core.experiment import Environment, Experiment
from reproviewer.core.weights import digest, read_bits

MODELS = {
    "dense": "Dense(5, input_dim=1)",
    "conv": "Input((8, 8, 3))\nConv2D(4, 3)\nBatchNormalization()\nDropout(0.5)\nFlatten()\nDense(3)\nDense(2)",
    "lstm": "Input((6, 2))\nLSTM(4, return_sequences=True)\nBidirectional(LSTM(3))\nDense(2, use_bias=False)",
    "rest": "Input((6, 6, 2))\nDepthwiseConv2D(2)\nSeparableConv2D(3, 2)\nPReLU()\nReshape((16, 3))\nGRU(3)\n"
    "Reshape((3,))\nLayerNormalization()\nEmbedding(4, 2)\nTimeDistributed(Dense(2))",
}
FILES = {"keras-weights": "a.weights.h5", "legacy-h5": "a.h5", "tf-checkpoint": "record_weight"}
SUFFIX = "/.ATTRIBUTES/VARIABLE_VALUE"
models = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
flavours = pytest.mark.parametrize("flavour", ["keras", "tf_keras"])


@pytest.fixture
def weights_of(engine, ask):
    return lambda experiment: ask(engine.run(replace(experiment, runs=1))).runs[0].weights.only("weight")


def datasets(path):
    found = {}
    with h5py.File(path) as file:
        file.visititems(lambda name, item: found.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None)
    return found


@flavours
@models
@pytest.mark.parametrize("format", ["keras-weights", "legacy-h5"])
def test_every_alias_is_where_keras_writes_it(engine, ask, weights_of, tmp_path, flavour, model, format):
    experiment = Experiment(model, environment=Environment(flavour))
    weights = weights_of(experiment)
    target = tmp_path / FILES[format]
    ask(engine.save(experiment, weights.tensors, format, target))
    written = datasets(target)
    for tensor in weights.tensors:
        (alias,) = set(tensor.aliases) & set(written)
        assert written.pop(alias).tobytes() == read_bits(tensor).tobytes()
    assert not written


ORACLE = """
import sys, numpy, tensorflow as tf, tf_keras
from tf_keras import Sequential, Input
from tf_keras.layers import *
layers, keys, values = {}, {}, {}
for line in open(sys.argv[1]):
    name, text = line.rstrip("\\n").split("\\t")
    model = Sequential(eval("[" + text.replace("|", ",") + "]"))
    prefix = sys.argv[2].replace("NAME", name)
    model.load_weights(prefix).assert_consumed()
    reader = tf.train.load_checkpoint(prefix)
    keys[name] = sorted(k for k in reader.get_variable_to_shape_map() if "_CHECKPOINTABLE" not in k)
    numpy.savez(prefix + ".npz", *model.get_weights())
    numpy.savez(prefix + ".keys.npz", **{k.replace("/", "|"): reader.get_tensor(k) for k in keys[name]})
"""


def test_a_checkpoint_is_one_of_keras_2(engine, ask, weights_of, tmp_path):
    """Keras 2 itself takes all of it, whichever generation of Keras wrote it, and gives back the same bits."""
    saved = {}
    lines = []
    for flavour in ("keras", "tf_keras"):
        for key, model in MODELS.items():
            name = f"{flavour}-{key}"
            experiment = Experiment(model, environment=Environment(flavour))
            saved[name] = weights_of(experiment)
            (tmp_path / name).mkdir()
            target = tmp_path / name / "record_weight"
            ask(engine.save(experiment, saved[name].tensors, "tf-checkpoint", target))
            assert (tmp_path / name / "checkpoint").is_file()
            lines.append(name + "\t" + model.replace("\n", "|"))
    (tmp_path / "models").write_text("\n".join(lines))
    prefix = str(tmp_path / "NAME" / "record_weight")
    subprocess.run([sys.executable, "-c", ORACLE, str(tmp_path / "models"), prefix], check=True, capture_output=True)
    for name, weights in saved.items():
        loaded = np.load(tmp_path / name / "record_weight.npz")
        assert [loaded[k].tobytes() for k in loaded.files] == [read_bits(t).tobytes() for t in weights.tensors]
        keys = np.load(tmp_path / name / "record_weight.keys.npz")
        written = {k.replace("|", "/").removesuffix(SUFFIX): keys[k] for k in keys.files}
        for tensor in weights.tensors:
            (alias,) = set(tensor.aliases) & set(written)
            assert written.pop(alias).tobytes() == read_bits(tensor).tobytes()


def test_a_place_that_is_not_known_is_not_guessed(engine, refusal, weights_of, tmp_path):
    experiment = Experiment("Input((6, 6, 2))\nSpectralNormalization(Conv2D(2, 2))")
    weights = weights_of(experiment)
    assert not any(alias.startswith("layer_with_weights") for t in weights.tensors for alias in t.aliases)
    outcome = refusal(engine.save(experiment, weights.tensors, "tf-checkpoint", tmp_path / "x"))
    assert "has no place that is known for spectral_normalization/conv2d/kernel" in str(outcome.message)


def test_any_target_name_will_do(engine, ask, weights_of, tmp_path):
    experiment = Experiment(MODELS["dense"])
    for format in FILES:
        target = tmp_path / f"{format}.part"
        ask(engine.save(experiment, weights_of(experiment).tensors, format, target))
    assert {"keras-weights.part", "legacy-h5.part", "tf-checkpoint.part.index"} <= {p.name for p in tmp_path.iterdir()}


@flavours
@models
def test_loading_makes_a_second_model_the_same(engine, ask, weights_of, flavour, model):
    experiment = Experiment(model, environment=Environment(flavour))
    weights = weights_of(experiment)
    before, after = ask(engine.load(experiment, weights.tensors)).runs
    assert (before.number, after.number) == (1, 2)
    assert digest(before.weights.only("weight")) != digest(weights)
    assert digest(after.weights.only("weight")) == digest(weights)
    assert before.record["pid"] == after.record["pid"]
    assert after.record["loaded"] == ["run-1.bin"]


def misfits(tensors):
    kernel, bias = tensors
    return {
        "The model has 2 weights, 1 were given.": [kernel],
        "dense/bias was given in the place of dense/kernel.": [replace(bias, shape=(1, 5)), kernel],
        "dense/kernel has the shape (5,), the model's weight has (1, 5).": [replace(kernel, shape=(5,)), bias],
        "dense/bias holds float64, the model's weight float32.": [kernel, replace(bias, dtype="float64")],
        "run-1.bin has become shorter.": [kernel, replace(bias, offset=10**6)],
        "Cannot read nowhere: No such file or directory.": [kernel, replace(bias, path="/nowhere")],
    }


@pytest.mark.parametrize("number", range(6))
def test_what_does_not_fit_is_not_loaded(engine, weights_of, number):
    experiment = Experiment(MODELS["dense"])
    sentence, tensors = list(misfits(weights_of(experiment).tensors).items())[number]
    events = list(engine.load(experiment, tensors))
    assert str(events[-1].message) == sentence
    assert [event.number for event in events if hasattr(event, "weights")] == [1]


def test_what_does_not_fit_is_not_saved(engine, refusal, weights_of, tmp_path):
    experiment = Experiment(MODELS["dense"])
    tensors = weights_of(experiment).tensors
    refusal(engine.save(experiment, tensors[:1], "keras-weights", tmp_path / "x.weights.h5"))
    refusal(engine.save(experiment, tensors, "nonsense", tmp_path / "x"))
    refusal(engine.save(experiment, tensors, "keras-weights", tmp_path / "nowhere" / "x.weights.h5"))
    refusal(engine.save(Experiment(""), (), "keras-weights", tmp_path / "x.weights.h5"))
    assert not list(tmp_path.iterdir())
