"""The order and the names of a model's layers, from what its configuration says; nothing in it is ever acted on.

The weights of a layer lie under a path that is made of attributes and, where an attribute holds several layers, of each
layer's class with a counter: `layers/dense`, `layers/dense_1`, `layers/rnn/cell/cells/lstm_cell`. The configuration
lists the layers in order, which the paths do not keep. Inside a layer that is made of others under attributes of their
own it tells no order: that of `Bidirectional` and of attention is known here, for others the paths, sorted, stand.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from reproviewer.files.contents import MAX_NAME, natural
from reproviewer.files.keras_paths import KERAS_2_12, LAYERS, VARS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_LAYERS = 50_000
_KNOWN = ("forward_layer", "backward_layer", "query_dense", "key_dense", "value_dense", "output_dense")
"""Attributes of one layer in the order of its weights."""


@dataclass(frozen=True)
class Place:
    """Where a layer comes in its list, and what it calls itself."""

    position: int
    name: str


def places(config: Any, names: Iterable[str]) -> dict[str, Place]:
    """The place of every layer of a model under whose path one of the tensors `names` lies."""
    held = {prefix for name in names for prefix in _prefixes(name)}
    found: dict[str, Place] = {}
    waiting = [("", config)]
    while waiting:
        path, layer = waiting.pop()
        for name, position, inner in _inside(path, layer, held):
            if position is not None:
                found[name] = Place(position, _own_name(inner))
            waiting.append((name, inner))
    return found


def sort_key(name: str, found: dict[str, Place]) -> list[tuple[int, str]]:
    """Sorts paths as the model lists its layers: own variables first, then those of the layers inside."""
    return [
        (_rank(part, found.get(prefix)), natural(part))
        for part, prefix in zip(name.split("/"), _prefixes(name), strict=True)
    ]


def _rank(part: str, place: Place | None) -> int:
    if part == VARS:
        return -1
    if place is not None:
        return place.position
    return _KNOWN.index(part) if part in _KNOWN else MAX_LAYERS


def _inside(path: str, layer: dict[str, Any], held: set[str]) -> Iterator[tuple[str, int | None, dict[str, Any]]]:
    """Path, position in a list and configuration of each layer directly inside another, if the file holds any of it."""
    for attribute, value in _attributes(layer):
        for spelling in (attribute, KERAS_2_12) if attribute == LAYERS else (attribute,):
            inner = f"{path}/{spelling}".strip("/")
            if inner not in held:
                continue
            if isinstance(value, list):
                yield from _numbered(inner, value, held)
            elif _is_layer(value):
                yield inner, None, value


def _attributes(layer: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    config = layer.get("config") if _is_layer(layer) else None
    yield from config.items() if isinstance(config, dict) else ()


def _numbered(path: str, layers: list[Any], held: set[str]) -> Iterator[tuple[str, int, dict[str, Any]]]:
    """Keras 2.12 counts a layer that has weights twice."""
    counts: dict[str, int] = {}
    for position, layer in enumerate(layers[:MAX_LAYERS]):
        if not _is_layer(layer):
            continue
        base = snake_case(layer["class_name"])
        number = counts.get(base, 0)
        name = f"{path}/{base}_{number}" if number else f"{path}/{base}"
        counts[base] = number + (2 if name in held and path.endswith(KERAS_2_12) else 1)
        if name in held:
            yield name, position, layer


def _is_layer(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("class_name"), str) and len(value["class_name"]) < MAX_NAME


def _own_name(layer: dict[str, Any]) -> str:
    config = layer.get("config")
    name = config.get("name") if isinstance(config, dict) else None
    return name if isinstance(name, str) and name.isprintable() and len(name) <= MAX_NAME else ""


def _prefixes(name: str) -> Iterator[str]:
    """`a`, `a/b` and `a/b/c` of `a/b/c`."""
    for match in re.finditer("/", name):
        yield name[: match.start()]
    yield name


@lru_cache(maxsize=1000)
def snake_case(name: str) -> str:
    """A class as Keras writes it in paths.

    >>> [snake_case(n) for n in ("Dense", "LSTMCell", "Conv2DTranspose", "MultiHeadAttention")]
    ['dense', 'lstm_cell', 'conv2d_transpose', 'multi_head_attention']
    """
    name = re.sub(r"\W+", "", name)
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()
