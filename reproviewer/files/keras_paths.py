"""What the path of a variable in a `.weights.h5` tells: whose it is, and what later versions of Keras call it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reproviewer.files.contents import natural

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reproviewer.core.weights import Role, Tensor

VARS = "vars"
LAYERS = "layers"
KERAS_2_12 = "_layer_checkpoint_dependencies"
"""What Keras 2.12 and 2.13 call `layers`. There a layer that has weights is counted twice: `dense`, `dense_2`."""
_OPTIMIZER = "optimizer"
_OTHER = {"metrics", "compile_metrics", "loss_tracker", "seed_generator"}
_NUMBERED = re.compile(r"(.+?)(_\d+)?$")


def group(name: str) -> str:
    """The group that holds a variable: `layers/dense/vars` of `layers/dense/vars/0`."""
    return name.rpartition("/")[0]


def is_vars(path: str) -> bool:
    """Whether a group holds variables."""
    return path.rpartition("/")[2] == VARS


def optimizers(variables: Sequence[Tensor]) -> set[str]:
    """Paths of optimizers that a model keeps under names of its own, such as the `d_optimizer` of two in a GAN.

    The name alone does not make one: the first variable of an optimizer is the count of its steps.
    """
    first = f"_{_OPTIMIZER}/{VARS}/0"
    return {
        t.name.removesuffix(f"/{VARS}/0")
        for t in variables
        if t.name.endswith(first) and not t.shape and t.dtype.startswith(("int", "uint"))
    }


def role(name: str, known_optimizers: set[str]) -> Role:
    """Whether a variable is a weight, by the attributes that lead to it."""
    parts = name.split("/")[:-2]
    if _OPTIMIZER in parts or any("/".join(parts[: i + 1]) in known_optimizers for i in range(len(parts))):
        return "optimizer"
    return "other" if _OTHER.intersection(parts) else "weight"


def renamed(groups: Iterable[str]) -> dict[str, str]:
    """The groups of Keras 2.12 and 2.13 that hold variables, and what later versions call them.

    >>> names = ("dense", "dense_2", "dropout", "dense_4")
    >>> list(renamed(f"_layer_checkpoint_dependencies/{name}/vars" for name in names).values())
    ['layers/dense/vars', 'layers/dense_1/vars', 'layers/dropout/vars', 'layers/dense_2/vars']
    """
    old = [path for path in groups if KERAS_2_12 in path.split("/")]
    new: dict[str, str] = {}
    counts: dict[str, int] = {}
    for path in sorted(old, key=natural):
        parts = path.split("/")
        for i in range(1, len(parts)):
            layer = "/".join(parts[: i + 1])
            if parts[i - 1] == KERAS_2_12 and layer not in new:
                new[layer] = _counted("/".join(parts[:i]), parts[i], counts)
    return {path: _in_new_words(path, new) for path in old}


def _counted(parent: str, name: str, counts: dict[str, int]) -> str:
    match = _NUMBERED.match(name)
    base = match[1] if match else name
    number = counts.setdefault(f"{parent}/{base}", 0)
    counts[f"{parent}/{base}"] += 1
    return f"{base}_{number}" if number else base


def _in_new_words(path: str, new: dict[str, str]) -> str:
    parts = path.split("/")
    words = (new.get("/".join(parts[: i + 1]), part) for i, part in enumerate(parts))
    return "/".join(LAYERS if word == KERAS_2_12 else word for word in words)
