"""Tests on arrays: whether one is the other in another order, rounded, or from the same distribution."""

from __future__ import annotations

import math
from itertools import permutations
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from reproviewer.core.elements import Array

MOST_AXES = 5


def transposition(a: Array, b: Array) -> tuple[int, ...] | None:
    """The order of axes that turns `a` into `b` bit for bit; None when there is none but the order they have."""
    if not 2 <= a.ndim == b.ndim <= MOST_AXES:
        return None
    straight = tuple(range(a.ndim))
    for axes in permutations(straight):
        if axes != straight and tuple(a.shape[i] for i in axes) == b.shape and np.array_equal(a.transpose(axes), b):
            return axes
    return None


def permuted_axis(a: Array, b: Array) -> int | None:
    """The axis along which whole slices of `a` are put in another order to give `b`; None when there is none."""
    if a.ndim < 2 or a.shape != b.shape:
        return None
    for axis in reversed(range(a.ndim)):
        if a.shape[axis] > 1 and np.array_equal(_sorted_slices(a, axis), _sorted_slices(b, axis)):
            return axis
    return None


def _sorted_slices(a: Array, axis: int) -> Array:
    rows = np.ascontiguousarray(np.moveaxis(a, axis, 0)).reshape(a.shape[axis], -1)
    return np.sort(rows.view(f"V{rows.shape[1] * rows.itemsize}").ravel())


def is_reordered(a: Array, b: Array) -> bool:
    """Whether two arrays hold the same elements, each as often."""
    return bool(np.array_equal(np.sort(a, axis=None), np.sort(b, axis=None)))


def rounded(values: Array, dtype: str) -> Array:
    """Values rounded to the nearest of `dtype` (float32, float16 or bfloat16), as float64."""
    with np.errstate(all="ignore"):
        if dtype != "bfloat16":
            return values.astype(dtype).astype(np.float64)
        bits = values.astype(np.float32).view(np.uint32)
        near = bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))
        near = np.where(np.isnan(values), bits, near & np.uint32(0xFFFF0000))
        return near.astype(np.uint32).view(np.float32).astype(np.float64)


def stored(values: Array, dtype: str) -> Array:
    """Float64 values as stored elements of a floating-point `dtype` of 16 bits or more."""
    if dtype == "bfloat16":
        return (rounded(values, dtype).astype(np.float32).view(np.uint32) >> np.uint32(16)).astype(np.uint16)
    with np.errstate(all="ignore"):
        return values.astype(dtype)


def kolmogorov_smirnov(a: Array, b: Array) -> float:
    """The p-value of the two-sample test, asymptotic: how often draws of one distribution are as far apart as these.

    Stephens' correction for small samples: Journal of the Royal Statistical Society B 32 (1970), 115-122.
    """
    a, b = np.sort(a), np.sort(b)
    every = np.concatenate([a, b])
    below_a = np.searchsorted(a, every, side="right") / len(a)
    below_b = np.searchsorted(b, every, side="right") / len(b)
    farthest = float(np.abs(below_a - below_b).max())
    root = math.sqrt(len(a) * len(b) / (len(a) + len(b)))
    x = (root + 0.12 + 0.11 / root) * farthest
    if x < 0.2:
        return 1.0
    terms = (math.copysign(math.exp(-2 * k * k * x * x), 1 if k % 2 else -1) for k in range(1, 31))
    return min(max(2 * sum(terms), 0.0), 1.0)
