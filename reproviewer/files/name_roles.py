"""What the variables of a checkpoint without an object graph are, as TensorFlow 1 writes it: names tell.

- `global_step`, `epoch` and the like, an integer alone, is a counter;
- `X/Adam`, `X/ExponentialMovingAverage`, `X/anything` is a slot of `X` when `X` is there with the same shape;
- a name with an optimizer's name as one of its parts (`training/Adam/iter`, `X/Momentum`, `Adam/m/X`), or the powers
  that Adam keeps (`beta1_power`), is optimizer state;
- all else is a weight.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reproviewer.files.contents import natural

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reproviewer.core.weights import Role

_COUNTER = re.compile(r"(.*_)?(step|epoch|iter|iteration|counter)s?(_\d+)?")
_OPTIMIZERS = (
    r"(Adadelta|Adagrad|AdagradDA|Adafactor|Adam|Adamax|AdamW|Ftrl|LAMB|Lion|Momentum|Nadam|RMSProp|RMSprop|SGD)"
)
_STATE = re.compile(rf"(?:\A|/)(?:{_OPTIMIZERS}(_\d+)?|beta[12]_power(_\d+)?|adam_[mv])(?=/|\Z)")
_INTEGERS = {"int32", "int64", "uint32", "uint64"}


def is_counter(name: str, dtype: str, shape: tuple[int, ...]) -> bool:
    """Whether a variable counts steps or epochs.

    >>> is_counter("global_step", "int64", ()), is_counter("step/kernel", "float32", (3,))
    (True, False)
    """
    return not shape and dtype in _INTEGERS and _COUNTER.fullmatch(name.rpartition("/")[2]) is not None


def in_order(kinds: Mapping[str, tuple[str, tuple[int, ...]]]) -> list[tuple[str, Role]]:
    """The names of all variables and what each is, from their dtypes and shapes: weights, optimizer state, the rest.

    >>> kind = "float32", (2,)
    >>> in_order({"b10": kind, "b9": kind, "b9/m": kind, "Adam/b9": kind, "step": ("int64", ())})
    [('b9', 'weight'), ('b10', 'weight'), ('Adam/b9', 'optimizer'), ('b9/m', 'optimizer'), ('step', 'other')]
    """
    depths = sorted({name.count("/") for name in kinds})
    roles = [(name, _role(name, kinds, depths)) for name in sorted(kinds, key=natural)]
    return sorted(roles, key=lambda item: RANK[item[1]])


RANK = {"weight": 0, "draw": 0, "optimizer": 1, "other": 2}


def _role(name: str, kinds: Mapping[str, tuple[str, tuple[int, ...]]], depths: list[int]) -> Role:
    """`depths` are all depths of names, so that nothing is looked for where there cannot be any."""
    if _STATE.search(name):
        return "optimizer"
    if is_counter(name, *kinds[name]):
        return "other"
    parts = name.split("/")
    owners = ("/".join(parts[: depth + 1]) for depth in depths if depth + 1 < len(parts))
    return "optimizer" if any(kinds.get(owner) == kinds[name] for owner in owners) else "weight"
