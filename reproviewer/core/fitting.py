"""The weights of a file in the order of a model's, each of them fitting."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from reproviewer.core.message import ReproError
from reproviewer.core.pairing import AMBIGUOUS, SAME_ORDER, Pair, pair

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reproviewer.core.weights import Tensor, WeightSet


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
    if p.rule == AMBIGUOUS and p.a is not None:
        raise ReproError(
            "It cannot be told which of the file's tensors of shape {shape} belongs to {name}.",
            shape=p.a.shape,
            name=p.a.name,
        )
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
