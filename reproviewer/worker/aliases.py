"""The names that a weight carries in files, found by asking Keras where it would write it.

layers/dense/vars/0               in `.weights.h5` and `.keras`
layer_with_weights-0/kernel       in a checkpoint as Keras 2 writes it
dense/sequential/dense/kernel     in legacy HDF5 (`dense/dense/kernel:0` where Keras 2 writes it)
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Dict, List, Tuple

from . import tensors

if TYPE_CHECKING:
    from .stack import Stack

Found = List[Tuple[str, ...]]
Paths = Dict[int, str]
"""The path of each variable, by `id`."""

_KNOWN: dict[str, Found] = {}
MOST_KNOWN = 64
_KINDS_NAMED_AS_IN_KERAS2 = """
    Dense EinsumDense Embedding Conv1D Conv2D Conv3D Conv1DTranspose Conv2DTranspose Conv3DTranspose SeparableConv1D
    SeparableConv2D DepthwiseConv1D DepthwiseConv2D PReLU Normalization BatchNormalization LayerNormalization
    GroupNormalization RNN LSTM GRU SimpleRNN LSTMCell GRUCell SimpleRNNCell ConvLSTM2D ConvLSTMCell Bidirectional
    TimeDistributed
"""
NAMED_AS_IN_KERAS2 = frozenset(_KINDS_NAMED_AS_IN_KERAS2.split())
"""Layers of Keras 3 whose variables were seen to have the keys that Keras 2 gives them."""
RENAMED = {("DepthwiseConv1D", "kernel"): "depthwise_kernel", ("DepthwiseConv2D", "kernel"): "depthwise_kernel"}
"""What they are called in Keras 2, where that is another name."""


def of(stack: Stack, model: Any, key: str) -> Found:
    """Aliases of every variable of `model`, in the order of `tensors.variables`; found once for each `key`."""
    if key not in _KNOWN:
        if len(_KNOWN) >= MOST_KNOWN:
            _KNOWN.clear()
        _KNOWN[key] = _find(stack, model)
    return _KNOWN[key]


def _find(stack: Stack, model: Any) -> Found:
    if model is None:
        return []
    in_weights_file = weights_file_paths(stack, model)
    in_checkpoint = checkpoint_keys(stack, model, in_weights_file)
    sources = (in_weights_file, in_checkpoint, legacy_paths(model))
    found = [variable for variable, _ in tensors.variables(model)]
    return [tuple(paths[id(v)] for paths in sources if id(v) in paths) for v in found]


class _Store(Dict[str, Any]):
    """What a layer saves its variables into: remembers which went where."""

    def __init__(self, path: str, paths: Paths) -> None:
        super().__init__()
        self._path = path
        self._paths = paths

    def __setitem__(self, key: str, value: Any) -> None:
        self._paths.setdefault(id(value), f"{self._path}/{key}")


def weights_file_paths(stack: Stack, model: Any) -> Paths:
    """Where Keras puts each variable in a `.weights.h5`: its own walk over the model, with nothing written."""
    library = stack.private("saving.saving_lib")
    if library is None or not hasattr(library, "_save_state"):
        return {}
    paths: Paths = {}

    class Recorder(library.H5IOStore):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            pass

        def __bool__(self) -> bool:
            return True

        def make(self, path: str, metadata: Any = None) -> _Store:
            return _Store(path + "/vars" if path else "vars", paths)

    try:
        with _SavesVariables(stack):
            library._save_state(model, Recorder(), None, "", set())
    except Exception:
        return {}
    return paths


class _SavesVariables:
    """While it is entered, layers of Keras 2 save the variables themselves, not copies that nobody recognises."""

    def __init__(self, stack: Stack) -> None:
        self._layer = None if stack.is_keras3 else _with_own(stack.keras.layers.Layer, "save_own_variables")

    def __enter__(self) -> None:
        if self._layer is not None:
            self._original = self._layer.save_own_variables
            self._layer.save_own_variables = _save_own_variables

    def __exit__(self, *error: object) -> None:
        if self._layer is not None:
            self._layer.save_own_variables = self._original


def _with_own(kind: Any, name: str) -> Any:
    return next((base for base in kind.__mro__ if name in vars(base)), None)


def _save_own_variables(layer: Any, store: Any) -> None:
    for i, variable in enumerate(layer._trainable_weights + layer._non_trainable_weights):
        store[str(i)] = variable


def checkpoint_keys(stack: Stack, model: Any, in_weights_file: Paths) -> Paths:
    """The keys of a checkpoint as Keras 2 writes it, without `/.ATTRIBUTES/VARIABLE_VALUE`."""
    return _translated_keys(model, in_weights_file) if stack.is_keras3 else _tracked_keys(model)


def _translated_keys(model: Any, in_weights_file: Paths) -> Paths:
    """Keras 3's own checkpoints look otherwise, so the key is put together where both generations name alike."""
    paths: Paths = {}
    with_weights = [layer for layer in model.layers if layer.weights]
    for number, layer in enumerate(with_weights):
        for variable in layer.weights:
            middle = in_weights_file.get(id(variable), "").split("/")[2:-2]
            kinds = _kinds(layer, middle)
            if all(kind in NAMED_AS_IN_KERAS2 for kind in kinds):
                leaf = RENAMED.get((kinds[-1], variable.name), variable.name)
                paths[id(variable)] = "/".join([f"layer_with_weights-{number}", *middle, leaf])
    return paths


def _kinds(layer: Any, names: list[str]) -> list[str]:
    """The classes met on the way from a layer down to the one inside it that owns a variable."""
    kinds = [type(layer).__name__]
    for name in names:
        layer = getattr(layer, name, None)
        kinds.append(type(layer).__name__)
    return kinds


def _tracked_keys(model: Any) -> Paths:
    for name in ("checkpoint.graph_view", "training.tracking.graph_view"):
        try:
            view = importlib.import_module("tensorflow.python." + name).ObjectGraphView(model)
            break
        except ImportError:
            continue
    else:
        return {}
    walk = getattr(view, "breadth_first_traversal", None) or getattr(view, "_breadth_first_traversal", None)
    if walk is None:
        return {}
    _, node_paths = walk()
    paths: Paths = {}
    for variable in model.weights:
        names = [reference.name for reference in node_paths[variable]] if variable in node_paths else []
        if names and not any("." in name or "/" in name for name in names):
            paths[id(variable)] = "/".join(names)
    return paths


def legacy_paths(model: Any) -> Paths:
    """The paths of the datasets in a legacy HDF5 file: the layer's group, then the variable's full name."""
    return {
        id(variable): f"{layer.name}/{getattr(variable, 'path', None) or variable.name}"
        for layer in model.layers
        for variable in layer.weights
    }
