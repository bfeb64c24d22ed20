"""One reader for every kind of file that `sniff.detect` tells apart; a new format is a new module and a line here."""

from __future__ import annotations

import dataclasses
import importlib
import os
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reproviewer.core.message import encodable, one_line
from reproviewer.core.weights import Stamp, stamp_of
from reproviewer.files.contents import Index, Unreadable, check_names
from reproviewer.files.sniff import detect
from reproviewer.files.spill import Spill

if TYPE_CHECKING:
    from reproviewer.core.weights import Tensor

READERS = {
    "hdf5": "reproviewer.files.hdf5",
    "keras": "reproviewer.files.keras_archive",
    "keras-shards": "reproviewer.files.keras_shards",
    "checkpoint": "reproviewer.files.checkpoint",
    "checkpoint-v1": "reproviewer.files.checkpoint_v1",
    "npz": "reproviewer.files.npz",
    "npy": "reproviewer.files.npy",
    "safetensors": "reproviewer.files.safe_tensors",
    "safetensors-shards": "reproviewer.files.safe_shards",
    "pytorch": "reproviewer.files.pytorch",
}
"""Modules with `read(path, spill) -> Index`; imported only when such a file is read."""


def read_index(path: Path, scratch: Path) -> dict[str, Any]:
    """Read `path` and return its index as a JSON document; what must be unpacked goes to the new file `scratch`."""
    before = {path: _stamp(path)}
    kind, source = detect(path)
    before.setdefault(source, _stamp(source))
    reader = importlib.import_module(READERS[kind])
    spill = Spill(scratch)
    with closing(spill):
        index: Index = reader.read(source, spill)
    check_names(t.name for t in index.tensors)
    _check_windows(index, spill)
    before = {**index.seen, **before}
    places = [*before, *index.files, *(Path(t.path) for t in index.tensors if t.path != spill.path)]
    stamps = {place: stamp for place in dict.fromkeys(places) if (stamp := _stamp(place)) is not None}
    if any(stamps.get(place) != stamp for place, stamp in before.items()):
        raise Unreadable("it changed while it was read")
    return {
        "format": index.format,
        "source": str(source),
        "metadata": {encodable(key): encodable(value) for key, value in index.metadata.items()},
        "remarks": {key: one_line(value) for key, value in index.remarks.items()},
        "tensors": [vars(t) for t in _with_clear_aliases(index)],
        "stamps": {str(place): stamp for place, stamp in stamps.items()},
    }


def _with_clear_aliases(index: Index) -> list[Tensor]:
    """The tensors without those aliases that several of them share (`Variable`, `dense/kernel` in two models)."""
    uses = Counter(name for t in index.tensors for name in {t.name, *t.aliases})
    aliases = (tuple(a for a in dict.fromkeys(t.aliases) if uses[a] == 1 and a != t.name) for t in index.tensors)
    return [
        t if clear == t.aliases else dataclasses.replace(t, aliases=clear)
        for t, clear in zip(index.tensors, aliases, strict=True)
    ]


def _stamp(path: Path) -> Stamp | None:
    """The state of a file; None where there is none, as for the prefix of a checkpoint, or only a folder."""
    return stamp_of(path.stat()) if os.path.isfile(path) else None


def _check_windows(index: Index, spill: Spill) -> None:
    """Whatever a reader computed: no tensor reaches beyond the end of its file."""
    sizes: dict[str, int] = {}
    for tensor in index.tensors:
        if not tensor.nbytes and tensor.path == spill.path:
            continue
        if tensor.path not in sizes:
            sizes[tensor.path] = os.stat(tensor.path).st_size
        if tensor.offset < 0 or tensor.offset + tensor.nbytes > sizes[tensor.path]:
            raise Unreadable("`{name}` reaches beyond the end of the file", name=tensor.name)
