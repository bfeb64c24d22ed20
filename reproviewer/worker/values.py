"""Values from files into the variables of a model: all of them or none."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from . import tensors
from .protocol import Mistake

if TYPE_CHECKING:
    from .stack import Stack


def fit(entries: list[tensors.Entry], windows: list[dict[str, Any]]) -> None:
    """Check that `windows` (name, dtype, shape, path, offset), in order, are the model's weights.

    Raises
    ------
    Mistake
        The first one that is not: missing, extra, another shape or dtype, or in another's place.
    """
    if len(windows) != len(entries):
        template = "The model has {needed} weights, {found} were given."
        raise Mistake(template, needed=len(entries), found=len(windows))
    places: dict[str, str] = {}
    for entry in entries:
        for name in (entry.name, *entry.aliases):
            places.setdefault(name, entry.name)
    for entry, window in zip(entries, windows):
        if list(entry.array.shape) != list(window["shape"]):
            template = "{name} has the shape {found}, the model's weight has {needed}."
            found = tuple(window["shape"])
            raise Mistake(template, name=window["name"], found=found, needed=entry.array.shape)
        if entry.dtype != window["dtype"]:
            template = "{name} holds {found}, the model's weight {needed}."
            raise Mistake(template, name=window["name"], found=window["dtype"], needed=entry.dtype)
        if places.get(window["name"], entry.name) != entry.name:
            template = "{name} was given in the place of {place}."
            raise Mistake(template, name=window["name"], place=entry.name)


def assign(stack: Stack, model: Any, windows: list[dict[str, Any]]) -> None:
    """Give the model's weights the bytes of `windows`, and look whether they have them.

    Raises
    ------
    Mistake
        A file could not be read, or a value did not arrive; then every weight has its old value again.
    """
    np = stack.np
    variables = [variable for variable, role in tensors.variables(model) if role == "weight"]
    before = []
    try:
        for variable, window in zip(variables, windows):
            old = tensors.value(stack, variable)
            new = read(np, window, old.dtype)
            before.append((variable, old.copy()))
            variable.assign(new)
            if tensors.raw(np, tensors.value(stack, variable)) != tensors.raw(np, new):
                raise Mistake("The model did not take the values of {name}.", name=window["name"])
    except BaseException:
        for variable, old in before:
            variable.assign(old)
        raise


def read(np: Any, window: dict[str, Any], dtype: Any) -> Any:
    """The array that lies in the window."""
    shape = tuple(window["shape"])
    size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    name = os.path.basename(window["path"])
    try:
        with open(window["path"], "rb") as file:
            file.seek(window["offset"])
            data = bytearray(size)
            if file.readinto(data) != size:
                raise Mistake("{file} has become shorter.", file=name)
    except OSError as error:
        raise Mistake("Cannot read {file}: {why}.", file=name, why=error.strerror or str(error)) from None
    return np.frombuffer(data, np.uint8).view(dtype).reshape(shape)
