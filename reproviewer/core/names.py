"""The names that tensors carry: short ones to show, and which of two sets' names mean the same weight."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from reproviewer.core.weights import Tensor

Names = list[list[str]]
"""For each tensor the names by which it may be found."""

_NUMBERED = re.compile(r"(.+?)_(\d+)$")
_DIGITS = re.compile(r"(\d+)")
_VARIABLE = re.compile(r"([^/]+)/vars/(\d+)$")
_COUNTED = re.compile(r"(arr_)?\d+$")
_DIRECTION = re.compile(r"(forward|backward)_.*")


def short_names(names: Sequence[str]) -> dict[str, str]:
    """Names without what all of them begin with (`sequential/dense/kernel`: `dense/kernel`) and without `:0`."""
    parts = [name.removesuffix(":0").split("/") for name in names]
    while len(parts) > 1 and all(len(p) > 2 for p in parts) and len({p[0] for p in parts}) == 1:
        parts = [p[1:] for p in parts]
    return {name: "/".join(p) for name, p in zip(names, parts, strict=True)}


def renumbered(names: Iterable[str]) -> list[str]:
    """Names whose numbers (`dense_3`) are replaced by a count from the front, each within its own surroundings.

    The front is the smallest number where the names came sorted as text, which puts `dense_10` before `dense_2`.
    """
    listed = list(names)
    if listed != sorted(listed):
        return _counted_from_front(listed)
    by_number = sorted(listed, key=_natural)
    counted = dict(zip(by_number, _counted_from_front(by_number), strict=True))
    return [counted[name] for name in listed]


def _counted_from_front(names: Sequence[str]) -> list[str]:
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


def keeps_order(tensors: Sequence[Tensor]) -> bool:
    """Whether the order says something: names that come sorted may have been sorted by the file's format."""
    names = [t.name for t in tensors]
    if len(names) < 2 or all(_COUNTED.match(name) for name in names):
        return True
    return names != sorted(names, key=_natural) and names != sorted(names)


def in_files(reference: Sequence[Tensor], other: Sequence[Tensor]) -> dict[int, int]:
    """Pair where any name of one is any name of the other, and of no second tensor.

    A Keras 3 file numbers the weights of a layer (`layers/dense/vars/1`) where others name them (`dense/bias`): there
    the second weight of the layer `dense` is meant, if the other side keeps its weights in order. The only weight of a
    layer needs no order. Names that say more (`sequential/dense/kernel`) are paired with those that say less
    (`dense/kernel`) where that pairs everything.

    Returns
    -------
    Positions in `reference` and the positions in `other` that belong to them.
    """
    found = _matched(reference, other, _all_names, _all_names, {})
    numbered = [all(_VARIABLE.search(t.name) for t in side) for side in (reference, other)]
    if numbered[0] == numbered[1]:
        return found | _by_endings(reference, other, found)
    trusted = keeps_order(other if numbered[0] else reference)
    alone = _alone(reference), _alone(other)
    for by_number, by_place in ((_layer_numbers, _layer_places), (_cell_numbers, _cell_places)):
        ways = (by_number, by_place) if numbered[0] else (by_place, by_number)
        more = _matched(reference, other, *ways, found)
        more = {i: j for i, j in more.items() if trusted or (i in alone[0] and j in alone[1])}
        if all(reference[i].shape == other[j].shape for i, j in more.items()):
            found |= more
    return found


def _alone(tensors: Sequence[Tensor]) -> set[int]:
    """Positions of the tensors that are the only one of their layer."""
    layers = [t.name.rpartition("/")[0] for t in tensors]
    uses = Counter(layers)
    return {i for i, layer in enumerate(layers) if uses[layer] == 1}


def _by_endings(reference: Sequence[Tensor], other: Sequence[Tensor], taken: dict[int, int]) -> dict[int, int]:
    for ways in ((_all_names, _endings), (_endings, _all_names)):
        found = _matched(reference, other, *ways, taken)
        is_whole = len(taken) + len(found) == len(reference) == len(other)
        if is_whole and all(reference[i].shape == other[j].shape for i, j in found.items()):
            return found
    return {}


def _matched(
    reference: Sequence[Tensor],
    other: Sequence[Tensor],
    name_reference: Callable[[Sequence[Tensor]], Names],
    name_other: Callable[[Sequence[Tensor]], Names],
    taken: dict[int, int],
) -> dict[int, int]:
    """Pair what is not taken yet by names as they are, or by names with their numbers aligned if that pairs more."""
    left = [i for i in range(len(reference)) if i not in taken]
    right = [j for j in range(len(other)) if j not in taken.values()]
    names = name_reference([reference[i] for i in left]), name_other([other[j] for j in right])
    ways = [_by_any_name(_keys(names[0], align), _keys(names[1], align)) for align in (False, True)]
    return {left[i]: right[j] for i, j in max(ways, key=len).items()}


def _by_any_name(reference: list[set[str]], other: list[set[str]]) -> dict[int, int]:
    owners: dict[str, set[int]] = {}
    for j, names in enumerate(other):
        for name in names:
            owners.setdefault(name, set()).add(j)
    candidates = {i: set().union(*(owners.get(n, set()) for n in names)) for i, names in enumerate(reference)}
    wanted = Counter(j for js in candidates.values() for j in js)
    return {i: j for i, js in candidates.items() if len(js) == 1 for j in js if wanted[j] == 1}


def _keys(names: Names, align: bool) -> list[set[str]]:
    if not align:
        return [set(own) for own in names]
    aligned = iter(renumbered(name for own in names for name in own))
    return [{next(aligned) for _ in own} for own in names]


def _all_names(tensors: Sequence[Tensor]) -> Names:
    return [[name.removesuffix(":0") for name in (t.name, *t.aliases)] for t in tensors]


def _endings(tensors: Sequence[Tensor]) -> Names:
    """`dense/kernel` of `sequential/dense/kernel`: whatever names at least the layer and its weight."""
    return [
        list(
            dict.fromkeys(
                "/".join(parts[k:]) for name in names for parts in [name.split("/")] for k in range(len(parts) - 1)
            )
        )
        for names in _all_names(tensors)
    ]


def _layer_numbers(tensors: Sequence[Tensor]) -> Names:
    """`dense/1` of `layers/dense/vars/1`: by the layer's own name where the file tells it, else by its class."""
    return [list(t.aliases) or ["/".join(_variable(t.name))] for t in tensors]


def _layer_places(tensors: Sequence[Tensor]) -> Names:
    """`dense/1` of `dense/bias`, the second weight of `dense`."""
    return _places(tensors, lambda layer: layer.rpartition("/")[2])


def _cell_numbers(tensors: Sequence[Tensor]) -> Names:
    """`lstm/cell/1` of `layers/lstm/cell/vars/1`."""
    return [[f"{_cell(t.name.rpartition('/vars/')[0])}/{_variable(t.name)[1]}"] for t in tensors]


def _cell_places(tensors: Sequence[Tensor]) -> Names:
    """`lstm/cell/1` of `lstm/lstm_cell/recurrent_kernel`."""
    return _places(tensors, _cell)


def _cell(path: str) -> str:
    """A recurrent layer's cell together with its layer, which Keras names in one way and stores in another."""
    parts = ["cell" if p.endswith("_cell") else _DIRECTION.sub(r"\1", p) for p in path.split("/")]
    return "/".join(parts[-3:] if parts[-2:-1] in (["forward"], ["backward"]) else parts[-2:])


def _places(tensors: Sequence[Tensor], layer_key: Callable[[str], str]) -> Names:
    seen: Counter[str] = Counter()
    result: Names = []
    for names in _all_names(tensors):
        layers = list(dict.fromkeys(name.rpartition("/")[0] for name in names))
        result.append(list(dict.fromkeys(f"{layer_key(layer)}/{seen[layer]}" for layer in layers)))
        seen.update(layers)
    return result


def _variable(name: str) -> tuple[str, str]:
    match = _VARIABLE.search(name)
    return (match[1], match[2]) if match else (name, "")


def _natural(name: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in _DIGITS.split(name)]
