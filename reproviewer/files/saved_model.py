"""SavedModels: their weights are an ordinary checkpoint, `variables/variables`; the model itself is never loaded."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from reproviewer.files import beside, json_text
from reproviewer.files.contents import Unreadable, quoted
from reproviewer.files.protobuf import as_bytes, as_text, fields, varint

if TYPE_CHECKING:
    from pathlib import Path

_VARIABLES = "variables"
_KERAS = "keras_metadata.pb"
MODELS = ("saved_model.pb", "saved_model.pbtxt")
_HEAD = 1 << 20
_MAX_METADATA = 16 << 20


def is_saved_model(folder: Path) -> bool:
    """Whether the folder is a SavedModel."""
    return any((folder / name).is_file() for name in MODELS)


def weights_of(folder: Path) -> Path:
    """The prefix of the checkpoint in the SavedModel `folder`.

    Raises
    ------
    Unreadable
        It has none, or keeps it in another place.
    """
    place = folder / _VARIABLES
    if not (place / f"{_VARIABLES}.index").is_file():
        raise Unreadable("it is a SavedModel without variables; numbers that are part of its graph are not read")
    if place.is_symlink():
        raise Unreadable("its folder of variables is a link to another place")
    return place / _VARIABLES


def folder_of(prefix: Path) -> Path | None:
    """The SavedModel that the checkpoint at `prefix` belongs to."""
    folder = prefix.parent.parent
    is_part = prefix.name == prefix.parent.name == _VARIABLES and is_saved_model(folder)
    return folder if is_part else None


def describe(folder: Path) -> dict[str, str]:
    """What a SavedModel says about itself: the versions that wrote it."""
    found = {"tensorflow_version": _tensorflow_version(folder), "keras_version": _keras_version(folder)}
    return {key: value for key, value in found.items() if value}


def files_of(folder: Path) -> tuple[Path, ...]:
    """The files that `describe` reads."""
    return folder / MODELS[0], folder / _KERAS


def _tensorflow_version(folder: Path) -> str:
    """From `meta_graphs[0].meta_info_def`, which comes first in the file; no more of it is looked at."""
    with contextlib.suppress(OSError, Unreadable):
        if path := _beside_variables(folder, MODELS[0]):
            with path.open("rb") as file:
                info = _first(_first(file.read(_HEAD), 2), 1)
            return quoted(as_text(dict(fields(info)).get(5, b"")))
    return ""


def _keras_version(folder: Path) -> str:
    """From the JSON text of the first object in `keras_metadata.pb`, a file of Keras 2."""
    with contextlib.suppress(OSError, Unreadable, AttributeError):
        path = _beside_variables(folder, _KERAS)
        if path and path.stat().st_size <= _MAX_METADATA:
            text = dict(fields(_first(path.read_bytes(), 1))).get(5, b"")
            return quoted(str(json_text.parse(as_bytes(text)).get("keras_version", "")))
    return ""


def _beside_variables(folder: Path, name: str) -> Path | None:
    """Where a file of the SavedModel lies, unless it is a link to another place than that of its variables."""
    return beside.find(folder, name, folder / _VARIABLES / f"{_VARIABLES}.index")


def _first(data: bytes, number: int) -> bytes:
    """The first field `number` of a message, as much of it as `data` has."""
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        size, at = varint(data, at)
        if tag & 7 == 2 and tag >> 3 == number:
            return data[at : at + size]
        at += size if tag & 7 == 2 else 0
    return b""
