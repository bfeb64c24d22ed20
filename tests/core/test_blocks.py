"""What is left out to be quick never changes the result: slices against all of them at once, the slow way."""

import numpy as np
import pytest

from reproviewer.core import blocks, elements
from reproviewer.core.verdict import Tolerance

EXPONENTS = {"float16": (-14, 15), "float32": (-140, 126), "float64": (-1060, 1022)}


def numbers(rng, dtype, count):
    """Finite numbers about one power of two, some of them near zero, subnormal or zero."""
    low, high = EXPONENTS[dtype]
    scale = np.float64(2.0) ** rng.integers(low, high)
    with np.errstate(all="ignore"):
        found = (rng.standard_normal(count) * scale).astype(dtype)
        found[rng.random(count) < 0.1] *= np.dtype(dtype).type(2.0**-10)
    found[rng.random(count) < 0.05] = rng.choice([0.0, -0.0])
    return np.nan_to_num(found, posinf=1, neginf=-1)


def pair(rng, dtype, count):
    """Two draws, or one and what is little away from it."""
    a, b = numbers(rng, dtype, count), numbers(rng, dtype, count)
    kind = rng.integers(4)
    with np.errstate(all="ignore"):
        if kind == 1:
            b = a + b[:1]
        elif kind == 2:
            b = -a
        elif kind == 3:
            b = (a.view(f"i{a.itemsize}") + rng.integers(-3, 4, count).astype(f"i{a.itemsize}")).view(dtype)
        usable = np.isfinite(b) & np.isfinite(a - b)
    return a, np.where(usable, b, a)


@pytest.mark.parametrize("dtype", EXPONENTS)
@pytest.mark.parametrize("tolerance", [Tolerance(), Tolerance(ulp=5), Tolerance(rtol=1e-3)], ids=["", "ulp", "rtol"])
def test_slice_by_slice(dtype, tolerance):
    rng = np.random.default_rng(7)
    for _ in range(60):
        count = int(rng.integers(1, 50))
        dense, tally, slow = blocks._Dense(dtype, count), blocks.Tally(), blocks.Tally()
        for _ in range(20):
            a, b = pair(rng, dtype, int(rng.integers(1, count + 1)))
            assert dense.measure(tally, a, b, tolerance)
            blocks.measure(slow, a, b, (dtype, dtype), tolerance)
            assert tally == slow


@pytest.mark.parametrize("dtype", EXPONENTS)
def test_no_pair_is_further_apart_than_the_bound_says(dtype):
    """One slice that holds the furthest pair there can be, met when a pair one step less far is known."""
    rng = np.random.default_rng(3)
    for far in np.abs(numbers(rng, dtype, 300)):
        for a, b in (far / 2, -far / 2), (far, 0), (-far, 0), (np.nextafter(far, np.dtype(dtype).type(0)), 0):
            a, b = np.array([a], dtype), np.array([b], dtype)
            steps = int(elements.distances(a, b, (dtype, dtype)).ulp[0])
            tally = blocks.Tally(max_abs=0.0, max_ulp=max(steps - 1, 0))
            assert blocks._Dense(dtype, 1).measure(tally, a, b, Tolerance())
            assert tally.max_ulp == steps
