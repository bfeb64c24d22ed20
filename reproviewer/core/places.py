"""Which tensors lie at the same place of two models, told from two views of their names.

Both are walked from the model down, and at every level the parts (layers, what is inside them, weights) are matched:

- Where the parts are named, equal names belong together. The numbers that Keras gives may have moved: they all moved
  by the same amount (`dense`, `dense_1` against `dense_7`, `dense_8`), or they rise in the order of both models, or
  those that have not moved stand in the same order.
- Where a side counts its layers within their class, or keys them by position, names say nothing. Layers of one
  structure (the same shapes inside) are then matched by their order, if both sides have one and the structure belongs
  to one class alone; the only layer of its structure needs no order.
- The weights of a layer are matched by name, by shape, or by number in the order in which Keras saves them.

What this does not settle is left alone.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reproviewer.core.names import View, natural, numbered

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from reproviewer.core.weights import Tensor

Shape = tuple[int, ...]
Found = dict[int, int]
"""Positions in the reference and the positions in the other that belong to them."""

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

    def structure(self, tensors: Iterable[int]) -> frozenset[tuple[Shape, int]]:
        return frozenset(Counter(self.shapes[i] for i in tensors).items())


@dataclass(frozen=True)
class _Part:
    """A child of a node: its name and the tensors below it, in the file's order."""

    name: str
    tensors: tuple[int, ...]
    is_weight: bool


def same_place(a: Sequence[Tensor], view_a: View, b: Sequence[Tensor], view_b: View) -> Found:
    """Pair the tensors of two files as these views of them tell."""
    sides = _Side(view_a, tuple(t.shape for t in a)), _Side(view_b, tuple(t.shape for t in b))
    whole = [tuple(i for i, path in enumerate(side.view.paths) if path) for side in sides]
    return dict(_walk(*sides, whole[0], whole[1], 0, 0))


def _walk(
    a: _Side, b: _Side, in_a: tuple[int, ...], in_b: tuple[int, ...], depth_a: int, depth_b: int
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
    for one, other in _match(a, b, inner[0], inner[1]):
        yield from _walk(a, b, one.tensors, other.tensors, depth_a + 1, depth_b + 1)


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


def _match(a: _Side, b: _Side, in_a: list[_Part], in_b: list[_Part]) -> Iterator[tuple[_Part, _Part]]:
    if a.view.language == b.view.language:
        yield from _by_name(a, b, in_a, in_b)
        return
    groups: dict[frozenset[tuple[Shape, int]], tuple[list[_Part], list[_Part]]] = defaultdict(lambda: ([], []))
    for side, parts, which in ((a, in_a, 0), (b, in_b, 1)):
        for part in parts:
            groups[side.structure(part.tensors)][which].append(part)
    for one, other in groups.values():
        if len(one) == len(other):
            yield from _by_order(a, b, one, other)


def _by_order(a: _Side, b: _Side, in_a: list[_Part], in_b: list[_Part]) -> Iterator[tuple[_Part, _Part]]:
    """Match parts of one structure: inside of composite layers by name, layers of one class by order."""
    names = {p.name: p for p in in_b}
    if len(in_a) > 1 and {p.name for p in in_a} == set(names) and not _are_numbered(in_a):
        yield from ((p, names[p.name]) for p in in_a)
    elif len(in_a) == 1:
        yield in_a[0], in_b[0]
    elif _is_ordered(a, in_a) and _is_ordered(b, in_b):
        yield from zip(_in_order(a, in_a), _in_order(b, in_b), strict=True)


def _are_numbered(parts: list[_Part]) -> bool:
    """Whether some names differ in their number alone."""
    return len({numbered(p.name)[0] for p in parts}) < len(parts)


def _is_ordered(side: _Side, parts: list[_Part]) -> bool:
    if side.view.language == "counted":
        return len({numbered(p.name)[0] for p in parts}) == 1
    return side.view.language == "keyed" or side.view.keeps_order


def _in_order(side: _Side, parts: list[_Part]) -> list[_Part]:
    if side.view.language == "counted":
        return sorted(parts, key=lambda p: numbered(p.name))
    return sorted(parts, key=lambda p: natural(p.name)) if side.view.language == "keyed" else parts


def _by_name(a: _Side, b: _Side, in_a: list[_Part], in_b: list[_Part]) -> Iterator[tuple[_Part, _Part]]:
    families: dict[str, tuple[dict[int, _Part], dict[int, _Part]]] = defaultdict(lambda: ({}, {}))
    for parts, which in ((in_a, 0), (in_b, 1)):
        for part in parts:
            base, number = numbered(part.name)
            families[base][which][number] = part
    for one, other in families.values():
        numbers = _aligned(one, other, a.view.keeps_order, b.view.keeps_order)
        yield from ((one[n], other[m]) for n, m in numbers.items())


def _aligned(one: dict[int, _Part], other: dict[int, _Part], ordered_one: bool, ordered_other: bool) -> dict[int, int]:
    """Which number of a family of names (`dense`, `dense_1`) became which; empty where that cannot be told."""
    low, high = sorted(one), sorted(other)
    if set(low) <= set(high) or set(high) <= set(low):
        return {n: n for n in low if n in other}
    if len(low) != len(high):
        return {}
    moved = {m - n for n, m in zip(low, high, strict=True)}
    rises = all(list(side) == sorted(side) for side, ordered in ((one, ordered_one), (other, ordered_other)) if ordered)
    if len(moved) == 1 or (rises and not set(low) & set(high)):
        return dict(zip(low, high, strict=True))
    in_order = dict(zip(one, other, strict=True))
    is_plain = ordered_one and ordered_other and all(in_order[n] == n for n in one if n in other)
    return in_order if is_plain else {}


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
    return weights if side.view.keeps_order else []
