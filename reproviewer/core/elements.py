"""How stored elements relate as numbers: which are equal, how far apart, by how many units in the last place.

Equality is decided on integers and never on rounded numbers, whatever the two dtypes are: 2**53 + 1 as int64 is not
2.0**53, 2**64 - 1 as uint64 is not -1 as int64. -0.0 equals 0.0 and a NaN equals any NaN.

The distance in units in the last place (ULP) counts the steps between neighbouring numbers of the dtype: bits are
read as sign and magnitude, so -0.0 and 0.0 are 0 apart and the smallest negative and positive numbers 2. Only two
finite numbers of one dtype have one; an infinity or a NaN does not, nor do integers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from reproviewer.core import float8
from reproviewer.core.weights import as_values, storage_dtype

if TYPE_CHECKING:
    from reproviewer.core.verdict import Tolerance

Array = np.ndarray[Any, Any]
Kind = Literal["float", "complex", "int", "bool", "raw"]

CHUNK = 8192
"""Elements measured at once: larger temporaries would be given back to the system and cleared again each time."""


@dataclass(frozen=True)
class Distances:
    """Element by element. `far` is |a - b| (infinite where only one is finite), `ulp` counts where `has_ulp`."""

    unequal: Array
    far: Array | None = None
    ulp: Array | None = None
    has_ulp: Array | None = None


def kind(dtype: str) -> Kind:
    """What the elements of a dtype are; `raw` are bytes that no number is known for."""
    if dtype == "bfloat16" or float8.is_float8(dtype):
        return "float"
    code = storage_dtype(dtype)
    kinds: dict[str, Kind] = {"f": "float", "c": "complex", "i": "int", "u": "int", "b": "bool"}
    return kinds.get(code.kind, "raw") if code.char not in "gG" else "raw"


def differing(a: Array, b: Array) -> Array:
    """Where the bits of two arrays of one dtype differ."""
    if a.itemsize in (1, 2, 4, 8):
        return np.asarray(_words(a) != _words(b))
    rows = (len(a), a.itemsize)
    return np.asarray((a.view(np.uint8).reshape(rows) != b.view(np.uint8).reshape(rows)).any(axis=1))


def distances(a: Array, b: Array, dtypes: tuple[str, str]) -> Distances:
    """Compare stored elements as numbers."""
    kinds = kind(dtypes[0]), kind(dtypes[1])
    if dtypes[0] == dtypes[1]:
        return _same_dtype(a, b, dtypes[0], kinds[0])
    if "raw" in kinds:
        return Distances(np.ones(len(a), bool))
    return _any_numbers(_parts(a, dtypes[0]), _parts(b, dtypes[1]))


def outside(a: Array, dtype: str, found: Distances, tolerance: Tolerance) -> bool:
    """Whether some element of the reference `a` is further off than the tolerance allows."""
    if found.far is None:
        return bool(found.unequal.any())
    near = ~found.unequal
    if tolerance.ulp and found.ulp is not None and found.has_ulp is not None:
        near |= found.has_ulp & (found.ulp <= np.uint64(tolerance.ulp))
    if tolerance.atol or tolerance.rtol:
        with np.errstate(all="ignore"):
            limit = tolerance.atol + tolerance.rtol * _magnitude(a, dtype)
            near |= (found.far <= limit) & np.isfinite(found.far)
    return not near.all()


def text(element: Array, dtype: str) -> str:
    """One stored element (an array of length 1) as a number that reads back exactly."""
    if kind(dtype) == "raw":
        return element.tobytes().hex()
    if kind(dtype) == "bool":
        return str(bool(element.view(np.uint8)[0]))
    return str(as_values(element, dtype)[0])


def bits(element: Array, dtype: str) -> str:
    """One stored element in hexadecimal; the two parts of a complex number separately."""
    parts = np.split(_real_view(element), 2) if kind(dtype) == "complex" else [element]
    return " ".join("0x" + part.tobytes()[::-1].hex() for part in parts)


def whole_distance(a: Array, b: Array) -> Array:
    """|a - b| of integers or truth values of one dtype, exactly, as unsigned integers."""
    if a.dtype.kind == "b":
        return np.asarray((a.view(np.uint8) != 0) != (b.view(np.uint8) != 0)).astype(np.uint8)
    return _int_distance(a, b)


def _words(a: Array) -> Array:
    return a.view(f"<u{a.itemsize}")


def _real_view(a: Array) -> Array:
    return a.view(f"<f{a.itemsize // 2}")


def _same_dtype(a: Array, b: Array, dtype: str, what: Kind) -> Distances:
    if what == "float":
        return _floats(a, b, dtype)
    if what == "complex":
        return _complexes(_floats(_real_view(a), _real_view(b), ""))
    if what == "int":
        return Distances(differing(a, b), _int_distance(a, b).astype(np.float64))
    if what == "bool":
        return Distances((a.view(np.uint8) != 0) != (b.view(np.uint8) != 0))
    return Distances(differing(a, b))


def _floats(a: Array, b: Array, dtype: str) -> Distances:
    x, y = (as_values(v, dtype).astype(np.float64) for v in (a, b))
    steps = _ulp(a, b, signed=dtype != float8.UNSIGNED)
    nan_x, nan_y = np.isnan(x), np.isnan(y)
    unequal = (steps != 0) & ~(nan_x & nan_y) | (nan_x ^ nan_y)
    finite = np.isfinite(x) & np.isfinite(y)
    with np.errstate(all="ignore"):
        far = np.where(unequal, np.where(finite, np.abs(x - y), np.inf), 0.0)
    return Distances(unequal, far, steps, finite | ~unequal)


def _ulp(a: Array, b: Array, signed: bool) -> Array:
    """Steps between two floats as uint64. What it says of NaNs means nothing."""
    words = _words(a).astype(np.uint64), _words(b).astype(np.uint64)
    if not signed:
        return np.maximum(*words) - np.minimum(*words)
    top = np.uint64(1) << np.uint64(a.itemsize * 8 - 1)
    one, other = (w & (top - np.uint64(1)) for w in words)
    across = ((words[0] ^ words[1]) & top) != 0
    return np.where(across, one + other, np.maximum(one, other) - np.minimum(one, other))


def _complexes(parts: Distances) -> Distances:
    """Put the parts (real, imaginary, real, ...) together: either may differ; the larger distance counts."""
    assert parts.far is not None
    assert parts.ulp is not None
    assert parts.has_ulp is not None
    with np.errstate(all="ignore"):
        far = np.hypot(parts.far[0::2], parts.far[1::2])
    unequal = parts.unequal[0::2] | parts.unequal[1::2]
    ulp = np.maximum(parts.ulp[0::2] * parts.unequal[0::2], parts.ulp[1::2] * parts.unequal[1::2])
    return Distances(unequal, far, ulp, parts.has_ulp[0::2] & parts.has_ulp[1::2])


def _int_distance(a: Array, b: Array) -> Array:
    """|a - b| of integers of one dtype, exactly, as unsigned integers."""
    high, low = np.maximum(a, b), np.minimum(a, b)
    return np.asarray(_words(high) - _words(low))


def _parts(a: Array, dtype: str) -> tuple[Array, Array]:
    """Real and imaginary part as float64, int64 or uint64: every dtype's numbers are exact in one of them."""
    what = kind(dtype)
    if what == "complex":
        pairs = _real_view(a).astype(np.float64)
        return pairs[0::2], pairs[1::2]
    if what == "float":
        real = as_values(a, dtype).astype(np.float64)
    elif what == "bool":
        real = (a.view(np.uint8) != 0).astype(np.int64)
    else:
        real = a.astype(np.uint64 if dtype == "uint64" else np.int64)
    return real, np.zeros(len(a))


def _any_numbers(a: tuple[Array, Array], b: tuple[Array, Array]) -> Distances:
    (equal_real, far_real), (equal_imaginary, far_imaginary) = (_exactly(x, y) for x, y in zip(a, b, strict=True))
    with np.errstate(all="ignore"):
        return Distances(~(equal_real & equal_imaginary), np.hypot(far_real, far_imaginary))


def _exactly(x: Array, y: Array) -> tuple[Array, Array]:
    """Where float64, int64 or uint64 numbers are equal, and |x - y|."""
    if x.dtype.kind == "f" and y.dtype.kind == "f":
        found = _floats(x, y, "")
        assert found.far is not None
        return ~found.unequal, found.far
    if x.dtype.kind == "f":
        return _exactly(y, x)
    if y.dtype.kind == "f":
        return _int_and_float(x, y)
    if x.dtype == y.dtype:
        return x == y, _int_distance(x, y).astype(np.float64)
    if x.dtype.kind == "u":
        return _exactly(y, x)
    below = x < 0
    words = x.astype(np.uint64)
    far = np.where(below, y.astype(np.float64) - x.astype(np.float64), _int_distance(words, y).astype(np.float64))
    return ~below & (words == y), far


def _int_and_float(whole: Array, number: Array) -> tuple[Array, Array]:
    bounds = np.iinfo(whole.dtype)
    end = float(bounds.max + 1)
    with np.errstate(all="ignore"):
        exact = (number >= float(bounds.min)) & (number < end) & (np.trunc(number) == number)
        as_whole = np.where(exact, number, 0).astype(whole.dtype)
        below = np.abs(whole.astype(np.float64) - number)
        above = _int_distance(whole, np.full_like(whole, bounds.max)).astype(np.float64) + 1 + (number - end)
    far = np.where(exact, _int_distance(whole, as_whole).astype(np.float64), np.where(number < end, below, above))
    return exact & (whole == as_whole), np.where(np.isfinite(number), far, np.inf)


def _magnitude(a: Array, dtype: str) -> Array:
    real, imaginary = _parts(a, dtype)
    return np.hypot(real.astype(np.float64), imaginary)
