"""Several weight sets at once: which of them are identical, and how each relates to each.

Every tensor is read and hashed once, however many sets there are; two sets are identical when all their tensors are
paired and all pairs have one shape, dtype and sha256. They are paired by way of the first set where both have a partner
for each of its tensors, else with each other.

Tensors whose hashes differ are `different` if their first elements are; else they are hashed again with one zero and
one NaN, which tells `equal` from `different`. Only pairs of two dtypes, and a tolerance, need both side by side.
"""

from __future__ import annotations

import hashlib
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from reproviewer.core import elements
from reproviewer.core.compare import Cancelled, compare_tensors
from reproviewer.core.elements import CHUNK
from reproviewer.core.pairing import Pair, pair
from reproviewer.core.verdict import EXACT, Comparison, Tolerance, Tolerances, Verdict, worst
from reproviewer.core.weights import BLOCK, as_values, open_tensor, tensor_sha256

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reproviewer.core.weights import Tensor, WeightSet

MOST_THREADS = 8
Matrix = tuple[tuple[Verdict, ...], ...]


@dataclass(frozen=True)
class Groups:
    """`classes` are positions of sets that are identical to each other, in order.

    `matrix[i][j]` is the verdict on the sets i and j; a relative tolerance is of the one that comes first.
    """

    classes: tuple[tuple[int, ...], ...]
    matrix: Matrix


def of_two(comparison: Comparison) -> Groups:
    """The groups of two sets that were compared."""
    same, word = Verdict.IDENTICAL, comparison.verdict
    return Groups(((0, 1),) if word is same else ((0,), (1,)), ((same, word), (word, same)))


def group(
    sets: Sequence[WeightSet],
    comparisons: Sequence[Comparison],
    tolerance: Tolerance | Tolerances = EXACT,
    with_state: bool = False,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Groups:
    """Relate every set with every other.

    Parameters
    ----------
    comparisons
        Of the second set, the third, and so on with the first: what is known already.
    with_state
        Whether optimizer and other state counts.
    progress
        Told now and then the bytes hashed and the bytes in all.
    cancelled
        Asked now and then; when it says yes, `Cancelled` is raised.

    Raises
    ------
    ReproError
        A file cannot be read any more, or the work was cancelled.
    """
    roles = ("weight", "draw", "optimizer", "other") if with_state else ("weight", "draw")
    hashes = _hash_all([t for s in sets for t in s.tensors if t.role in roles], progress, cancelled)
    values: dict[int, str] = {}
    words = {(0, j): c.verdict for j, c in enumerate(comparisons, 1)}
    with_first = [pair(sets[0], other, with_state) for other in sets]
    for i in range(1, len(sets)):
        for j in range(i + 1, len(sets)):
            pairs = _by_way_of_first(with_first[i], with_first[j]) or pair(sets[i], sets[j], with_state)
            words[i, j] = _relate(pairs, hashes, values, tolerance)
    return Groups(_classes(len(sets), words), _matrix(len(sets), words))


def _by_way_of_first(one: Sequence[Pair], other: Sequence[Pair]) -> list[Pair]:
    if len(one) != len(other) or any(p.a is None or p.b is None for p in (*one, *other)):
        return []
    return [Pair(p.b, q.b, p.rule) for p, q in zip(one, other, strict=True)]


def _classes(count: int, words: dict[tuple[int, int], Verdict]) -> tuple[tuple[int, ...], ...]:
    classes: list[list[int]] = []
    for j in range(count):
        home = next((c for c in classes if all(words[i, j] is Verdict.IDENTICAL for i in c)), None)
        if home is None:
            classes.append([j])
        else:
            home.append(j)
    return tuple(map(tuple, classes))


def _matrix(count: int, words: dict[tuple[int, int], Verdict]) -> Matrix:
    same = Verdict.IDENTICAL
    return tuple(tuple(same if i == j else words[min(i, j), max(i, j)] for j in range(count)) for i in range(count))


def _relate(
    pairs: Sequence[Pair], hashes: dict[int, str], values: dict[int, str], tolerance: Tolerance | Tolerances
) -> Verdict:
    words: list[Verdict] = []
    for p in pairs:
        if p.a is None or p.b is None or p.a.shape != p.b.shape:
            return Verdict.MISMATCHED
        words.append(_word(p.a, p.b, hashes, values, tolerance.of(p.a.name)))
    return worst(words)


def _word(a: Tensor, b: Tensor, hashes: dict[int, str], values: dict[int, str], tolerance: Tolerance) -> Verdict:
    if a.dtype == b.dtype and hashes[id(a)] == hashes[id(b)]:
        return Verdict.IDENTICAL
    if a.dtype != b.dtype or tolerance:
        return compare_tensors(a, b, tolerance).verdict
    if _differ_at_the_start(a, b):
        return Verdict.DIFFERENT
    for tensor in (a, b):
        if id(tensor) not in values:
            values[id(tensor)] = value_sha256(tensor)
    return Verdict.EQUAL if values[id(a)] == values[id(b)] else Verdict.DIFFERENT


def _differ_at_the_start(a: Tensor, b: Tensor) -> bool:
    """Whether the first elements settle it already."""
    count = min(a.size, CHUNK)
    with open_tensor(a) as reader_a, open_tensor(b) as reader_b:
        x, y = reader_a.elements(0, count), reader_b.elements(0, count)
    with np.errstate(all="ignore"):
        return bool(elements.distances(x, y, (a.dtype, b.dtype)).unequal.any())


def _hash_all(
    tensors: Sequence[Tensor], progress: Callable[[int, int], None] | None, cancelled: Callable[[], bool] | None
) -> dict[int, str]:
    total, done, lock = sum(t.nbytes for t in tensors), 0, threading.Lock()

    def work(tensor: Tensor) -> tuple[int, str]:
        nonlocal done
        if cancelled is not None and cancelled():
            raise Cancelled
        found = tensor_sha256(tensor)
        with lock:
            done += tensor.nbytes
            if progress is not None:
                progress(done, total)
        return id(tensor), found

    with ThreadPoolExecutor(min(MOST_THREADS, os.cpu_count() or 1), "hash") as pool:
        return dict(pool.map(work, tensors))


def value_sha256(tensor: Tensor) -> str:
    """sha256 of the tensor's values: the same for -0.0 and 0.0, for all NaNs, and for all bytes that are true."""
    total, kind = hashlib.sha256(), elements.kind(tensor.dtype)
    step = max(1, BLOCK // max(tensor.itemsize, 1))
    with open_tensor(tensor) as reader:
        for start in range(0, tensor.size, step):
            stored = reader.elements(start, min(step, tensor.size - start))
            if kind == "bool":
                stored = stored.view(np.uint8) != 0
            elif kind == "complex":
                stored = _one_zero_one_nan(stored.view(f"<f{stored.itemsize // 2}"))
            elif kind == "float":
                stored = _one_zero_one_nan(as_values(stored, tensor.dtype))
            total.update(stored.tobytes())
    return total.hexdigest()


def _one_zero_one_nan(numbers: elements.Array) -> elements.Array:
    with np.errstate(invalid="ignore"):
        return np.where(np.isnan(numbers), np.array(np.nan, numbers.dtype), numbers + np.array(0, numbers.dtype))
