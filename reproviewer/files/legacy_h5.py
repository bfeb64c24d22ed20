"""The HDF5 layout of Keras 1 and 2, which Keras 3 still writes: weights, or a whole model with the weights inside.

Attributes list the layers and their weights in order; more than 64,512 bytes of names are split over numbered
attributes. A whole model keeps the tree under `model_weights` and the optimizer's state under `optimizer_weights`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reproviewer.files.contents import ARCHITECTURE, MAX_TENSORS, NOT_LOADED, Index, Unreadable, quoted
from reproviewer.files.hdf5 import path_of
from reproviewer.files.npy import assumed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reproviewer.core.weights import Tensor
    from reproviewer.files.hdf5 import Tree

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
    root = tree.root if _has(tree, tree.root, "layer_names") else tree.group(tree.root, _INSIDE)
    tensors = list(_layers(tree, root))
    if tree.holds(tree.root, _OPTIMIZER):
        group = tree.group(tree.root, _OPTIMIZER)
        if _has(tree, group, "weight_names"):
            tensors += [
                tree.tensor(tree.child(group, name), f"{_OPTIMIZER}/{name}", "optimizer", _aliases(name))
                for name in _names(tree, group, "weight_names")
            ]
    remarks = {ARCHITECTURE: NOT_LOADED} if tree.has(tree.root, "model_config") else {}
    return Index("legacy-h5", tuple(tensors), _metadata(tree, root), remarks | assumed(*(t.dtype for t in tensors)))


def _metadata(tree: Tree, root: Any) -> dict[str, str]:
    """What the file says about itself. Its configurations are shown as text or not at all, and never acted on."""
    said = {key: tree.text(root, key) or tree.text(tree.root, key) for key in ("keras_version", "backend")}
    said["training_config"] = tree.text(tree.root, "training_config")
    return {key: value for key, value in said.items() if value}


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
