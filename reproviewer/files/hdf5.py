"""HDF5 files, touched only through checked accessors: nothing is read that does not lie in the file itself.

Links to other files, data kept in other files, virtual datasets, filters from plug-ins, groups linked twice and shapes
that the stored bytes cannot fill are refused before any data is read.

Objects are h5py's low-level identifiers, and none stays open longer than it is needed: h5py's own objects and thousands
of open ones would take most of the time that a file of many tensors takes.
"""

from __future__ import annotations

import signal
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
from h5py import h5a, h5g, h5i, h5l, h5o, h5t
from h5py.h5d import DatasetID
from h5py.h5g import GroupID

from reproviewer.core.weights import Role, Tensor
from reproviewer.files import hdf5_data
from reproviewer.files.child import address_space
from reproviewer.files.contents import MAX_TENSORS, MAX_TEXT, Index, Unreadable, check_expansion, quoted
from reproviewer.files.span import Span
from reproviewer.files.spill import on_disk

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from reproviewer.files.hdf5_data import Numbers
    from reproviewer.files.spill import Spill

MAX_ATTRIBUTE = 16 << 20
MAX_DEPTH = 64
MAX_LINKS = 4 * MAX_TENSORS
_MARK = "dtype"
_STEP_SECONDS = 1.0
_CLOSE_SECONDS = 5.0
_NO_NAMES = {"", ".", ".."}


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
                yield Tree(_root(root), span, spill, stored)
                _start_step(_CLOSE_SECONDS)
        else:
            with span.open() as stream, h5py.File(stream, "r") as root:
                yield Tree(_root(root), span, spill, stored)
                _start_step(_CLOSE_SECONDS)
    except (OSError, RuntimeError, KeyError, TypeError, ValueError) as error:  # h5py has one for each kind of damage
        raise _damaged(error) from None
    finally:
        _end_step()


def _start_step(seconds: float = _STEP_SECONDS) -> None:
    """Let the next step take so many seconds of the processor, and no more.

    On some damaged files HDF5 runs in circles. The timer then ends the whole process, which a file is read in alone.
    """
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_VIRTUAL, seconds)


@contextmanager
def _little_memory() -> Iterator[None]:
    """Take no more memory than names need: HDF5 takes as much as a damaged text claims to be long."""
    try:
        import resource
    except ImportError:
        yield
        return
    before = resource.getrlimit(resource.RLIMIT_AS)
    least = min(value for value in (*before, address_space() + 4 * MAX_ATTRIBUTE) if value >= 0)
    resource.setrlimit(resource.RLIMIT_AS, (least, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


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
        self._stored = min(span.size, on_disk(span.path)) if stored is None else stored
        self._unpacked = 0

    def paths(self) -> dict[str, int]:
        """Every path by hard links, with the address of what it leads to.

        HDF5 enters a group that is linked twice but once, so this comes to an end; the paths to it share an address.
        """
        found: dict[str, int] = {}
        _start_step()
        trouble = self.root.links.visit(partial(_note, found), info=True)
        if trouble is not None:
            raise trouble
        return found

    def objects(self) -> Iterator[tuple[str, bool, int]]:
        """A path of every object, whether it is a dataset, and how many attributes it has. The root is called `.`."""
        _start_step()
        found = [(b".", h5o.TYPE_GROUP, h5o.get_info(self.root).num_attrs)]
        trouble = h5o.visit(self.root, partial(_note_object, found), info=True)
        if trouble is not None:
            raise trouble
        return ((path.decode("utf-8", "surrogateescape"), kind == h5o.TYPE_DATASET, n) for path, kind, n in found)

    def opened(self, path: str) -> Any:
        """The object at one of the `paths`: as all links are hard ones, nothing can lead out of the file."""
        _start_step()
        return h5o.open(self.root, _encoded(path))

    def child(self, group: Any, name: str) -> Any:
        """The object at the relative path `name` below `group`, by hard links only."""
        for part in name.split("/"):
            if part in _NO_NAMES:
                raise _outside(name)
            if not isinstance(group, GroupID):
                raise _no_group(group)
            group = _linked(group, part.encode("utf-8", "surrogateescape"))
        return group

    def group(self, parent: Any, name: str) -> Any:
        """As `child`, for what must be a group."""
        found = self.child(parent, name)
        if not isinstance(found, GroupID):
            raise _no_group(found)
        return found

    @staticmethod
    def pause() -> None:
        """Give what comes before the next step all the time that it takes: nothing of it is done by HDF5."""
        _end_step()

    @staticmethod
    def address(item: Any) -> int:
        """Where an object lies in the file."""
        return int(h5o.get_info(item).addr)

    @staticmethod
    def holds(group: Any, name: str) -> bool:
        """Whether a group has something of this name, be it a link that leads nowhere."""
        return bool(group.links.exists(name.encode()))

    @staticmethod
    def has(item: Any, key: str, at: str = ".") -> bool:
        """Whether there is an attribute `key`; `at` is one of the `paths` if it is not of the item itself."""
        return bool(h5a.exists(item, key.encode(), obj_name=at.encode()))

    def other_attributes(self, path: str, known: Collection[str] = ()) -> list[str]:
        """The names of a group's attributes, but for those `known`, all of which it has. The root is called `.`."""
        _start_step()
        if h5o.get_info(self.root, _encoded(path)).num_attrs <= len(known):
            return []
        return [name for name in _attributes(self.opened(path)) if name not in known]

    def unread_attributes(self, dataset: Any) -> list[str]:
        """The names of a dataset's attributes but for the mark of bfloat16."""
        _start_step()
        if not h5a.get_num_attrs(dataset):
            return []
        return [name for name in _attributes(dataset) if name != _MARK or not self._is_marked(dataset)]

    def _is_marked(self, dataset: Any) -> bool:
        return self.text(dataset, _MARK) == "bfloat16"

    @staticmethod
    def strings(item: Any, key: str, at: str = ".") -> list[str]:
        """A text attribute, or a list of them; an empty list is stored as numbers without any."""
        attribute = h5a.open(item, key.encode(), obj_name=at.encode())
        kind, space = attribute.get_type(), attribute.get_space()
        count = space.get_simple_extent_npoints()
        if not count:
            return []
        size = count * kind.get_size()
        if kind.get_class() != h5t.STRING or size > MAX_ATTRIBUTE or count > MAX_TENSORS:
            raise Unreadable("its attribute `{name}` is not a list of names", name=quoted(key))
        values = np.zeros(space.shape, kind.dtype)
        with _little_memory():
            attribute.read(values)
        try:
            return [value.decode("utf-8") for value in values.ravel().tolist()]
        except UnicodeError:
            raise Unreadable("its attribute `{name}` is not UTF-8 text", name=quoted(key)) from None

    def text(self, item: Any, key: str, at: str = ".") -> str:
        """The beginning of a text attribute; nothing when there is none, or it is no text."""
        if not self.has(item, key, at):
            return ""
        try:
            return ", ".join(self.strings(item, key, at))[:MAX_TEXT]
        except Unreadable:
            return ""

    def tensor(self, dataset: Any, name: str, role: Role, aliases: tuple[str, ...] = ()) -> Tensor:
        """The window that holds a dataset's numbers, unpacked first when it is not one already."""
        if not isinstance(dataset, DatasetID):
            raise Unreadable("`{name}` is not a dataset", name=quoted(name))
        numbers = hdf5_data.check(name, dataset, self._is_marked(dataset))
        path, offset = self._place(name, dataset, numbers)
        return Tensor(name, numbers.dtype, numbers.shape, path, offset, role, aliases)

    def _place(self, name: str, dataset: Any, numbers: Numbers) -> tuple[str, int]:
        if not numbers.nbytes:
            return self._span.path, self._span.start
        if numbers.offset is None:
            self._unpacked += numbers.nbytes
            check_expansion(self._stored, self._unpacked)
            return self._spill.path, self._spill.add(_unpacked(name, dataset))
        if numbers.offset + numbers.nbytes > self._span.size:
            raise Unreadable("`{name}` reaches beyond the end of the file", name=quoted(name))
        return self._span.path, self._span.start + numbers.offset


def _attributes(item: Any) -> list[str]:
    names: list[bytes] = []
    h5a.iterate(item, names.append)
    return [name.decode("utf-8", "surrogateescape") for name in names]


def _encoded(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")


def _root(file: Any) -> Any:
    return h5g.open(file.id, b"/")


def _note(found: dict[str, int], path: bytes, link: Any) -> Unreadable | None:
    """Add a path to those that were found, or say why not: the error ends the visit, which none may be raised in."""
    _start_step()
    try:
        name = path.decode("utf-8")
    except UnicodeError:
        return Unreadable("it holds a name that is not UTF-8 text, `{name}`", name=quoted(repr(path)))
    if link.type != h5l.TYPE_HARD:
        return _other_link(name, link.type)
    if _NO_NAMES.intersection(name.split("/")):
        return _outside(name)
    if name in found:
        return Unreadable("it holds `{name}` twice", name=quoted(name))
    if trouble := _too_many(len(found), name.count("/")):
        return trouble
    found[name] = link.u
    return None


def _note_object(found: list[tuple[bytes, int, int]], path: bytes, info: Any) -> Unreadable | None:
    """Add an object to those that were found, or say why not, which ends the visit."""
    _start_step()
    found.append((path, info.type, info.num_attrs))
    return _too_many(len(found) - 1, path.count(b"/"))


def _too_many(count: int, depth: int) -> Unreadable | None:
    if depth >= MAX_DEPTH:
        return Unreadable("its groups are nested more than {limit} deep", limit=MAX_DEPTH)
    if count >= MAX_LINKS:
        return Unreadable("it holds more than {limit} groups and datasets", limit=MAX_LINKS)
    return None


def _linked(group: Any, name: bytes) -> Any:
    """What a hard link leads to."""
    _start_step()
    if b"\0" in name or not group.links.exists(name):
        raise Unreadable("it names `{name}` but does not hold it", name=path_of(group, name))
    kind = group.links.get_info(name).type
    if kind != h5l.TYPE_HARD:
        raise _other_link(path_of(group, name), kind)
    return h5o.open(group, name)


def _other_link(path: str, kind: int) -> Unreadable:
    if kind == h5l.TYPE_EXTERNAL:
        return Unreadable("it contains a link to another file (`{name}`)", name=quoted(path))
    return Unreadable("it contains a soft link (`{name}`)", name=quoted(path))


def path_of(item: Any, name: bytes = b"") -> str:
    """The path of an object of the file, or of `name` in it."""
    return quoted(((h5i.get_name(item) or b"") + b"/" + name).strip(b"/").decode("utf-8", "surrogateescape"))


def _outside(path: str) -> Unreadable:
    return Unreadable("it names a place outside its group, `{name}`", name=quoted(path))


def _no_group(item: Any) -> Unreadable:
    return Unreadable("`{name}` is not a group", name=path_of(item))


def _unpacked(name: str, dataset: Any) -> Iterator[bytes]:
    """The numbers, however long it takes: that depends on how many there are."""
    _end_step()
    try:
        yield from hdf5_data.slabs(name, dataset)
    except (OSError, RuntimeError) as error:
        raise _damaged(error) from None
