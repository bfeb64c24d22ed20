"""Which tensor of one set belongs to which of another.

Keras numbers layers anew with every build (`sequential_1/dense_3/kernel`), and each file format names weights in its
own way, so equal names are only the first of several rules. A rule that pairs everything is taken as a whole before
any is taken in part: a first `dense_1` is not paired with a second `dense_1` when counting from the front fits all.
Nothing is ever guessed: what no rule pairs is missing or extra.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reproviewer.core import names
from reproviewer.core.message import ReproError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reproviewer.core.weights import Tensor, WeightSet

SAME_NAME = "same name"
ALIGNED_NUMBERS = "aligned numbers"
NAME_IN_FILE = "name in the file"
SAME_ORDER = "same order"
MISSING = "missing"
EXTRA = "extra"
RULES = (SAME_NAME, ALIGNED_NUMBERS, NAME_IN_FILE, SAME_ORDER)


@dataclass(frozen=True)
class Pair:
    """A tensor of the reference and the one that belongs to it; None on one side: missing or extra."""

    a: Tensor | None
    b: Tensor | None
    rule: str


def pair(reference: WeightSet, other: WeightSet) -> tuple[Pair, ...]:
    """Pair the weights and the draws of two sets, in the reference's order, extras last.

    Draws are left out when only one of the sets has any but both have weights: files hold none.
    """
    sides = reference.only("weight").tensors, other.only("weight").tensors
    draws = reference.only("draw").tensors, other.only("draw").tensors
    pairs = _pair_role(*sides)
    if all(draws) or not all(sides):
        pairs += _pair_role(*draws)
    return tuple(p for p in pairs if p.a is not None) + tuple(p for p in pairs if p.a is None)


def order_for(model: WeightSet, file: WeightSet) -> tuple[Tensor, ...]:
    """The weights of `file` in the order of those of `model`, all of them, each fitting.

    Raises
    ------
    ReproError
        Names the first tensor that does not fit and why, or says that the file fits in more than one way.
    """
    wanted, held = model.only("weight").tensors, file.only("weight").tensors
    pairs = pair(model.only("weight"), file.only("weight"))
    if wanted and held and not any(p.a and p.b for p in pairs):
        pairs = _by_position(wanted, held)
    for p in pairs:
        _fits(p)
    return tuple(p.b for p in pairs if p.b is not None)


def _pair_role(reference: tuple[Tensor, ...], other: tuple[Tensor, ...]) -> list[Pair]:
    rules: dict[str, Callable[[Sequence[Tensor], Sequence[Tensor]], dict[int, int]]] = {
        SAME_NAME: _same_name,
        ALIGNED_NUMBERS: _aligned,
        NAME_IN_FILE: names.in_files,
    }
    for rule_name, rule in rules.items():
        found = rule(reference, other)
        if len(found) == len(reference) == len(other) and _shapes_agree(reference, other, found):
            return _pairs(reference, other, dict.fromkeys(found.items(), rule_name))
    taken: dict[tuple[int, int], str] = {}
    for rule_name, rule in rules.items():
        left, right = _left(reference, {i for i, _ in taken}), _left(other, {j for _, j in taken})
        found = rule([reference[i] for i in left], [other[j] for j in right])
        taken |= {(left[i], right[j]): rule_name for i, j in found.items()}
    if not taken and _same_order(reference, other):
        taken = {(i, i): SAME_ORDER for i in range(len(reference))}
    return _pairs(reference, other, taken)


def _pairs(reference: Sequence[Tensor], other: Sequence[Tensor], taken: dict[tuple[int, int], str]) -> list[Pair]:
    partner = {i: (other[j], rule) for (i, j), rule in taken.items()}
    pairs = [Pair(tensor, *partner.get(i, (None, MISSING))) for i, tensor in enumerate(reference)]
    used = {j for _, j in taken}
    return pairs + [Pair(None, tensor, EXTRA) for j, tensor in enumerate(other) if j not in used]


def _left(tensors: Sequence[Tensor], taken: set[int]) -> list[int]:
    return [i for i in range(len(tensors)) if i not in taken]


def _shapes_agree(reference: Sequence[Tensor], other: Sequence[Tensor], found: dict[int, int]) -> bool:
    return all(reference[i].shape == other[j].shape for i, j in found.items())


def _same_name(reference: Sequence[Tensor], other: Sequence[Tensor]) -> dict[int, int]:
    return _by_key([t.name for t in reference], [t.name for t in other])


def _aligned(reference: Sequence[Tensor], other: Sequence[Tensor]) -> dict[int, int]:
    return _by_key(names.renumbered(t.name for t in reference), names.renumbered(t.name for t in other))


def _by_key(reference: Sequence[str], other: Sequence[str]) -> dict[int, int]:
    """Pair equal keys; of a key that occurs more than once the first with the first, and so on."""
    places = {key: j for j, key in enumerate(_counted(other))}
    return {i: places[key] for i, key in enumerate(_counted(reference)) if key in places}


def _counted(keys: Sequence[str]) -> list[tuple[str, int]]:
    seen: Counter[str] = Counter()
    result = []
    for key in keys:
        result.append((key, seen[key]))
        seen[key] += 1
    return result


def _same_order(reference: Sequence[Tensor], other: Sequence[Tensor]) -> bool:
    if not reference or [t.shape for t in reference] != [t.shape for t in other]:
        return False
    return (names.keeps_order(reference) and names.keeps_order(other)) or _one_of_each_shape(reference)


def _one_of_each_shape(tensors: Sequence[Tensor]) -> bool:
    return len({t.shape for t in tensors}) == len(tensors)


def _by_position(wanted: Sequence[Tensor], held: Sequence[Tensor]) -> tuple[Pair, ...]:
    """Pair by position to find what does not fit, where no name of the file is known to the model."""
    if len(wanted) != len(held):
        raise ReproError(
            "No name in the file fits the model, and it holds {held} weight tensors where the model has {wanted}.",
            held=len(held),
            wanted=len(wanted),
        )
    if [t.shape for t in wanted] == [t.shape for t in held]:
        raise ReproError(
            "No name in the file fits the model, and the file keeps no order: "
            "it cannot be told which of its tensors of shape {shape} belongs to {name}.",
            shape=_repeated(wanted).shape,
            name=_repeated(wanted).name,
        )
    return tuple(Pair(a, b, SAME_ORDER) for a, b in zip(wanted, held, strict=True))


def _repeated(tensors: Sequence[Tensor]) -> Tensor:
    shapes = Counter(t.shape for t in tensors)
    return next(t for t in tensors if shapes[t.shape] > 1)


def _fits(p: Pair) -> None:
    if p.b is None and p.a is not None:
        raise ReproError("The file has no {name}, which the model needs.", name=p.a.name)
    if p.a is None and p.b is not None:
        raise ReproError("The file has {name}, which the model lacks.", name=p.b.name)
    assert p.a is not None
    assert p.b is not None
    if p.a.shape != p.b.shape:
        raise ReproError(
            "{name} does not fit: the file has the shape {held}, the model {wanted}.",
            name=p.a.name,
            held=p.b.shape,
            wanted=p.a.shape,
        )
    if p.a.dtype != p.b.dtype:
        raise ReproError(
            "{name} does not fit: the file holds {held}, the model {wanted}.",
            name=p.a.name,
            held=p.b.dtype,
            wanted=p.a.dtype,
        )
