"""Saving without risk: write beside, read back, compare bit by bit, only then replace the old file."""

from __future__ import annotations

import errno
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from reproviewer.core.message import Message, ReproError, message
from reproviewer.files import formats
from reproviewer.files.contents import quoted
from reproviewer.files.reader import read
from reproviewer.files.swap import install, place_beside
from reproviewer.files.verify import difference
from reproviewer.files.writers import write_npz, write_safetensors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reproviewer.core.weights import WeightSet

__all__ = ["replace", "replace_text", "save", "write_npz", "write_safetensors"]

_FULL = {errno.ENOSPC, errno.EFBIG, errno.EDQUOT}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
_CHECKPOINT = "tf-checkpoint"


def save(target: Path, format: str, expected: WeightSet, write: Callable[[Path], None], scratch: Path) -> None:
    """Save weights as `target`; whatever happens, `target` is afterwards either the old file or the new one, whole.

    Parameters
    ----------
    target
        The file, or the prefix of a checkpoint. Missing folders are created.
    format
        The key of one of `formats.FORMATS`.
    expected
        The weights that the file must hold; it is read back and compared with them to the last bit.
    write
        Writes a new file (or the files of a checkpoint) at the path it is given, which has the suffix of the format.
    scratch
        A folder for passing data.

    Raises
    ------
    ReproError
        One sentence that says why `target` was not saved.
    """
    form = formats.by_key(format)
    target = Path(os.path.realpath(target))
    if format == _CHECKPOINT:
        target = formats.checkpoint_prefix(target)
    _check_target(target, format, expected)
    with _in_words(target), place_beside(target.parent) as place:
        fresh = place / (target.name if target.name.endswith(form.suffix) else f"{target.name}{form.suffix}")
        write(fresh)
        _check_written(fresh, expected, form, target, scratch)
        if format == _CHECKPOINT:
            install(place, _parts(fresh))
        else:
            fresh.rename(place / target.name)
            install(place, [target.name])


def replace(path: Path, write: Callable[[Path], None]) -> None:
    """Write any file by `write`, which is given the path of a new one; a failure leaves the old one as it was.

    Raises
    ------
    ReproError
        One sentence that says why it was not saved.
    """
    path = Path(os.path.realpath(path))
    _check_no_folder(path, path)
    with _in_words(path), place_beside(path.parent) as place:
        write(place / path.name)
        install(place, [path.name])


def replace_text(path: Path, text: str) -> None:
    """Write a text file as `replace` does."""
    replace(path, lambda fresh: _write_text(fresh, text))


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _check_target(target: Path, format: str, expected: WeightSet) -> None:
    if not target.name:
        raise ReproError("The weights were not saved: {file} is a folder.", file=str(target))
    for path in _targets(target) if format == _CHECKPOINT else [target]:
        _check_no_folder(target, path)
        if any(os.path.realpath(t.path) == str(path) for t in expected.tensors):
            raise _not_saved(target, message("these weights are read from that very file; choose another name"))


def _check_no_folder(target: Path, path: Path) -> None:
    if path.is_dir():
        raise _not_saved(target, message("{folder} is a folder", folder=quoted(path.name)))


def _targets(prefix: Path) -> list[Path]:
    """The files of a new checkpoint in the order in which they take their places, the one that names it last."""
    names = (f"{prefix.name}.data-00000-of-00001", f"{prefix.name}.index", "checkpoint")
    return [prefix.with_name(name) for name in names]


def _parts(fresh: Path) -> list[str]:
    return [p.name for p in _targets(fresh) if p.exists()]


def _check_written(fresh: Path, expected: WeightSet, form: formats.Format, target: Path, scratch: Path) -> None:
    scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="check-", dir=scratch) as passing:
        contents = read(fresh, Path(passing))
        if contents.format != form.key:
            why: Message | None = message("it has the format {format}", format=contents.format)
        else:
            why = difference(expected, contents, form)
    if why is not None:
        raise ReproError(
            "{file} was not saved: what was written does not hold the same weights ({why}).", file=target.name, why=why
        )


@contextmanager
def _in_words(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            why = message("the disk is full")
        elif error.errno in _FORBIDDEN:
            why = message("the folder {folder} cannot be written to", folder=quoted(str(target.parent)))
        else:
            why = message("{why}", why=error.strerror or error)
        raise _not_saved(target, why) from None


def _not_saved(target: Path, why: Message) -> ReproError:
    return ReproError("{file} was not saved: {why}.", file=quoted(target.name), why=why)
