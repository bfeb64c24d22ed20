"""The verdict: never identical when a bit differs, never different when no value does."""

import math
import os
from fractions import Fraction

import ml_dtypes
import numpy as np
import pytest

from reproviewer.core import blocks
from reproviewer.core.compare import Cancelled, compare, compare_tensors
from reproviewer.core.message import ReproError
from reproviewer.core.pairing import pair
from reproviewer.core.verdict import EXACT, Tolerance, Tolerances, Verdict
from reproviewer.core.weights import Tensor, WeightSet, storage_dtype

FLOAT8 = ("e4m3fn", "e5m2", "e4m3", "e4m3b11fnuz", "e4m3fnuz", "e5m2fnuz", "e8m0fnu")
FLOATS = ("float16", "bfloat16", "float32", "float64", *(f"float8_{kind}" for kind in FLOAT8))
INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
DTYPES = (*FLOATS, *INTEGERS, "bool", "complex64", "complex128")


def numpy_dtype(name):
    return np.dtype(getattr(ml_dtypes, name, name))


def special_bits(rng, dtype, count):
    """Random bits with many of those where things go wrong: zeros, infinities, NaNs, neighbours, largest, smallest."""
    item = storage_dtype(dtype).itemsize
    data = np.frombuffer(rng.bytes(count * item), f"<u{min(item, 8)}").copy()
    bits = min(item, 8) * 8 // (2 if dtype == "complex64" else 1)
    top = 1 << (bits - 1)
    edges = [0, top, 1, top + 1, top - 1, 2 * top - 1, 2 * top - 2]
    for kind in (np.float16, np.float32, np.float64):
        if kind().itemsize * 8 == bits:
            values = [np.inf, -np.inf, np.nan, 1.0, -1.0, np.finfo(kind).max, np.finfo(kind).tiny, 0.5]
            edges += [int(np.array(v, kind).view(f"u{bits // 8}")) for v in values]
    where = rng.random(len(data)) < 0.7
    edges = np.array(edges, f"<u{bits // 8}")
    if dtype == "complex64":
        halves = data.view("<u4")
        where = rng.random(len(halves)) < 0.7
        halves[where] = rng.choice(edges, where.sum())
    else:
        data[where] = rng.choice(edges, where.sum())
    if dtype == "bool":
        return (data & 1).astype("u1")
    return data.view(storage_dtype(dtype))


def as_python(stored, dtype):
    """Elements as exact Python numbers, complex ones as pairs."""
    if dtype == "bool":
        return [(int(x),) for x in stored.view("u1") != 0]
    array = stored.view(numpy_dtype(dtype))
    if dtype.startswith("complex"):
        return [(float(x.real), float(x.imag)) for x in array]
    if dtype in INTEGERS:
        return [(int(x),) for x in array]
    with np.errstate(invalid="ignore"):
        return [(float(x),) for x in array.astype(np.float64)]


def same(x, y):
    """Python compares int with float exactly."""
    return x == y or (x != x and y != y)


def all_same(x, y):
    pairs = zip(x + (0,) * (2 - len(x)), y + (0,) * (2 - len(y)), strict=True)
    return all(same(p, q) for p, q in pairs)


def distance(x, y):
    parts = []
    for p, q in zip(x + (0,) * (2 - len(x)), y + (0,) * (2 - len(y)), strict=True):
        if same(p, q):
            parts.append(0.0)
        elif not (math.isfinite(p) and math.isfinite(q)):
            return math.inf
        else:
            exact = abs(Fraction(p) - Fraction(q))
            parts.append(float(exact) if exact < Fraction(2) ** 1024 else math.inf)
    return math.hypot(*parts)


def neighbours_ordered(stored, dtype):
    """An integer per real element, in the order of the numbers, -0.0 and 0.0 the same."""
    bits = storage_dtype(dtype).itemsize * 8
    codes = [int(v) for v in stored.view(f"<u{bits // 8}")]
    if dtype == "float8_e8m0fnu":
        return codes
    return [-(c - (1 << (bits - 1))) if c >> (bits - 1) else c for c in codes]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("seed", range(6))
def test_against_exact_arithmetic(shelf, dtype, seed):
    rng = np.random.default_rng([seed, DTYPES.index(dtype)])
    count = int(rng.integers(1, 300))
    a, b = special_bits(rng, dtype, count), special_bits(rng, dtype, count)
    keep = rng.random(count) < rng.choice([0.0, 0.3, 0.95, 1.0])
    b = np.where(keep, a.view(f"V{a.itemsize}"), b.view(f"V{b.itemsize}")).view(b.dtype)
    found = compare_tensors(shelf.tensor(a, dtype=dtype), shelf.tensor(b, dtype=dtype))
    bits_differ = [a[i : i + 1].tobytes() != b[i : i + 1].tobytes() for i in range(count)]
    exact_a, exact_b = as_python(a, dtype), as_python(b, dtype)
    unequal = [not all_same(x, y) for x, y in zip(exact_a, exact_b, strict=True)]
    assert found.differing == sum(bits_differ)
    assert found.unequal == sum(unequal)
    expected = Verdict.DIFFERENT if any(unequal) else Verdict.EQUAL if any(bits_differ) else Verdict.IDENTICAL
    assert found.verdict is expected
    assert (found.first.index[0] if found.first else None) == (bits_differ.index(True) if any(bits_differ) else None)
    if dtype != "bool":
        furthest = max((distance(x, y) for x, y in zip(exact_a, exact_b, strict=True)), default=0.0)
        assert found.max_abs == pytest.approx(furthest, rel=1e-15, abs=0)
    if dtype in FLOATS:
        keys = zip(neighbours_ordered(a, dtype), neighbours_ordered(b, dtype), strict=True)
        finite = [math.isfinite(x[0]) and math.isfinite(y[0]) for x, y in zip(exact_a, exact_b, strict=True)]
        steps = [abs(p - q) for (p, q), f, u in zip(keys, finite, unequal, strict=True) if f and u]
        assert found.max_ulp == (max(steps) if steps else None if any(unequal) else 0)


@pytest.mark.parametrize("dtypes", [(p, q) for p in DTYPES for q in DTYPES if p != q])
def test_other_dtypes_are_compared_by_exact_value(shelf, dtypes):
    rng = np.random.default_rng([DTYPES.index(dtypes[0]), DTYPES.index(dtypes[1])])
    a, b = (special_bits(rng, dtype, 200) for dtype in dtypes)
    found = compare_tensors(shelf.tensor(a, dtype=dtypes[0]), shelf.tensor(b, dtype=dtypes[1]))
    exact = list(zip(as_python(a, dtypes[0]), as_python(b, dtypes[1]), strict=True))
    unequal = [not all_same(x, y) for x, y in exact]
    assert found.unequal == found.differing == sum(unequal)
    assert found.verdict is (Verdict.DIFFERENT if any(unequal) else Verdict.EQUAL)
    assert found.max_ulp is None
    assert found.max_abs == pytest.approx(max(distance(x, y) for x, y in exact), rel=1e-15, abs=0)


@pytest.mark.parametrize(
    ("a", "b", "equal"),
    [
        (np.int64(2**53 + 1), np.float64(2**53), False),
        (np.int64(2**53), np.float64(2**53), True),
        (np.int64(2**63 - 1), np.float64(2**63), False),
        (np.int64(-(2**63)), np.float64(-(2.0**63)), True),
        (np.uint64(2**64 - 1), np.float64(2**64), False),
        (np.uint64(2**64 - 1), np.int64(-1), False),
        (np.uint64(2**63), np.int64(-(2**63)), False),
        (np.uint64(5), np.int64(5), True),
        (np.uint64(2**63), np.float32(2**63), True),
        (np.float32(0.1), np.float64(0.1), False),
        (np.float32(1.0), np.float64(1.0), True),
        (np.float32(-0.0), np.float64(0.0), True),
        (np.float32(np.nan), np.float64(np.nan), True),
        (np.int64(2**62 + 1), np.complex128(2**62), False),
        (np.bool_(True), np.int8(1), True),
        (np.bool_(True), np.int8(2), False),
        (np.float64(1e300), np.float32(np.inf), False),
    ],
)
def test_values_of_two_dtypes(shelf, a, b, equal):
    for x, y in ((a, b), (b, a)):
        found = compare_tensors(shelf.tensor(x), shelf.tensor(y))
        assert found.verdict is (Verdict.EQUAL if equal else Verdict.DIFFERENT)
        assert (found.max_abs == 0) is equal


def test_distance_of_large_unsigned_and_signed(shelf):
    found = compare_tensors(shelf.tensor(np.uint64(2**63)), shelf.tensor(np.int64(2**63 - 1)))
    assert found.max_abs == 1.0
    found = compare_tensors(shelf.tensor(np.uint64(2**64 - 1)), shelf.tensor(np.uint64(0)))
    assert found.max_abs == float(2**64 - 1)
    found = compare_tensors(shelf.tensor(np.int64(-(2**63))), shelf.tensor(np.int64(2**63 - 1)))
    assert found.max_abs == float(2**64 - 1)


def test_zeros_and_nans(shelf):
    nan = np.array([0x7FC00000, 0x7FC00001], np.uint32).view(np.float32)
    a = np.array([0.0, nan[0], nan[0], 1.0], np.float32)
    b = np.array([-0.0, nan[1], nan[0], 1.0], np.float32)
    found = compare_tensors(shelf.tensor(a), shelf.tensor(b))
    assert found.verdict is Verdict.EQUAL
    assert (found.differing, found.unequal, found.max_abs, found.max_ulp) == (2, 0, 0.0, 0)
    assert found.first.values == ("0.0", "-0.0")
    assert found.first.bits == ("0x00000000", "0x80000000")
    found = compare_tensors(shelf.tensor(nan[:1]), shelf.tensor(nan[:1]))
    assert found.verdict is Verdict.IDENTICAL


def test_nan_and_infinity_against_numbers(shelf):
    one = shelf.tensor(np.array([1.0, 2.0], np.float32))
    nan = compare_tensors(one, shelf.tensor(np.array([np.nan, 2.0], np.float32)), Tolerance(10**6, 10.0, 10.0))
    assert (nan.verdict, nan.max_abs, nan.max_ulp) == (Verdict.DIFFERENT, math.inf, None)
    most = np.finfo(np.float32).max
    edge = shelf.tensor(np.array([most], np.float32)), shelf.tensor(np.array([np.inf], np.float32))
    for a, b in (edge, edge[::-1]):
        found = compare_tensors(a, b, Tolerance(10**6, 10.0, 10.0))
        assert (found.verdict, found.max_abs, found.max_ulp) == (Verdict.DIFFERENT, math.inf, None)


def test_ulp_across_zero(shelf):
    tiny = np.float32(1e-45)
    found = compare_tensors(shelf.tensor(np.array([tiny])), shelf.tensor(np.array([-tiny])))
    assert found.max_ulp == 2
    found = compare_tensors(shelf.tensor(np.array([-0.0], np.float32)), shelf.tensor(np.array([tiny])))
    assert found.max_ulp == 1
    a, b = np.array([-1.7e308]), np.array([1.7e308])
    found = compare_tensors(shelf.tensor(a), shelf.tensor(b))
    assert found.max_ulp == 2 * int(b.view(np.int64)[0])
    assert found.max_abs == math.inf


@pytest.mark.parametrize(
    ("tolerance", "verdict"),
    [
        (Tolerance(), Verdict.DIFFERENT),
        (Tolerance(ulp=1), Verdict.DIFFERENT),
        (Tolerance(ulp=2), Verdict.CLOSE),
        (Tolerance(atol=2.3e-7), Verdict.DIFFERENT),
        (Tolerance(atol=2.4e-7), Verdict.CLOSE),
        (Tolerance(rtol=2.4e-7), Verdict.CLOSE),
        (Tolerance(rtol=1e-7), Verdict.DIFFERENT),
        (Tolerance(ulp=1, atol=2.4e-7), Verdict.CLOSE),
    ],
)
@pytest.mark.parametrize("size", [1, 100_000])
def test_tolerance(shelf, tolerance, verdict, size):
    a = np.ones(size, np.float32)
    b = a.copy()
    b[-1] = np.nextafter(np.nextafter(np.float32(1), np.float32(2)), np.float32(2))
    assert compare_tensors(shelf.tensor(a), shelf.tensor(b), tolerance).verdict is verdict
    every = np.full(size, b[-1])
    assert compare_tensors(shelf.tensor(a), shelf.tensor(every), tolerance).verdict is verdict


def test_tolerances_by_name(shelf):
    narrow, wide = Tolerance(ulp=1), Tolerance(atol=0.5)
    by_name = Tolerances(narrow, (("*/bias", wide), ("out/*", narrow), ("out/b*", wide)))
    assert [by_name.of(n) for n in ("k", "dense/bias:0", "out/kernel", "out/bias")] == [narrow, wide, narrow, wide]
    assert by_name
    assert not Tolerances()
    assert not Tolerances(by_pattern=(("*", EXACT),))
    a = shelf.weights(**{"d/kernel": np.zeros(2), "d/bias": np.zeros(2)})
    b = shelf.weights(**{"d/kernel": np.zeros(2), "d/bias": np.full(2, 0.5)})
    found = compare(a, b, by_name)
    assert found.verdict is Verdict.CLOSE
    assert [t.tolerance for t in found.tensors] == [narrow, wide]
    assert compare(b, a, Tolerances(wide, (("d/bias", EXACT),))).verdict is Verdict.DIFFERENT


def test_state_is_compared_where_the_pairs_hold_it(shelf):
    def model(step):
        return WeightSet((shelf.tensor(np.ones(2), "k"), shelf.tensor(np.full(1, step), "step", role="optimizer")))

    a, b = model(1), model(2)
    found = compare(a, b, pairs=pair(a, b, with_state=True))
    assert (found.verdict, found.not_compared) == (Verdict.DIFFERENT, ())
    assert [t.role for t in found.tensors] == ["weight", "optimizer"]


def test_relative_tolerance_is_of_the_reference(shelf):
    a, b = shelf.tensor(np.array([1.0])), shelf.tensor(np.array([2.0]))
    assert compare_tensors(a, b, Tolerance(rtol=0.6)).verdict is Verdict.DIFFERENT
    assert compare_tensors(b, a, Tolerance(rtol=0.6)).verdict is Verdict.CLOSE


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int8", "int64", "bool", "bfloat16"])
def test_one_flipped_bit_is_found_and_located(shelf, dtype):
    rng = np.random.default_rng(3)
    itemsize = storage_dtype(dtype).itemsize
    size = (3 * blocks.BLOCK + 1000 * itemsize) // itemsize
    data = bytearray(rng.bytes(size * itemsize))
    clean = shelf.tensor(np.frombuffer(data, storage_dtype(dtype)), dtype=dtype)
    block = blocks.BLOCK // itemsize
    places = [0, 1, block - 1, block, 3 * block - 1, 3 * block, size - 1, *rng.integers(0, size, 10)]
    for place in map(int, places):
        bit = int(rng.integers(0, itemsize * 8))
        byte = place * itemsize + bit // 8
        data[byte] ^= 1 << bit % 8
        found = compare_tensors(clean, shelf.tensor(np.frombuffer(data, storage_dtype(dtype)), dtype=dtype))
        data[byte] ^= 1 << bit % 8
        assert found.verdict is not Verdict.IDENTICAL
        assert found.differing == 1
        assert found.first.index == (place,)
    assert compare_tensors(clean, clean).verdict is Verdict.IDENTICAL


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize("share", [1e-7, 0.1, 1.0])
def test_two_threads_find_what_numpy_finds(shelf, dtype, share):
    rng = np.random.default_rng(5)
    kind = numpy_dtype(dtype)
    size = (blocks.TWO_THREADS_FROM + 3 * blocks.BLOCK) // kind.itemsize + 17
    a = rng.standard_normal(size).astype(kind)
    b = a.copy()
    where = rng.random(size) < share
    where[size // 2 + 5] = True
    b[where] = rng.standard_normal(int(where.sum())).astype(kind)
    one, other = (shelf.tensor(v.view(storage_dtype(dtype)).reshape(1, size), dtype=dtype) for v in (a, b))
    found = compare_tensors(one, other, Tolerance(ulp=3))
    unlike = a != b
    assert found.differing == found.unequal == int(unlike.sum())
    assert found.first.index == (0, int(unlike.argmax()))
    assert found.max_abs == np.abs(a.astype(np.float64) - b.astype(np.float64)).max()
    assert found.verdict is Verdict.DIFFERENT
    far = farthest(a[unlike], b[unlike], dtype)
    keys = zip(*(neighbours_ordered(v[unlike][far], dtype) for v in (a, b)), strict=True)
    assert found.max_ulp == max(abs(p - q) for p, q in keys)


def farthest(a, b, dtype):
    """Where two arrays are about the farthest from each other, counted in numbers between them: a thousand places."""
    bits = storage_dtype(dtype).itemsize * 8
    codes = [v.view(f"<u{bits // 8}") for v in (a, b)]
    p, q = (np.where(c >> (bits - 1), -1.0, 1.0) * (c & ((1 << (bits - 1)) - 1)) for c in codes)
    return np.abs(p - q).argsort()[-1000:]


def test_dense_difference_with_a_nan_among_it(shelf):
    rng = np.random.default_rng(6)
    a, b = rng.standard_normal((2, 400_000)).astype(np.float32)
    b[300_001] = np.nan
    found = compare_tensors(shelf.tensor(a), shelf.tensor(b), Tolerance(atol=100.0))
    assert (found.verdict, found.max_abs) == (Verdict.DIFFERENT, math.inf)
    b[300_001] = a[300_001]
    found = compare_tensors(shelf.tensor(a), shelf.tensor(b), Tolerance(atol=100.0))
    assert found.verdict is Verdict.CLOSE


@pytest.mark.parametrize("shape", [(), (0,), (3, 0, 2), (1, 1), (2, 3, 4)])
def test_shapes(shelf, shape):
    a = shelf.tensor(np.zeros(shape, np.float32))
    assert compare_tensors(a, shelf.tensor(np.zeros(shape, np.float32))).verdict is Verdict.IDENTICAL
    assert compare_tensors(a, shelf.tensor(np.zeros(shape, np.float64))).verdict is Verdict.EQUAL
    assert compare_tensors(a, shelf.tensor(np.zeros((7, *shape), np.float32))).verdict is Verdict.MISMATCHED
    if a.size:
        ones = np.zeros(shape, np.float32)
        ones.reshape(-1)[-1] = 1
        found = compare_tensors(a, shelf.tensor(ones))
        assert found.first.index == tuple(n - 1 for n in shape)


def test_same_size_in_another_shape_is_mismatched(shelf):
    found = compare_tensors(shelf.tensor(np.zeros((2, 3))), shelf.tensor(np.zeros((3, 2))))
    assert (found.verdict, found.size, found.max_abs, found.max_ulp) == (Verdict.MISMATCHED, 0, None, None)
    assert compare_tensors(shelf.tensor(np.zeros((0, 3))), shelf.tensor(np.zeros((3, 0)))).verdict is Verdict.MISMATCHED


def test_missing_and_extra(shelf):
    a = shelf.tensor(np.zeros(3), "k")
    assert compare_tensors(a, None).names == ("k", None)
    assert compare_tensors(None, a).verdict is Verdict.MISMATCHED


def test_raw_bytes(shelf):
    a, b = np.array([b"abc", b"def"]), np.array([b"abc", b"dxf"])
    found = compare_tensors(shelf.tensor(a, dtype="S3"), shelf.tensor(b, dtype="S3"))
    assert (found.verdict, found.differing, found.first.index, found.max_abs) == (Verdict.DIFFERENT, 1, (1,), None)
    number = shelf.tensor(np.zeros(2, np.float32))
    assert compare_tensors(number, shelf.tensor(a, dtype="S3")).verdict is Verdict.DIFFERENT


def test_booleans_that_are_not_zero_or_one(shelf):
    a, b = np.array([0, 1, 1], np.uint8), np.array([0, 2, 1], np.uint8)
    found = compare_tensors(shelf.tensor(a, dtype="bool"), shelf.tensor(b, dtype="bool"))
    assert (found.verdict, found.first.values) == (Verdict.EQUAL, ("True", "True"))


def test_values_read_back_exactly(shelf):
    rng = np.random.default_rng(8)
    for dtype in ("float16", "float32", "float64", "int64", "complex64"):
        for _ in range(50):
            a, b = (np.frombuffer(rng.bytes(np.dtype(dtype).itemsize), dtype) for _ in "ab")
            first = compare_tensors(shelf.tensor(a), shelf.tensor(b)).first
            for value, text, code in zip((a, b), first.values, first.bits, strict=True):
                read = np.array([complex(text) if dtype == "complex64" else text]).astype(dtype)
                assert np.array_equal(read, value, equal_nan=not dtype.startswith("int")), text
                if dtype != "complex64":
                    assert int(code, 16) == int(value.view(f"u{value.itemsize}")[0])


def test_only_weights_and_draws_are_compared(shelf):
    def tensors(seed):
        return WeightSet(
            (
                shelf.tensor(np.zeros(3), "k"),
                shelf.tensor(np.full(1, seed), "optimizer/iteration", role="optimizer"),
                shelf.tensor(np.full(1, seed), "seed_state", role="other"),
                shelf.tensor(np.ones(3), "random.random()", role="draw"),
            )
        )

    found = compare(tensors(1), tensors(2))
    assert found.verdict is Verdict.IDENTICAL
    assert [t.name for t in found.tensors] == ["k", "random.random()"]
    assert found.not_compared == ("optimizer/iteration", "seed_state")
    file = compare(tensors(1), tensors(2).only("weight"))
    assert file.verdict is Verdict.IDENTICAL
    assert "random.random()" in file.not_compared


def test_the_whole_is_as_bad_as_its_worst_part(shelf):
    a = shelf.weights(one=np.zeros(2), two=np.zeros(2), three=np.zeros(2))
    b = shelf.weights(one=np.zeros(2), two=-np.zeros(2), three=np.zeros(2))
    assert compare(a, b).verdict is Verdict.EQUAL
    assert compare(a, shelf.weights(one=np.zeros(2), two=np.ones(2), three=-np.zeros(2))).verdict is Verdict.DIFFERENT
    assert compare(a, shelf.weights(one=np.zeros(2), two=np.ones(2))).verdict is Verdict.MISMATCHED
    assert compare(a, a).size == 6


def test_progress_is_told_in_bytes(shelf):
    a, b = (shelf.weights(one=np.zeros(2_000_000), two=np.zeros(5), three=np.float32(1)) for _ in "ab")
    told = []
    compare(a, b, progress=lambda done, total: told.append((done, total)))
    done = [d for d, _ in told]
    assert done == sorted(done)
    assert told[-1] == (16_000_044, 16_000_044)


def test_cancelling_stops_at_once(shelf):
    one_thread, two_threads = ([shelf.weights(one=np.zeros(size)) for _ in "ab"] for size in (1_000_000, 4_000_000))
    asked = []
    with pytest.raises(Cancelled):
        compare(*one_thread, cancelled=lambda: asked.append(1) or len(asked) > 2)
    assert len(asked) == 3
    with pytest.raises(Cancelled):
        compare(*two_threads, cancelled=lambda: True)


def test_a_file_that_became_shorter_is_an_error_in_words(shelf):
    for size in (100, 4_000_000):
        a, b = shelf.tensor(np.zeros(size)), shelf.tensor(np.zeros(size))
        os.truncate(b.path, size * 4)
        with pytest.raises(ReproError, match=r"\.bin has become shorter while it was read"):
            compare_tensors(a, b)
    with pytest.raises(ReproError, match=r"Cannot read gone\.bin"):
        compare_tensors(a, Tensor("k", "float64", a.shape, "/nowhere/gone.bin", 0))


def test_ten_thousand_tensors(shelf):
    path = shelf.folder / "many.bin"
    np.arange(30_000, dtype=np.float32).tofile(path)
    many = WeightSet(tuple(Tensor(f"dense_{i}/kernel", "float32", (3,), str(path), i * 12) for i in range(10_000)))
    assert compare(many, many).verdict is Verdict.IDENTICAL
