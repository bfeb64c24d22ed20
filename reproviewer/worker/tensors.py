"""The variables of a model: their names, in order, and their bytes without a copy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from .stack import Stack


class Entry(NamedTuple):
    """One tensor to be written: `array` has the shape and the bits; `dtype` is numpy's or ml_dtypes' name."""

    name: str
    dtype: str
    role: str
    array: Any
    aliases: tuple[str, ...]

    def header(self, offset: int) -> dict[str, Any]:
        """Its line of a run file's index."""
        return {
            "name": self.name,
            "dtype": self.dtype,
            "shape": list(self.array.shape),
            "offset": offset,
            "role": self.role,
            "aliases": list(self.aliases),
        }


def variables(model: Any) -> list[tuple[Any, str]]:
    """The variables with their roles: those of `model.weights` in its order, then all others (a dropout's seed)."""
    if model is None:
        return []
    found = [(variable, "weight") for variable in model.weights]
    seen = {id(variable) for variable, _ in found}
    found += [(variable, "other") for variable in model.variables if id(variable) not in seen]
    return [(variable, role) for variable, role in found if _is_numeric(variable)]


def _is_numeric(variable: Any) -> bool:
    return str(getattr(variable.dtype, "name", variable.dtype)) not in ("string", "resource", "variant")


def names(model: Any, found: list[tuple[Any, str]]) -> list[str]:
    """`dense/kernel`: without the model's own name in front and `:0` behind; numbered where two are the same."""
    prefix = model.name + "/" if model is not None else ""
    result: list[str] = []
    for variable, _ in found:
        name = path(variable)
        name = name[len(prefix) :] if name.startswith(prefix) else name
        result.append(_unlike(name, result))
    return result


def path(variable: Any) -> str:
    """The variable's full name: `path` in Keras 3, `name` without `:0` in Keras 2."""
    name = str(getattr(variable, "path", None) or variable.name)
    return name[:-2] if name.endswith(":0") else name


def _unlike(name: str, taken: list[str]) -> str:
    number, result = 1, name
    while result in taken:
        number += 1
        result = f"{name} ({number})"
    return result


def entries(stack: Stack, model: Any, aliases: list[tuple[str, ...]]) -> list[Entry]:
    """Every variable of the model; `aliases` belong to `variables(model)` in order."""
    found = variables(model)
    named = zip(found, names(model, found), aliases)
    return [_entry(name, role, value(stack, variable), known) for (variable, role), name, known in named]


def drawn(draws: list[tuple[str, Any]]) -> list[Entry]:
    """The numbers that were drawn beside the model."""
    result: list[Entry] = []
    for name, array in draws:
        result.append(_entry(_unlike(name, [entry.name for entry in result]), "draw", array, ()))
    return result


def _entry(name: str, role: str, array: Any, aliases: tuple[str, ...]) -> Entry:
    return Entry(name, array.dtype.name, role, array, aliases)


def value(stack: Stack, variable: Any) -> Any:
    """The variable's elements: an array that shares TensorFlow's memory where TensorFlow lets it."""
    tensor = variable.value() if callable(variable.value) else variable.value
    return stack.np.asarray(tensor.read_value() if hasattr(tensor, "read_value") else tensor)


def raw(np: Any, array: Any) -> memoryview:
    """The bytes of an array in C order, little-endian; copied only when they are not so already."""
    array = np.ascontiguousarray(array)
    if array.dtype.byteorder == ">":
        array = array.astype(array.dtype.newbyteorder("<"))
    return memoryview(array.reshape(-1).view(np.uint8))
