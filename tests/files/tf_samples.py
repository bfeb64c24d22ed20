"""Checkpoints and SavedModels of the odder kinds, for `make_samples.py`."""

import os

import keras
import numpy as np
import tensorflow as tf
import tf_keras

v1 = tf.compat.v1


def write(folder, weights, oracle):
    """Write them into `folder`; returns the weights of the models and what TensorFlow finds in the checkpoints."""
    told = {}
    for name, k in (("k3", keras), ("k2", tf_keras)):
        told |= odd_models(folder, name, k, weights)
    hand_made(folder)
    graph_mode(folder)
    for name in ("k3_shared/all", "k2_shared/all", "k3_lists/all", "tf_module", "tf1_axis/m-3", "tf1_shards"):
        told[f"{name}_oracle"] = oracle(folder / name)
    return told


def odd_models(folder, name, k, weights):
    """A layer that is used twice and layers in lists and dicts, trained by an optimizer that scales its loss."""
    told = {}
    for kind, model, inputs in (
        ("shared", shared(k), [np.ones((4, 4), "f4")] * 2),
        ("lists", lists(k), np.ones((4, 3))),
    ):
        k.utils.set_random_seed(5)
        adam = k.optimizers.Adam(use_ema=True)
        scaled = (k.mixed_precision if k is tf_keras else k.optimizers).LossScaleOptimizer(adam)
        model.compile(scaled, "mse", metrics=["mae"], run_eagerly=True)
        model.fit(inputs, np.ones((4, 1)), verbose=0)
        place = folder / f"{name}_{kind}"
        step = tf.Variable(1)
        tf.train.Checkpoint(step=step, opt=model.optimizer, model=model).write(str(place / "all"))
        tf.train.Checkpoint(opt=model.optimizer).write(str(place / "optimizer"))
        told[f"{name}_{kind}"] = weights(model)
        told[f"{name}_{kind}_trainable"] = weights(Trainable(model))
        if k is keras:
            model.export(place / "saved", verbose=False)
        elif kind == "shared":
            model.save(str(place / "saved"), save_format="tf")
    return told


class Trainable:
    """A model of which only the trainable weights count."""

    def __init__(self, model):
        self.weights = model.trainable_weights


def shared(k):
    one, other = k.Input((4,)), k.Input((4,))
    twice = k.layers.Dense(4, name="twice")
    both = k.layers.Concatenate()([twice(twice(one)), twice(other)])
    noisy = k.layers.GaussianNoise(0.1)(both)
    return k.Model([one, other], k.layers.Dense(1)(k.layers.LayerNormalization()(noisy)))


def lists(k):
    class Block(k.layers.Layer):
        def __init__(self):
            super().__init__()
            self.zeta = k.layers.Dense(3)
            self.alpha = k.layers.Dense(3)
            self.row = [k.layers.Dense(3), k.layers.BatchNormalization()]
            self.named = {"last": k.layers.Dense(3)}

        def call(self, x):
            for layer in (self.zeta, self.alpha, *self.row, self.named["last"]):
                x = layer(x)
            return x

    return k.Sequential([k.layers.Input((3,)), Block(), k.layers.Dense(1)])


def hand_made(folder):
    """Objects of TensorFlow alone."""
    module = tf.Module()
    module.kernel = tf.Variable(tf.ones((2, 2)), name="kernel")
    module.row = [tf.Variable(1.0), tf.Variable(2.0)]
    numbers = iter(tf.data.Dataset.range(3))
    generator = tf.random.Generator.from_seed(1)
    parts = {
        "module": module,
        "rng": generator,
        "numbers": numbers,
        "epoch": tf.Variable(3),
        "plain": tf.Variable([1.0]),
    }
    tf.train.Checkpoint(**parts).write(str(folder / "tf_module"))
    for i in range(2):
        tf.raw_ops.SaveV2(
            prefix=str(folder / f"part{i}"), tensor_names=[f"v{i}"], shape_and_slices=[""], tensors=[tf.ones(3) * i]
        )
    prefixes = [str(folder / f"part{i}") for i in range(2)]
    tf.raw_ops.MergeV2Checkpoints(checkpoint_prefixes=prefixes, destination_prefix=str(folder / "tf1_shards"))
    square = ["4 4 0,2:0,2", "4 4 0,2:2,2", "4 4 2,2:0,2", "4 4 2,2:2,2"]
    tf.raw_ops.SaveV2(
        prefix=str(folder / "tf_squares"),
        tensor_names=["w"] * 4,
        shape_and_slices=square,
        tensors=[tf.ones((2, 2))] * 4,
    )


def graph_mode(folder):
    """What `Saver` of TensorFlow 1 writes of a variable cut along its last axis, in both of its formats."""
    with tf.Graph().as_default(), v1.Session() as session:
        v1.set_random_seed(1)
        with v1.variable_scope("net", partitioner=v1.fixed_size_partitioner(3, axis=1)):
            kernel = v1.get_variable("kernel", (2, 300))
        loss = tf.reduce_sum(tf.convert_to_tensor(kernel) ** 2)
        train = v1.train.MomentumOptimizer(0.1, 0.9).minimize(loss, v1.train.get_or_create_global_step())
        kinds = ["float16", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16", "bool"]
        for kind in kinds:
            v1.get_variable(kind, initializer=tf.cast(tf.constant([[0.0, 1], [1, 100]]), kind))
        v1.get_variable("below_zero", initializer=tf.constant([-1, -300, 1 << 30, -(1 << 31)]))
        v1.get_variable("empty", initializer=tf.zeros((0, 3)))
        session.run(v1.global_variables_initializer())
        session.run(train)
        for name, version in (("tf1_axis", v1.train.SaverDef.V2), ("tf1_old", v1.train.SaverDef.V1)):
            os.makedirs(folder / name)
            v1.train.Saver(write_version=version).save(
                session, str(folder / name / "m"), 3, write_meta_graph=name == "tf1_axis"
            )
        v1.saved_model.simple_save(session, str(folder / "tf1_saved_model"), {"loss": loss}, {"loss": loss})
