"""Whether two tensors look like draws from one distribution, which cannot be proved.

It is said when a two-sample Kolmogorov-Smirnov test finds no difference between their values (p >= `LEAST_P`), both
hold `LEAST_SAMPLE` elements or more, nearly all of them differ, they do not rise and fall together, and they are not
nearly the same values in another order or with other signs. Testing many tensors makes it more often silent, not more
often wrong.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from reproviewer.core import elements, orders
from reproviewer.core.walks import BLOCK, doubles
from reproviewer.core.weights import open_tensor

if TYPE_CHECKING:
    from reproviewer.core.weights import Tensor

    Doubles = np.ndarray[Any, np.dtype[np.float64]]

LEAST_SAMPLE = 256
MOST_SAMPLE = 1 << 16
LEAST_P = 0.05
MOST_P = 0.999
"""Draws are seldom as like as this; what is, are the same values or nearly so."""
MOST_EQUAL = 0.02
"""The share of elements that may be equal in two draws, as coarse numbers are now and then."""
_MOST_DEVIATIONS = 4.0
"""How many standard deviations chance may be off."""
_MIXER = np.uint64(0x9E3779B97F4A7C15)
"""The odd number nearest to 2**64 divided by the golden ratio: Knuth, The Art of Computer Programming 3, 6.4."""


def likeness(a: Tensor, b: Tensor) -> float | None:
    """The test's p-value where the values look like two draws; None where they do not."""
    if min(a.size, b.size) < LEAST_SAMPLE or {elements.kind(a.dtype), elements.kind(b.dtype)} != {"float"}:
        return None
    x, y = _sample(a), _sample(b)
    if not (np.isfinite(x).all() and np.isfinite(y).all()) or min(len(np.unique(v)) for v in (x, y)) < LEAST_SAMPLE / 2:
        return None
    if np.mean(x == y) > MOST_EQUAL or _are_related(x, y) or _are_the_same(a, b):
        return None
    p = orders.kolmogorov_smirnov(x, y)
    return p if LEAST_P <= p <= MOST_P else None


def _are_related(x: Doubles, y: Doubles) -> bool:
    with np.errstate(all="ignore"):
        correlation = float(np.corrcoef(x, y)[0, 1])
    return not abs(correlation) * math.sqrt(len(x)) <= _MOST_DEVIATIONS


def _are_the_same(a: Tensor, b: Tensor) -> bool:
    """Whether more magnitudes are in both than chance has it: about as many as are twice in one of them."""
    x, y = _magnitudes(a), _magnitudes(b)
    if not len(x) or not len(y):
        return not len(x) and not len(y)
    if orders.kolmogorov_smirnov(x, y) > MOST_P:
        return True
    values, counts = np.unique(x, return_counts=True)
    by_chance = float(counts[counts > 1].sum()) / len(x)
    more = float(np.isin(y, values).mean()) - by_chance
    deviation = math.sqrt(by_chance * (1 - by_chance) / min(len(x), len(y)))
    return more > MOST_EQUAL + _MOST_DEVIATIONS * deviation


def _magnitudes(tensor: Tensor) -> Doubles:
    """All magnitudes but zero; of a large tensor some, picked by what they are and not by where they stand."""
    one_of = np.uint64(max(1, tensor.size // MOST_SAMPLE))
    picked = []
    with open_tensor(tensor) as reader:
        for start in range(0, tensor.size, BLOCK):
            found = np.abs(doubles(reader.elements(start, min(BLOCK, tensor.size - start)), tensor.dtype))
            mixed = (found.view(np.uint64) * _MIXER) >> np.uint64(32)
            picked.append(found[(mixed % one_of == 0) & (found > 0)])
    return np.concatenate(picked)


def _sample(tensor: Tensor) -> Doubles:
    """All values, or evenly spread blocks of those of a large tensor."""
    with open_tensor(tensor) as reader:
        if tensor.size <= MOST_SAMPLE:
            bits = reader.elements(0, tensor.size)
        else:
            starts = np.linspace(0, tensor.size - LEAST_SAMPLE, MOST_SAMPLE // LEAST_SAMPLE).astype(int)
            bits = np.concatenate([reader.elements(int(start), LEAST_SAMPLE) for start in starts])
    return doubles(bits, tensor.dtype)
