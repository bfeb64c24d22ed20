"""Writes models of many kinds in every format, each weight with values of its own, so that its partner can be told.

Run in a process of its own (`python make_zoo.py FOLDER`), so that TensorFlow is imported once for all tests. Every
model is built twice by Keras 3 and twice by Keras 2, the second time under other automatic numbers, and always holds
the same values.
"""

import os
import sys
import warnings
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["CUDA_VISIBLE_DEVICES"] = ""
warnings.simplefilter("ignore")

import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
import tf_keras  # noqa: E402
from safetensors.numpy import save_file  # noqa: E402


def main(folder):
    """Write `MODEL/FLAVOUR-BUILD/FILE` for every model."""
    for kind, build in MODELS.items():
        for name, flavour, save in (("keras3", keras, save_keras3), ("keras2", tf_keras, save_keras2)):
            for number in (1, 2):
                model = build(flavour)
                fill(model)
                target = folder / kind / f"{name}-{number}"
                target.mkdir(parents=True)
                save(model, target)


def fill(model):
    """Give every weight values that no other has; the same ones whatever built the model."""
    rng = np.random.default_rng(1)
    model.set_weights([rng.random(w.shape).astype(w.dtype) + i for i, w in enumerate(model.get_weights())])


def save_keras3(model, folder):
    """The formats of Keras 3."""
    model.save_weights(folder / "x.weights.h5")
    if type(model).__name__ != "Subclassed":
        model.save(folder / "legacy.h5")
    tf.train.Checkpoint(model=model).write(str(folder / "checkpoint"))
    if folder.parent.name in EXPORTED:
        model.export(folder / "exported", verbose=False)
    save_arrays(model, folder, [w.path for w in model.weights])


def save_keras2(model, folder):
    """The formats of Keras 2."""
    model.save_weights(str(folder / "x.weights.h5"), save_format="keras")
    model.save_weights(str(folder / "legacy.h5"))
    model.save_weights(str(folder / "checkpoint"))
    tf.train.Checkpoint(model=model).write(str(folder / "train_checkpoint"))
    if folder.parent.name in EXPORTED:
        model.save(str(folder / "exported"), save_format="tf", save_traces=False)  # traces take twenty seconds
    save_arrays(model, folder, [w.name for w in model.weights])


def save_arrays(model, folder, names):
    """What people write themselves: arrays under the names of the variables, or in order."""
    values = model.get_weights()
    np.savez(folder / "named.npz", **dict(zip(names, values, strict=True)))
    save_file(dict(zip(names, values, strict=True)), folder / "sorted.safetensors")
    np.savez(folder / "listed.npz", *values)


def dense(k):
    layers = k.layers
    return k.Sequential([layers.Input((4,)), *(layers.Dense(4) for _ in range(12)), layers.Dense(2)])


def convolution(k):
    layers = k.layers
    return k.Sequential(
        [
            layers.Input((8, 8, 3)),
            layers.Conv2D(4, 3),
            layers.BatchNormalization(),
            layers.Conv2D(4, 3),
            layers.BatchNormalization(),
            layers.DepthwiseConv2D(2),
            layers.SeparableConv2D(3, 2),
            layers.Flatten(),
            layers.Dense(2),
        ]
    )


def nested(k):
    layers = k.layers

    def inner(name=None):
        return k.Sequential(
            [layers.Input((5,)), layers.Dense(5), layers.BatchNormalization(), layers.Dense(5)], name=name
        )

    return k.Sequential([layers.Input((5,)), layers.Dense(5), inner(), inner("named"), layers.Dense(5)])


def recurrent(k):
    layers = k.layers
    return k.Sequential(
        [
            layers.Input((6, 4)),
            layers.LSTM(4, return_sequences=True),
            layers.Bidirectional(layers.LSTM(2, return_sequences=True)),
            layers.Bidirectional(layers.GRU(2, return_sequences=True), name="both_ways"),
            layers.LSTM(4, return_sequences=True, name="memory"),
            layers.GRU(4, return_sequences=True, name="gates"),
            layers.SimpleRNN(4, return_sequences=True),
            layers.RNN([layers.LSTMCell(4), layers.LSTMCell(4)]),
            layers.Dense(2),
        ]
    )


def attention(k):
    layers = k.layers
    start = k.Input((5, 6))
    first = layers.MultiHeadAttention(2, 3)(start, start)
    second = layers.MultiHeadAttention(2, 3)(first, first)
    third = layers.MultiHeadAttention(2, 3, name="look")(second, second)
    normal = layers.LayerNormalization()(third)
    return k.Model(start, layers.Dense(6)(normal))


def shared(k):
    layers = k.layers
    one, other = k.Input((4,)), k.Input((4,))
    both = layers.Dense(4)
    joined = layers.Add()([both(one), both(other)])
    return k.Model([one, other], [layers.Dense(4)(joined), both(joined), layers.Dense(4)(other)])


def named(k):
    layers = k.layers
    return k.Sequential(
        [
            layers.Input((4,)),
            layers.Dense(4, name="zebra"),
            layers.Dense(4, name="ant"),
            layers.Dense(4),
            layers.Dense(4, name="dense_7"),
            layers.BatchNormalization(name="norm_alpha"),
            layers.Dense(4, name="head"),
        ]
    )


def halves(k):
    layers = k.layers
    start = k.Input((6, 4))
    first = layers.Bidirectional(layers.LSTM(4, return_sequences=True), merge_mode="sum")(start)
    second = layers.Bidirectional(layers.LSTM(4, return_sequences=True), merge_mode="sum")(first)
    return k.Model(start, layers.TimeDistributed(layers.Dense(4))(layers.TimeDistributed(layers.Dense(4))(second)))


def subclass(k, make, run):
    """A model of a class of its own, of either generation of Keras."""

    class Subclassed(k.Model):
        def __init__(self):
            super().__init__()
            make(self, k.layers, k)

        def call(self, x):
            return run(self, x)

    model = Subclassed()
    model(np.zeros((1, 4), "f4"))
    return model


def subclassed(k):
    """Attributes whose order is not that of the alphabet."""

    def make(model, layers, _):
        model.zeta = layers.Dense(4)
        model.blocks = [layers.Dense(4), layers.Dense(4)]
        model.alpha = layers.Dense(4)
        model.norm = layers.BatchNormalization()

    def run(model, x):
        for layer in (model.zeta, *model.blocks, model.norm, model.alpha):
            x = layer(x)
        return x

    return subclass(k, make, run)


def beside(k):
    """Two layers beside a model of two."""

    def make(model, layers, k):
        model.b, model.a = layers.Dense(4), layers.Dense(4)
        model.z = k.Sequential([layers.Dense(4), layers.Dense(4)])

    return subclass(k, make, lambda model, x: model.z(model.a(model.b(x))))


def replaced(k):
    """A layer that takes the place of another."""

    def make(model, layers, _):
        model.head, model.b, model.a = layers.Dense(4), layers.Dense(4), layers.Dense(4)
        model.head = layers.Dense(4)

    return subclass(k, make, lambda model, x: model.head(model.a(model.b(x))))


MODELS = {
    f.__name__: f
    for f in (dense, convolution, nested, recurrent, attention, shared, named, halves, subclassed, beside, replaced)
}
EXPORTED = {"halves"}
"""Models that are saved as a SavedModel too, which takes a second."""

if __name__ == "__main__":
    main(Path(sys.argv[1]))
