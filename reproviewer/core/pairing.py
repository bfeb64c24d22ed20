"""Which tensor of one set belongs to which of another.

Keras numbers layers anew with every build (`sequential_1/dense_3/kernel`), and each file format names weights in its
own way, so equal names are only the first of several rules. A rule that pairs everything is taken as a whole before
any is taken in part: a first `dense_1` is not paired with a second `dense_1` when counting from the front fits all.
Nothing is ever guessed: what no rule pairs is missing or extra.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reproviewer.core.message import ReproError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from reproviewer.core.weights import Tensor, WeightSet

SAME_NAME = "same name"
ALIGNED_NUMBERS = "aligned numbers"
NAME_IN_FILE = "name in the file"
SAME_ORDER = "same order"
MISSING = "missing"
EXTRA = "extra"
RULES = (SAME_NAME, ALIGNED_NUMBERS, NAME_IN_FILE, SAME_ORDER)

_NUMBERED = re.compile(r"(.+?)_(\d+)$")
_DIGITS = re.compile(r"(\d+)")
_VARIABLE = re.compile(r"([^/]+)/vars/(\d+)$")
_COUNTED = re.compile(r"(arr_)?\d+$")


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


def short_names(names: Sequence[str]) -> dict[str, str]:
    """Names without what all of them begin with (`sequential/dense/kernel`: `dense/kernel`) and without `:0`."""
    parts = [name.removesuffix(":0").split("/") for name in names]
    while len(parts) > 1 and all(len(p) > 2 for p in parts) and len({p[0] for p in parts}) == 1:
        parts = [p[1:] for p in parts]
    return {name: "/".join(p) for name, p in zip(names, parts, strict=True)}


def _pair_role(reference: tuple[Tensor, ...], other: tuple[Tensor, ...]) -> list[Pair]:
    rules: dict[str, Callable[[Sequence[Tensor], Sequence[Tensor]], dict[int, int]]] = {
        SAME_NAME: _same_name,
        ALIGNED_NUMBERS: _aligned,
        NAME_IN_FILE: _in_file,
    }
    for name, rule in rules.items():
        found = rule(reference, other)
        if len(found) == len(reference) == len(other) and _shapes_agree(reference, other, found):
            return _pairs(reference, other, dict.fromkeys(found.items(), name))
    taken: dict[tuple[int, int], str] = {}
    for name, rule in rules.items():
        left, right = _left(reference, {i for i, _ in taken}), _left(other, {j for _, j in taken})
        found = rule([reference[i] for i in left], [other[j] for j in right])
        taken |= {(left[i], right[j]): name for i, j in found.items()}
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
    return _by_key(_renumbered(t.name for t in reference), _renumbered(t.name for t in other))


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


def _in_file(reference: Sequence[Tensor], other: Sequence[Tensor]) -> dict[int, int]:
    """Pair where any name of one is any name of the other, and of no second tensor."""
    for renumber in (False, True):
        found = _by_any_name(_keys(_all_names(reference), renumber), _keys(_all_names(other), renumber))
        if found:
            return found
    return _by_place_in_layer(reference, other)


def _by_place_in_layer(reference: Sequence[Tensor], other: Sequence[Tensor]) -> dict[int, int]:
    """Pair `layers/dense/vars/1` with the second weight of the layer `dense`, where only one side has such numbers."""
    numbered = [all(_VARIABLE.search(t.name) for t in side) for side in (reference, other)]
    named = other if numbered[0] else reference
    if numbered[0] == numbered[1] or not _keeps_order(named):
        return {}
    places = [
        _numbers_in_layer(side) if n else _places_in_layer(side)
        for side, n in zip((reference, other), numbered, strict=True)
    ]
    for renumber in (False, True):
        found = _by_any_name(*(_keys(p, renumber) for p in places))
        if found and _shapes_agree(reference, other, found):
            return found
    return {}


def _all_names(tensors: Sequence[Tensor]) -> list[list[str]]:
    return [[name.removesuffix(":0") for name in (t.name, *t.aliases)] for t in tensors]


def _numbers_in_layer(tensors: Sequence[Tensor]) -> list[list[str]]:
    """`dense/1`: by the layer's own name where the file tells it, else by its class."""
    return [list(t.aliases) or ["/".join(_variable(t.name))] for t in tensors]


def _variable(name: str) -> tuple[str, str]:
    match = _VARIABLE.search(name)
    return (match[1], match[2]) if match else (name, "")


def _places_in_layer(tensors: Sequence[Tensor]) -> list[list[str]]:
    seen: Counter[str] = Counter()
    result: list[list[str]] = []
    for names in _all_names(tensors):
        layers = list(dict.fromkeys(name.rpartition("/")[0] for name in names))
        result.append(list(dict.fromkeys(f"{layer.rpartition('/')[2]}/{seen[layer]}" for layer in layers)))
        seen.update(layers)
    return result


def _keys(names: list[list[str]], renumber: bool) -> list[set[str]]:
    if not renumber:
        return [set(own) for own in names]
    renumbered = iter(_renumbered(name for own in names for name in own))
    return [{next(renumbered) for _ in own} for own in names]


def _by_any_name(reference: list[set[str]], other: list[set[str]]) -> dict[int, int]:
    owners: dict[str, set[int]] = {}
    for j, names in enumerate(other):
        for name in names:
            owners.setdefault(name, set()).add(j)
    candidates = {i: set().union(*(owners.get(n, set()) for n in names)) for i, names in enumerate(reference)}
    wanted = Counter(j for js in candidates.values() for j in js)
    return {i: j for i, js in candidates.items() if len(js) == 1 for j in js if wanted[j] == 1}


def _renumbered(names: Iterable[str]) -> list[str]:
    """Names whose numbers (`dense_3`) are replaced by a count from the front, each within its own surroundings."""
    given: dict[tuple[str, str], dict[str, int]] = {}
    result = []
    for name in names:
        path = ""
        for part in name.removesuffix(":0").split("/"):
            match = _NUMBERED.match(part)
            base = match[1] if match else part
            seen = given.setdefault((path, base), {})
            path += f"/{base}#{seen.setdefault(part, len(seen))}"
        result.append(path)
    return result


def _same_order(reference: Sequence[Tensor], other: Sequence[Tensor]) -> bool:
    if not reference or [t.shape for t in reference] != [t.shape for t in other]:
        return False
    return (_keeps_order(reference) and _keeps_order(other)) or _one_of_each_shape(reference)


def _one_of_each_shape(tensors: Sequence[Tensor]) -> bool:
    return len({t.shape for t in tensors}) == len(tensors)


def _keeps_order(tensors: Sequence[Tensor]) -> bool:
    """Whether the order says something: names that come sorted may have been sorted by the file's format."""
    names = [t.name for t in tensors]
    if len(names) < 2 or all(_COUNTED.match(name) for name in names):
        return True
    return names != sorted(names, key=_natural) and names != sorted(names)


def _natural(name: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in _DIGITS.split(name)]


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
