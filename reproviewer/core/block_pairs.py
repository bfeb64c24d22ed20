"""Two whole tensors of one shape, read side by side in blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reproviewer.core.summary import BLOCK_ELEMENTS, Array, Cancelled, Stopped, same_bits
from reproviewer.core.weights import open_tensor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reproviewer.core.weights import Tensor


def block_pairs(a: Tensor, b: Tensor, cancelled: Cancelled) -> Iterator[tuple[int, Array, Array | None]]:
    """The first element's place, the stored elements of `a`, and those of `b`: None where they are the same bits.

    The arrays are valid until the next step. Raises Stopped when it was cancelled.
    """
    scratch = tuple(bytearray(min(a.size, BLOCK_ELEMENTS) * tensor.itemsize) for tensor in (a, b))
    with open_tensor(a) as left, open_tensor(b) as right:
        for start in range(0, a.size, BLOCK_ELEMENTS):
            if cancelled():
                raise Stopped
            count = min(BLOCK_ELEMENTS, a.size - start)
            for reader, room in zip((left, right), scratch, strict=True):
                itemsize = reader.tensor.itemsize
                reader.into(memoryview(room)[: count * itemsize], start * itemsize)
            x, y = left.view(scratch[0])[:count], right.view(scratch[1])[:count]
            yield start, x, None if a.dtype == b.dtype and same_bits(x, y) else y
