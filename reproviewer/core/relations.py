"""What two unlike tensors have to do with each other: said only when a test supports it, and the test is named.

Every test but the last is exact. Those that need a whole tensor at once are made up to `MOST_BYTES` and say nothing of
larger ones, so that memory stays small; the others walk the tensors in blocks.

That two tensors are draws from one distribution cannot be proved. It is said when a two-sample Kolmogorov-Smirnov test
finds no difference between their values (p >= `LEAST_P`), both hold `LEAST_SAMPLE` elements or more, nearly all of them
differ, and they do not rise and fall together. Testing many tensors makes it more often silent, not more often wrong.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from reproviewer.core import elements, orders
from reproviewer.core.compare import Cancelled
from reproviewer.core.message import message
from reproviewer.core.verdict import Comparison, Relation, Verdict
from reproviewer.core.weights import as_values, open_tensor, read_bits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from reproviewer.core.elements import Array
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
BLOCK = 1 << 16
"""Elements read at once."""
LEAST_SAMPLE = 256
MOST_SAMPLE = 1 << 16
LEAST_P = 0.05
MOST_EQUAL = 0.1
"""The share of elements that may be equal in two draws, as coarse numbers are now and then."""
LEAST_SCALED = 3
"""How many values must not be zero before a factor says something."""
LEAST_ROUNDED = 16
"""How many values, and half of all, rounding must have changed: a single one may be an accident."""
MOST_ULP = 2
"""How far from the exact product a scaled value may be."""
_STEPS = {"float16": 2.0**-7, "bfloat16": 2.0**-4, "float32": 2.0**-20, "float64": 2.0**-49}
"""How far from 1 a factor must be: eight steps between numbers, more than rounding makes."""
_MOST_CORRELATED = 4.0
"""In standard deviations of the correlation of independent values."""


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
    layers = {comparison.short(t.name).rpartition("/")[0] for t in comparison.tensors}
    unlike = {comparison.short(t.name).rpartition("/")[0] for t in comparison.unlike}
    if len(unlike) != 1 or len(layers) < 2 or "" in layers:
        return None
    return Relation("one layer", "bits", message("All layers but {layer} are identical.", layer=unlike.pop()))


def _blocks(a: Tensor, b: Tensor) -> Iterator[tuple[Array, Array]]:
    with open_tensor(a) as reader_a, open_tensor(b) as reader_b:
        for start in range(0, a.size, BLOCK):
            count = min(BLOCK, a.size - start)
            yield reader_a.elements(start, count), reader_b.elements(start, count)


def _byte_swapped(a: Tensor, b: Tensor) -> Relation | None:
    if a.dtype != b.dtype or a.itemsize < 2 or elements.kind(a.dtype) == "complex":
        return None
    if not all(x.byteswap().tobytes() == y.tobytes() for x, y in _blocks(a, b)):
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
    for x, y in _blocks(fine, coarse):
        near, found = orders.rounded(x, dtype), _doubles(y, coarse.dtype)
        if not np.array_equal(near, found, equal_nan=True):
            return False
        changed += int(np.count_nonzero(near != x))
    return changed >= LEAST_ROUNDED and changed * 2 >= fine.size


def _scaled(a: Tensor, b: Tensor) -> Relation | None:
    if a.dtype != b.dtype or a.dtype not in _STEPS:
        return None
    factor = _factor(a, b)
    if factor is None or not all(_is_product(x, y, a.dtype, factor) for x, y in _blocks(a, b)):
        return None
    shown = f"{factor:.9g}"
    return Relation(
        "scaled", f"every value within {MOST_ULP} ULP", message("Every value is {factor} times as large.", factor=shown)
    )


def _factor(a: Tensor, b: Tensor) -> float | None:
    """The factor of the largest values; None where the values are too few, all the same or not finite."""
    x, y = (_doubles(v, a.dtype) for v in next(_blocks(a, b)))
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        return None
    large = np.abs(x)
    if np.count_nonzero(large) < LEAST_SCALED or large.min() == large.max():
        return None
    near = large >= large.max() / 2
    with np.errstate(all="ignore"):
        factor = float(np.median(y[near] / x[near]))
    simple = float(np.float32(factor))
    factor = simple if math.isclose(simple, factor, rel_tol=1e-9) else factor
    return factor if math.isfinite(factor) and factor and abs(factor - 1) > _STEPS[a.dtype] else None


def _is_product(x: Array, y: Array, dtype: str, factor: float) -> bool:
    with np.errstate(all="ignore"):
        product = _doubles(x, dtype) * factor
    found = elements.distances(orders.stored(product, dtype), y, (dtype, dtype))
    assert found.ulp is not None
    assert found.has_ulp is not None
    return bool((found.has_ulp & (found.ulp <= MOST_ULP)).all())


def _order(a: Tensor, b: Tensor) -> Relation | None:
    """The same bits in another order."""
    if a.dtype != b.dtype or a.nbytes > MOST_BYTES or not _may_be_reordered(a, b):
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


def _may_be_reordered(a: Tensor, b: Tensor) -> bool:
    """Whether sums that no order changes are equal: seldom so for other values, and quickly found."""
    left = 0
    for x, y in _blocks(a, b):
        sums = [int(v.view(np.uint8 if v.itemsize & 1 else np.uint16).sum(dtype=np.uint64)) for v in (x, y)]
        left += sums[0] - sums[1]
    return left == 0


def _draw(a: Tensor, b: Tensor) -> Relation | None:
    if min(a.size, b.size) < LEAST_SAMPLE or {elements.kind(a.dtype), elements.kind(b.dtype)} != {"float"}:
        return None
    x, y = _sample(a), _sample(b)
    if not (np.isfinite(x).all() and np.isfinite(y).all()) or min(len(np.unique(v)) for v in (x, y)) < LEAST_SAMPLE / 2:
        return None
    if np.mean(x == y) > MOST_EQUAL or _are_related(x, y):
        return None
    p = orders.kolmogorov_smirnov(x, y)
    if p < LEAST_P:
        return None
    text = "It looks like another draw from the same distribution."
    return Relation("another draw", f"two-sample Kolmogorov-Smirnov, p = {p:.2g}", message(text))


def _are_related(x: Array, y: Array) -> bool:
    with np.errstate(all="ignore"):
        correlation = float(np.corrcoef(x, y)[0, 1])
    return not abs(correlation) * math.sqrt(len(x)) <= _MOST_CORRELATED


def _sample(tensor: Tensor) -> np.ndarray[Any, np.dtype[np.float64]]:
    """All values, or evenly spread blocks of those of a large tensor."""
    with open_tensor(tensor) as reader:
        if tensor.size <= MOST_SAMPLE:
            bits = reader.elements(0, tensor.size)
        else:
            starts = np.linspace(0, tensor.size - LEAST_SAMPLE, MOST_SAMPLE // LEAST_SAMPLE).astype(int)
            bits = np.concatenate([reader.elements(int(start), LEAST_SAMPLE) for start in starts])
    return _doubles(bits, tensor.dtype)


def _doubles(stored: Array, dtype: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    with np.errstate(all="ignore"):
        return as_values(stored, dtype).astype(np.float64)
