"""Which format a file is, by its content. Names matter only where content cannot tell: the parts of a checkpoint."""

from __future__ import annotations

import os
import stat
import zipfile
from pathlib import Path

from reproviewer.files import beside, json_text
from reproviewer.files.bundle import index_of
from reproviewer.files.checkpoint_v1 import is_v1
from reproviewer.files.contents import Unreadable, listed, natural, quoted
from reproviewer.files.formats import KINDS, checkpoint_prefix
from reproviewer.files.saved_model import MODELS, is_saved_model, weights_of
from reproviewer.files.table import MAGIC
from reproviewer.files.zips import open_zip

HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_LEGACY_TORCH = bytes.fromhex("8a0a6cfc9c46f9206aa85019")
"""The number with which `torch.save` before 1.6 begins, as a pickle writes it."""
_ARRAY = b"\x93NUMPY"
_LIST = ".safetensors.index.json"
_MAX_STATE = 1 << 16
_WEIGHTS = {"model.weights.h5", "model.weights.json", "model.weights.npz"}


def detect(path: Path) -> tuple[str, Path]:
    """The key of the reader for `path`, and what it is to read: the file, or the prefix of a checkpoint.

    Raises
    ------
    ReproError
        It does not exist, is no regular file, or is of a kind that is not read.
    """
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        if index_of(path).is_file():
            return "checkpoint", path
        raise Unreadable("there is no such file") from None
    except (OSError, ValueError) as error:
        raise Unreadable("{why}", why=getattr(error, "strerror", None) or error) from None
    if stat.S_ISDIR(mode):
        return _keras_in(path) or _safetensors_in(path) or _in_folder(path)
    if not stat.S_ISREG(mode):
        raise Unreadable("it is not a regular file")
    return _of_file(path)


def _of_file(path: Path) -> tuple[str, Path]:
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(64)
        file.seek(max(0, size - 8))
        tail = file.read(8)
        is_hdf5 = _has_hdf5_signature(file, size)
    if size == 0:
        raise Unreadable("it is empty")
    if is_hdf5:
        return "hdf5", path
    if tail == MAGIC:
        return ("checkpoint-v1", path) if is_v1(path) else ("checkpoint", checkpoint_prefix(path))
    prefix = path.with_suffix("") if path.suffix == ".meta" else checkpoint_prefix(path)
    if prefix != path and index_of(prefix).is_file():
        return "checkpoint", prefix
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _of_zip(path)
    if json_text.looks_like(head):
        return _of_json(path)
    if path.name in MODELS:  # in which a length may look like the brace of the next
        return "checkpoint", weights_of(path.parent)
    if head[8:9] == b"{" and int.from_bytes(head[:8], "little") >= 2:
        return "safetensors", path
    if head.startswith(_ARRAY):
        return "npy", path
    if head.startswith(b"model_checkpoint_path:"):
        return _in_folder(path.parent)
    if zipfile.is_zipfile(path):
        return _of_zip(path)
    if checkpoint_prefix(path) != path:
        raise Unreadable("its index {file} is missing", file=quoted(index_of(checkpoint_prefix(path)).name))
    raise _other_kind(head)


def _has_hdf5_signature(file: object, size: int) -> bool:
    offset = 0
    while offset + 8 <= size:
        file.seek(offset)  # type: ignore[attr-defined]
        if file.read(8) == HDF5_SIGNATURE:  # type: ignore[attr-defined]
            return True
        offset = offset * 2 or 512
    return False


def _of_zip(path: Path) -> tuple[str, Path]:
    with open_zip(path) as archive:
        names = archive.namelist()
        if _is_keras(names) or "config.json" in names:
            return "keras", path
        if any(f"/{n}".endswith("/data.pkl") for n in names):
            return "pytorch", path
        if any(n.endswith(".npy") for n in names) or _begins_with_array(archive):
            return "npz", path
    raise Unreadable("it is a zip file without arrays")


def _begins_with_array(archive: zipfile.ZipFile) -> bool:
    """Whether an archive without the names that numpy gives holds arrays all the same."""
    first = next((m for m in archive.infolist() if not m.is_dir()), None)
    if first is None or first.flag_bits & 1:  # an encrypted one is told by its reader
        return first is not None
    with archive.open(first) as member:
        return member.read(len(_ARRAY)) == _ARRAY


def _of_json(path: Path) -> tuple[str, Path]:
    """A list of parts. What is in them, their readers find out; the names tell only whose list it is."""
    document = json_text.read(path)
    where = document.get("weight_map") if isinstance(document, dict) else None
    parts = where.values() if isinstance(where, dict) else ()
    is_safetensors = any(isinstance(part, str) and part.endswith(".safetensors") for part in parts)
    return "safetensors-shards" if is_safetensors else "keras-shards", path


def _keras_in(folder: Path) -> tuple[str, Path] | None:
    return ("keras", folder) if _is_keras(os.listdir(folder)) else None


def _safetensors_in(folder: Path) -> tuple[str, Path] | None:
    """The list of parts in a folder, or its only .safetensors file where there is no checkpoint either."""
    names = os.listdir(folder)
    lists = [n for n in names if n.endswith(_LIST)]
    files = [n for n in names if n.endswith(".safetensors")]
    if len(lists) == 1:
        return "safetensors-shards", folder / lists[0]
    if lists:
        raise Unreadable("the folder holds {count} lists of .safetensors files; choose one", count=len(lists))
    if not files or any(n.endswith(".index") for n in names):
        return None
    if len(files) > 1:
        raise Unreadable(
            "the folder holds {count} .safetensors files and no list of them ({list}); choose one",
            count=len(files),
            list=f"model{_LIST}",
        )
    return "safetensors", folder / files[0]


def _is_keras(names: list[str]) -> bool:
    """Whether a zip file or a folder with these members is a `.keras`."""
    return not _WEIGHTS.isdisjoint(names)


def _in_folder(folder: Path) -> tuple[str, Path]:
    if is_saved_model(folder):
        return "checkpoint", weights_of(folder)
    named = _named_checkpoint(folder)
    if named is not None:
        return "checkpoint-v1" if is_v1(named) else "checkpoint", named
    found = sorted((n[: -len(".index")] for n in os.listdir(folder) if n.endswith(".index")), key=natural)
    if len(found) == 1:
        return "checkpoint", folder / found[0]
    if found:
        raise Unreadable(
            "the folder holds {count} checkpoints ({names}); choose the .index file of one",
            count=len(found),
            names=listed(found),
        )
    if index_of(folder).is_file():
        return "checkpoint", folder
    raise Unreadable("it is a folder without a checkpoint")


def _named_checkpoint(folder: Path) -> Path | None:
    """The prefix that the state file `checkpoint` names, if it lies in this very folder."""
    key, _, value = _state(folder).partition(":")
    name = value.strip().strip('"').replace("-?????-of-", "-00000-of-")
    if key != "model_checkpoint_path" or not name:
        return None
    if not Path(name).is_absolute() and Path(name).name != name:
        raise Unreadable("its state file names a checkpoint of another folder, `{name}`", name=quoted(name))
    prefix = folder / Path(name).name
    return prefix if os.path.isfile(index_of(prefix)) or is_v1(prefix) else None


def _state(folder: Path) -> str:
    """The first line of the state file, unless it is a link to another place than that of a checkpoint."""
    try:
        state = beside.find(folder, "checkpoint", next(folder.glob("*.index"), None))
    except Unreadable:
        return ""
    if state is None:
        return ""
    with state.open("rb") as file:
        return file.read(_MAX_STATE).split(b"\n", 1)[0].decode("utf-8", "replace")


def _other_kind(head: bytes) -> Unreadable:
    if head[:1] == b"\x80" and head[1:2] in b"\x02\x03\x04\x05":
        if head[2:].startswith(_LEGACY_TORCH):
            return Unreadable(
                "it is a PyTorch file from before version 1.6, a pickle, which can run code when it is loaded; where "
                "you trust it, load it with PyTorch and `weights_only=True`, and save it again with `torch.save`"
            )
        return Unreadable(
            "it is a pickle, which can run code when it is loaded; where you trust it, load it and save its arrays "
            "with `numpy.savez`, or as .safetensors"
        )
    return Unreadable("its content is of no known kind; ReproViewer reads {kinds}", kinds=KINDS)
