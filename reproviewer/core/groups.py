"""Several weight sets at once: which of them are identical, and how each relates to each.

Every tensor is read and hashed once, however many sets there are; two sets are identical when all their tensors are
paired and all pairs have one shape, dtype and sha256. They are paired by way of the first set where both have a partner
for each of its tensors, else with each other. Of sets that are alike in all, one is related to the others.

Tensors whose hashes differ are hashed again with one zero and one NaN, which tells `equal` from `different`: their
first elements, and all where those are equal. Only pairs of two dtypes, and a tolerance, need both side by side.
"""

from __future__ import annotations

import hashlib
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
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
PAIR_BYTES = 1 << 14
"""What relating two sets counts for among the bytes to be hashed."""
STEPS = 500
"""How often it is told how much is done."""
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
        Told now and then how much is done, and of how much.
    cancelled
        Asked now and then; when it says yes, `Cancelled` is raised.

    Raises
    ------
    ReproError
        A file cannot be read any more, or the work was cancelled.
    """
    roles = ("weight", "draw", "optimizer", "other") if with_state else ("weight", "draw")
    counted = [[t for t in s.tensors if t.role in roles] for s in sets]
    of_hashing, of_relating = (
        sum(t.nbytes for tensors in counted for t in tensors),
        (len(sets) - 1) * (len(sets) - 2) // 2,
    )
    work = _Work(of_hashing + of_relating * PAIR_BYTES, progress, cancelled)
    hashes = _hash_all([t for tensors in counted for t in tensors], work)
    alike = _alike([_key(tensors, hashes) for tensors in counted])
    with_first = {}
    for i in set(alike[1:]):
        work.go_on()
        with_first[i] = pair(sets[0], sets[i], with_state)
    relate = _Relating(hashes, tolerance, work)

    @cache
    def word(i: int, j: int) -> Verdict:
        pairs = _by_way_of_first(with_first[i], with_first[j]) or pair(sets[i], sets[j], with_state)
        return relate.sets(pairs)

    words = {(0, j): c.verdict for j, c in enumerate(comparisons, 1)}
    for i in range(1, len(sets)):
        for j in range(i + 1, len(sets)):
            words[i, j] = Verdict.IDENTICAL if alike[i] == alike[j] else word(alike[i], alike[j])
            work.moved(PAIR_BYTES)
    return Groups(_classes(len(sets), words), _matrix(len(sets), words))


class _Work:
    """How much of it is done, told now and then. Raises Cancelled when it is not wanted any more."""

    def __init__(
        self, total: int, progress: Callable[[int, int], None] | None, cancelled: Callable[[], bool] | None
    ) -> None:
        self._done, self._total, self._told = 0, total, 0
        self._progress = progress
        self._cancelled = cancelled
        self._lock = threading.Lock()

    def moved(self, size: int) -> None:
        """So much more is done."""
        self.go_on()
        with self._lock:
            self._done += size
            is_due = self._done - self._told >= self._total // STEPS or self._done == self._total
            if self._progress is not None and is_due:
                self._told = self._done
                self._progress(self._done, self._total)

    def go_on(self, _: int = 0) -> None:
        """Nothing, unless it was cancelled."""
        if self._cancelled is not None and self._cancelled():
            raise Cancelled


def _key(tensors: Sequence[Tensor], hashes: dict[int, str]) -> tuple[object, ...]:
    """All of a set that decides how it relates to others."""
    return tuple((t.name, t.aliases, t.role, t.dtype, t.shape, hashes[id(t)]) for t in tensors)


def _alike(keys: Sequence[object]) -> list[int]:
    """For each set the first that is like it in all; the very first stands for itself alone: it was compared before."""
    first: dict[object, int] = {}
    return [0, *(first.setdefault(key, at) for at, key in enumerate(keys[1:], 1))]


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


class _Relating:
    """What is known of the tensors when two sets are related."""

    def __init__(self, hashes: dict[int, str], tolerance: Tolerance | Tolerances, work: _Work) -> None:
        self._hashes = hashes
        self._tolerance = tolerance
        self._work = work
        self._starts: dict[int, str] = {}
        self._values: dict[int, str] = {}

    def sets(self, pairs: Sequence[Pair]) -> Verdict:
        """The word on two sets whose tensors are paired like this."""
        both = [(p.a, p.b) for p in pairs if p.a is not None and p.b is not None and p.a.shape == p.b.shape]
        if len(both) < len(pairs):
            return Verdict.MISMATCHED
        words: list[Verdict] = []
        for a, b in both:
            words.append(self._tensors(a, b, self._tolerance.of(a.name)))
            if words[-1] is Verdict.DIFFERENT:
                break
        return worst(words)

    def _tensors(self, a: Tensor, b: Tensor, tolerance: Tolerance) -> Verdict:
        if a.dtype == b.dtype and self._hashes[id(a)] == self._hashes[id(b)]:
            return Verdict.IDENTICAL
        if a.dtype != b.dtype or tolerance:
            return compare_tensors(a, b, tolerance, moved=self._work.go_on).verdict
        for known, size in ((self._starts, CHUNK), (self._values, a.size)):
            for tensor in (a, b):
                if id(tensor) not in known:
                    known[id(tensor)] = value_sha256(tensor, size, self._work.go_on)
            if known[id(a)] != known[id(b)]:
                return Verdict.DIFFERENT
        return Verdict.EQUAL


def _hash_all(tensors: Sequence[Tensor], work: _Work) -> dict[int, str]:
    def hashed(tensor: Tensor) -> tuple[int, str]:
        work.go_on()
        return id(tensor), tensor_sha256(tensor, work.moved)

    with ThreadPoolExecutor(min(MOST_THREADS, os.cpu_count() or 1), "hash") as pool:
        return dict(pool.map(hashed, tensors))


def value_sha256(tensor: Tensor, count: int | None = None, moved: Callable[[int], None] = lambda _: None) -> str:
    """sha256 of the tensor's values: the same for -0.0 and 0.0, for all NaNs, and for all bytes that are true."""
    total, kind = hashlib.sha256(), elements.kind(tensor.dtype)
    step = max(1, BLOCK // max(tensor.itemsize, 1))
    with open_tensor(tensor) as reader:
        size = tensor.size if count is None else min(count, tensor.size)
        for start in range(0, size, step):
            stored = reader.elements(start, min(step, size - start))
            moved(stored.nbytes)
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
