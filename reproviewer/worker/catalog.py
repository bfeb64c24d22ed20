"""What this interpreter's Keras offers: layers and what may be nested in them, with their parameters."""

from __future__ import annotations

import inspect
import math
from typing import TYPE_CHECKING, Any

from . import build
from .stack import Stack, version_of

if TYPE_CHECKING:
    from .protocol import Channel

LEGACY = {3: ("input_shape", "input_dim"), 2: ("input_shape", "input_dim", "batch_input_shape", "batch_size")}
"""Arguments that every layer takes and no signature shows."""


def tell(stack: Stack, request: dict[str, Any], channel: Channel) -> None:
    """Answer the request `catalog`."""
    channel.emit("reply", data=catalog(stack))


def catalog(stack: Stack) -> dict[str, Any]:
    """The layers, initializers, regularizers, constraints and activations by name."""
    keras = stack.keras
    layers = _room(stack, "layers")
    layers["Input"] = {"parameters": _parameters(keras.Input)}
    return {
        "keras": version_of(keras),
        "flavour": stack.flavour,
        "layers": dict(sorted(layers.items())),
        "initializers": _room(stack, "initializers"),
        "regularizers": _room(stack, "regularizers"),
        "constraints": _room(stack, "constraints"),
        "activations": _activations(keras),
        "common": _common(stack),
    }


def _room(stack: Stack, room: str) -> dict[str, Any]:
    module = getattr(stack.keras, room)
    found = {}
    for name in sorted(dir(module)):
        maker = getattr(module, name)
        if inspect.isclass(maker) and build.is_offered(stack, room, name, maker):
            found[name] = {"parameters": _parameters(maker)}
    return found


def _parameters(maker: Any) -> list[dict[str, Any]]:
    hidden = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    return [_parameter(p) for p in build.signature(maker) if p.kind not in hidden]


def _parameter(parameter: inspect.Parameter) -> dict[str, Any]:
    """Name, whether it must be given, and its default where JSON can hold it (`has_default` says there is one)."""
    required = parameter.default is inspect.Parameter.empty
    described: dict[str, Any] = {"name": parameter.name, "required": required, "has_default": not required}
    if not required and _is_json(parameter.default):
        described["default"] = parameter.default
    return described


def _is_json(value: Any) -> bool:
    if isinstance(value, (tuple, list)):
        return all(_is_json(v) for v in value)
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, (bool, int, str))


def _activations(keras: Any) -> list[str]:
    helpers = ("get", "serialize", "deserialize")
    module = keras.activations
    return [n for n in dir(module) if n not in helpers and n[0] != "_" and inspect.isfunction(getattr(module, n))]


def _common(stack: Stack) -> list[dict[str, Any]]:
    shown = _parameters(stack.keras.layers.Layer)
    extra = LEGACY[3 if stack.is_keras3 else 2]
    return shown + [{"name": name, "required": False, "has_default": True, "default": None} for name in extra]
