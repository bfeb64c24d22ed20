"""Saving without risk: write beside, read back, compare bit by bit, only then replace the old file.

Whatever the program writes at a person's wish takes its place through this module.
"""

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
    from collections.abc import Callable, Iterable, Iterator

    from reproviewer.core.weights import WeightSet

__all__ = ["check_target", "replace_bytes", "replace_text", "replacing", "save", "write_npz", "write_safetensors"]

_FULL = {errno.ENOSPC, errno.EFBIG, errno.EDQUOT}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
_CHECKPOINT = "tf-checkpoint"


def save(
    target: Path,
    format: str,
    expected: WeightSet,
    write: Callable[[Path], None],
    scratch: Path,
    read_from: Iterable[str | Path] = (),
    metadata: dict[str, str] | None = None,
) -> None:
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
    read_from
        Files that must stay as they are, besides those in which the expected weights lie.
    metadata
        What the file must tell of itself.

    Raises
    ------
    ReproError
        One sentence that says why `target` was not saved.
    """
    form = formats.by_key(format)
    target = Path(os.path.realpath(target))
    if format == _CHECKPOINT:
        target = formats.checkpoint_prefix(target)
    if not target.name:
        raise ReproError("The weights were not saved: {file} is a folder.", file=str(target))
    for path in _targets(target) if format == _CHECKPOINT else [target]:
        check_target(path, [*read_from, *(t.path for t in expected.tensors)], target)
    with _in_words(target), place_beside(target.parent) as place:
        fresh = place / (target.name if target.name.endswith(form.suffix) else f"{target.name}{form.suffix}")
        write(fresh)
        _check_written(fresh, expected, metadata or {}, form, target, scratch)
        if format == _CHECKPOINT:
            install(place, _parts(fresh))
        else:
            fresh.rename(place / target.name)
            install(place, [target.name])


def replace_text(path: Path, text: str) -> None:
    """Write a text file; a failure leaves the old one as it was. Raises ReproError."""
    replace_bytes(path, text.encode("utf-8"))


def replace_bytes(path: Path, data: bytes) -> None:
    """Write a file; a failure leaves the old one as it was. Raises ReproError."""
    with replacing(path) as fresh:
        fresh.write_bytes(data)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Where to write a new file that takes the place of `path` in the end, unless something is raised meanwhile.

    Raises
    ------
    ReproError
        `path` cannot be written; the old file is as it was.
    """
    path = Path(os.path.realpath(path))
    check_target(path)
    with _in_words(path), place_beside(path.parent) as place:
        yield place / path.name
        install(place, [path.name])


def check_target(path: Path, read_from: Iterable[str | Path] = (), named: Path | None = None) -> None:
    """Refuse to write where a folder, a device or a pipe is, or over one of the files `read_from`, through links too.

    Raises
    ------
    ReproError
        One sentence about `path`, or what the person has `named` in its stead.
    """
    real, named = os.path.realpath(path), named or path
    if os.path.isdir(real):
        raise _not_saved(named, message("{folder} is a folder", folder=quoted(path.name)))
    if not os.path.exists(real):
        return
    if not os.path.isfile(real):
        raise _not_saved(named, message("{file} is not a regular file", file=quoted(path.name)))
    if any(os.path.exists(one) and os.path.samefile(real, one) for one in dict.fromkeys(read_from)):
        raise _not_saved(named, message("something is read from that very file; choose another name"))


def _targets(prefix: Path) -> list[Path]:
    """The files of a new checkpoint in the order in which they take their places, the one that names it last."""
    names = (f"{prefix.name}.data-00000-of-00001", f"{prefix.name}.index", "checkpoint")
    return [prefix.with_name(name) for name in names]


def _parts(fresh: Path) -> list[str]:
    return [p.name for p in _targets(fresh) if p.exists()]


def _check_written(
    fresh: Path, expected: WeightSet, metadata: dict[str, str], form: formats.Format, target: Path, scratch: Path
) -> None:
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
    if not metadata.items() <= contents.metadata.items():
        raise _not_saved(target, message("not all that was to be told in it can be read back"))


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
