"""A model as a list of constructor calls, exactly as written in Keras."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Value = Any
"""None, bool, int, float, str, a tuple, list or dict (with str keys) of values, or a `Call`."""


@dataclass(frozen=True)
class Span:
    """A stretch of text: lines count from 1, columns from 0; the end is exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True)
class Argument:
    """One argument of a call. `name` is None for a positional one."""

    name: str | None
    value: Value
    span: Span | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Call:
    """`Dense(5, kernel_initializer=GlorotUniform(seed=7))`: a layer, or an object nested in one.

    `name` may be dotted as written (`keras.initializers.GlorotUniform`); prefixes `keras.`, `layers.`,
    `tf.keras.` and the like are dropped by the parser, so `name` is the bare class name.
    """

    name: str
    arguments: tuple[Argument, ...] = ()
    span: Span | None = field(default=None, compare=False)


def to_json(value: Value) -> Any:
    """A value as the worker is told: calls are `{"call", "args", "kwargs"}`, tuples `{"tuple"}`, dicts `{"dict"}`."""
    if isinstance(value, Call):
        return {
            "call": value.name,
            "args": [to_json(a.value) for a in value.arguments if a.name is None],
            "kwargs": {a.name: to_json(a.value) for a in value.arguments if a.name is not None},
        }
    if isinstance(value, tuple):
        return {"tuple": [to_json(v) for v in value]}
    if isinstance(value, list):
        return [to_json(v) for v in value]
    if isinstance(value, dict):
        return {"dict": [[key, to_json(v)] for key, v in value.items()]}
    return value
