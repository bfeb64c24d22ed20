"""TensorFlow checkpoints and SavedModels, read without TensorFlow, whose own reader aborts on a malformed index.

Which variable is what, and in which order they stand, is told by the object graph, or by the names where TensorFlow 1
wrote the checkpoint. Strings and variants (the state of a dataset's iterator) hold no numbers and are left out.
"""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

from reproviewer.core.weights import Tensor, storage_dtype
from reproviewer.files import name_roles, saved_model
from reproviewer.files.bundle import SUFFIX, Entry, check_apart, open_bundle, verify
from reproviewer.files.contents import (
    ARCHITECTURE,
    CHEAP,
    LEFT_OUT,
    MAX_NAME,
    NOT_LOADED,
    Index,
    Unreadable,
    count_bytes,
    declares,
    listed,
    natural,
)
from reproviewer.files.crc32c import crc32c, mask
from reproviewer.files.object_graph import COPY, MAX_GRAPH, Variable, variables
from reproviewer.files.protobuf import varint
from reproviewer.files.tensor_slices import Piece, joined
from reproviewer.files.tf_dtypes import DTYPES, STRING, VARIANT, dtype_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from reproviewer.files.bundle import Bundle
    from reproviewer.files.spill import Spill

_GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"


def read(prefix: Path, spill: Spill) -> Index:
    """Read the checkpoint at `prefix`; its tensors are windows into the data files, those in slices are joined."""
    with open_bundle(prefix) as bundle:
        entries = dict(bundle.entries)
        graph = _graph(entries.pop(_GRAPH, None), bundle)
        numbers = {key: e for key, e in entries.items() if e.dtype not in (STRING, VARIANT)}
        left_out = [e.name for e in entries.values() if e.key not in numbers]
        order = _ordered(graph, numbers) if graph else _by_name(numbers)
        order, copies = _without_copies(order, numbers)
        stored = [part for e in numbers.values() for part in (bundle.slices(e) if e.slices else [e])]
        check_apart(stored)
        for entry in stored:
            bundle.check(entry)
        tensors = tuple(_tensor(numbers[v.key], v, bundle, spill) for v in order)
        verified = verify(bundle, stored, CHEAP)
    left_out += [f"the full name of {v.key.removesuffix(SUFFIX)}" for v in order if not _is_sane(v.full_name)]
    left_out += [f"{copies:,} repeated as {COPY}"] * bool(copies)
    left_out += [f"{len(bundle.unused):,} slices of what is no tensor"] * bool(bundle.unused)
    remarks = {
        "data files": str(bundle.file_count),
        "checksums": "all verified" if verified else "verified for the index and the first part of the data",
        LEFT_OUT: listed(left_out),
        "beside it": listed(_beside(prefix)),
    }
    folder = saved_model.folder_of(prefix)
    about = saved_model.describe(folder) if folder else {}
    known = ({ARCHITECTURE: NOT_LOADED} if folder else {}) | {key: value for key, value in remarks.items() if value}
    files = saved_model.files_of(folder) if folder else ()
    return Index("saved-model" if folder else "tf-checkpoint", tensors, about, known, files, bundle.seen)


def _beside(prefix: Path) -> list[str]:
    """Other checkpoints in the same folder."""
    names = (name.removesuffix(".index") for name in os.listdir(prefix.parent) if name.endswith(".index"))
    return [name for name in sorted(names, key=natural) if name != prefix.name]


def _graph(entry: Entry | None, bundle: Bundle) -> list[Variable]:
    if entry is None:
        return []
    if entry.dtype != STRING or entry.shape or entry.size > MAX_GRAPH or entry.slices:
        raise Unreadable("its object graph is damaged")
    data = bundle.read(entry)
    length, at = varint(data, 0)
    text = data[at + 4 :]
    lengths = length.to_bytes(4 if length < 1 << 32 else 8, "little")
    stored = data[at : at + 4]
    if len(text) != length or mask(crc32c(lengths)) != int.from_bytes(stored, "little"):
        raise Unreadable("its object graph is damaged")
    if mask(crc32c(lengths + stored + text)) != entry.crc:
        raise Unreadable("the checksum of its object graph does not match")
    return variables(text)


def _ordered(graph: list[Variable], numbers: dict[str, Entry]) -> list[Variable]:
    """The variables as the graph has them, then those that it does not mention."""
    known = {v.key: v for v in reversed(graph) if v.key in numbers}
    order = [known.pop(v.key) for v in graph if v.key in known]
    mentioned = {v.key for v in order}
    order += [Variable(key, "", "other") for key in numbers if key not in mentioned]
    return sorted((_counted(v, numbers[v.key]) for v in order), key=lambda v: name_roles.RANK[v.role])


def _counted(variable: Variable, entry: Entry) -> Variable:
    """A counter that the root itself holds, as in `tf.train.Checkpoint(step=tf.Variable(1), ...)`, is no weight."""
    at_root = "/" not in entry.name
    if at_root and name_roles.is_counter(entry.name, DTYPES.get(entry.dtype, ""), entry.shape):
        return Variable(variable.key, variable.full_name, "other")
    return variable


def _by_name(numbers: dict[str, Entry]) -> list[Variable]:
    kinds = {key: (DTYPES.get(e.dtype, ""), e.shape) for key, e in numbers.items()}
    return [Variable(key, "", role) for key, role in name_roles.in_order(kinds)]


def _without_copies(order: list[Variable], numbers: dict[str, Entry]) -> tuple[list[Variable], int]:
    """The variables without the second copy that `model.export` writes, and how many that were.

    A copy is known by its place, shape, dtype and checksum.
    """

    def value(variable: Variable) -> tuple[object, ...]:
        entry = numbers[variable.key]
        return variable.full_name, entry.dtype, entry.shape, entry.crc

    originals = {value(v) for v in order if v.role == "weight"}
    kept = [v for v in order if not (v.key.startswith(f"{COPY}/") and v.role == "other" and value(v) in originals)]
    return kept, len(order) - len(kept)


def _tensor(entry: Entry, variable: Variable, bundle: Bundle, spill: Spill) -> Tensor:
    name = entry.key.removesuffix(SUFFIX)
    dtype = dtype_of(name, entry.dtype)
    needs = count_bytes(name, dtype, entry.shape)
    aliases = (variable.full_name,) if variable.full_name and _is_sane(variable.full_name) else ()
    if entry.slices:
        pieces = _pieces(entry, bundle)
        offset = spill.add(joined(name, entry.shape, storage_dtype(dtype).itemsize, pieces))
        return Tensor(name, dtype, entry.shape, spill.path, offset, variable.role, aliases)
    if needs != entry.size:
        raise declares(name, entry.shape, needs, entry.size)
    return Tensor(name, dtype, entry.shape, str(bundle.path(entry)), entry.offset, variable.role, aliases)


def _is_sane(name: str) -> bool:
    return len(name) <= MAX_NAME and name.isprintable()


def _pieces(entry: Entry, bundle: Bundle) -> list[Piece]:
    def reader(part: Entry, count: int, start: int) -> bytes:
        return bundle.read(part, start, count)

    parts: Iterable[Entry] = bundle.slices(entry)
    return [Piece(e, part.size, partial(reader, part)) for e, part in zip(entry.slices, parts, strict=True)]
