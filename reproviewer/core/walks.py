"""Two tensors of one size, side by side in blocks, for tests on their values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from reproviewer.core.weights import as_values, open_tensor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reproviewer.core.elements import Array
    from reproviewer.core.weights import Tensor

BLOCK = 1 << 16
"""Elements read at once."""


def side_by_side(a: Tensor, b: Tensor) -> Iterator[tuple[Array, Array]]:
    """The stored elements of both, in order. Raises ReproError when a file cannot be read any more."""
    with open_tensor(a) as reader_a, open_tensor(b) as reader_b:
        for start in range(0, a.size, BLOCK):
            count = min(BLOCK, a.size - start)
            yield reader_a.elements(start, count), reader_b.elements(start, count)


def may_be_reordered(a: Tensor, b: Tensor) -> bool:
    """Whether sums that no order changes are equal: seldom so for other values, and quickly found."""
    left = 0
    for x, y in side_by_side(a, b):
        sums = [int(v.view(np.uint8 if v.itemsize & 1 else np.uint16).sum(dtype=np.uint64)) for v in (x, y)]
        left += sums[0] - sums[1]
    return left == 0


def doubles(stored: Array, dtype: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Stored elements as numbers in double precision."""
    with np.errstate(all="ignore"):
        return as_values(stored, dtype).astype(np.float64)
