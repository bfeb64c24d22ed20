"""Keras' `.weights.h5`: groups named after attributes and classes, each with a group `vars` of numbered datasets.

The rules:

- Every dataset of a `vars` group is a variable, under its path. Optimizers' and metrics' are told from weights by the
  attributes that lead to them. What Keras 2.12 and 2.13 call `_layer_checkpoint_dependencies` gets its later name,
  `layers`, as an alias.
- The order of the model's weights is not in the file; the paths, sorted with digits as numbers, stand for it.
- The layer's own name, which Keras 3 keeps as an attribute of `vars`, becomes an alias (`dense_1/0`).
- What lies outside of all `vars` groups is no weight and is shown as other state.
- Attributes are told of if the format has them: the name of a layer, where it can be shown, and the mark of bfloat16.
  Others are left out, and named, wherever they are. A program that writes the format has no place for them.
- A file without any `vars` group is not one of Keras. Every dataset of numbers in it is taken for a weight, under its
  path, and the metadata says so. Texts, records and references are left out, and named.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from h5py.h5d import DatasetID
from h5py.h5g import GroupID

from reproviewer.files import keras_paths
from reproviewer.files.contents import (
    LEFT_OUT,
    MAX_NAME,
    MAX_TENSORS,
    Index,
    Unreadable,
    attributes_left_out,
    natural,
    quoted,
)
from reproviewer.files.hdf5_data import NotNumbers
from reproviewer.files.keras_paths import is_vars

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reproviewer.core.weights import Tensor
    from reproviewer.files.hdf5 import Tree


@dataclass
class Found:
    """What one HDF5 file holds. `layers` has the layer's own name, if it is known, for the path of each `vars`."""

    variables: list[Tensor] = field(default_factory=list)
    outside: list[Tensor] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    layers: dict[str, str] = field(default_factory=dict)


def read(tree: Tree) -> Index:
    """Read a file that is whole by itself."""
    return index([walk(tree)])


def walk(tree: Tree) -> Found:
    """Find every dataset of an open file."""
    found = Found()
    paths = tree.paths()
    groups = {keras_paths.group(path) for path in paths}
    seen = {tree.address(tree.root)}
    found.left_out += attributes_left_out(tree.other_attributes("."))
    for path, address in paths.items():
        is_variable = is_vars(keras_paths.group(path)) and path.rpartition("/")[2].isdecimal()
        item = None if path in groups and not is_variable else tree.opened(path)
        if is_variable or not (item is None or isinstance(item, GroupID)):
            _add(tree, item, path, found)
            continue
        if address in seen:
            raise Unreadable("a group is linked twice (`{name}`)", name=quoted(path))
        seen.add(address)
        if is_vars(path):
            found.layers[path] = _own_name(tree, path)
        known = ["name"] if found.layers.get(path) else []
        found.left_out += attributes_left_out(tree.other_attributes(path, known), path)
    tree.pause()
    return found


def _own_name(tree: Tree, path: str) -> str:
    name = tree.text(tree.root, "name", at=path)
    return name if name.isprintable() and len(name) <= MAX_NAME else ""


def _add(tree: Tree, item: Any, path: str, found: Found) -> None:
    if is_vars(keras_paths.group(path)):
        found.variables.append(tree.tensor(item, path, "weight"))
        found.left_out += attributes_left_out(tree.unread_attributes(item), path)
    elif isinstance(item, DatasetID):
        try:
            found.outside.append(tree.tensor(item, path, "other"))
            found.left_out += attributes_left_out(tree.unread_attributes(item), path)
        except NotNumbers:
            found.left_out.append(path)
    if len(found.variables) + len(found.outside) + len(found.left_out) > MAX_TENSORS:
        raise Unreadable("it holds more than {limit} tensors", limit=MAX_TENSORS)


def index(parts: Sequence[Found]) -> Index:
    """Put the parts of one model together."""
    layers: dict[str, str] = {}
    for part in parts:
        layers |= {path: name or layers.get(path, "") for path, name in part.layers.items()}
    variables = [t for p in parts for t in p.variables]
    outside = [t for p in parts for t in p.outside]
    left_out = list(dict.fromkeys(name for p in parts for name in p.left_out))
    if not layers:
        return _not_of_keras(outside, left_out)
    _check_numbers(variables)
    optimizers, later = keras_paths.optimizers(variables), keras_paths.renamed(layers)
    groups = [keras_paths.group(t.name) for t in variables]
    known = {g: [name for name in (layers[g], later.get(g, ""), _inner_name(g, layers)) if name] for g in groups}
    named = [_as_found(t, known[g], optimizers) for t, g in zip(variables, groups, strict=True)]
    tensors = _sorted(named + outside)
    return Index("keras-weights", tensors, remarks=_told(layer_names(tensors), left_out))


def layer_names(tensors: Iterable[Tensor]) -> dict[str, str]:
    """What there is to remark about names: those of the layers with weights, in the order of the weights."""
    weights = (t for t in tensors if t.role == "weight")
    names = dict.fromkeys(alias.rpartition("/")[0] for t in weights for alias in t.aliases if "/vars/" not in alias)
    return {"layers": _listed(names)} if names else {}


def _not_of_keras(tensors: Sequence[Tensor], left_out: Sequence[str]) -> Index:
    if not tensors:
        raise Unreadable("it is an HDF5 file without any numbers")
    remarks = {"layout": "not that of Keras; every dataset is taken for a weight"}
    weights = (dataclasses.replace(t, role="weight") for t in tensors)
    return Index("hdf5", _sorted(weights), remarks=_told(remarks, left_out))


def _sorted(tensors: Iterable[Tensor]) -> tuple[Tensor, ...]:
    return tuple(sorted(tensors, key=lambda t: natural(t.name)))


def _told(remarks: dict[str, str], left_out: Sequence[str]) -> dict[str, str]:
    return remarks | {LEFT_OUT: _listed(left_out)} if left_out else remarks


def _listed(names: Iterable[str], most: int = 50) -> str:
    listed = list(names)
    more = f", and {len(listed) - most:,} more" if len(listed) > most else ""
    return ", ".join(quoted(name) for name in listed[:most]) + more


def _check_numbers(variables: Sequence[Tensor]) -> None:
    """The variables of a layer are numbered from 0 without a gap. One that is not there was lost."""
    numbers: dict[str, set[str]] = {}
    for tensor in variables:
        path, _, number = tensor.name.rpartition("/")
        numbers.setdefault(path, set()).add(number)
    for path, found in numbers.items():
        missing = next((i for i in range(len(found)) if str(i) not in found), None)
        if missing is not None and all(n.isdecimal() for n in found):
            raise Unreadable(
                "variable {number} of `{name}` is missing; of weights in several files open the .json file",
                number=str(missing),
                name=quoted(path),
            )


def _inner_name(group: str, layers: dict[str, str]) -> str:
    """`attention_2/query` for a layer that another one has as an attribute: all of these are called `query`."""
    outer, _, attribute = group.removesuffix(f"/{keras_paths.VARS}").rpartition("/")
    around = layers.get(f"{outer}/{keras_paths.VARS}", "")
    return f"{around}/{layers[group] or attribute}" if around else ""


def _as_found(tensor: Tensor, layers: Sequence[str], optimizers: set[str]) -> Tensor:
    number = tensor.name.rpartition("/")[2]
    aliases = tuple(f"{name}/{number}" for name in layers)
    return dataclasses.replace(tensor, role=keras_paths.role(tensor.name, optimizers), aliases=aliases)
