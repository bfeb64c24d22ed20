"""Which tensor of one set belongs to which of another, and by what rule.

Keras numbers layers anew with every build (`sequential_1/dense_3/kernel`), and each file format names weights in its
own way, so equal names are only the first of several rules:

`same name`
    Both have this name. Of a name that a set holds several times, the first belongs to the first, and so on.
`aligned numbers`
    The names are the same but for automatic numbers, which all moved by one amount or rise in both sets. A name that
    no class of Keras has is a person's, and so are its numbers: if both sets have `block_2`, it is the same.
`name in the file`
    One is known in the other's file by this name: an alias.
`same place`
    Layers and weights lie at the same place of both models, told from names of different kinds, such as the keys of a
    Keras 2 checkpoint and the paths of a `.weights.h5` (see `places`).
`same order`
    No name fits, all shapes agree one by one, and both sets keep the order of the model; or every shape occurs once.
    So are the rest paired of which one side has no names, such as the variables of a SavedModel.
`chosen`
    A person said so.

A rule that pairs everything is taken as a whole before any is taken in part: a first `dense_1` is not paired with a
second `dense_1` when all numbers moved by one. Nothing is ever guessed: two readings of the names that contradict each
other pair nothing. Where a `.weights.h5` tells the layers' own names beside its paths, which count layers by class, the
own names win if a layer was added or taken away, for that moves the paths after it. What no rule pairs is `ambiguous`
when the other set has a tensor of its shape left over, which may or may not be its partner; else it is `missing` or
`extra`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reproviewer.core import readings
from reproviewer.core.places import same_place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from reproviewer.core.weights import Role, Tensor, WeightSet

    Rule = Callable[[Sequence[Tensor], Sequence[Tensor]], dict[int, int]]

SAME_NAME = "same name"
ALIGNED_NUMBERS = "aligned numbers"
NAME_IN_FILE = "name in the file"
SAME_PLACE = "same place"
SAME_ORDER = "same order"
CHOSEN = "chosen"
AMBIGUOUS = "ambiguous"
MISSING = "missing"
EXTRA = "extra"
RULES = (SAME_NAME, ALIGNED_NUMBERS, NAME_IN_FILE, SAME_PLACE, SAME_ORDER, CHOSEN)


@dataclass(frozen=True)
class Pair:
    """A tensor of the reference and the one that belongs to it; None on one side: missing, extra or ambiguous."""

    a: Tensor | None
    b: Tensor | None
    rule: str


def pair(reference: WeightSet, other: WeightSet, with_state: bool = False) -> tuple[Pair, ...]:
    """Pair the weights and the draws of two sets, in the reference's order, those without a partner last.

    Draws are left out when only one of the sets has any but both have weights: files hold none. Optimizer and other
    state is left out unless `with_state`.
    """
    sides = reference.only("weight").tensors, other.only("weight").tensors
    draws = reference.only("draw").tensors, other.only("draw").tensors
    pairs = _pair_role(*sides)
    if all(draws) or not all(sides):
        pairs += _pair_role(*draws)
    state: tuple[Role, ...] = ("optimizer", "other") if with_state else ()
    for role in state:
        pairs += _pair_role(reference.only(role).tensors, other.only(role).tensors)
    return tuple(p for p in pairs if p.a is not None) + tuple(p for p in pairs if p.a is None)


def _pair_role(reference: tuple[Tensor, ...], other: tuple[Tensor, ...]) -> list[Pair]:
    told = readings.by_telling_names(reference), readings.by_telling_names(other)
    taken, rules = _by_names(*told) if readings.are_counted_alike(*told) else ({}, {})
    if _is_left_to_order(*told, taken) and _same_order(*told):
        rules = {i: rules.get(i, SAME_ORDER) for i in range(len(reference))}
        taken = {i: i for i in rules}
    rules = {i: _label(reference[i], other[j], (told[0][i].name, told[1][j].name), rules[i]) for i, j in taken.items()}
    return _pairs(reference, other, taken, rules)


def _is_left_to_order(reference: Sequence[Tensor], other: Sequence[Tensor], taken: dict[int, int]) -> bool:
    """Whether no name fits; or those that fit stand in one order, and the rest of one side has no names at all."""
    rest = [t for i, t in enumerate(reference) if i not in taken], [t for j, t in enumerate(other) if j not in taken]
    are_nameless = any(not any(map(readings.telling_names, side)) for side in rest)
    return not taken or (bool(rest[0]) and are_nameless and all(i == j for i, j in taken.items()))


def _by_names(reference: Sequence[Tensor], other: Sequence[Tensor]) -> tuple[dict[int, int], dict[int, str]]:
    """The pairs that names tell, and the rule of each."""
    layers = _same_layers(reference, other)
    for name, rule in _WHOLE:
        found = _not_denied(rule(reference, other), layers)
        if len(found) == len(reference) == len(other) and _shapes_agree(reference, other, found):
            return found, dict.fromkeys(found, name)
    taken: dict[int, int] = {}
    rules: dict[int, str] = {}
    for name, rule in (*_own_names(reference, other, layers), *_PARTS):
        used = set(taken.values())
        found = _not_denied(rule(reference, other), layers)
        found = {i: j for i, j in found.items() if i not in taken and j not in used}
        rules |= dict.fromkeys(found, name)
        taken |= found
    return taken, rules


def _same_layers(reference: Sequence[Tensor], other: Sequence[Tensor]) -> dict[int, int]:
    """What the layers' own names say of two files that count layers by class."""
    view_a, view_b = readings.view_of_layers(reference), readings.view_of_layers(other)
    return {} if view_a is None or view_b is None else same_place(reference, view_a, other, view_b)


def _own_names(reference: Sequence[Tensor], other: Sequence[Tensor], layers: dict[int, int]) -> list[tuple[str, Rule]]:
    is_same_model = {t.name for t in reference} == {t.name for t in other}
    return [] if is_same_model else [(NAME_IN_FILE, lambda _a, _b: layers)]


def _not_denied(found: dict[int, int], layers: dict[int, int]) -> dict[int, int]:
    """The pairs that the layers' own names do not contradict."""
    back = {j: i for i, j in layers.items()}
    return {i: j for i, j in found.items() if layers.get(i, j) == j and back.get(j, i) == i}


def _label(a: Tensor, b: Tensor, told: tuple[str, str], rule: str) -> str:
    """The rule to show for a pair: equal names are equal names whatever found them, and `told` ones are in the file."""
    if a.name == b.name:
        return SAME_NAME
    return NAME_IN_FILE if rule == SAME_NAME or told[0].removesuffix(":0") == told[1].removesuffix(":0") else rule


def _pairs(
    reference: Sequence[Tensor], other: Sequence[Tensor], taken: dict[int, int], rules: dict[int, str]
) -> list[Pair]:
    pairs = [
        Pair(t, other[taken[i]], rules[i]) if i in taken else Pair(t, None, AMBIGUOUS) for i, t in enumerate(reference)
    ]
    used = set(taken.values())
    return label_left_over([*pairs, *(Pair(None, t, AMBIGUOUS) for j, t in enumerate(other) if j not in used)])


def label_left_over(pairs: Iterable[Pair]) -> list[Pair]:
    """Call what has no partner missing or extra where no tensor of its shape is left over on the other side."""
    pairs = list(pairs)
    shapes_a = {p.a.shape for p in pairs if p.a is not None and p.b is None}
    shapes_b = {p.b.shape for p in pairs if p.b is not None and p.a is None}
    return [_labelled(p, shapes_a & shapes_b) if p.rule == AMBIGUOUS else p for p in pairs]


def _labelled(p: Pair, shapes: set[tuple[int, ...]]) -> Pair:
    tensor = p.a or p.b
    assert tensor is not None
    return Pair(p.a, p.b, AMBIGUOUS if tensor.shape in shapes else MISSING if p.b is None else EXTRA)


def _shapes_agree(reference: Sequence[Tensor], other: Sequence[Tensor], found: dict[int, int]) -> bool:
    return all(reference[i].shape == other[j].shape for i, j in found.items())


def _same_name(reference: Sequence[Tensor], other: Sequence[Tensor]) -> dict[int, int]:
    """Pair equal names, in order those that occur more than once, if they do so as often on both sides."""
    uses = [Counter(t.name for t in side) for side in (reference, other)]
    places = {key: j for j, key in enumerate(_counted(other))}
    return {
        i: places[key]
        for i, key in enumerate(_counted(reference))
        if uses[0][key[0]] == uses[1][key[0]] and readings.telling_names(reference[i])
    }


def _counted(tensors: Sequence[Tensor]) -> list[tuple[str, int]]:
    seen: Counter[str] = Counter()
    result = []
    for tensor in tensors:
        result.append((tensor.name, seen[tensor.name]))
        seen[tensor.name] += 1
    return result


def _aligned(reference: Sequence[Tensor], other: Sequence[Tensor]) -> dict[int, int]:
    """Pair by the tensors' own names, their numbers aligned; by equal names alone where these are no paths."""
    view_a, view_b = readings.own_view(reference), readings.own_view(other)
    if view_a is None or view_b is None or view_a.language != view_b.language:
        return _same_name(reference, other)
    return same_place(reference, view_a, other, view_b)


def _in_file(reference: Sequence[Tensor], other: Sequence[Tensor]) -> dict[int, int]:
    """Pair where any name of one is any name of the other, and of no second tensor."""
    owners: dict[str, set[int]] = {}
    for j, tensor in enumerate(other):
        for name in readings.telling_names(tensor):
            owners.setdefault(name, set()).add(j)
    return _undisputed(
        (i, j) for i, t in enumerate(reference) for n in readings.telling_names(t) for j in owners.get(n, ())
    )


def _in_file_alone(reference: Sequence[Tensor], other: Sequence[Tensor]) -> dict[int, int]:
    """The same without what both call themselves, of which the rules before have said all that can be said."""
    return {i: j for i, j in _in_file(reference, other).items() if reference[i].name != other[j].name}


def _in_place(reference: Sequence[Tensor], other: Sequence[Tensor]) -> dict[int, int]:
    """Pair by all readings of the names on both sides, where none contradicts another."""
    views = readings.views(reference), readings.views(other)
    return _undisputed(pair for a in views[0] for b in views[1] for pair in same_place(reference, a, other, b).items())


def _undisputed(found: Iterable[tuple[int, int]]) -> dict[int, int]:
    pairs = set(found)
    uses = Counter(i for i, _ in pairs), Counter(j for _, j in pairs)
    return {i: j for i, j in pairs if uses[0][i] == 1 and uses[1][j] == 1}


_WHOLE: tuple[tuple[str, Rule], ...] = (
    (SAME_NAME, _same_name),
    (ALIGNED_NUMBERS, _aligned),
    (NAME_IN_FILE, _in_file),
    (SAME_PLACE, _in_place),
)
_PARTS: tuple[tuple[str, Rule], ...] = (
    (ALIGNED_NUMBERS, _aligned),
    (NAME_IN_FILE, _in_file_alone),
    (SAME_PLACE, _in_place),
)


def _same_order(reference: Sequence[Tensor], other: Sequence[Tensor]) -> bool:
    if not reference or [t.shape for t in reference] != [t.shape for t in other]:
        return False
    if readings.keeps_layers_together(reference) != readings.keeps_layers_together(other):
        return False
    return (readings.keeps_order(reference) and readings.keeps_order(other)) or _one_of_each_shape(reference)


def _one_of_each_shape(tensors: Sequence[Tensor]) -> bool:
    return len({t.shape for t in tensors}) == len(tensors)
