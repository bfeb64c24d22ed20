"""One weight file as another: what the other has no place for, and writing the rest.

No model is built. `.npz` and `.safetensors` take any names; `.weights.h5` takes those that are its own paths
(`layers/dense/vars/0`), and the legacy `.h5` those of layers that have no layers inside (`dense/kernel`), in an order
that the source knows: the order in which Keras reads the weights of nested models only a model can tell.

What a reader finds and does not tell of (`LEFT_OUT`: texts, settings, attributes of HDF5 objects) is lost, whatever the
other format is. Attributes in which a format keeps names, order and dtype are told by these, and are no loss.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reproviewer.core.message import Message, ReproError, message
from reproviewer.files import writers
from reproviewer.files.contents import ARCHITECTURE, LEFT_OUT, MAX_TEXT, natural, quoted
from reproviewer.files.reader import read
from reproviewer.files.safe_tensors import ORDER, WRITER
from reproviewer.files.save import save

if TYPE_CHECKING:
    from pathlib import Path

    from reproviewer.core.weights import WeightSet
    from reproviewer.files.contents import FileContents
    from reproviewer.files.formats import Format

STATE, METADATA = "state", "metadata"
_LEGACY = ("keras_version", "backend")
"""What the legacy HDF5 layout tells of itself."""
_ORDERED = {"npz", "npy", "legacy-h5", "tf-checkpoint", "pytorch"}
_MOST_NAMED = 4


@dataclass(frozen=True)
class Loss:
    """What a conversion would leave out: its kind, `STATE` or `METADATA`, and the words for it."""

    kind: str
    what: Message


@dataclass(frozen=True)
class Converted:
    """What was to be kept, what was read back, and what of the rest is not in the new file (no loss of any value)."""

    kept: WeightSet
    back: FileContents
    not_kept: tuple[Message, ...]


def losses(contents: FileContents, form: Format) -> list[Loss]:
    """What of a file has no place in the format `form`, besides tensors that cannot be written at all."""
    found = []
    state = len(contents.weights.tensors) - len(_kept(contents, form).tensors)
    if state:
        found.append(Loss(STATE, message("the state of an optimizer and the like ({count} tensors)", count=state)))
    lost = [key for key in contents.metadata if key not in _kept_metadata(contents, form)]
    lost += [ARCHITECTURE] if ARCHITECTURE in contents.remarks else []
    lost += [contents.remarks[LEFT_OUT]] if LEFT_OUT in contents.remarks else []
    if lost:
        some = ", ".join(map(quoted, lost[:_MOST_NAMED])) + (", ..." if len(lost) > _MOST_NAMED else "")
        found.append(Loss(METADATA, message("what the file tells beside its tensors ({names})", names=some)))
    return found


def convert(contents: FileContents, target: Path, form: Format, scratch: Path) -> Converted:
    """Write as much of a file as the format `form` has a place for, read it back, and say what came of it.

    Raises
    ------
    ReproError
        A name or a dtype cannot be kept, or the file cannot be written; what `target` held before is untouched.
    """
    kept, metadata = _kept(contents, form), _kept_metadata(contents, form)
    if not kept.tensors:
        raise ReproError("{file} was not saved: there is no tensor to put into it.", file=quoted(target.name))
    save(
        target,
        form.key,
        kept,
        lambda path: _write(contents, kept, metadata, form, path),
        scratch,
        _read_from(contents),
        metadata,
    )
    back = read(target, scratch)
    return Converted(kept, back, tuple(_not_kept(contents, kept, back.weights)))


def _read_from(contents: FileContents) -> list[str | Path]:
    """The files that the tensors come from, and the one that tells which checkpoint of a folder is the newest."""
    return [*contents.stamps, contents.source.with_name("checkpoint")]


def _kept(contents: FileContents, form: Format) -> WeightSet:
    """All tensors where the paths tell what is state, else the weights."""
    return contents.weights if form.key == "keras-weights" else contents.weights.only("weight")


def _kept_metadata(contents: FileContents, form: Format) -> dict[str, str]:
    """What has a place under its own name; safetensors' files of this program keep something else under two names."""
    told = contents.metadata.items()
    if form.key == "safetensors":
        return {key: value for key, value in told if key not in (ORDER, WRITER)}
    if form.key == "legacy-h5":
        return {key: value for key, value in told if key in _LEGACY and _is_attribute(value)}
    return {}


def _is_attribute(text: str) -> bool:
    """Whether an attribute of HDF5 keeps a text, and its reader tells all of it."""
    return 0 < len(text) < MAX_TEXT and "\0" not in text


def _write(contents: FileContents, kept: WeightSet, metadata: dict[str, str], form: Format, path: Path) -> None:
    if form.key == "npz":
        writers.write_npz(kept, path)
    elif form.key == "safetensors":
        writers.write_safetensors(kept, path, metadata)
    elif form.key == "keras-weights":
        from reproviewer.files.hdf5_writers import write_keras_weights

        write_keras_weights(kept, path)
    elif form.key == "legacy-h5":
        from reproviewer.files.hdf5_writers import write_legacy_h5

        _check_order(contents, kept, path)
        write_legacy_h5(kept, path, metadata)
    else:
        raise ReproError(
            "{file} was not saved: only a model can write a TensorFlow checkpoint; use .npz, .safetensors, .h5 or "
            ".weights.h5.",
            file=quoted(path.name),
        )


def _check_order(contents: FileContents, kept: WeightSet, path: Path) -> None:
    """Keras reads the legacy layout by order. Names that are not sorted were kept in an order by whoever wrote them."""
    names = [t.name for t in kept.tensors]
    if contents.format not in _ORDERED and len(names) > 1 and names == sorted(names, key=natural):
        raise ReproError(
            "{file} was not saved: Keras reads such a file in the order of its weights, which {source} does not keep.",
            file=quoted(path.name),
            source=quoted(contents.source.name),
        )


def _not_kept(contents: FileContents, kept: WeightSet, back: WeightSet) -> list[Message]:
    notes = []
    if [t.name for t in kept.tensors] != [t.name for t in back.tensors]:
        notes.append(message("the order of the tensors"))
    known = {name for t in back.tensors for name in (t.name, *t.aliases)}
    others = [alias for t in kept.tensors for alias in t.aliases if alias not in known]
    if others:
        notes.append(message("second names such as `{name}`", name=quoted(others[0])))
    return notes
