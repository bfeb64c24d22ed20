"""Random state: made fresh, put to its defaults, seeded; and the numbers drawn from it."""

from __future__ import annotations

import random
from typing import Any

from .protocol import Mistake
from .stack import Stack, version_of

_KEPT = ("global_seed_generator", "global_random_seed")
"""Attributes of Keras 3's global state that a seeding call sets."""


def freshen(stack: Stack) -> None:
    """Give every source of random numbers a state of its own, as in a process that has just started.

    What an earlier request seeded, or what a forked child inherited, must not look like chance. Runs no op.
    """
    random.seed()
    stack.np.random.seed()
    eager = _eager_context()
    if eager is not None:
        eager._seed = None
        eager._rng = None
    state: Any = stack.private("backend.common.global_state") if stack.is_keras3 else None
    if state is not None:
        for name in _KEPT:
            state.set_global_attribute(name, None)
    holder: Any = getattr(stack.private("backend"), "_SEED_GENERATOR", None)
    if getattr(holder, "generator", None) is not None:
        del holder.generator


def _eager_context() -> Any:
    try:
        from tensorflow.python.eager import context
    except ImportError:
        return None
    return getattr(context, "_context", None)


def reset(stack: Stack) -> None:
    """Put Keras' settings and layer names back to their start; what a seeding call has set stays.

    Tracebacks are left whole: they tell which layer a mistake belongs to.
    """
    floatx, epsilon, image_format = stack.defaults
    keras = stack.keras
    state: Any = stack.private("backend.common.global_state") if stack.is_keras3 else None
    kept: dict[str, Any] = {} if state is None else {name: state.get_global_attribute(name) for name in _KEPT}
    backend = keras.config if stack.is_keras3 else keras.backend
    backend.set_floatx(floatx)
    backend.set_epsilon(epsilon)
    backend.set_image_data_format(image_format)
    eagerly = getattr(stack.tf.config, "run_functions_eagerly", None)
    if eagerly is not None:
        eagerly(False)
    if stack.is_keras3:
        keras.utils.clear_session(free_memory=False)
        for name, value in kept.items():
            if value is not None:
                state.set_global_attribute(name, value)
        keras.config.disable_traceback_filtering()
    else:
        keras.backend.clear_session()
        if hasattr(stack.tf.debugging, "disable_traceback_filtering"):
            stack.tf.debugging.disable_traceback_filtering()


def apply(stack: Stack, calls: list[dict[str, Any]]) -> list[str]:
    """Make the seeding calls in order; return them as they were made, e.g. `keras.utils.set_random_seed(1)`."""
    for call in calls:
        _function(stack, call["function"])(call["seed"])
    return ["{}({})".format(call["function"], call["seed"]) for call in calls]


def _function(stack: Stack, name: str) -> Any:
    if name == "keras.utils.set_random_seed":
        found = getattr(stack.keras.utils, "set_random_seed", None)
        if found is None:
            raise Mistake("Keras {version} has no keras.utils.set_random_seed.", version=version_of(stack.keras))
        return found
    known = {
        "random.seed": random.seed,
        "numpy.random.seed": stack.np.random.seed,
        "tf.random.set_seed": stack.tf.random.set_seed,
    }
    if name not in known:
        raise Mistake("The seeding call {name} is not known.", name=name)
    return known[name]


def draw(stack: Stack, draws: list[dict[str, Any]]) -> tuple[list[tuple[str, Any]], dict[str, str]]:
    """Draw the numbers, in order.

    Returns
    -------
    A (name, 1-D array) for every draw, and for calls made under another name in this flavour that name.
    """
    drawn: list[tuple[str, Any]] = []
    made: dict[str, str] = {}
    for wanted in draws:
        values, actual = _draw(stack, wanted["call"], wanted["size"])
        drawn.append((wanted["call"] + "()", values))
        if actual != wanted["call"]:
            made[wanted["call"]] = actual
    return drawn, made


def _draw(stack: Stack, call: str, size: int) -> tuple[Any, str]:
    np, keras = stack.np, stack.keras
    if call == "random.random":
        return np.array([random.random() for _ in range(size)], dtype=np.float64), call
    if call == "numpy.random.random":
        return np.random.random(size), call
    if call == "numpy.random.default_rng":
        return np.random.default_rng().random(size), call
    if call == "tf.random.uniform":
        return np.asarray(stack.tf.random.uniform([size])), call
    if call == "keras.random.uniform" and stack.is_keras3:
        return np.asarray(keras.random.uniform([size])), call
    if call == "keras.random.uniform":
        return np.asarray(keras.backend.random_uniform([size])), "keras.backend.random_uniform"
    if call == "keras.layers.Dropout":
        ones = np.ones(size, dtype=np.float32)
        return np.asarray(keras.layers.Dropout(0.5)(ones, training=True)), call
    raise Mistake("The draw {call} is not known.", call=call)
