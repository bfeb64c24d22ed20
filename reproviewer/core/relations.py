"""What two unlike tensors have to do with each other: said only when a test supports it, and the test is named.

Every test but the last (`draws`) is exact. Those that need a whole tensor at once are made up to `MOST_BYTES` and say
nothing of larger ones, so that memory stays small; the others walk the tensors in blocks.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from reproviewer.core import draws, elements, orders, scaling
from reproviewer.core.compare import Cancelled
from reproviewer.core.message import message
from reproviewer.core.verdict import Comparison, Relation, Verdict
from reproviewer.core.walks import doubles, may_be_reordered, side_by_side
from reproviewer.core.weights import read_bits

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reproviewer.core.pairing import Pair
    from reproviewer.core.verdict import TensorComparison
    from reproviewer.core.weights import Tensor

KINDS = (
    "one layer",
    "reshaped",
    "byte-swapped",
    "rounded",
    "scaled",
    "transposed",
    "permuted",
    "reordered",
    "another draw",
)
MOST_BYTES = 16 << 20
MOST_WALKED = 256 << 20
"""Bytes of a tensor that is walked once more for the sake of a sentence."""
LEAST_ROUNDED = 16
"""How many values, and half of all, rounding must have changed: a single one may be an accident."""
_DOTTED = re.compile(r"\w+(\.\w+)+")


def explained(
    comparison: Comparison, pairs: Sequence[Pair], cancelled: Callable[[], bool] = lambda: False
) -> Comparison:
    """The same comparison, with the relations that tests support; `pairs` are those that were compared.

    Raises
    ------
    ReproError
        A file cannot be read any more, or the work was cancelled.
    """
    tensors = []
    for tensor, p in zip(comparison.tensors, pairs, strict=True):
        if cancelled():
            raise Cancelled
        if p.a and p.b and _is_asked(tensor):
            tensor = replace(tensor, relation=relation(p.a, p.b))
        tensors.append(tensor)
    return replace(comparison, tensors=tuple(tensors), relation=_one_layer(comparison))


def relation(a: Tensor, b: Tensor) -> Relation | None:
    """What tensor `b` has to do with the reference's tensor `a`; None where no test supports anything."""
    if a.size != b.size or a.size < 2 or "raw" in (elements.kind(a.dtype), elements.kind(b.dtype)):
        return None
    if a.shape != b.shape:
        tests: tuple[Callable[[Tensor, Tensor], Relation | None], ...] = (_order,)
    else:
        tests = (_byte_swapped, _rounded, _scaled, _order, _draw)
    return next((found for test in tests if (found := test(a, b)) is not None), None)


def _is_asked(tensor: TensorComparison) -> bool:
    return tensor.verdict in (Verdict.CLOSE, Verdict.DIFFERENT, Verdict.MISMATCHED)


def _one_layer(comparison: Comparison) -> Relation | None:
    """Everything is identical but what one layer holds."""
    if any(None in t.names or t.role != "weight" for t in comparison.tensors):
        return None
    layers = {_layer(comparison.short(t.name)) for t in comparison.tensors}
    unlike = {_layer(comparison.short(t.name)) for t in comparison.unlike}
    if len(unlike) != 1 or len(layers) < 2 or "" in layers:
        return None
    return Relation("one layer", "bits", message("All layers but {layer} are identical.", layer=unlike.pop()))


def _layer(name: str) -> str:
    """`a/dense` of `a/dense/kernel`, and `encoder.0` of PyTorch's `encoder.0.weight`."""
    head, slash, last = name.rpartition("/")
    return f"{head}{slash}{last.rpartition('.')[0]}" if _DOTTED.fullmatch(last) else head


def _byte_swapped(a: Tensor, b: Tensor) -> Relation | None:
    if a.dtype != b.dtype or a.itemsize < 2 or elements.kind(a.dtype) == "complex":
        return None
    if not all(x.byteswap().tobytes() == y.tobytes() for x, y in side_by_side(a, b)):
        return None
    return Relation("byte-swapped", "bits", message("The bytes of every value are in the other order."))


def _rounded(a: Tensor, b: Tensor) -> Relation | None:
    for fine, coarse, text in (
        (a, b, "It is the reference rounded to {dtype}."),
        (b, a, "The reference is this rounded to {dtype}."),
    ):
        for dtype in ("float32", "bfloat16", "float16"):
            if _is_rounded(fine, coarse, dtype):
                return Relation("rounded", f"every value equals its partner's in {dtype}", message(text, dtype=dtype))
    return None


def _is_rounded(fine: Tensor, coarse: Tensor, dtype: str) -> bool:
    wide = {"float64": 4, "float32": 3, "bfloat16": 2, "float16": 1}
    if fine.dtype not in ("float64", "float32") or coarse.dtype not in wide or wide[fine.dtype] <= wide[dtype]:
        return False
    changed = 0
    for x, y in side_by_side(fine, coarse):
        near, found = orders.rounded(x, dtype), doubles(y, coarse.dtype)
        if not np.array_equal(near, found, equal_nan=True):
            return False
        changed += int(np.count_nonzero(near != x))
    return changed >= LEAST_ROUNDED and changed * 2 >= fine.size


def _scaled(a: Tensor, b: Tensor) -> Relation | None:
    found = scaling.factor(a, b)
    if found is None:
        return None
    return Relation("scaled", found.test, message("Every value is {factor} times as large.", factor=found.factor))


def _order(a: Tensor, b: Tensor) -> Relation | None:
    """The same bits in another order."""
    if a.dtype != b.dtype or a.nbytes > MOST_BYTES or not may_be_reordered(a, b):
        return None
    x, y = read_bits(a), read_bits(b)
    x, y = (v.view(f"u{v.itemsize}") if v.itemsize in (1, 2, 4, 8) else v.view("V16") for v in (x, y))
    if x.shape != y.shape and x.tobytes() == y.tobytes():
        return Relation("reshaped", "bits", message("It holds the same values in the same order under another shape."))
    axes = orders.transposition(x, y)
    if axes is not None:
        return Relation("transposed", "bits", message("It is the reference transposed: axes {axes}.", axes=axes))
    if x.shape != y.shape:
        return None
    axis = orders.permuted_axis(x, y)
    if axis is not None:
        text = "Its {count} units along axis {axis} are those of the reference in another order."
        return Relation("permuted", "sorted bits", message(text, count=x.shape[axis], axis=axis))
    if orders.is_reordered(x, y):
        return Relation("reordered", "sorted bits", message("It holds the same values in another order."))
    return None


def _draw(a: Tensor, b: Tensor) -> Relation | None:
    """Silent where the order was too much to test, and could be the other one."""
    if a.dtype == b.dtype and a.nbytes > MOST_BYTES and (a.nbytes > MOST_WALKED or may_be_reordered(a, b)):
        return None
    p = draws.likeness(a, b)
    if p is None:
        return None
    text = "It looks like another draw from the same distribution."
    return Relation("another draw", f"two-sample Kolmogorov-Smirnov, p = {p:.2g}", message(text))
