"""Two spans of bytes of one dtype, block by block: what differs is counted and measured, what does not is passed by.

Large spans are walked by two threads: reading and comparing bytes let each other run. Every thread has its own
buffers and reuses them, because the first touch of fresh memory costs more than the comparison.
"""

from __future__ import annotations

import ctypes
import os
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np

from reproviewer.core import elements
from reproviewer.core.elements import CHUNK, Array, Distances
from reproviewer.core.weights import storage_dtype

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reproviewer.core.verdict import Tolerance
    from reproviewer.core.weights import Reader

BLOCK = 1 << 20
"""Bytes read at once: few enough for a core's caches, enough for two threads that they seldom wait for each other."""
TWO_THREADS_FROM = 8 << 20
FEW = 8
"""Where fewer than one element in this many differs, those are picked out and only they are measured."""

_memcmp = ctypes.CDLL(None if os.name == "posix" else "msvcrt").memcmp
"""Lets other threads run meanwhile, which comparing bytes in Python does not."""
_memcmp.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t]


@dataclass
class Tally:
    """What is known of two tensors so far. `first` counts elements from 0; None while none differs."""

    differing: int = 0
    unequal: int = 0
    first: int | None = None
    max_abs: float | None = None
    max_ulp: int | None = None
    outside: bool = False

    def differ(self, at: int, how_many: int) -> None:
        """`how_many` more elements differ, the first of them is element `at`."""
        self.differing += how_many
        self.first = at if self.first is None else min(self.first, at)

    def further(self, far: float | None, ulp: int | None) -> None:
        """Keep the larger distances."""
        if far is not None:
            self.max_abs = far if self.max_abs is None else max(self.max_abs, far)
        if ulp is not None:
            self.max_ulp = ulp if self.max_ulp is None else max(self.max_ulp, ulp)

    def merge(self, other: Tally) -> None:
        """Add what another thread found."""
        if other.first is not None:
            self.differ(other.first, other.differing)
        self.unequal += other.unequal
        self.outside |= other.outside
        self.further(other.max_abs, other.max_ulp)


def measure(tally: Tally, a: Array, b: Array, dtypes: tuple[str, str], tolerance: Tolerance) -> Distances:
    """Add the distances of some elements (at most `CHUNK`) to the tally."""
    with np.errstate(all="ignore"):
        found = elements.distances(a, b, dtypes)
    unequal = int(np.count_nonzero(found.unequal))
    tally.unequal += unequal
    if unequal and found.far is not None:
        tally.further(float(found.far[found.unequal].max()), None)
    if unequal and found.ulp is not None and found.has_ulp is not None:
        steps = found.ulp[found.unequal & found.has_ulp]
        tally.further(None, int(steps.max()) if len(steps) else None)
    tally.outside = tally.outside or (unequal > 0 and elements.outside(a, dtypes[0], found, tolerance))
    return found


class Walk:
    """One comparison of two spans of the same dtype and size."""

    def __init__(self, a: Reader, b: Reader, tolerance: Tolerance) -> None:
        self._readers = a, b
        self._tolerance = tolerance
        self._step = max(1, BLOCK // a.tensor.itemsize)
        self._starts = count(0, self._step)
        self._stop = threading.Event()

    def run(self, moved: Callable[[int], None]) -> Tally:
        """Walk to the end; `moved` is told the bytes passed and may raise to stop."""
        size, itemsize = self._readers[0].tensor.size, self._readers[0].tensor.itemsize
        if size == 0:
            return Tally()
        if size * itemsize < TWO_THREADS_FROM:
            return self._walk(size, moved)
        helper = _Helper(lambda: self._walk(size, None))
        try:
            tally = self._walk(size, moved)
        except BaseException:
            self._stop.set()
            raise
        finally:
            helper.join()
        tally.merge(helper.result())
        return tally

    def _walk(self, size: int, moved: Callable[[int], None] | None) -> Tally:
        tally, count, itemsize = Tally(), min(self._step, size), self._readers[0].tensor.itemsize
        with _buffers(count * itemsize) as buffers:
            meter = _Meter(self._readers, buffers, self._tolerance)
            while (start := next(self._starts)) < size and not self._stop.is_set():
                meter.block(tally, start, min(self._step, size - start))
                if moved is not None:
                    moved(min(start + self._step, size) * itemsize)
        return tally


_kept: list[tuple[bytearray, bytearray]] = []


@contextmanager
def _buffers(nbytes: int) -> Iterator[tuple[memoryview, memoryview]]:
    """Two buffers of so many bytes: those that a walk before this one has left, if there are any."""
    size = max(nbytes, BLOCK)
    try:
        pair = _kept.pop() if size == BLOCK else (bytearray(size), bytearray(size))
    except IndexError:
        pair = bytearray(size), bytearray(size)
    try:
        yield memoryview(pair[0])[:nbytes], memoryview(pair[1])[:nbytes]
    finally:
        if size == BLOCK:
            _kept.append(pair)


class _Helper(threading.Thread):
    """A thread whose result or error is handed on."""

    def __init__(self, work: Callable[[], Tally]) -> None:
        super().__init__(name="compare", daemon=True)
        self._work = work
        self._result: Tally | None = None
        self._error: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            self._result = self._work()
        except BaseException as error:
            self._error = error

    def result(self) -> Tally:
        if self._error is not None:
            raise self._error
        assert self._result is not None
        return self._result


class _Meter:
    """The buffers of one thread and what is done with them."""

    def __init__(
        self,
        readers: tuple[Reader, Reader],
        buffers: tuple[memoryview, memoryview],
        tolerance: Tolerance,
    ) -> None:
        tensor = readers[0].tensor
        self._readers = readers
        self._dtype, self._itemsize, self._tolerance = tensor.dtype, tensor.itemsize, tolerance
        self._bytes = buffers
        self._elements = readers[0].view(self._bytes[0]), readers[1].view(self._bytes[1])
        self._addresses = self._elements[0].ctypes.data, self._elements[1].ctypes.data
        self._dense: _Dense | None = None

    def block(self, tally: Tally, start: int, count: int) -> None:
        """Compare `count` elements from element `start`."""
        nbytes = count * self._itemsize
        for reader, buffer in zip(self._readers, self._bytes, strict=True):
            reader.into(buffer[:nbytes], start * self._itemsize)
        if _memcmp(*self._addresses, nbytes) == 0:
            return
        a, b = (view[:count] for view in self._elements)
        where = elements.differing(a, b)
        how_many = int(np.count_nonzero(where))
        tally.differ(start + int(where.argmax()), how_many)
        if how_many * FEW < count:
            a, b = a[where], b[where]
        if self._dense is None and self._dtype in _Dense.DTYPES:
            self._dense = _Dense(self._dtype, len(self._elements[0]))
        for x, y in _slices(a, b, _Dense.SLICE):
            if self._dense is None or not self._dense.measure(tally, x, y, self._tolerance):
                for few_x, few_y in _slices(x, y, CHUNK):
                    measure(tally, few_x, few_y, (self._dtype, self._dtype), self._tolerance)


class _Dense:
    """Measures slices of finite floating-point numbers most of which differ, without fresh memory."""

    DTYPES = ("float16", "bfloat16", "float32", "float64")
    SLICE = 1 << 16
    """Elements at once: what is computed from them stays in a core's own cache."""

    def __init__(self, dtype: str, count: int) -> None:
        itemsize, count = storage_dtype(dtype).itemsize, min(count, self.SLICE)
        self._dtype = dtype
        self._words = f"<u{itemsize}"
        self._integers = f"<i{itemsize}"
        self._magnitude = np.array((1 << itemsize * 8 - 1) - 1, self._integers)
        self._far = np.empty(count, np.float64 if itemsize == 8 else np.float32)
        self._flags = np.empty(count, bool)
        self._wide = tuple(np.empty(count, np.float32) for _ in "ab")
        self._keys = tuple(np.empty(count, self._integers) for _ in "ab")
        self._spare = np.empty(count, self._integers)

    def measure(self, tally: Tally, a: Array, b: Array, tolerance: Tolerance) -> bool:
        """Add the distances of up to `SLICE` elements; False, and nothing added, when a number is not finite."""
        x, y = self._numbers(a, self._wide[0]), self._numbers(b, self._wide[1])
        with np.errstate(all="ignore"):
            far = np.subtract(x, y, out=self._far[: len(a)])
        largest = max(float(far.max()), -float(far.min()))
        if not np.isfinite(largest):
            return False
        unequal = int(np.count_nonzero(np.not_equal(x, y, out=self._flags[: len(a)])))
        tally.unequal += unequal
        if not unequal:
            return True
        bound = np.nextafter(far.dtype.type(largest), far.dtype.type(np.inf))
        if tally.max_abs is None or bound > tally.max_abs:
            tally.further(self._exactly(x, y, far, largest), None)
        tally.further(None, self._further_than(tally.max_ulp, a, b, bound))
        if not tally.outside:
            tally.outside = not tolerance or self._outside(x, y, self._steps(a, b), tolerance)
        return True

    def _exactly(self, x: Array, y: Array, far: Array, largest: float) -> float:
        """The largest |x - y| in double precision; `far` is x - y, and `largest` the largest, in the precision of x."""
        if far.dtype == np.float64:
            return largest
        found = 0.0
        for end in (largest, -largest):
            at = np.flatnonzero(np.equal(far, far.dtype.type(end), out=self._flags[: len(far)]))
            if len(at):
                found = max(found, float(np.abs(np.subtract(x[at], y[at], dtype=np.float64)).max()))
        return found

    def _further_than(self, known: int | None, a: Array, b: Array, bound: Any) -> int | None:
        """The largest distance in ULP, None where it cannot be above `known`. `bound`: none of |a - b| is above it.

        The steps between numbers get wider away from zero. So the most that fit into `bound` begin at zero, among
        pairs of one sign, and have zero in their middle among pairs of two.
        """
        if known is not None and bound.itemsize == a.itemsize:
            to_bound, to_half = (int(number.view(self._words)) for number in (bound, bound / bound.dtype.type(2)))
            if max(to_bound, 2 * (to_half + 1)) <= known:
                return None
            if to_bound <= known:
                mixed = np.bitwise_xor(a.view(self._integers), b.view(self._integers), out=self._spare[: len(a)])
                across = np.flatnonzero(np.less(mixed, 0, out=self._flags[: len(a)]))
                a, b = a[across], b[across]
        return int(self._steps(a, b).max()) if len(a) else None

    def _numbers(self, stored: Array, wide: Array) -> Array:
        """What numpy subtracts quickly: 16-bit kinds as float32."""
        if stored.itemsize > 2:
            return stored
        wide = wide[: len(stored)]
        if self._dtype == "bfloat16":
            np.left_shift(stored, np.uint32(16), out=wide.view(np.uint32), dtype=np.uint32)
        else:
            np.copyto(wide, stored)
        return wide

    def _steps(self, a: Array, b: Array) -> Array:
        """The distances in ULP. Keys go from -magnitude to magnitude, so their difference fits in as many bits."""
        one, other = (self._key(v, key[: len(v)]) for v, key in zip((a, b), self._keys, strict=True))
        high: Array = np.maximum(one, other, out=self._spare[: len(a)]).view(self._words)
        low = np.minimum(one, other, out=other).view(self._words)
        np.subtract(high, low, out=high)
        return high

    def _key(self, values: Array, key: Array) -> Array:
        bits, sign = values.view(self._integers), self._spare[: len(values)]
        np.right_shift(bits, bits.itemsize * 8 - 1, out=sign)
        np.bitwise_and(bits, self._magnitude, out=key)
        np.bitwise_xor(key, sign, out=key)
        return np.subtract(key, sign, out=key)

    @staticmethod
    def _outside(x: Array, y: Array, steps: Array, tolerance: Tolerance) -> bool:
        near = steps <= np.uint64(tolerance.ulp)
        if tolerance.atol or tolerance.rtol:
            with np.errstate(all="ignore"):
                limit = tolerance.atol + tolerance.rtol * np.abs(x.astype(np.float64))
            near |= np.abs(np.subtract(x, y, dtype=np.float64)) <= limit
        return not near.all()


def _slices(a: Array, b: Array, size: int) -> Iterator[tuple[Array, Array]]:
    for start in range(0, len(a), size):
        yield a[start : start + size], b[start : start + size]


def measure_unlike(a: Reader, b: Reader, tolerance: Tolerance, moved: Callable[[int], None]) -> Tally:
    """Compare two spans of different dtypes by value."""
    tally, dtypes, size = Tally(), (a.tensor.dtype, b.tensor.dtype), a.tensor.size
    for start in range(0, size, CHUNK):
        how_many = min(CHUNK, size - start)
        found = measure(tally, a.elements(start, how_many), b.elements(start, how_many), dtypes, tolerance)
        if found.unequal.any():
            tally.differ(start + int(found.unequal.argmax()), int(np.count_nonzero(found.unequal)))
        moved((start + how_many) * a.tensor.itemsize)
    return tally
