"""Keras 3's `.weights.h5`: groups named after attributes and classes, each with a group `vars` of numbered datasets.

The order of the model's weights is not in the file; the paths, sorted with digits as numbers, stand for it. The layer's
own name is an attribute of `vars` and becomes an alias (`dense_1/0`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import h5py

from reproviewer.files.contents import MAX_TENSORS, Index, Unreadable, natural, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reproviewer.core.weights import Role, Tensor
    from reproviewer.files.hdf5 import Tree

MAX_DEPTH = 64
MAX_GROUPS = 50_000
_OTHER = {"metrics", "compile_metrics", "loss_tracker", "seed_generator"}


def read(tree: Tree) -> Index:
    """Walk the whole tree; every dataset of a `vars` group is a tensor."""
    tensors = sorted(_walk(tree), key=lambda t: natural(t.name))
    if not tensors and "layers" not in tree.root.id and "vars" not in tree.root.id:
        raise Unreadable("it is an HDF5 file, but not one of Keras: it has neither `layer_names` nor `vars`")
    return Index("keras-weights", tuple(tensors), {})


def _walk(tree: Tree) -> Iterator[Tensor]:
    seen: set[Any] = set()
    waiting = [("", tree.root)]
    found = 0
    while waiting:
        path, group = waiting.pop()
        _check_group(path, group, seen)
        layer = _layer_name(tree, group) if _is_vars(path) else ""
        for name in group:
            inner = f"{path}/{name}".strip("/")
            item = tree.child(group, name)
            if isinstance(item, h5py.Group) and not (_is_vars(path) and name.isdecimal()):
                waiting.append((inner, item))
                continue
            if not _is_vars(path):
                raise Unreadable("it holds `{name}`, which is no weight of a Keras file", name=quoted(inner))
            found += 1
            if found > MAX_TENSORS:
                raise Unreadable("it holds more than {limit} tensors", limit=MAX_TENSORS)
            yield tree.tensor(item, inner, role_of(inner), (f"{layer}/{name}",) if layer else ())
        _check_numbers(path, group)


def _check_group(path: str, group: Any, seen: set[Any]) -> None:
    address = h5py.h5o.get_info(group.id).addr
    if address in seen:
        raise Unreadable("a group is linked twice (`{name}`)", name=quoted(path))
    seen.add(address)
    if len(seen) > MAX_GROUPS:
        raise Unreadable("it holds more than {limit} groups", limit=MAX_GROUPS)
    if path.count("/") >= MAX_DEPTH:
        raise Unreadable("its groups are nested more than {limit} deep", limit=MAX_DEPTH)


def _check_numbers(path: str, group: Any) -> None:
    """The variables of a layer are numbered from 0 without a gap. One that is not there was lost."""
    if not _is_vars(path) or not all(n.isdecimal() for n in group):
        return
    missing = next((i for i in range(len(group)) if str(i) not in group.id), None)
    if missing is not None:
        raise Unreadable("variable {number} of `{name}` is missing", number=str(missing), name=quoted(path))


def _is_vars(path: str) -> bool:
    return path.split("/")[-1] == "vars"


def role_of(path: str) -> Role:
    """Whether the variable at `path` is a weight of the model."""
    parts = set(path.split("/")[:-2])
    if "optimizer" in parts:
        return "optimizer"
    return "other" if parts & _OTHER else "weight"


def _layer_name(tree: Tree, group: Any) -> str:
    names = tree.strings(group, "name") if "name" in group.attrs else []
    return names[0] if len(names) == 1 else ""
