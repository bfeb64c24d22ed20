"""The formats that need no Keras: `.npz` by numpy, `.safetensors` by its own library."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from reproviewer import __version__
from reproviewer.core.message import ReproError
from reproviewer.core.weights import Tensor, WeightSet, read_bits, storage_dtype
from reproviewer.files.contents import quoted
from reproviewer.files.safe_tensors import DTYPES, ORDER, WRITER

if TYPE_CHECKING:
    from pathlib import Path

_KEYWORDS = {"file", "allow_pickle"}
"""Parameters of `numpy.savez`, which takes the names of the arrays as keywords too."""
_METADATA = "__metadata__"
"""Where a header of safetensors, which lists tensors by name, keeps its metadata."""


def write_npz(weights: WeightSet, path: Path) -> None:
    """Write the tensors in their order, each under its name.

    Raises
    ------
    ReproError
        A dtype that numpy does not have would be lost, or a name cannot be kept.
    """
    _check_names(weights, path)
    for tensor in weights.tensors:
        if not _is_numpy(tensor.dtype):
            raise ReproError(
                "{file} was not saved: .npz has no mark for {dtype}, which `{name}` holds; use .safetensors or "
                ".weights.h5.",
                file=path.name,
                dtype=tensor.dtype,
                name=quoted(tensor.name),
            )
        if tensor.name in _KEYWORDS:
            raise ReproError(
                "{file} was not saved: in .npz no array can be called `{name}`.", file=path.name, name=tensor.name
            )
    arrays: dict[str, Any] = {t.name: _Lazy(t) for t in weights.tensors}
    with path.open("wb") as file:
        np.savez(file, **arrays)


def write_safetensors(weights: WeightSet, path: Path, metadata: dict[str, str] | None = None) -> None:
    """Write the tensors under their names; into the metadata their order, the version of the writer, and `metadata`.

    Raises
    ------
    ReproError
        A dtype that the format does not have, or two tensors of one name.
    """
    import safetensors
    from safetensors.numpy import save_file

    _check_names(weights, path)
    if _METADATA in weights.by_name:
        raise ReproError(
            "{file} was not saved: in .safetensors no tensor can be called `{name}`.", file=path.name, name=_METADATA
        )
    arrays = {t.name: _marked(t, path) for t in weights.tensors}
    order = json.dumps([t.name for t in weights.tensors])
    try:
        save_file(arrays, path, {**(metadata or {}), ORDER: order, WRITER: __version__})
    except safetensors.SafetensorError as error:
        number = re.search(r"os error (\d+)", str(error))
        raise OSError(int(number[1]) if number else 0, str(error)) from None


class _Lazy:
    """Read when numpy asks for it, so that one tensor at a time is in memory."""

    def __init__(self, tensor: Tensor) -> None:
        self._tensor = tensor

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        return read_bits(self._tensor)


def _is_numpy(dtype: str) -> bool:
    return storage_dtype(dtype).name == dtype


def _marked(tensor: Tensor, path: Path) -> np.ndarray[Any, Any]:
    """The tensor as an array whose dtype says what it is, with the help of ml_dtypes where numpy has none."""
    if tensor.dtype not in DTYPES.values():
        raise ReproError(
            "{file} was not saved: .safetensors has no mark for {dtype}, which `{name}` holds.",
            file=path.name,
            dtype=tensor.dtype,
            name=quoted(tensor.name),
        )
    bits = read_bits(tensor)
    if _is_numpy(tensor.dtype):
        return bits
    import ml_dtypes

    return bits.view(getattr(ml_dtypes, tensor.dtype))


def _check_names(weights: WeightSet, path: Path) -> None:
    seen: set[str] = set()
    for tensor in weights.tensors:
        if tensor.name in seen:
            raise ReproError(
                "{file} was not saved: two tensors are called `{name}`.", file=path.name, name=quoted(tensor.name)
            )
        seen.add(tensor.name)
