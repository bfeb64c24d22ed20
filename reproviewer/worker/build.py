"""From structured calls to a model. Names are looked up in Keras' own modules; nothing is evaluated."""

from __future__ import annotations

import difflib
import inspect
import re
import traceback
import warnings
from typing import Any

from .protocol import Mistake, Where
from .stack import Stack, version_of

REFUSED = ("Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer", "get", "serialize", "deserialize")
"""Names that run somebody's code or open a file, and the helpers of Keras' modules."""
NESTED = ("initializers", "regularizers", "constraints", "layers")
LONGEST_REASON = 300


class _Unknown(Exception):
    """A name that Keras has not; `guess` is the nearest that it has."""

    def __init__(self, name: str, guess: str) -> None:
        super().__init__(name)
        self.name = name
        self.guess = guess


def model(stack: Stack, calls: list[dict[str, Any]]) -> Any:
    """Build `Sequential([...])` of the layers, constructed in the order in which Python would construct them.

    Returns
    -------
    The built model, None when there are no layers.

    Raises
    ------
    Mistake
        With the index of the layer that Keras refuses and, where it can be told, the argument.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        layers = [_layer(stack, index, call) for index, call in enumerate(calls)]
        if not layers:
            return None
        try:
            built = stack.keras.Sequential(layers)
        except Exception as error:
            index = _culprit(stack, error, layers)
            raise _mistake(error, calls, index, _argument(stack, calls[index], error)) from None
    if not built.built and calls[0]["call"] != "Input":
        raise Mistake(
            "The first layer needs an input shape: add Input((...,)) before it or give it input_dim.", (0, None)
        )
    return built


def _layer(stack: Stack, index: int, call: dict[str, Any]) -> Any:
    name = call["call"]
    try:
        maker = _find(stack, name, ("layers",))
    except _Unknown as unknown:
        raise _unknown(stack, unknown, (index, None), "layer") from None
    args = [_value(stack, v, (index, _positional(maker, i))) for i, v in enumerate(call["args"])]
    kwargs = {key: _value(stack, v, (index, key)) for key, v in call["kwargs"].items()}
    try:
        return maker(*args, **kwargs)
    except Exception as error:
        raise _mistake(error, [call], 0, _argument(stack, call, error), index) from None


def _value(stack: Stack, value: Any, where: Where) -> Any:
    """A literal, or an object of Keras made from a nested call."""
    if isinstance(value, list):
        return [_value(stack, v, where) for v in value]
    if not isinstance(value, dict):
        return value
    if "tuple" in value:
        return tuple(_value(stack, v, where) for v in value["tuple"])
    if "dict" in value:
        return {key: _value(stack, v, where) for key, v in value["dict"]}
    return _nested(stack, value, where)


def _nested(stack: Stack, call: dict[str, Any], where: Where) -> Any:
    try:
        maker = _find(stack, call["call"], NESTED)
    except _Unknown as unknown:
        raise _unknown(stack, unknown, where, "object") from None
    args = [_value(stack, v, where) for v in call["args"]]
    kwargs = {key: _value(stack, v, where) for key, v in call["kwargs"].items()}
    try:
        return maker(*args, **kwargs)
    except Exception as error:
        raise Mistake("{name}: {why}", where, traceback.format_exc(), name=call["call"], why=reason(error)) from None


def _find(stack: Stack, name: str, rooms: tuple[str, ...]) -> Any:
    if name == "Input" and "layers" in rooms:
        return stack.keras.Input
    public: list[str] = []
    for room in rooms:
        module = getattr(stack.keras, room)
        found = getattr(module, name, None)
        if is_offered(stack, room, name, found):
            return found
        public += [known for known in dir(module) if is_offered(stack, room, known, getattr(module, known, None))]
    near = difflib.get_close_matches(name, public, 1, 0.7) or [p for p in public if p.lower() == name.lower()]
    raise _Unknown(name, near[0] if near else "")


def is_offered(stack: Stack, room: str, name: str, found: Any) -> bool:
    """Whether `found`, the attribute `name` of `keras.<room>`, may be called by a model."""
    if name.startswith("_") or name in REFUSED or inspect.ismodule(found):
        return False
    if room == "layers":
        return inspect.isclass(found) and issubclass(found, stack.keras.layers.Layer)
    return callable(found)


def _unknown(stack: Stack, unknown: _Unknown, where: Where, kind: str) -> Mistake:
    version = version_of(stack.keras)
    if unknown.name in REFUSED:
        return Mistake("{name} is not offered here: it runs code or opens files.", where, name=unknown.name)
    if unknown.guess:
        template = "Keras {version} has no {kind} {name}; did you mean {guess}?"
        return Mistake(template, where, version=version, kind=kind, name=unknown.name, guess=unknown.guess)
    return Mistake("Keras {version} has no {kind} {name}.", where, version=version, kind=kind, name=unknown.name)


def _mistake(
    error: Exception, calls: list[dict[str, Any]], index: int, argument: str | None, shown: int | None = None
) -> Mistake:
    where = (index if shown is None else shown, argument)
    if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":
        return Mistake(
            "There is not enough memory for {layer}.", where, traceback.format_exc(), layer=calls[index]["call"]
        )
    return Mistake("{layer}: {why}", where, traceback.format_exc(), layer=calls[index]["call"], why=reason(error))


def reason(error: Exception) -> str:
    """What Keras says, cut down to one sentence in one line."""
    text = str(error).strip()
    text = re.sub(r"^Exception encountered when calling [^\n]*\n+", "", text)
    text = re.sub(r"\x1b\[\d+m", "", text)
    text = re.sub(r"^(?:in user code:\n+)", "", text)
    text = re.split(r"\n\s*\n|(?<=[.!?])\n", text)[0]
    text = re.sub(r"\s+", " ", text).strip()
    text = re.sub(r"^[A-Za-z]+\.__init__\(\) ", "", text)
    if len(text) > LONGEST_REASON:
        text = text[: LONGEST_REASON - 1] + "\u2026"
    if not text:
        text = type(error).__name__
    return text if text[-1] in ".!?\u2026" else text + "."


def _culprit(stack: Stack, error: Exception, layers: list[Any]) -> int:
    """The index of the layer in whose code the error arose: the last of ours that is `self` on the traceback."""
    owners = {id(getattr(layer, "_keras_history", (layer,))[0]): index for index, layer in enumerate(layers)}
    found = 0
    trace = error.__traceback__
    while trace is not None:
        names = trace.tb_frame.f_locals
        for name in ("layer", "self", "obj"):
            index = owners.get(id(names.get(name)))
            if index is not None:
                found = index
        trace = trace.tb_next
    return found


def _argument(stack: Stack, call: dict[str, Any], error: Exception) -> str | None:
    """The one argument of `call` that the error speaks of, if it is one."""
    maker = _find(stack, call["call"], ("layers",))
    given = [_positional(maker, i) for i in range(len(call["args"]))] + list(call["kwargs"])
    text = str(error)
    words = {key: value for key, value in call["kwargs"].items() if isinstance(value, str) and value in text}
    if len(words) == 1:
        return str(next(iter(words)))
    named: list[str] = [
        name for name in given if name and re.search(r"[`'\" ]{0}[`'\"]|\b{0}=".format(re.escape(name)), text)
    ]
    return named[0] if len(named) == 1 else None


def _positional(maker: Any, index: int) -> str | None:
    parameters = signature(maker)
    return parameters[index].name if index < len(parameters) else None


def signature(maker: Any) -> list[inspect.Parameter]:
    """The parameters of a class (without `self`) or function of Keras; empty when it cannot be told."""
    try:
        if not inspect.isclass(maker):
            return list(inspect.signature(maker).parameters.values())
        return list(inspect.signature(maker.__init__).parameters.values())[1:]
    except (TypeError, ValueError):
        return []
