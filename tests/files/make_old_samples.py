"""Writes the checkpoints of old TensorFlow that lie in `data`, and beside them what they hold.

Run by hand, once: `python make_old_samples.py data` with TensorFlow 1.15.5 on Python 3.7 (`tf1_*`) and with
TensorFlow 2.10.1 on Python 3.10 (`tf210_*`).
"""

import hashlib
import json
import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as v1


def main(folder):
    """Write what this version of TensorFlow is here for."""
    os.chdir(folder)
    writers = (graph_mode,) if tf.__version__.startswith("1.") else (keras_2,)
    for write in writers:
        for name, told in write().items():
            with open(name + ".json", "w") as file:
                json.dump({"writer": "tensorflow " + tf.__version__, "tensors": told}, file, indent=1)


def graph_mode():
    """A graph in which everything happens that has a rule: optimizer slots, averages, a partitioned variable."""
    with tf.Graph().as_default(), v1.Session() as session:
        v1.set_random_seed(1)
        x = v1.placeholder(tf.float32, (None, 4))
        with v1.variable_scope("part", partitioner=v1.fixed_size_partitioner(3)):
            kernel = v1.get_variable("kernel", (4, 5))
        hidden = v1.layers.batch_normalization(tf.matmul(x, tf.convert_to_tensor(kernel)), training=True)
        loss = tf.reduce_sum(v1.layers.dense(hidden, 2) ** 2)
        step = v1.train.get_or_create_global_step()
        train = v1.train.AdamOptimizer(0.1).minimize(loss, step)
        dense = [v for v in v1.trainable_variables() if "dense" in v.name]
        average = v1.train.ExponentialMovingAverage(0.9).apply(dense)
        session.run(v1.global_variables_initializer())
        session.run([train, average], {x: np.ones((3, 4))})
        for name, version in (("tf1_saver", v1.train.SaverDef.V2), ("tf1_v1", v1.train.SaverDef.V1)):
            saver = v1.train.Saver(write_version=version)
            os.makedirs(name)
            saver.save(session, name + "/model.ckpt", 7, write_meta_graph=False)
        whole = [v for v in v1.global_variables() if "part/" not in v.name]
        told = facts({v.op.name: session.run(v) for v in whole}, session, kernel)
    return {"tf1_saver": told, "tf1_v1": told}


def facts(arrays, session=None, parts=None):
    """Dtype, shape and sha256 by name; the slices of a partitioned variable count as one."""
    if parts is not None:
        arrays["part/kernel"] = session.run(tf.convert_to_tensor(parts))
        for slot in ("Adam", "Adam_1"):
            slices = [v for v in v1.global_variables() if v.op.name.endswith("/" + slot) and "part/" in v.name]
            arrays["part/kernel/" + slot] = np.concatenate(session.run(sorted(slices, key=lambda v: v.name)))
    return {
        name: {
            "dtype": array.dtype.name,
            "shape": list(array.shape),
            "sha256": hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest(),
        }
        for name, array in sorted(arrays.items())
    }


def keras_2():
    """The weights of a model of the last Keras 2 whose optimizers keep their state as slots."""
    layers = tf.keras.layers
    tf.keras.utils.set_random_seed(1)
    model = tf.keras.Sequential(
        [layers.Bidirectional(layers.LSTM(2), input_shape=(3, 2)), layers.BatchNormalization(), layers.Dense(1)]
    )
    model.compile("adam", "mse")
    model.fit(np.ones((4, 3, 2)), np.ones((4, 1)), verbose=0)
    model.save_weights("tf210_keras/record_weight")
    return {"tf210_keras": facts({w.name[:-2]: w.numpy() for w in model.weights})}


if __name__ == "__main__":
    main(sys.argv[1])
