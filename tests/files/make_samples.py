"""Writes weight files with the real libraries, and beside them what TensorFlow itself says they hold.

Run in a process of its own (`python make_samples.py FOLDER`), so that TensorFlow is imported once for all tests.
"""

import hashlib
import json
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
import tf_samples  # noqa: E402
from keras.src.saving import saving_lib  # noqa: E402


def main(folder):
    """Write every sample into `folder`, and `samples.json` with the expected tensors of each."""
    told = {}
    for make in (keras_3, keras_2, plain_tensorflow):
        told |= make(folder)
    told |= tf_samples.write(folder, weights, oracle)
    (folder / "samples.json").write_text(json.dumps(told))


def keras_3(folder):
    keras.utils.set_random_seed(3)
    model = rich(keras)
    model.compile("adam", "mse", run_eagerly=True)
    model.fit(np.ones((4, 6, 4), "f4"), np.ones((4, 2), "f4"), verbose=0)
    model.save_weights(folder / "k3.weights.h5")
    model.save(folder / "k3_whole.h5")
    model.save(folder / "k3.keras")
    model.save_weights(folder / "k3.weights.json", max_shard_size=2e-6)
    saving_lib.save_model(model, folder / "k3_npz.keras", weights_format="npz")
    keras.saving.save_model(model, folder / "k3_folder", zipped=False)
    tf.train.Checkpoint(model=model).save(str(folder / "k3_ckpt" / "model"))
    model.export(folder / "k3_saved_model", verbose=False)
    half = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(2, dtype=keras.DTypePolicy("bfloat16"))])
    half.save_weights(folder / "k3_bf16.weights.h5")
    half.save(folder / "k3_bf16.h5")
    tf.train.Checkpoint(half).write(str(folder / "k3_bf16_ckpt"))
    parts = composed()
    parts.save(folder / "k3_parts.keras")
    own = Own()
    own.compile(
        keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(momentum=0.9)),
        "mse",
        metrics=["mae"],
        run_eagerly=True,
    )
    own.fit(np.ones((4, 3), "f4"), np.ones((4, 2), "f4"), verbose=0)
    own.save(folder / "k3_own.keras")
    start = keras.Input((2,))
    wide = [keras.layers.Dense(1, name="long_name_" * 45 + str(number))(start) for number in range(160)]
    many = keras.Model(start, wide)
    many.save(folder / "k3_many.h5")
    return {
        "k3": weights(model),
        "k3_ckpt_oracle": oracle(folder / "k3_ckpt" / "model-1"),
        "k3_bf16": weights(half),
        "k3_bf16_ckpt_oracle": oracle(folder / "k3_bf16_ckpt"),
        "k3_many": weights(many),
        "k3_parts": weights(parts),
        "k3_own": weights(own),
    }


def composed():
    """Layers that are made of other layers: attention, a wrapper, stacked cells."""
    layers = keras.layers
    start = keras.Input((5, 4))
    found = layers.MultiHeadAttention(2, 3)(start, start)
    found = layers.TimeDistributed(layers.Dense(2))(found)
    return keras.Model(start, layers.RNN([layers.LSTMCell(2), layers.GRUCell(3)])(found))


class Own(keras.Model):
    """A model that is not made of layers in a row, with a weight and an optimizer of its own."""

    def __init__(self):
        super().__init__()
        self.zeta = keras.layers.Dense(3)
        self.blocks = [keras.layers.Dense(3), [keras.layers.Dense(3), keras.layers.Dropout(0.5)]]
        self.head = keras.layers.Dense(2)
        self.scale = self.add_weight(shape=(), name="scale")
        self.aside_optimizer = keras.optimizers.Adam()
        self.aside_optimizer.build([self.scale])

    def call(self, value):
        value = self.blocks[0](self.zeta(value))
        for layer in self.blocks[1]:
            value = layer(value)
        return self.head(value) * self.scale


def keras_2(folder):
    tf_keras.utils.set_random_seed(2)
    model = rich(tf_keras)
    model.compile("adam", "mse", run_eagerly=True)
    model.fit(np.ones((4, 6, 4), "f4"), np.ones((4, 2), "f4"), verbose=0)
    model.save_weights(str(folder / "k2.h5"))
    model.save(str(folder / "k2_whole.h5"))
    model.save_weights(str(folder / "k2.weights.h5"), save_format="keras")
    model.save(str(folder / "k2.keras"))
    model.save_weights(str(folder / "k2_ckpt" / "record_weight"))
    tf.train.Checkpoint(opt=model.optimizer, model=model).save(str(folder / "k2_train" / "all"))
    return {
        "k2": weights(model),
        "k2_ckpt_oracle": oracle(folder / "k2_ckpt" / "record_weight"),
        "k2_train_oracle": oracle(folder / "k2_train" / "all-1"),
    }


def plain_tensorflow(folder):
    kinds = ["float16", "float32", "float64", "bfloat16", "int8", "int16", "int32", "int64"]
    kinds += ["uint8", "uint16", "uint32", "uint64", "bool", "float8_e5m2", "float8_e4m3fn", "complex64", "complex128"]
    values = {kind: tf.Variable(tf.cast(tf.constant([[0.0, 1], [1, 3]]), kind)) for kind in kinds}
    tf.train.Checkpoint(**values, empty=tf.Variable(tf.zeros((0, 3))), scalar=tf.Variable(2.5)).write(
        str(folder / "tf_kinds")
    )
    tf.raw_ops.SaveV2(
        prefix=str(folder / "tf_names"),
        tensor_names=["dense/kernel", "dense/note", "global_step"],
        shape_and_slices=["", "", ""],
        tensors=[tf.ones((2, 3)), tf.constant(["a", "bc"]), tf.constant(7, tf.int64)],
    )
    tf.raw_ops.SaveV2(
        prefix=str(folder / "tf_sliced"),
        tensor_names=["w"],
        shape_and_slices=["4 3 0,2:0,3"],
        tensors=[tf.ones((2, 3))],
    )
    big = np.random.default_rng(0).integers(0, 255, (3 << 20) + 77, np.uint8)
    tf.train.Checkpoint(big=tf.Variable(big), small=tf.Variable(1.0)).write(str(folder / "tf_big"))
    return {n: oracle(folder / n) for n in ("tf_kinds", "tf_names", "tf_big")}


def rich(k):
    layers = k.layers
    inner = k.Sequential([layers.Input((5,)), layers.Dense(5), layers.BatchNormalization()], name="inner")
    return k.Sequential(
        [
            layers.Input((6, 4)),
            layers.Bidirectional(layers.LSTM(3)),
            layers.Dropout(0.3),
            layers.Dense(5, name="first"),
            inner,
            layers.BatchNormalization(),
            *(layers.Dense(5) for _ in range(11)),
            layers.Dense(2),
        ]
    )


def weights(model):
    """Name, dtype, shape and sha256 of the weights in the model's own order."""
    return [
        {"name": getattr(w, "path", w.name), "dtype": str(w.dtype) if isinstance(w.dtype, str) else w.dtype.name}
        | facts(np.asarray(w))
        for w in model.weights
    ]


def oracle(prefix):
    """What TensorFlow's own reader finds in a checkpoint: by key, without texts and the state of iterators."""
    reader = tf.train.load_checkpoint(str(prefix))
    found = {}
    for key, dtype in reader.get_variable_to_dtype_map().items():
        if dtype not in (tf.string, tf.variant):
            name = key.removesuffix("/.ATTRIBUTES/VARIABLE_VALUE")
            found[name] = {"dtype": dtype.name} | facts(reader.get_tensor(key))
    return found


def facts(array):
    array = np.asarray(array)
    return {"shape": list(array.shape), "sha256": hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
