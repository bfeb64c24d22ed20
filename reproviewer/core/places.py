"""Which tensors lie at the same place of two models, told from two views of their names.

Both are walked from the model down, and at every level the parts (layers, what is inside them, weights) are matched:

- Where both sides name the parts in one way, equal names belong together. The numbers that Keras gives may have moved:
  all those of one class in the whole file moved by the same amount (`dense`, `dense_1` against `dense_7`, `dense_8`),
  or they rise in the order of both models, or those that have not moved stand in the same order. A person's `block_2`
  is never taken for another when both sides have it.
- Where the sides name the parts in different ways, names say nothing. Layers of one structure (the same shapes inside)
  are matched by their order if both sides have one and it means the same, the order of the model's layers: positions
  in a checkpoint, counts within one class, a file that keeps the order of the weights. Attributes have no order: a
  layer that takes the place of another stays first in a checkpoint and is last in the model. The only layer of its
  structure needs no order.
- Where a side does not tell what is inside of what, a structure must occur as often in the one model as in the other,
  at whatever depth: two layers side by side look like a model of two layers.
- The weights of a layer are matched by name, by shape, or by number in the order in which Keras saves them.

What this does not settle is left alone.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from reproviewer.core.keras_counters import is_counted, numbered
from reproviewer.core.names import natural
from reproviewer.core.readings import View, are_places, is_in_list, is_owned, is_place, rise

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from reproviewer.core.weights import Tensor

Shape = tuple[int, ...]
Structure = frozenset[tuple[Shape, int]]
Found = dict[int, int]
"""Positions in the reference and the positions in the other that belong to them."""
Moved = dict[str, dict[int, int]]
"""For every name (`dense`) the numbers in the reference and those that they are in the other."""

_SAVED = [
    "depthwise_kernel",
    "pointwise_kernel",
    "kernel",
    "embeddings",
    "alpha",
    "recurrent_kernel",
    "gamma",
    "beta",
    "bias",
    "mean",
    "variance",
    "count",
    "moving_mean",
    "moving_variance",
]
"""Weights of Keras' layers in the order in which a layer saves them; the numbers of `vars` count in it."""


@dataclass(frozen=True)
class _Side:
    view: View
    shapes: tuple[Shape, ...]

    def structure(self, tensors: Iterable[int]) -> Structure:
        return frozenset(Counter(self.shapes[i] for i in tensors).items())

    @cached_property
    def structures(self) -> Counter[Structure]:
        """How often each structure occurs in the model, at whatever depth."""
        below: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for i, path in enumerate(self.view.paths):
            for depth in range(1, len(path or ())):
                below[(path or ())[:depth]].append(i)
        return Counter(self.structure(tensors) for tensors in set(map(tuple, below.values())))

    @cached_property
    def families(self) -> dict[str, dict[int, None]]:
        """The numbers of each name (`dense`, `dense_1`: 0 and 1) in the whole file, in its order."""
        found: dict[str, dict[int, None]] = defaultdict(dict)
        for part in dict.fromkeys(part for path in self.view.paths for part in (path or ())[:-1]):
            base, number = numbered(part)
            found[base][number] = None
        return found


@dataclass(frozen=True)
class _Part:
    """A child of a node: its name and the tensors below it, in the file's order."""

    name: str
    tensors: tuple[int, ...]
    is_weight: bool


def same_place(a: Sequence[Tensor], view_a: View, b: Sequence[Tensor], view_b: View) -> Found:
    """Pair the tensors of two files as these views of them tell."""
    if not _are_comparable(view_a, view_b):
        return {}
    sides = _Side(view_a, tuple(t.shape for t in a)), _Side(view_b, tuple(t.shape for t in b))
    whole = [tuple(i for i, path in enumerate(side.view.paths) if path) for side in sides]
    moved = _moved(*sides) if view_a.language == view_b.language else {}
    return dict(_walk(*sides, moved, whole[0], whole[1], 0, 0))


def _are_comparable(a: View, b: View) -> bool:
    """Whether the parts of both views are the same things: of names in one language, or layers of the model."""
    if a.language == b.language:
        return (a.nesting == "flat") == (b.nesting == "flat")
    return "scopes" not in (a.nesting, b.nesting) and a.is_whole and b.is_whole


def _moved(a: _Side, b: _Side) -> Moved:
    """Which number of each name of the one file became which of the other."""
    shared = a.families.keys() & b.families.keys()
    if not (a.view.is_whole and b.view.is_whole):
        return {base: {n: n for n in a.families[base]} for base in shared}
    orders = a.view.keeps_order, b.view.keeps_order
    return {base: _aligned(base, list(a.families[base]), list(b.families[base]), orders) for base in shared}


def _walk(
    a: _Side, b: _Side, moved: Moved, in_a: tuple[int, ...], in_b: tuple[int, ...], depth_a: int, depth_b: int
) -> Iterator[tuple[int, int]]:
    alike = a.structure(in_a) == b.structure(in_b)
    names_a, names_b = _names(a, in_a, depth_a), _names(b, in_b, depth_b)
    is_one_language = a.view.language == b.view.language
    parts_a, depth_a = _parts(a, in_a, depth_a, alike, names_b if is_one_language else set())
    parts_b, depth_b = _parts(b, in_b, depth_b, alike, names_a if is_one_language else set())
    weights = [[p for p in parts if p.is_weight] for parts in (parts_a, parts_b)]
    inner = [[p for p in parts if not p.is_weight] for parts in (parts_a, parts_b)]
    for one, other in _match_weights(a, b, weights[0], weights[1], alike):
        yield from zip(one.tensors, other.tensors, strict=True)
    are_top = depth_a == 0, depth_b == 0
    found = (
        _by_name(a, b, moved, inner[0], inner[1])
        if is_one_language
        else _by_structure(a, b, inner[0], inner[1], are_top)
    )
    for one, other in found:
        yield from _walk(a, b, moved, one.tensors, other.tensors, depth_a + 1, depth_b + 1)


def _names(side: _Side, tensors: tuple[int, ...], depth: int) -> set[str]:
    return {(side.view.paths[i] or ())[depth] for i in tensors}


def _parts(side: _Side, tensors: tuple[int, ...], depth: int, alike: bool, others: set[str]) -> tuple[list[_Part], int]:
    """The children of a node.

    A part that all tensors share says nothing, and is passed by; but not one that the other side has among `others`.
    """
    while True:
        children: dict[tuple[str, bool], list[int]] = defaultdict(list)
        for i in tensors:
            path = side.view.paths[i] or ()
            children[path[depth], len(path) == depth + 1].append(i)
        parts = [_Part(name, tuple(below), is_weight) for (name, is_weight), below in children.items()]
        if len(parts) != 1 or parts[0].is_weight or (len(others) > 1 and parts[0].name in others):
            return parts, depth
        if not alike and any(len(side.view.paths[i] or ()) == depth + 2 for i in tensors):
            return parts, depth
        depth += 1


def _by_structure(
    a: _Side, b: _Side, in_a: list[_Part], in_b: list[_Part], are_top: tuple[bool, bool]
) -> Iterator[tuple[_Part, _Part]]:
    groups: dict[Structure, tuple[list[_Part], list[_Part]]] = defaultdict(lambda: ([], []))
    for side, parts, which in ((a, in_a, 0), (b, in_b, 1)):
        for part in parts:
            groups[side.structure(part.tensors)][which].append(part)
    is_nested_alike = a.view.nesting == b.view.nesting == "objects"
    for structure, (one, other) in groups.items():
        if len(one) == len(other) and (is_nested_alike or a.structures[structure] == b.structures[structure]):
            yield from _by_order(a, b, one, other, are_top)


def _by_order(
    a: _Side, b: _Side, in_a: list[_Part], in_b: list[_Part], are_top: tuple[bool, bool]
) -> Iterator[tuple[_Part, _Part]]:
    """Match parts of one structure: attributes by name, layers in a known order by that."""
    names = {p.name: p for p in in_b}
    if len(in_a) == 1:
        yield in_a[0], in_b[0]
    elif {p.name for p in in_a} == set(names) and _are_attributes(a, b, names):
        yield from ((p, names[p.name]) for p in in_a)
    else:
        ordered = _in_order(a, in_a, are_top[0]), _in_order(b, in_b, are_top[1])
        yield from zip(*ordered, strict=True) if all(ordered) else ()


def _are_attributes(a: _Side, b: _Side, names: Iterable[str]) -> bool:
    """Whether equal names are those of attributes on both sides, not of an attribute here and of a layer there."""
    if a.view.nesting == b.view.nesting == "objects":
        return not any(is_in_list(name) or is_place(name) for name in names)
    return all(map(is_owned, names))


def _in_order(side: _Side, parts: list[_Part], is_top: bool) -> list[_Part]:
    """Parts of one structure in the order of the model's layers; empty where that is not known."""
    names = [p.name for p in parts]
    if side.view.language == "counted":
        is_known = all(map(is_in_list, names)) and len({numbered(name)[0] for name in names}) == 1
        return sorted(parts, key=lambda p: numbered(p.name)) if is_known else []
    if side.view.language == "keyed":
        is_known = side.view.nesting == "flat" or are_places(names)
        return sorted(parts, key=lambda p: natural(p.name)) if is_known else []
    is_whole = side.view.nesting != "groups" or is_top or rise(names)
    return parts if side.view.keeps_order and is_whole else []


def _by_name(a: _Side, b: _Side, moved: Moved, in_a: list[_Part], in_b: list[_Part]) -> Iterator[tuple[_Part, _Part]]:
    """Match parts by their names; those that Keras gives inside of its own layers need to agree in one layer alone."""
    families: dict[str, tuple[dict[int, _Part], dict[int, _Part]]] = defaultdict(lambda: ({}, {}))
    for parts, which in ((in_a, 0), (in_b, 1)):
        for part in parts:
            base, number = numbered(part.name)
            families[base][which][number] = part
    orders = a.view.keeps_order, b.view.keeps_order
    for base, (one, other) in families.items():
        numbers = _aligned(base, list(one), list(other), orders) if is_owned(base) else moved.get(base, {})
        yield from ((part, other[numbers[n]]) for n, part in one.items() if numbers.get(n) in other)


def _aligned(base: str, one: list[int], other: list[int], keep_order: tuple[bool, bool]) -> dict[int, int]:
    """Which number of a family of names (`dense`, `dense_1`) became which; empty where that cannot be told."""
    low, high = sorted(one), sorted(other)
    both = set(low) & set(high)
    if len(both) == min(len(low), len(high)) or (both and not is_counted(base)):
        return {n: n for n in both}
    if len(low) != len(high):
        return {}
    moved = {m - n for n, m in zip(low, high, strict=True)}
    rises = all(side == sorted(side) for side, ordered in zip((one, other), keep_order, strict=True) if ordered)
    if len(moved) == 1 or (rises and not both):
        return dict(zip(low, high, strict=True))
    in_order = dict(zip(one, other, strict=True))
    return in_order if all(keep_order) and all(in_order[n] == n for n in both) else {}


def _match_weights(
    a: _Side, b: _Side, in_a: list[_Part], in_b: list[_Part], alike: bool
) -> Iterator[tuple[_Part, _Part]]:
    names_a, names_b = ({p.name: p for p in parts} for parts in (in_a, in_b))
    equal = [(p, names_b[p.name]) for p in in_a if p.name in names_b]
    yield from (pair for pair in equal if len(pair[0].tensors) == len(pair[1].tensors))
    rest_a = [p for p in in_a if p.name not in names_b]
    rest_b = [p for p in in_b if p.name not in names_a]
    if alike and len(rest_a) == len(rest_b):
        yield from _by_shape_or_number(a, b, rest_a, rest_b)


def _by_shape_or_number(a: _Side, b: _Side, in_a: list[_Part], in_b: list[_Part]) -> Iterator[tuple[_Part, _Part]]:
    by_shape = [{side.structure(p.tensors): p for p in parts} for side, parts in ((a, in_a), (b, in_b))]
    if len(by_shape[0]) == len(in_a) and by_shape[0].keys() == by_shape[1].keys():
        yield from ((part, by_shape[1][shape]) for shape, part in by_shape[0].items())
        return
    saved = _as_saved(a, in_a), _as_saved(b, in_b)
    if saved[0] and saved[1] and any(p.name.isdecimal() for p in (*in_a, *in_b)):
        pairs = list(zip(saved[0], saved[1], strict=True))
        if all(a.structure(p.tensors) == b.structure(q.tensors) for p, q in pairs):
            yield from pairs


def _as_saved(side: _Side, weights: list[_Part]) -> list[_Part]:
    """The weights of a layer in the order of their numbers; empty where that is not known."""
    if all(p.name.isdecimal() for p in weights):
        return sorted(weights, key=lambda p: int(p.name))
    if all(p.name in _SAVED for p in weights):
        return sorted(weights, key=lambda p: _SAVED.index(p.name))
    return weights if side.view.keeps_order and side.view.language == "named" else []
