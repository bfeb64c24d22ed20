"""Keras' two HDF5 layouts, written from names alone, where the names say all that is needed.

Imported only when such a file is written: h5py is heavy.
"""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from itertools import groupby
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from reproviewer.core.message import Message, ReproError, message
from reproviewer.core.weights import BLOCK, Tensor, WeightSet, open_tensor, storage_dtype
from reproviewer.files import keras_paths
from reproviewer.files.contents import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_ATTRIBUTE = 64_512
"""Bytes of names that HDF5 takes in one attribute; more are split, as Keras does."""
_ROOM = 4096
"""Bytes, more than enough, for what HDF5 notes of the file and of every dataset."""
_VARIABLE = re.compile(r"(?:[^/]+/)*vars/(0|[1-9]\d*)")


def write_keras_weights(weights: WeightSet, path: Path) -> None:
    """Write `.weights.h5` from tensors whose names are its paths, `layers/dense/vars/0`.

    Raises
    ------
    ReproError
        A name is no such path, or means something else there; the format has no mark for a dtype.
    """
    _check_names(weights, path)
    known = keras_paths.optimizers(weights.tensors)
    for tensor in weights.tensors:
        number = _VARIABLE.fullmatch(tensor.name)
        if number is None:
            why = message("`{name}` is no path of that format, such as `layers/dense/vars/0`", name=quoted(tensor.name))
            raise _not_saved(path, why)
        if keras_paths.role(tensor.name, known) != tensor.role:
            raise _not_saved(path, message("`{name}` would not be a weight there", name=quoted(tensor.name)))
    with _new_file(path, weights) as file:
        for tensor in weights.tensors:
            dataset = _dataset(file, tensor, path)
            layer = next((a.rpartition("/")[0] for a in tensor.aliases if a.rpartition("/")[2].isdecimal()), "")
            if layer:
                dataset.parent.attrs["name"] = layer


def write_legacy_h5(weights: WeightSet, path: Path, metadata: dict[str, str]) -> None:
    """Write the legacy layout from tensors called `layer/weight`, in their order.

    Raises
    ------
    ReproError
        A name has no layer, or one with layers inside, or the format has no mark for a dtype.
    """
    _check_names(weights, path)
    layers = dict.fromkeys(t.name.partition("/")[0] for t in weights.tensors)
    for layer in layers:
        _check_layer(layer, [t.name for t in weights.tensors if t.name.partition("/")[0] == layer], path)
    with _new_file(path, weights) as file:
        file.attrs.update(metadata)
        _write_names(file, "layer_names", list(layers))
        for layer, run in groupby(weights.tensors, lambda t: t.name.partition("/")[0]):
            tensors = list(run)
            if layer in file:
                raise _not_saved(path, message("the weights of `{name}` are not together", name=quoted(layer)))
            _write_names(file.create_group(layer), "weight_names", [t.name.partition("/")[2] for t in tensors])
            for tensor in tensors:
                _dataset(file, tensor, path)


@contextmanager
def _new_file(path: Path, weights: WeightSet) -> Iterator[Any]:
    """A file that the disk has room for. HDF5 crashes the process when it finds out on closing that there is none."""
    if hasattr(os, "posix_fallocate"):
        names = sum(len(t.name) for t in weights.tensors)
        with path.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, sum(t.nbytes + _ROOM for t in weights.tensors) + names + _ROOM)
    with h5py.File(path, "w") as file:
        yield file


def _check_layer(layer: str, names: list[str], path: Path) -> None:
    if layer in ("model_weights", "optimizer_weights", "top_level_model_weights", "layers") or layer in names:
        why = message("`{name}` does not name a layer and its weight, such as `dense/kernel`", name=quoted(names[0]))
        raise _not_saved(path, why)
    if len({name.rpartition("/")[0] for name in names}) > 1:
        why = message(
            "only a model can tell in which order Keras reads the weights of `{name}`, which has layers of its own",
            name=quoted(layer),
        )
        raise _not_saved(path, why)


def _check_names(weights: WeightSet, path: Path) -> None:
    """Refuse names that are no paths, and those of which one is the folder of another."""
    names = {t.name for t in weights.tensors}
    for name in names:
        parts = name.split("/")
        inside = any("/".join(parts[:i]) in names for i in range(1, len(parts)))
        if inside or not {"", ".", ".."}.isdisjoint(parts):
            raise _not_saved(path, message("`{name}` cannot be the name of a weight there", name=quoted(name)))


def _dataset(file: Any, tensor: Tensor, path: Path) -> Any:
    """Write one tensor, a block at a time. bfloat16 is two plain bytes with a mark, as Keras writes it."""
    is_marked = tensor.dtype == "bfloat16" and _VARIABLE.fullmatch(tensor.name) is not None
    kind = np.dtype("V2") if is_marked else storage_dtype(tensor.dtype)
    if not is_marked and kind.name != tensor.dtype:
        why = message("the format has no mark for {dtype}, which `{name}` holds", dtype=tensor.dtype, name=tensor.name)
        raise _not_saved(path, why)
    dataset = file.create_dataset(tensor.name, tensor.shape, kind)
    if is_marked:
        dataset.attrs["dtype"] = "bfloat16"
    if tensor.size:
        _fill(dataset, tensor, kind)
    return dataset


def _fill(dataset: Any, tensor: Tensor, kind: np.dtype[Any]) -> None:
    axis = next((i for i, length in enumerate(tensor.shape) if length > 1), 0)
    with open_tensor(tensor) as reader:
        if not tensor.shape:
            dataset[()] = np.frombuffer(reader.raw(0, tensor.nbytes), kind)[0]
            return
        inner = tensor.shape[axis + 1 :]
        row = tensor.nbytes // tensor.shape[axis]
        step = max(1, BLOCK // row)
        for start in range(0, tensor.shape[axis], step):
            count = min(step, tensor.shape[axis] - start)
            values = np.frombuffer(reader.raw(start * row, count * row), kind).reshape((count, *inner))
            dataset[(0,) * axis + (slice(start, start + count),)] = values


def _write_names(item: Any, key: str, names: list[str]) -> None:
    data = np.array([name.encode() for name in names])
    parts = -(-data.nbytes // MAX_ATTRIBUTE)
    if parts == 1:
        item.attrs[key] = data
        return
    for number, part in enumerate(np.array_split(data, parts + 1)):
        item.attrs[f"{key}{number}"] = part


def _not_saved(path: Path, why: Message) -> ReproError:
    return ReproError("{file} was not saved: {why}.", file=quoted(path.name), why=why)
