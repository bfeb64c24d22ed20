"""What a parameter of Keras takes, told from its name and default, and what is obviously wrong for it."""

from __future__ import annotations

import difflib
from enum import StrEnum
from typing import TYPE_CHECKING

from reproviewer.core.keras_text import format_value
from reproviewer.core.message import Message, message

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from reproviewer.core.model_spec import Value


class Kind(StrEnum):
    """What a parameter takes."""

    ACTIVATION = "activation"
    INITIALIZER = "initializer"
    REGULARIZER = "regularizer"
    CONSTRAINT = "constraint"
    LAYER = "layer"
    BOOL = "bool"
    COUNT = "count"
    RATE = "rate"
    NUMBER = "number"
    SIZE = "size"
    SHAPE = "shape"
    SEED = "seed"
    CHOICE = "choice"
    TEXT = "text"
    ANY = "any"


_BY_NAME = {
    "activation": Kind.ACTIVATION,
    "recurrent_activation": Kind.ACTIVATION,
    "layer": Kind.LAYER,
    "backward_layer": Kind.LAYER,
    "seed": Kind.SEED,
    "name": Kind.TEXT,
    "equation": Kind.TEXT,
    "bias_axes": Kind.TEXT,
    **dict.fromkeys(("units", "filters", "output_dim", "input_dim", "depth_multiplier", "groups", "n"), Kind.COUNT),
    **dict.fromkeys(("num_heads", "key_dim"), Kind.COUNT),
    **dict.fromkeys(("rate", "dropout", "recurrent_dropout"), Kind.RATE),
    **dict.fromkeys(("momentum", "epsilon", "stddev", "negative_slope", "gain"), Kind.NUMBER),
    **dict.fromkeys(("mean", "minval", "maxval"), Kind.NUMBER),
    **dict.fromkeys(("kernel_size", "strides", "pool_size", "dilation_rate"), Kind.SIZE),
    **dict.fromkeys(("shape", "input_shape", "batch_shape", "batch_input_shape", "target_shape"), Kind.SHAPE),
}  # fmt: skip
_BY_ENDING = {
    "_initializer": Kind.INITIALIZER,
    "_regularizer": Kind.REGULARIZER,
    "_constraint": Kind.CONSTRAINT,
}
_CHOICES = {
    "data_format": ("channels_last", "channels_first"),
    "merge_mode": ("concat", "sum", "mul", "ave"),
    "padding": ("valid", "same"),
}
_CHOICES_OF = {
    ("VarianceScaling", "mode"): ("fan_in", "fan_out", "fan_avg"),
    ("VarianceScaling", "distribution"): ("truncated_normal", "untruncated_normal", "uniform"),
    ("Conv1D", "padding"): ("valid", "same", "causal"),
    ("SeparableConv1D", "padding"): ("valid", "same", "causal"),
}
_LONGEST_VALUE = 40


def kind_of(owner: str, name: str, default: Value) -> Kind:
    """What the parameter `name` of the class `owner` takes."""
    if choices_of(owner, name) and (default is None or isinstance(default, str)):
        return Kind.CHOICE
    for ending, kind in _BY_ENDING.items():
        if name.endswith(ending):
            return kind
    if name == "mean" and owner == "Normalization":
        return Kind.ANY
    if isinstance(default, bool):
        return Kind.BOOL
    return _BY_NAME.get(name, Kind.ANY)


def choices_of(owner: str, name: str) -> tuple[str, ...]:
    """The words that the parameter takes; empty when it takes others too."""
    owner = owner.replace("Convolution", "Conv")
    return _CHOICES_OF.get((owner, name), _CHOICES.get(name, ()))


def near(name: str, known: Iterable[str]) -> str:
    """The known name that `name` was perhaps meant to be, or an empty text."""
    names = list(known)
    for other in names:
        if other.lower().replace("_", "") == name.lower().replace("_", ""):
            return other
    return next(iter(difflib.get_close_matches(name, names, 1, 0.6)), "")


def literal_problem(name: str, kind: Kind, value: Value, choices: tuple[str, ...] = ()) -> Message | None:
    """Say what is obviously wrong with a value given to a parameter; None when nothing is. Keras has the last word."""
    if kind is Kind.CHOICE:
        return _choice_problem(name, value, choices)
    if kind is Kind.SHAPE:
        return _shape_problem(name, value)
    if kind not in _RULES or _RULES[kind][0](value):
        return None
    return message(_RULES[kind][1], name=name, value=shown(value))


def shown(value: Value) -> str:
    """A value as it is written in a sentence: short."""
    text = format_value(value)
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"


def _choice_problem(name: str, value: Value, choices: tuple[str, ...]) -> Message | None:
    if isinstance(value, str) and value.lower() in choices:
        return None
    known = ", ".join(repr(choice) for choice in choices)
    return message("`{name}` must be one of {known}, not {value}.", name=name, known=known, value=shown(value))


def _shape_problem(name: str, value: Value) -> Message | None:
    if _is_whole(value):
        return message("`{name}` must be a tuple: write ({value},) with a comma.", name=name, value=shown(value))
    if isinstance(value, tuple | list) and all(v is None or _is_whole(v) for v in value):
        return None
    return message("`{name}` must be a tuple of whole numbers, not {value}.", name=name, value=shown(value))


def _is_whole(value: Value) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_count(value: Value) -> bool:
    return _is_whole(value) and value >= 1


def _is_size(value: Value) -> bool:
    if isinstance(value, tuple | list):
        return len(value) > 0 and all(_is_count(v) for v in value)
    return _is_count(value)


_RULES: dict[Kind, tuple[Callable[[Value], bool], str]] = {
    Kind.BOOL: (
        lambda v: isinstance(v, bool) or v in (0, 1),
        "`{name}` must be True or False, not {value}.",
    ),
    Kind.COUNT: (
        _is_count,
        "`{name}` must be a whole number of at least 1, not {value}.",
    ),
    Kind.SIZE: (
        _is_size,
        "`{name}` must be a whole number of at least 1 or a tuple of them, not {value}.",
    ),
    Kind.RATE: (
        lambda v: _is_number(v) and 0 <= v <= 1,
        "`{name}` must be a number from 0 to 1, not {value}.",
    ),
    Kind.NUMBER: (
        _is_number,
        "`{name}` must be a number, not {value}.",
    ),
    Kind.SEED: (
        _is_whole,
        "`{name}` must be a whole number, not {value}.",
    ),
    Kind.TEXT: (
        lambda v: isinstance(v, str),
        "`{name}` must be a text in quotes, not {value}.",
    ),
}
