"""A person's word on which tensors belong together: pairings made from pairings, none of them changed in place."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from reproviewer.core.message import ReproError
from reproviewer.core.names import every_name
from reproviewer.core.pairing import CHOSEN, EXTRA, MISSING, Pair, label_left_over

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reproviewer.core.weights import Tensor

Pairs = tuple[Pair, ...]
Choice = tuple[str, str | None]
"""A tensor of the reference and the one that it is paired with, or None: with none at all."""


def choose(pairs: Pairs, a: str, b: str) -> Pairs:
    """Pair the reference's tensor `a` with the other's tensor `b`, each taken from its partner if it has one.

    Raises
    ------
    ReproError
        There is no such tensor, or several go by that name.
    """
    one = _find([p.a for p in pairs if p.a], a, "The reference has no tensor named {name}.")
    other = _find([p.b for p in pairs if p.b], b, "There is no tensor named {name} to pair with.")
    apart = _part(_part(pairs, one), other)
    joined = [Pair(one, other, CHOSEN) if p.a is one else p for p in apart if p.b is not other]
    return _in_order(joined)


def unpair(pairs: Pairs, a: str) -> Pairs:
    """Take the reference's tensor `a` from its partner. Raises ReproError when there is no such tensor."""
    return _in_order(_part(pairs, _find([p.a for p in pairs if p.a], a, "The reference has no tensor named {name}.")))


def choose_all(pairs: Pairs, chosen: Sequence[tuple[str, str]]) -> Pairs:
    """Make all these choices. Raises ReproError also when two of them use one tensor."""
    for a, b in chosen:
        before = pairs
        pairs = choose(pairs, a, b)
        if _count(pairs) <= _count(before):
            raise ReproError("{a}={b} uses a tensor that is paired already by another choice.", a=a, b=b)
    return pairs


def choose_possible(pairs: Pairs, choices: Iterable[Choice]) -> Pairs:
    """Make these choices one after the other; one that names no tensor of these pairs does nothing."""
    for a, b in choices:
        with suppress(ReproError):
            pairs = unpair(pairs, a) if b is None else choose(pairs, a, b)
    return pairs


def _count(pairs: Pairs) -> int:
    return sum(p.rule == CHOSEN for p in pairs)


def _find(tensors: Iterable[Tensor], name: str, unknown: str) -> Tensor:
    """The tensor that is called so; else the one that has it among its other names."""
    tensors = list(tensors)
    for found in ([t for t in tensors if t.name == name], [t for t in tensors if name in every_name(t)]):
        if len(found) > 1:
            raise ReproError("{count} tensors are named {name}.", count=len(found), name=name)
        if found:
            return found[0]
    raise ReproError(unknown, name=name)


def _part(pairs: Iterable[Pair], tensor: Tensor) -> Pairs:
    parted: list[Pair] = []
    for p in pairs:
        if p.a is not None and p.b is not None and (p.a is tensor or p.b is tensor):
            parted += [Pair(p.a, None, MISSING), Pair(None, p.b, EXTRA)]
        else:
            parted.append(p)
    return tuple(parted)


def _in_order(pairs: Iterable[Pair]) -> Pairs:
    """Those without a partner in the reference last; what was ambiguous may be so no more."""
    labelled = label_left_over(pairs)
    return tuple(sorted(labelled, key=lambda p: p.a is None))
