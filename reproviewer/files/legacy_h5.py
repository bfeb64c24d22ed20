"""The HDF5 layout of Keras 1 and 2, which Keras 3 still writes: weights, or a whole model with the weights inside.

Attributes list the layers and their weights in order; more than 64,512 bytes of names are split over numbered
attributes. A whole model keeps the tree under `model_weights` and the optimizer's state under `optimizer_weights`.

Datasets that no list names, and attributes that Keras does not write, are left out, and named. Of its own attributes
the lists are kept by whoever writes the layout anew; the others are metadata.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from reproviewer.files.contents import (
    ARCHITECTURE,
    LEFT_OUT,
    MAX_TENSORS,
    MAX_TEXT,
    NOT_LOADED,
    Index,
    Unreadable,
    attributes_left_out,
    listed,
    quoted,
)
from reproviewer.files.hdf5 import path_of
from reproviewer.files.npy import assumed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from reproviewer.core.weights import Tensor
    from reproviewer.files.hdf5 import Tree

_LIST = re.compile(r"(layer|weight)_names\d*")
_INSIDE = "model_weights"
_OPTIMIZER = "optimizer_weights"
_TOP_LEVEL = "top_level_model_weights"


def is_legacy(tree: Tree) -> bool:
    """Whether the file lists its layers, at its root or inside a whole model."""
    if _has(tree, tree.root, "layer_names"):
        return True
    return tree.holds(tree.root, _INSIDE) and _has(tree, tree.child(tree.root, _INSIDE), "layer_names")


def read(tree: Tree) -> Index:
    """Read the weights in the order of the lists, then the optimizer's state."""
    inside = "" if _has(tree, tree.root, "layer_names") else _INSIDE
    root = tree.group(tree.root, inside) if inside else tree.root
    tensors = list(_layers(tree, root))
    places = {f"{inside}/{t.name}" if inside else t.name for t in tensors}
    if tree.holds(tree.root, _OPTIMIZER):
        group = tree.group(tree.root, _OPTIMIZER)
        if _has(tree, group, "weight_names"):
            state = [
                tree.tensor(tree.child(group, name), f"{_OPTIMIZER}/{name}", "optimizer", _aliases(name))
                for name in _names(tree, group, "weight_names")
            ]
            tensors += state
            places |= {t.name for t in state}
    metadata = _metadata(tree, root)
    remarks = {ARCHITECTURE: NOT_LOADED} if tree.has(tree.root, "model_config") else {}
    if left_out := _left_out(tree, places, metadata):
        remarks[LEFT_OUT] = listed(left_out, 50)
    return Index("legacy-h5", tuple(tensors), metadata, remarks | assumed(*(t.dtype for t in tensors)))


def _metadata(tree: Tree, root: Any) -> dict[str, str]:
    """What the file says about itself. Its configurations are shown as text or not at all, and never acted on."""
    said = {key: tree.text(root, key) or tree.text(tree.root, key) for key in ("keras_version", "backend")}
    said["training_config"] = tree.text(tree.root, "training_config")
    return {key: value for key, value in said.items() if value}


def _left_out(tree: Tree, places: Collection[str], metadata: dict[str, str]) -> list[str]:
    """What the file holds besides its weights, which lie at `places`, and what it says about itself."""
    found = [f"the end of {key}" for key, value in metadata.items() if len(value) == MAX_TEXT]
    objects = list(tree.objects())
    unlisted = {path: tree.address(tree.opened(path)) for path, is_data, _ in objects if is_data and path not in places}
    if unlisted:
        weights = {tree.address(tree.opened(path)) for path in places}
        unlisted = {path: address for path, address in unlisted.items() if address not in weights}
        found += unlisted
    for path, is_data, count in objects:
        if count and path not in unlisted:
            names = tree.unread_attributes(tree.opened(path)) if is_data else _others(tree, path, metadata)
            found += attributes_left_out(names, path if path != "." else "")
    return found


def _others(tree: Tree, path: str, metadata: dict[str, str]) -> list[str]:
    """The attributes of a group that are no part of the layout."""
    known = {*metadata, "model_config"} if path in (".", _INSIDE) else set()
    names = tree.other_attributes(path)
    return [name for name in names if name not in known and not _LIST.fullmatch(name)]


def _layers(tree: Tree, root: Any) -> Iterator[Tensor]:
    layers = _names(tree, root, "layer_names")
    if tree.holds(root, _TOP_LEVEL) and _TOP_LEVEL not in layers:
        layers.append(_TOP_LEVEL)
    for layer in layers:
        group = tree.group(root, layer)
        for name in _names(tree, group, "weight_names"):
            yield tree.tensor(tree.child(group, name), f"{layer}/{name}", "weight", _aliases(name))


def _aliases(name: str) -> tuple[str, ...]:
    """The name without the layer in front. Early Keras 3 has only `kernel`, which is every layer's."""
    return (name.removesuffix(":0"),) if "/" in name else ()


def _has(tree: Tree, item: Any, key: str) -> bool:
    return tree.has(item, key) or tree.has(item, f"{key}0")


def _names(tree: Tree, item: Any, key: str) -> list[str]:
    """The list of names under `key`, joined from its parts when it is split."""
    if tree.has(item, key):
        names = tree.strings(item, key)
    elif tree.has(item, f"{key}0"):
        names, part = [], 0
        while tree.has(item, f"{key}{part}") and len(names) <= MAX_TENSORS:
            names += tree.strings(item, f"{key}{part}")
            part += 1
    else:
        raise Unreadable("its group `{name}` has no list `{key}`", name=path_of(item), key=key)
    if len(set(names)) != len(names):
        raise Unreadable("it lists `{name}` twice", name=quoted(next(n for i, n in enumerate(names) if n in names[:i])))
    if len(names) > MAX_TENSORS:
        raise Unreadable("it holds more than {limit} tensors", limit=MAX_TENSORS)
    return names
