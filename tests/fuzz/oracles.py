"""What other libraries find in a file that was read: the bytes of each tensor, by name, where they can tell."""

import io
import pickle
import zipfile
from collections import OrderedDict

import h5py
import numpy as np
import safetensors

from reproviewer.core.weights import storage_dtype
from reproviewer.files.torch_pickle import DTYPES, STORAGES


def tensors(reader, case, stem):
    """Shape and bytes by name; nothing for what the library refuses, or where there is no other library."""
    ask = ORACLES.get(reader)
    if ask is None:
        return {}
    try:
        return ask(case, stem)
    except Exception:
        return {}


def _plain(array):
    array = np.asarray(array)
    return tuple(array.shape), np.asarray(array, array.dtype.newbyteorder("<"), order="C").tobytes()


def _npz(case, _):
    with np.load(io.BytesIO(case.files[case.opened]), allow_pickle=False) as archive:
        return {name.removesuffix(".npy"): _plain(archive[name]) for name in archive.files}


def _npy(case, stem):
    return {stem: _plain(np.load(io.BytesIO(case.files[case.opened]), allow_pickle=False))}


def _safetensors(case, _):
    found = {}
    for name, content in case.files.items():
        if name.endswith(".safetensors"):
            found |= {k: (tuple(v["shape"]), bytes(v["data"])) for k, v in safetensors.deserialize(content)}
    return found


def _hdf5(case, _):
    """Datasets by their paths, which in most layouts are the tensors' names."""
    found = {}
    for name, content in case.files.items():
        if name.endswith(".h5"):
            found |= _datasets(content)
    return found


def _keras(case, _):
    with zipfile.ZipFile(io.BytesIO(case.files[case.opened])) as archive:
        return _datasets(archive.read("model.weights.h5"))


def _datasets(content):
    found = {}

    def visit(name, item):
        if isinstance(item, h5py.Dataset) and item.shape is not None and item.dtype.kind in "biufcV":
            found[name] = _plain(item[()])

    with h5py.File(io.BytesIO(content), "r") as root:
        root.visititems(visit)
    return found


def _pytorch(case, stem):
    with zipfile.ZipFile(io.BytesIO(case.files[case.opened])) as archive:
        name = next(n for n in archive.namelist() if f"/{n}".endswith("/data.pkl"))
        content = _Plain(archive, name).load()
    return dict(_leaves(content, (), stem))


def _leaves(value, path, stem):
    if isinstance(value, np.ndarray):
        yield "/".join(path) or stem, _plain(value)
    elif isinstance(value, dict | list | tuple):
        for key, one in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _leaves(one, (*path, str(key)), stem)


class _Plain(pickle.Unpickler):
    """Python's own unpickler, which knows no names but those of tensors and makes numpy's arrays of them."""

    def __init__(self, archive, name):
        super().__init__(io.BytesIO(archive.read(name)))
        self._archive, self._root = archive, name.removesuffix("data.pkl")

    def find_class(self, module, name):
        path = f"{module}.{name}"
        calls = {
            "collections.OrderedDict": OrderedDict,
            "torch._utils._rebuild_tensor_v2": _tensor,
            "torch._utils._rebuild_tensor_v3": _tensor,
            "torch._utils._rebuild_parameter": lambda tensor, *_: tensor,
        }
        return calls.get(path) or STORAGES.get(path) or DTYPES[path]

    def persistent_load(self, pid):
        data = self._archive.read(f"{self._root}data/{pid[2]}")
        return np.frombuffer(data, "u1"), pid[1]


def _tensor(storage, offset, shape, strides, _grad, _hooks, dtype=None, *_):
    data, kind = storage
    item = storage_dtype(dtype if isinstance(dtype, str) else kind)
    steps = [s * item.itemsize for s in strides]
    return np.ndarray(shape, item, data.tobytes(), offset * item.itemsize, steps).copy()


ORACLES = {
    "npz": _npz,
    "npy": _npy,
    "safetensors": _safetensors,
    "safetensors-shards": _safetensors,
    "hdf5": _hdf5,
    "weights-h5": _hdf5,
    "keras-folder": _hdf5,
    "keras-shards": _hdf5,
    "keras": _keras,
    "pytorch": _pytorch,
}
