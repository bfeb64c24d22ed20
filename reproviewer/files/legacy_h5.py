"""The HDF5 layout of Keras 1 and 2, which Keras 3 still writes: weights, or a whole model with the weights inside.

Attributes list the layers and their weights in order; more than 64,512 bytes of names are split over numbered
attributes. A whole model keeps the tree under `model_weights` and the optimizer's state under `optimizer_weights`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reproviewer.files.contents import MAX_TENSORS, Index, Unreadable, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reproviewer.core.weights import Tensor
    from reproviewer.files.hdf5 import Tree

_INSIDE = "model_weights"
_OPTIMIZER = "optimizer_weights"
_TOP_LEVEL = "top_level_model_weights"


def is_legacy(tree: Tree) -> bool:
    """Whether the file lists its layers, at its root or inside a whole model."""
    return _has(tree.root, "layer_names") or _INSIDE in tree.root.id


def read(tree: Tree) -> Index:
    """Read the weights in the order of the lists, then the optimizer's state."""
    root = tree.root if _has(tree.root, "layer_names") else tree.group(tree.root, _INSIDE)
    if not _has(root, "layer_names"):
        raise Unreadable("its group `{name}` has no list of layers", name=_INSIDE)
    tensors = list(_layers(tree, root))
    if _OPTIMIZER in tree.root.id:
        group = tree.group(tree.root, _OPTIMIZER)
        if _has(group, "weight_names"):
            tensors += [
                tree.tensor(tree.child(group, name), f"{_OPTIMIZER}/{name}", "optimizer", _aliases(name))
                for name in _names(tree, group, "weight_names")
            ]
    metadata = {key: ", ".join(tree.strings(root, key)) for key in ("keras_version", "backend") if key in root.attrs}
    if "model_config" in tree.root.attrs:
        metadata["architecture"] = "stored in the file, not loaded"
    if any(t.dtype == "bfloat16" for t in tensors):
        metadata["assumed"] = "two-byte values are bfloat16; this format does not say"
    return Index("legacy-h5", tuple(tensors), metadata)


def _layers(tree: Tree, root: Any) -> Iterator[Tensor]:
    layers = _names(tree, root, "layer_names")
    if _TOP_LEVEL in root.id and _TOP_LEVEL not in layers:
        layers.append(_TOP_LEVEL)
    for layer in layers:
        group = tree.group(root, layer)
        for name in _names(tree, group, "weight_names"):
            yield tree.tensor(tree.child(group, name), f"{layer}/{name}", "weight", _aliases(name))


def _aliases(name: str) -> tuple[str, ...]:
    return (name.removesuffix(":0"),)


def _has(item: Any, key: str) -> bool:
    return key in item.attrs or f"{key}0" in item.attrs


def _names(tree: Tree, item: Any, key: str) -> list[str]:
    """The list of names under `key`, joined from its parts when it is split."""
    if key in item.attrs:
        names = tree.strings(item, key)
    elif f"{key}0" in item.attrs:
        names, part = [], 0
        while f"{key}{part}" in item.attrs and len(names) <= MAX_TENSORS:
            names += tree.strings(item, f"{key}{part}")
            part += 1
    else:
        raise Unreadable("its group `{name}` has no list `{key}`", name=quoted(str(item.name)), key=key)
    if len(set(names)) != len(names):
        raise Unreadable("it lists `{name}` twice", name=quoted(next(n for i, n in enumerate(names) if n in names[:i])))
    if len(names) > MAX_TENSORS:
        raise Unreadable("it holds more than {limit} tensors", limit=MAX_TENSORS)
    return names
