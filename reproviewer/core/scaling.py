"""Whether every value of a tensor is a constant times its partner's.

Floating-point values may be `MOST_ULP` steps from the exact product, as rounding makes them. Near zero that is a large
share of a value, so that a factor would fit whatever is there: such values must fit too, but do not speak for it.
Integers are multiples exactly, or are not at all.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from reproviewer.core import elements, orders
from reproviewer.core.walks import doubles, side_by_side

if TYPE_CHECKING:
    from reproviewer.core.elements import Array
    from reproviewer.core.weights import Tensor

LEAST = 3
"""How many values must speak for a factor, and half of those that are not zero."""
MOST_ULP = 2
_STEPS = {"float16": 2.0**-7, "bfloat16": 2.0**-4, "float32": 2.0**-20, "float64": 2.0**-49}
"""How far from 1 a factor must be: eight steps between numbers, more than rounding makes."""
_NORMAL = {"float16": 2.0**-14, "bfloat16": 2.0**-126, "float32": 2.0**-126, "float64": 2.0**-1022}
"""The least magnitude whose rounding is as small a share of it as that of any."""


class Scaling(NamedTuple):
    """The factor as a person reads it, and the test that supports it."""

    factor: str
    test: str


def factor(a: Tensor, b: Tensor) -> Scaling | None:
    """The constant by which `b` is `a`; None where no test supports one. Both have one shape."""
    if a.dtype != b.dtype:
        return None
    if elements.kind(a.dtype) == "int":
        return _of_integers(a, b)
    return _of_floats(a, b) if a.dtype in _STEPS else None


def _of_integers(a: Tensor, b: Tensor) -> Scaling | None:
    x, y = next(side_by_side(a, b))
    speaking = np.flatnonzero(x)
    if len(speaking) < LEAST or len(np.unique(x[speaking])) == 1:
        return None
    one, other = int(x[speaking[0]]), int(y[speaking[0]])
    grows = abs(other) >= abs(one)
    times, rest = divmod(other, one) if grows else divmod(one, other or one)
    if rest or times == 1 or times > np.iinfo(x.dtype).max:
        return None
    if not all(_are_multiples(*((u, v) if grows else (v, u)), times) for u, v in side_by_side(a, b)):
        return None
    return Scaling(str(times) if grows else f"1/{times}", "exact products")


def _are_multiples(x: Array, y: Array, times: int) -> bool:
    """Whether y = times * x, though the dtype may have no room for some product."""
    if times == -1:
        return bool((x > np.iinfo(x.dtype).min).all() and (y == -x).all())
    whole, rest = np.divmod(y, x.dtype.type(times))
    return not rest.any() and bool((whole == x).all())


def _of_floats(a: Tensor, b: Tensor) -> Scaling | None:
    found = _likely(a, b)
    if found is None:
        return None
    least, speaking, rest = _NORMAL[a.dtype], 0, 0
    for x, y in side_by_side(a, b):
        if not _is_product(x, y, a.dtype, found):
            return None
        small = np.minimum(np.abs(doubles(x, a.dtype)), np.abs(doubles(y, a.dtype)))
        large = int(np.count_nonzero(small >= least))
        speaking, rest = speaking + large, rest + int(np.count_nonzero(doubles(x, a.dtype))) - large
    if speaking < LEAST or speaking < rest:
        return None
    return Scaling(f"{found:.9g}", f"every value within {MOST_ULP} ULP")


def _likely(a: Tensor, b: Tensor) -> float | None:
    """The factor of the largest values; None where the values are too few, all the same or not finite."""
    x, y = (doubles(v, a.dtype) for v in next(side_by_side(a, b)))
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        return None
    large = np.abs(x)
    if np.count_nonzero(large) < LEAST or large.min() == large.max():
        return None
    near = large >= large.max() / 2
    with np.errstate(all="ignore"):
        found = float(np.median(y[near] / x[near]))
    simple = float(np.float32(found))
    found = simple if math.isclose(simple, found, rel_tol=1e-9) else found
    return found if math.isfinite(found) and found and abs(found - 1) > _STEPS[a.dtype] else None


def _is_product(x: Array, y: Array, dtype: str, times: float) -> bool:
    with np.errstate(all="ignore"):
        product = doubles(x, dtype) * times
    found = elements.distances(orders.stored(product, dtype), y, (dtype, dtype))
    assert found.ulp is not None
    assert found.has_ulp is not None
    return bool((found.has_ulp & (found.ulp <= MOST_ULP)).all())
