"""A person's word on which tensors belong together, put into the pairs that were found by rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reproviewer.core.pairing import EXTRA, MISSING, Pair

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reproviewer.core.weights import Tensor

CHOSEN = "chosen"
Choice = tuple[str, str | None]
"""A tensor of the reference and the one that it is paired with, or None: with none at all."""


def with_chosen(pairs: tuple[Pair, ...], choices: Iterable[Choice]) -> tuple[Pair, ...]:
    """The pairs after these choices, one after the other. A choice that names no tensor of theirs does nothing."""
    for a, b in choices:
        one = next((p.a for p in pairs if p.a is not None and p.a.name == a), None)
        other = next((p.b for p in pairs if p.b is not None and p.b.name == b), None)
        if one is None or (b is not None and other is None):
            continue
        apart = [part for p in pairs for part in (_parted(p) if p.a is one or (other and p.b is other) else (p,))]
        if other is not None:
            apart = [Pair(one, other, CHOSEN) if p.a is one else p for p in apart if p.b is not other]
        pairs = tuple(sorted(apart, key=lambda p: p.a is None))
    return pairs


def _parted(p: Pair) -> tuple[Pair, ...]:
    sides: tuple[tuple[Tensor | None, Tensor | None, str], ...] = ((p.a, None, MISSING), (None, p.b, EXTRA))
    return tuple(Pair(a, b, rule) for a, b, rule in sides if a is not None or b is not None)
