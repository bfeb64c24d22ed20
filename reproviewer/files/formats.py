"""The formats that can be written, and which one a file name asks for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reproviewer.core.message import ReproError

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Format:
    """A writable format.

    `label` is a template for translation and `pattern` the name filter of a file dialog. A checkpoint is several files
    that share a prefix, so its `suffix` is empty. `needs_keras` tells formats that Keras writes from those that
    `files.writers` writes from the tensors alone. `keeps_order` tells whether the file knows the order of the tensors.
    """

    key: str
    label: str
    suffix: str
    pattern: str
    needs_keras: bool
    keeps_order: bool


FORMATS: tuple[Format, ...] = (
    Format("keras-weights", "Keras weights", ".weights.h5", "*.weights.h5", True, False),
    Format("legacy-h5", "Keras weights, legacy HDF5", ".h5", "*.h5", True, True),
    Format("tf-checkpoint", "TensorFlow checkpoint", "", "*", True, True),
    Format("npz", "NumPy arrays", ".npz", "*.npz", False, True),
    Format("safetensors", "Safetensors", ".safetensors", "*.safetensors", False, False),
)

READ = {
    "Keras and other HDF5 files (.keras, .h5)": "*.keras *.weights.json *.h5 *.hdf5",
    "TensorFlow checkpoints": "*.index *.data-*",
    "SavedModels": "saved_model.pb",
    ".npz": "*.npz",
    ".npy": "*.npy",
    ".safetensors": "*.safetensors *.index.json",
    "PyTorch's zip files (.pt)": "*.pt *.pth",
}
"""What can be read, in words, and the name filters of a file dialog for it."""
KINDS = f"{', '.join([*READ][:-1])} and {[*READ][-1]}"
PATTERNS = " ".join(filter(None, READ.values()))

_BY_KEY = {f.key: f for f in FORMATS}
_BY_SUFFIX = {
    ".weights.h5": "keras-weights",
    ".h5": "legacy-h5",
    ".hdf5": "legacy-h5",
    ".npz": "npz",
    ".safetensors": "safetensors",
}
_FOREIGN = {".keras", ".json", ".npy", ".pb", ".pt", ".pth", ".pkl", ".pickle", ".zip", ".txt", ".csv", ".onnx", ".bin"}
_CHECKPOINT_PART = re.compile(r"\.(index|data-\d{5}-of-\d{5})$")


def by_key(key: str) -> Format:
    """The format of this key. Raises KeyError."""
    return _BY_KEY[key]


def format_for_name(path: Path) -> Format:
    """The format that a file name asks for: by its suffix; a checkpoint, as in Keras 2, when there is none known.

    >>> from pathlib import Path
    >>> [format_for_name(Path(n)).key for n in ("test.h5", "a.weights.h5", "./your_dir/record_weight", "cp-1.ckpt")]
    ['legacy-h5', 'keras-weights', 'tf-checkpoint', 'tf-checkpoint']

    Raises
    ------
    ReproError
        A suffix of something else, such as `.keras` or `.txt`.
    """
    known = _named(path)
    if known is not None:
        return known
    if path.suffix.lower() in _FOREIGN:
        raise ReproError(
            "{file} cannot be saved: no weight format is called {suffix}; use .weights.h5, .h5, .npz, .safetensors, "
            "or a name without a suffix for a TensorFlow checkpoint.",
            file=path.name,
            suffix=path.suffix,
        )
    return by_key("tf-checkpoint")


def complete(path: Path, chosen: Format | None) -> tuple[Path, str]:
    """What a person means who typed `path` while the format `chosen` was selected: the full path, the format's key.

    A suffix that was typed wins over the selection; without one the selection's is added.

    >>> from pathlib import Path
    >>> [complete(Path(n), by_key("keras-weights"))[0].name for n in ("a", "a.weights.h5", "a.npz", "v1.2")]
    ['a.weights.h5', 'a.weights.h5', 'a.npz', 'v1.2.weights.h5']
    """
    form = _named(path) or chosen or format_for_name(path)
    if form.key == "tf-checkpoint":
        return checkpoint_prefix(path), form.key
    has_suffix = _named(path) is not None
    return path if has_suffix else path.with_name(path.name + form.suffix), form.key


def checkpoint_prefix(path: Path) -> Path:
    """The prefix of a checkpoint of which `path` may be the index or a data file."""
    return path.with_name(_CHECKPOINT_PART.sub("", path.name))


def _named(path: Path) -> Format | None:
    name = path.name.lower()
    return next((by_key(key) for suffix, key in _BY_SUFFIX.items() if name.endswith(suffix)), None)
