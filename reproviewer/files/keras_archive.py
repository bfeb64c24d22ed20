"""Keras' `.keras`: a zip file, or a folder, with `model.weights.h5`, `config.json` and `metadata.json`.

The configuration is read as text, for the order and the names of the layers; no model is ever made of it. A file with
nothing but the weights is as good, and a configuration that makes no sense only leaves the order to the paths.
"""

from __future__ import annotations

import dataclasses
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from reproviewer.files import beside, json_text, keras_config, keras_shards, npz
from reproviewer.files.contents import ARCHITECTURE, CHEAP, NOT_LOADED, Index, Unreadable
from reproviewer.files.hdf5 import open_tree, read_tree
from reproviewer.files.keras_weights import layer_names
from reproviewer.files.span import Span
from reproviewer.files.zips import blocks, check_crc, data_starts, is_stored, open_zip

if TYPE_CHECKING:
    import zipfile
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from reproviewer.core.weights import Tensor
    from reproviewer.files.spill import Spill

WEIGHTS, WEIGHTS_NPZ, WEIGHTS_SHARDED = "model.weights.h5", "model.weights.npz", "model.weights.json"
CONFIG, METADATA = "config.json", "metadata.json"
_SAID = ("keras_version", "date_saved")


def read(path: Path, spill: Spill) -> Index:
    """Read either form; the weights are windows unless they are compressed."""
    return _of_folder(path, spill) if path.is_dir() else _of_zip(path, spill)


def _of_folder(folder: Path, spill: Spill) -> Index:
    places = {n: beside.find(folder, n) for n in (WEIGHTS, WEIGHTS_NPZ, WEIGHTS_SHARDED, CONFIG, METADATA)}
    index = _of_members(folder, places, spill)
    return dataclasses.replace(index, files=(*index.files, *filter(None, places.values())))


def _of_members(folder: Path, places: dict[str, Path | None], spill: Spill) -> Index:
    def text(name: str) -> bytes | None:
        place = places[name]
        if place is None:
            return None
        json_text.check_size(place.stat().st_size)
        return place.read_bytes()

    whole, arrays, sharded = (places[n] for n in (WEIGHTS, WEIGHTS_NPZ, WEIGHTS_SHARDED))
    if whole is not None:
        with open_tree(Span.whole(whole), spill) as tree:
            return _complete(read_tree(tree), text)
    if sharded is not None:
        return _complete(keras_shards.read(folder / WEIGHTS_SHARDED, spill), text)
    if arrays is not None:
        with _says_why_not():
            return _complete(npz.read(arrays, spill), text)
    raise _no_weights()


def _of_zip(path: Path, spill: Spill) -> Index:
    with open_zip(path) as archive, path.open("rb") as file:
        starts = data_starts(archive, file)

        def text(name: str) -> bytes | None:
            if name not in starts:
                return None
            json_text.check_size(archive.getinfo(name).file_size)
            return archive.read(name)

        if WEIGHTS in starts:
            span, checked = _member(archive, file, starts, path, WEIGHTS, spill)
            with open_tree(span, spill, path.stat().st_size) as tree:
                index = _complete(read_tree(tree), text)
            return dataclasses.replace(index, remarks=index.remarks | {"checksums": checked})
        if WEIGHTS_NPZ in starts:
            span, _ = _member(archive, file, starts, path, WEIGHTS_NPZ, spill)
            with _says_why_not():
                return _complete(npz.read_span(span, spill), text)
    raise _no_weights()


def _member(
    archive: zipfile.ZipFile, file: Any, starts: dict[str, int], path: Path, name: str, spill: Spill
) -> tuple[Span, str]:
    """Where a member lies as a file of its own, unpacked if need be, and whether its checksum was verified."""
    info = archive.getinfo(name)
    if not is_stored(info):
        with archive.open(info) as stream:
            return Span(spill.path, spill.add(blocks(stream)), info.file_size), "all verified"
    cheap = info.file_size <= CHEAP
    if cheap:
        check_crc(file, info, starts[name])
    return Span(str(path), starts[name], info.file_size), "all verified" if cheap else "not verified, too much data"


def _complete(index: Index, text: Callable[[str], bytes | None]) -> Index:
    """The index in the order of the configuration, with what the archive says about itself."""
    about, _ = _parsed(text, METADATA)
    config, trouble = _parsed(text, CONFIG)
    said = {k: about[k] for k in _SAID if isinstance(about, dict) and isinstance(about.get(k), str)}
    is_there = config is not None or trouble
    remarks = {ARCHITECTURE: NOT_LOADED + (f" ({trouble})" if trouble else "")} if is_there else {}
    tensors = index.tensors
    if index.format in ("keras-weights", "keras-shards"):
        tensors = _in_order(tensors, config)
        index = dataclasses.replace(index, remarks=index.remarks | layer_names(tensors))
    return Index("keras", tensors, said | index.metadata, remarks | index.remarks, index.files)


def _parsed(text: Callable[[str], bytes | None], name: str) -> tuple[Any, str]:
    """A JSON text of the archive, or None and what is wrong with it."""
    try:
        found = text(name)
        return (None, "") if found is None else (json_text.parse(found), "")
    except Unreadable as error:
        return None, str(error)


def _in_order(tensors: tuple[Tensor, ...], config: Any) -> tuple[Tensor, ...]:
    places = keras_config.places(config, (t.name for t in tensors))
    named = (_with_layer_name(t, places) for t in tensors)
    return tuple(sorted(named, key=lambda t: keras_config.sort_key(t.name, places)))


def _with_layer_name(tensor: Tensor, places: dict[str, keras_config.Place]) -> Tensor:
    """What Keras 2 does not write beside the weights: the layer's own name, as an alias."""
    layer, _, number = tensor.name.rpartition("/")
    place = places.get(layer.removesuffix("/vars"))
    if place is None or not place.name:
        return tensor
    return dataclasses.replace(tensor, aliases=(*dict.fromkeys((f"{place.name}/{number}", *tensor.aliases)),))


@contextmanager
def _says_why_not() -> Iterator[None]:
    """Keras writes Python objects into `model.weights.npz`, and cannot read them back itself."""
    try:
        yield
    except Unreadable as error:
        raise Unreadable(
            "its weights are in {name}, and {why}; save the model again with its weights in HDF5",
            name=WEIGHTS_NPZ,
            why=error.message,
        ) from None


def _no_weights() -> Unreadable:
    return Unreadable("it holds no {name}, so it has no weights", name=WEIGHTS)
