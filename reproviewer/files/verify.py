"""Is what was written what was meant? Every tensor, bit by bit."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from reproviewer.core.message import Message, message
from reproviewer.core.weights import BLOCK, Tensor, WeightSet, open_tensor, tensor_sha256
from reproviewer.files.contents import quoted

if TYPE_CHECKING:
    from reproviewer.files.contents import FileContents
    from reproviewer.files.formats import Format

Pairs = list[tuple[Tensor, Tensor]]


def difference(expected: WeightSet, contents: FileContents, form: Format) -> Message | None:
    """What the file holds other than `expected`, or None when it holds the same.

    Tensors are paired by name, then by any of their names in files, then by order where the format keeps one. Keras
    itself orders the weights of nested models anew; where neither names nor order help, the bits of all must be there.
    """
    found = _comparable(expected, contents.weights)
    if len(found.tensors) != len(expected.tensors):
        return message(
            "it holds {found} tensors, not {expected}", found=len(found.tensors), expected=len(expected.tensors)
        )
    named = _by_name(expected, found) or _by_alias(expected, found)
    if named is not None:
        return _first_difference(named)
    in_order = list(zip(expected.tensors, found.tensors, strict=True))
    trouble = _first_difference(in_order)
    if trouble is None and form.keeps_order:
        return None
    if form.needs_keras and _fingerprints(expected) == _fingerprints(found):
        return None
    return trouble or message("its tensors have other names")


def _comparable(expected: WeightSet, found: WeightSet) -> WeightSet:
    roles = {t.role for t in expected.tensors}
    return found if roles - {"weight", "draw"} else found.only("weight")


def _by_name(expected: WeightSet, found: WeightSet) -> Pairs | None:
    if expected.by_name.keys() != found.by_name.keys() or len(found.by_name) != len(found.tensors):
        return None
    return [(t, found.by_name[t.name]) for t in expected.tensors]


def _by_alias(expected: WeightSet, found: WeightSet) -> Pairs | None:
    holders: dict[str, set[int]] = {}
    for i, tensor in enumerate(found.tensors):
        for name in (tensor.name, *tensor.aliases):
            holders.setdefault(name, set()).add(i)
    chosen = []
    for tensor in expected.tensors:
        candidates = {i for name in (tensor.name, *tensor.aliases) for i in holders.get(name, ())}
        if len(candidates) != 1:
            return None
        chosen.append(candidates.pop())
    if len(set(chosen)) != len(chosen):
        return None
    return [(t, found.tensors[i]) for t, i in zip(expected.tensors, chosen, strict=True)]


def _first_difference(pairs: Pairs) -> Message | None:
    for expected, found in pairs:
        name = quoted(expected.name)
        if expected.shape != found.shape:
            return message("`{name}` has the shape {shape} there", name=name, shape=str(found.shape))
        if expected.dtype != found.dtype:
            return message(
                "`{name}` is {dtype} there, not {wanted}", name=name, dtype=found.dtype, wanted=expected.dtype
            )
        if not _same_bits(expected, found):
            return message("the values of `{name}` differ", name=name)
    return None


def _same_bits(one: Tensor, other: Tensor) -> bool:
    with open_tensor(one) as a, open_tensor(other) as b:
        return all(
            a.raw(start, min(BLOCK, one.nbytes - start)) == b.raw(start, min(BLOCK, one.nbytes - start))
            for start in range(0, one.nbytes, BLOCK)
        )


def _fingerprints(weights: WeightSet) -> Counter[tuple[str, tuple[int, ...], str]]:
    return Counter((t.dtype, t.shape, tensor_sha256(t)) for t in weights.tensors)
