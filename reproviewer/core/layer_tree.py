"""The tensors as a tree of layers: their names are paths (`encoder/block_1/attention/kernel`, `layer1.0.weight`).

Everything here is a pure function of the lines to show and of what the person wants to see of them.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from reproviewer.core.message import message
from reproviewer.core.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Sequence

    from reproviewer.core.message import Message
    from reproviewer.core.tensor_rows import TensorRow
    from reproviewer.core.weights import Role

Order = Literal["model", "name", "share", "abs", "ulp"]
"""The model's own order, by name, by the share of elements that differ, by the largest distance of either kind."""

SECTIONS: dict[Role, Message] = {"optimizer": message("Optimizer state"), "other": message("Other state")}
"""What is not compared by default stands at the end, each role in a group of its own."""

_DOTTED = re.compile(r"\w+(\.\w+)+$")
_DOTTED_PART = re.compile(r"\.?\w+")
_DIGITS = re.compile(r"(\d+)")
_SEVERITY = {verdict: severity for severity, verdict in enumerate(Verdict)}


class Tally(NamedTuple):
    """What was found in a tensor, or in all tensors of a group: the worst verdict, counts, the largest distances."""

    verdict: Verdict | None = None
    differing: int = 0
    size: int = 0
    max_abs: float | None = None
    max_ulp: int | None = None
    tensors: int = 0
    unlike: int = 0

    @property
    def share(self) -> float:
        """How much of it differs, from 0 to 1; what does not fit at all counts as more than everything."""
        if self.verdict is Verdict.MISMATCHED and not self.differing:
            return 1.5
        return self.differing / self.size if self.size else 0.0


class Node(NamedTuple):
    """A line of the tree: a tensor (`row` is its place among the lines), or a group of nodes.

    `path` is unique: the beginning of the names in a group; the name of a tensor, a zero byte, and its place. `label`
    is the part of it that its parent does not say already. The path of a section is a zero byte and the role.
    """

    label: str
    path: str
    tally: Tally
    row: int | None = None
    children: tuple[Node, ...] = ()

    @property
    def section(self) -> str:
        """The role, where this is the group of all tensors of a role that is not compared."""
        return self.path[1:] if self.path[:1] == "\0" and self.path[1:] in SECTIONS else ""


@dataclass(frozen=True)
class Arrangement:
    """What the person wants to see of the tree, and in which order."""

    only_unlike: bool = False
    text: str = ""
    order: Order = "model"
    descending: bool = False


def grow(rows: Sequence[TensorRow]) -> tuple[Node, ...]:
    """The tree of all lines in their own order, a group standing where its first tensor stands.

    A group that holds nothing but one other node is folded into it. A root that holds all layers says nothing and is
    left out.
    """
    weights = _nodes(_levels(rows, "weight"), rows)
    while len(weights) == 1 and weights[0].children and all(map(_is_layer, weights[0].children)):
        weights = weights[0].children
    return (*weights, *_nodes(_levels(rows, "draw"), rows), *_sections(rows))


def arranged(nodes: tuple[Node, ...], rows: Sequence[TensorRow], wanted: Arrangement) -> tuple[Node, ...]:
    """The part of the tree that the person wants to see. Groups keep the tally of all that is in them."""
    if wanted.only_unlike or wanted.text:
        nodes = _pruned(nodes, fitting(rows, wanted))
    key = _KEYS.get(wanted.order)
    return nodes if key is None else _sorted(nodes, key, wanted.descending)


def fitting(rows: Sequence[TensorRow], wanted: Arrangement) -> frozenset[int]:
    """The places of the lines that are searched for: by their names, dtype and shape, upper or lower case alike."""
    text = wanted.text.casefold().strip()
    return frozenset(
        at
        for at, row in enumerate(rows)
        if (row.is_unlike or not wanted.only_unlike) and (not text or text in _searched(row))
    )


def tensors(nodes: Iterable[Node]) -> Iterator[Node]:
    """The tensors of a tree from top to bottom."""
    for node in nodes:
        if node.row is not None:
            yield node
        yield from tensors(node.children)


def trail(nodes: Iterable[Node], row: int) -> tuple[int, ...]:
    """The places that lead to a tensor, from the top of the tree down to it; none when it is not there."""
    for place, node in enumerate(nodes):
        if node.row == row:
            return (place,)
        if node.children and (below := trail(node.children, row)):
            return place, *below
    return ()


def next_unlike(nodes: Iterable[Node], current: int | None, forward: bool = True) -> int | None:
    """The next tensor that differs after (or before) the line `current`, going round; None when none does."""
    order = list(tensors(nodes))
    unlike = [place for place, node in enumerate(order) if node.tally.unlike]
    if not unlike:
        return None
    here = next((place for place, node in enumerate(order) if node.row == current), -1 if forward else len(order))
    beyond = [p for p in unlike if p > here] if forward else [p for p in unlike if p < here]
    place = (beyond or unlike)[0 if forward else -1]
    return order[place].row


def share_text(tally: Tally) -> Message:
    """How much differs, in few signs: `12 %`, `1 of 4 M`, `all`."""
    if not tally.differing:
        return message("")
    if tally.differing == tally.size:
        return message("all")
    if tally.size < 1000 or tally.share < 0.01:
        return message("{n} of {total}", n=short_count(tally.differing), total=short_count(tally.size))
    return message("{percent} %", percent=min(99, round(100 * tally.share)))


def misfit_text(row: TensorRow) -> Message:
    """Why a tensor does not fit: the other side has none, only the other side has it, or its shape is another."""
    if row.names[0] is None:
        return message("extra")
    return message("missing") if row.names[1] is None else message("other shape")


def short_count(value: int) -> str:
    """A count in three digits: `999`, `12.3 k`, `4 M`."""
    if value < 1000:
        return str(value)
    power = min(6, int(math.log10(value)) // 3)
    digits = f"{value / 1000**power:.3g}"
    if digits == "1e+03" and power < 6:
        power, digits = power + 1, "1"
    return f"{digits} {' kMGTPE'[power]}"


def shape_text(shape: tuple[int, ...]) -> str:
    """A shape as Python writes it."""
    return f"({shape[0]},)" if len(shape) == 1 else f"({', '.join(map(str, shape))})"


# names into levels


@dataclass
class _Level:
    """One level of the tree: in order, the levels below and the tensors as their line and the end of their name."""

    part: str
    path: str
    entries: list[_Level | tuple[int, str]] = field(default_factory=list)
    below: dict[str, _Level] = field(default_factory=dict)

    def down(self, *parts: str) -> _Level:
        level = self
        for part in parts:
            above, found = level, level.below.get(part)
            if found is None:
                found = above.below[part] = _Level(part, above.path + part)
                above.entries.append(found)
            level = found
        return level


def _levels(rows: Sequence[TensorRow], role: Role, path: str = "") -> _Level:
    top = _Level("", path)
    known = {"": top}
    for at, row in enumerate(rows):
        if row.role == role:
            head, slash, last = _cut(row)
            level = known.get(head)
            if level is None:
                level = known[head] = top.down(*_groups(head))
            ends = _DOTTED_PART.findall(last) if "." in last and _DOTTED.match(last) else [last]
            if len(ends) > 1:
                level = level.down(slash + ends[0], *ends[1:-1])
                slash = ""
            level.entries.append((at, slash + ends[-1]))
    return top


def _cut(row: TensorRow) -> tuple[str, str, str]:
    """A name before, at and after its last slash. The name of a draw is its call and is not cut."""
    label = row.label.removesuffix(":0")
    return ("", "", label) if row.role == "draw" else label.rpartition("/")


def _groups(head: str) -> list[str]:
    """The parts of a path, each with the slash before it."""
    first, *more = head.split("/")
    return [part for part in (first, *("/" + part for part in more)) if part]


# levels into nodes


def _nodes(level: _Level, rows: Sequence[TensorRow]) -> tuple[Node, ...]:
    return tuple(
        _group(entry, rows) if isinstance(entry, _Level) else _leaf(level.path, *entry, rows) for entry in level.entries
    )


def _leaf(path: str, at: int, last: str, rows: Sequence[TensorRow]) -> Node:
    return Node(_bare(last), f"{path}{last}\0{at}", _tally(rows[at]), at)


def _group(level: _Level, rows: Sequence[TensorRow]) -> Node:
    label, children = _bare(level.part), _nodes(level, rows)
    if len(children) > 1:
        return Node(label, level.path, _sum(children), None, children)
    only = children[0]
    if only.label == label and only.row is None:  # some formats write the name of a layer twice
        return only
    return only._replace(label=f"{label}{only.path[len(level.path)]}{only.label}")


def _is_layer(node: Node) -> bool:
    """Whether it is more than one weight: a group, or a tensor that its layer was folded into."""
    return node.row is None or bool(re.search(r"[/.]", node.label))


def _bare(part: str) -> str:
    return part.lstrip("/.") or part


def _sections(rows: Sequence[TensorRow]) -> Iterator[Node]:
    for role, title in SECTIONS.items():
        nodes = _nodes(_levels(rows, role, f"\0{role}/"), rows)
        if nodes:
            yield Node(title.template, f"\0{role}", _sum(nodes), None, nodes)


def _tally(row: TensorRow) -> Tally:
    return Tally(row.verdict, row.differing, row.size, row.max_abs, row.max_ulp, 1, int(row.is_unlike))


def _sum(nodes: tuple[Node, ...]) -> Tally:
    verdicts, differing, sizes, largest_abs, largest_ulp, tensors, unlike = zip(*[n.tally for n in nodes], strict=True)
    return Tally(
        _worst(verdicts),
        sum(differing),
        sum(sizes),
        max((d for d in largest_abs if d is not None), default=None),
        max((d for d in largest_ulp if d is not None), default=None),
        sum(tensors),
        sum(unlike),
    )


def _worst(verdicts: Sequence[Verdict | None]) -> Verdict | None:
    first = verdicts[0]
    if all(verdict is first for verdict in verdicts):  # to look one up by its name takes longer
        return first
    return max((v for v in verdicts if v is not None), key=_SEVERITY.__getitem__)


# what is wanted of them


def _searched(row: TensorRow) -> str:
    names = dict.fromkeys((row.name, row.label, *(name for name in row.names if name), *row.aliases))
    return "\n".join((*names, row.dtype, shape_text(row.shape))).casefold()


def _pruned(nodes: tuple[Node, ...], kept: Container[int]) -> tuple[Node, ...]:
    found = []
    for node in nodes:
        if node.row is not None:
            if node.row in kept:
                found.append(node)
        elif children := _pruned(node.children, kept):
            found.append(node._replace(children=children))
    return tuple(found)


def _sorted(nodes: tuple[Node, ...], key: Callable[[Node], Any], descending: bool) -> tuple[Node, ...]:
    """Each level by itself; what is not compared stays at the end."""
    inner = [n._replace(children=_sorted(n.children, key, descending)) if n.children else n for n in nodes]
    sections = [n for n in inner if n.section]
    return (*sorted((n for n in inner if not n.section), key=key, reverse=descending), *sections)


def _by_name(node: Node) -> list[tuple[int, str]]:
    return [(int(p), "") if p.isdecimal() else (-1, p) for p in _DIGITS.split(node.label.casefold())]


def _by_abs(node: Node) -> float:
    return -1.0 if node.tally.max_abs is None else node.tally.max_abs


def _by_ulp(node: Node) -> int:
    return -1 if node.tally.max_ulp is None else node.tally.max_ulp


_KEYS: dict[Order, Callable[[Node], Any]] = {
    "name": _by_name,
    "share": lambda node: node.tally.share,
    "abs": _by_abs,
    "ulp": _by_ulp,
}
