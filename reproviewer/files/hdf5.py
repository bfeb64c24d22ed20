"""HDF5 files, touched only through checked accessors: nothing is read that does not lie in the file itself.

Links to other files, data kept in other files, virtual datasets, filters from plug-ins, groups linked twice and shapes
that the stored bytes cannot fill are refused before any data is read.
"""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from reproviewer.core.weights import Role, Tensor
from reproviewer.files import hdf5_data
from reproviewer.files.contents import MAX_TENSORS, Index, Unreadable, check_expansion, quoted
from reproviewer.files.span import Span

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reproviewer.files.spill import Spill

MAX_ATTRIBUTE = 16 << 20
_MAX_TEXT = 4000
_STEP_SECONDS = 1.0


def read(path: Path, spill: Spill) -> Index:
    """Read the weights in any layout; contiguous datasets are windows, others are unpacked."""
    with open_tree(Span.whole(path), spill) as tree:
        return read_tree(tree)


def read_tree(tree: Tree) -> Index:
    """Read an open file, which may lie in another one."""
    from reproviewer.files import keras_weights, legacy_h5

    if legacy_h5.is_legacy(tree):
        return legacy_h5.read(tree)
    return keras_weights.read(tree)


@contextmanager
def open_tree(span: Span, spill: Spill, stored: int | None = None) -> Iterator[Tree]:
    """Open a file, or a stretch of one; whatever HDF5 finds wrong with it becomes a clause for the person.

    `stored` is the size of the file that the person opened, when the span is not part of it but unpacked from it.
    """
    _start_step()
    try:
        if span.is_whole:
            with h5py.File(span.path, "r", locking="best-effort") as root:
                yield Tree(root, span, spill, stored)
        else:
            with span.open() as stream, h5py.File(stream, "r") as root:
                yield Tree(root, span, spill, stored)
    except (OSError, RuntimeError, KeyError) as error:
        raise _damaged(error) from None
    finally:
        _end_step()


def _start_step() -> None:
    """Let the next step take one second of the processor, and no more.

    On some damaged files HDF5 runs in circles. The timer then ends the whole process, which a file is read in alone.
    """
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_VIRTUAL, _STEP_SECONDS)


def _end_step() -> None:
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def _damaged(error: Exception) -> Unreadable:
    return Unreadable("{why}", why=_plain(str(error)))


def _plain(text: str) -> str:
    """HDF5's message in brackets behind what it most likely means."""
    inner = quoted(" ".join(text.split())[:200].strip("'\""))
    what = "it is cut off" if "truncated" in inner or "eof" in inner else "it is damaged"
    if "lock file" in text or "already open for" in text:
        what = "another program writes to it, or died while it did"
    return f"{what} ({inner})"


class Tree:
    """An open file; every step into it goes through the checks."""

    def __init__(self, root: Any, span: Span, spill: Spill, stored: int | None = None) -> None:
        self.root = root
        self._span, self._spill = span, spill
        self._stored = span.size if stored is None else stored
        self._unpacked = 0

    def child(self, group: Any, name: str | bytes) -> Any:
        """The object at the relative path `name` below `group`, by hard links only."""
        _start_step()
        if isinstance(name, bytes):
            raise Unreadable("it holds a name that is not UTF-8 text, `{name}`", name=quoted(repr(name)))
        for part in name.split("/"):
            if part in ("", ".", ".."):
                raise Unreadable("it names a place outside its group, `{name}`", name=quoted(name))
            if not isinstance(group, h5py.Group):
                raise Unreadable("`{name}` is not a group", name=quoted(_inside(group)))
            group = _linked(group, part)
        return group

    def group(self, parent: Any, name: str) -> Any:
        """As `child`, for what must be a group."""
        found = self.child(parent, name)
        if not isinstance(found, h5py.Group):
            raise Unreadable("`{name}` is not a group", name=quoted(_inside(found)))
        return found

    def strings(self, item: Any, key: str) -> list[str]:
        """A text attribute, or a list of them; an empty list is stored as numbers without any."""
        attribute = h5py.h5a.open(item.id, key.encode())
        kind, space = attribute.get_type(), attribute.get_space()
        count = space.get_simple_extent_npoints()
        if not count:
            return []
        size = count * kind.get_size()
        if kind.get_class() != h5py.h5t.STRING or size > MAX_ATTRIBUTE or count > MAX_TENSORS:
            raise Unreadable("its attribute `{name}` is not a list of names", name=quoted(key))
        values = np.atleast_1d(np.asarray(item.attrs[key])).ravel().tolist()
        try:
            return [v.decode("utf-8") if isinstance(v, bytes) else str(v).encode("utf-8").decode() for v in values]
        except UnicodeError:
            raise Unreadable("its attribute `{name}` is not UTF-8 text", name=quoted(key)) from None

    def text(self, item: Any, key: str) -> str:
        """The beginning of a text attribute; nothing when there is none, or it is no text."""
        if not h5py.h5a.exists(item.id, key.encode()):
            return ""
        try:
            return ", ".join(self.strings(item, key))[:_MAX_TEXT]
        except Unreadable:
            return ""

    def tensor(self, dataset: Any, name: str, role: Role, aliases: tuple[str, ...] = ()) -> Tensor:
        """The window that holds a dataset's numbers, unpacked first when it is not one already."""
        if not isinstance(dataset, h5py.Dataset):
            raise Unreadable("`{name}` is not a dataset", name=quoted(name))
        dtype, needs = hdf5_data.check(name, dataset, self.text(dataset, "dtype") == "bfloat16")
        path, offset = self._place(name, dataset, dtype, needs)
        return Tensor(name, dtype, dataset.shape, path, offset, role, aliases)

    def _place(self, name: str, dataset: Any, dtype: str, needs: int) -> tuple[str, int]:
        if not needs:
            return self._span.path, self._span.start
        offset = hdf5_data.window(dataset, dtype)
        if offset is None:
            self._unpacked += needs
            check_expansion(self._stored, self._unpacked)
            return self._spill.path, self._spill.add(_unpacked(name, dataset))
        if offset + needs > self._span.size:
            raise Unreadable("`{name}` reaches beyond the end of the file", name=quoted(name))
        return self._span.path, self._span.start + offset


def _unpacked(name: str, dataset: Any) -> Iterator[bytes]:
    """The numbers, however long it takes: that depends on how many there are."""
    _end_step()
    try:
        yield from hdf5_data.slabs(name, dataset)
    except (OSError, RuntimeError) as error:
        raise _damaged(error) from None


def _linked(group: Any, name: str) -> Any:
    """What a hard link leads to. h5py's own access would follow links of any kind, and takes twice as long."""
    key = name.encode("utf-8", "surrogateescape")
    if b"\0" in key or not group.id.links.exists(key):
        raise Unreadable("it names `{name}` but does not hold it", name=quoted(f"{_inside(group)}/{name}".strip("/")))
    kind = group.id.links.get_info(key).type
    if kind == h5py.h5l.TYPE_EXTERNAL:
        raise Unreadable("it contains a link to another file (`{name}`)", name=quoted(f"{_inside(group)}/{name}"))
    if kind != h5py.h5l.TYPE_HARD:
        raise Unreadable("it contains a soft link (`{name}`)", name=quoted(f"{_inside(group)}/{name}"))
    item = h5py.h5o.open(group.id, key)
    if isinstance(item, h5py.h5g.GroupID):
        return h5py.Group(item)
    return h5py.Dataset(item) if isinstance(item, h5py.h5d.DatasetID) else item


def _inside(item: Any) -> str:
    return str(item.name or "").strip("/")
