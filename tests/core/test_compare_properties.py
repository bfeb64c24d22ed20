"""What must hold of every comparison, whatever the numbers: tried with many that are made up."""

import shutil
import subprocess
from dataclasses import replace
from itertools import product

import h5py
import ml_dtypes
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import save_file

from reproviewer.core.compare import compare, compare_tensors
from reproviewer.core.groups import group
from reproviewer.core.verdict import Tolerance, Verdict
from reproviewer.core.weights import Tensor, WeightSet, storage_dtype
from reproviewer.files.registry import read_index

FLOATS = ("float16", "bfloat16", "float32", "float64", "float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz")
DTYPES = (*FLOATS, "int8", "int32", "int64", "uint16", "uint64", "bool", "complex64", "complex128")
QUICK = settings(
    derandomize=True,
    max_examples=60,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def special_words(dtype):
    """Bit patterns where things go wrong: zeros, ones, infinities, NaNs with payloads, denormals, the largest."""
    bits = storage_dtype(dtype).itemsize * 8 // (2 if dtype.startswith("complex") else 1)
    top = 1 << (bits - 1)
    words = {0, 1, 2, top, top + 1, top - 1, 2 * top - 1}
    kind = {16: np.float16, 32: np.float32, 64: np.float64}.get(bits)
    for value in (1.0, -1.0, np.inf, -np.inf, np.nan, 0.1) if kind else ():
        word = int(np.array(value, kind).view(f"u{bits // 8}"))
        words |= {word, word + 1}
    return bits, sorted(words)


@st.composite
def stored(draw, dtype, count):
    """`count` stored elements of `dtype`."""
    if dtype == "bool":
        return np.array(draw(st.lists(st.integers(0, 1), min_size=count, max_size=count)), np.uint8)
    bits, special = special_words(dtype)
    words = count * (2 if dtype.startswith("complex") else 1)
    one = st.one_of(st.sampled_from(special), st.integers(0, (1 << bits) - 1))
    found = draw(st.lists(one, min_size=words, max_size=words))
    return np.array(found, f"<u{bits // 8}").view(storage_dtype(dtype))


@st.composite
def two(draw):
    """A dtype and two arrays of it, of which many elements are the same."""
    dtype = draw(st.sampled_from(DTYPES))
    count = draw(st.integers(1, 12))
    a, b = draw(stored(dtype, count)), draw(stored(dtype, count))
    keep = np.array(draw(st.lists(st.booleans(), min_size=count, max_size=count)))
    return dtype, a, np.where(keep, a.view(f"V{a.itemsize}"), b.view(f"V{b.itemsize}")).view(b.dtype)


def numbers(array, dtype):
    return array.view(bool) if dtype == "bool" else array.view(np.dtype(getattr(ml_dtypes, dtype, dtype)))


@QUICK
@given(two())
def test_bits_and_values_are_what_numpy_says(shelf, given_):
    dtype, a, b = given_
    found = compare_tensors(shelf.tensor(a, dtype=dtype), shelf.tensor(b, dtype=dtype))
    bytes_a, bytes_b = (v.view(np.uint8).reshape(len(v), -1) for v in (a, b))
    unlike = (bytes_a != bytes_b).any(axis=1)
    x, y = numbers(a, dtype), numbers(b, dtype)
    with np.errstate(invalid="ignore"):
        equal = (x == y) | ((x != x) & (y != y))
        if dtype.startswith("complex"):  # numpy takes (nan, 1) and (nan, 2) for the same
            parts = [(p == q) | ((p != p) & (q != q)) for p, q in ((x.real, y.real), (x.imag, y.imag))]
            equal = parts[0] & parts[1]
    assert found.differing == np.count_nonzero(unlike)
    assert found.unequal == np.count_nonzero(~equal)
    assert (found.verdict is Verdict.IDENTICAL) == np.array_equal(bytes_a, bytes_b)
    assert (found.verdict is Verdict.DIFFERENT) == (not equal.all())
    assert (found.first and found.first.index[0]) == (int(unlike.argmax()) if unlike.any() else None)


@QUICK
@given(two())
def test_reflexive_and_symmetric(shelf, given_):
    dtype, a, b = given_
    one, other, copy = (shelf.tensor(v, dtype=dtype) for v in (a, b, a))
    same = compare_tensors(one, copy, Tolerance(1, 1.0, 1.0))
    assert (same.verdict, same.differing, same.unequal, same.first) == (Verdict.IDENTICAL, 0, 0, None)
    assert same.max_abs in (0.0, None)
    there, back = compare_tensors(one, other), compare_tensors(other, one)
    if there.first:
        first = replace(there.first, values=there.first.values[::-1], bits=there.first.bits[::-1])
        there = replace(there, first=first)
    assert there == back


@QUICK
@given(two(), st.integers(0, 40), st.sampled_from([0.0, 1e-6, 0.5, 1e30]))
def test_what_is_close_stays_close_with_more_tolerance(shelf, given_, ulp, atol):
    dtype, a, b = given_
    one, other = shelf.tensor(a, dtype=dtype), shelf.tensor(b, dtype=dtype)
    exact, found = compare_tensors(one, other), compare_tensors(one, other, Tolerance(ulp, atol))
    assert (found.differing, found.unequal, found.max_abs) == (exact.differing, exact.unequal, exact.max_abs)
    if found.verdict is Verdict.CLOSE:
        assert exact.verdict is Verdict.DIFFERENT
        assert compare_tensors(one, other, Tolerance(ulp + 1, atol * 2 + 1)).verdict is Verdict.CLOSE
        assert found.max_abs <= atol or (found.max_ulp is not None and found.max_ulp <= ulp) or (ulp and atol)
    else:
        assert found.verdict is exact.verdict


@QUICK
@given(st.sampled_from(DTYPES), st.data())
def test_one_flipped_bit_is_located_in_any_shape(shelf, dtype, data):
    shape = tuple(data.draw(st.lists(st.integers(1, 4), min_size=0, max_size=4)))
    count = int(np.prod(shape, dtype=int))
    a = data.draw(stored(dtype, count))
    place = data.draw(st.integers(0, count - 1))
    bit = 0 if dtype == "bool" else data.draw(st.integers(0, a.itemsize * 8 - 1))
    b = a.copy()
    b.view(np.uint8)[place * a.itemsize + bit // 8] ^= 1 << bit % 8
    found = compare_tensors(shelf.tensor(a.reshape(shape), dtype=dtype), shelf.tensor(b.reshape(shape), dtype=dtype))
    assert found.verdict in (Verdict.EQUAL, Verdict.DIFFERENT)
    assert found.differing == 1
    assert found.first.index == tuple(np.unravel_index(place, shape))


def write_h5(path, arrays):
    with h5py.File(path, "w") as file:
        for i, array in enumerate(arrays):
            file[f"layers/dense/vars/{i}"] = array


def write_chunks(path, arrays):
    with h5py.File(path, "w") as file:
        for i, array in enumerate(arrays):
            file.create_dataset(f"layers/dense/vars/{i}", data=array, chunks=array.shape, compression="gzip")


def write_legacy(path, arrays):
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = ["dense"]
        group = file.create_group("dense")
        group.attrs["weight_names"] = [f"dense/w{i}:0" for i in range(len(arrays))]
        for i, array in enumerate(arrays):
            group[f"dense/w{i}:0"] = array


def write_npz(path, arrays):
    with path.open("wb") as file:
        np.savez(file, **{f"w{i}": array for i, array in enumerate(arrays)})


def write_npz_compressed(path, arrays):
    with path.open("wb") as file:
        np.savez_compressed(file, **{f"w{i}": array for i, array in enumerate(arrays)})


def write_npz_big_endian(path, arrays):
    write_npz(path, [np.asfortranarray(array.astype(array.dtype.newbyteorder(">"))) for array in arrays])


def write_safetensors(path, arrays):
    save_file({f"w{i}": array for i, array in enumerate(arrays)}, path)


WRITERS = (
    write_h5,
    write_chunks,
    write_legacy,
    write_npz,
    write_npz_compressed,
    write_npz_big_endian,
    write_safetensors,
)


def read(path, scratch):
    tensors = [{**t, "shape": tuple(t["shape"])} for t in read_index(path, scratch)["tensors"]]
    return WeightSet(tuple(Tensor(**t) for t in tensors))


@pytest.mark.parametrize("write", WRITERS)
@settings(QUICK, max_examples=12)
@given(st.sampled_from(["float16", "float32", "float64", "int64"]), st.data())
def test_one_flipped_bit_is_located_in_any_file(tmp_path_factory, write, dtype, data):
    folder = tmp_path_factory.mktemp("files")
    shapes = data.draw(st.lists(st.tuples(st.integers(1, 5), st.integers(1, 3)), min_size=1, max_size=3))
    arrays = [data.draw(stored(dtype, m * n)).reshape(m, n) for m, n in shapes]
    write(folder / "a", arrays)
    write(folder / "again", arrays)
    which = data.draw(st.integers(0, len(arrays) - 1))
    place = data.draw(st.integers(0, arrays[which].size - 1))
    bit = data.draw(st.integers(0, arrays[which].itemsize * 8 - 1))
    changed = [array.copy() for array in arrays]
    changed[which].view(np.uint8).reshape(-1)[place * changed[which].itemsize + bit // 8] ^= 1 << bit % 8
    write(folder / "b", changed)
    sets = {name: read(folder / name, folder / f"{name}.bin") for name in ("a", "again", "b")}
    assert compare(sets["a"], sets["again"]).verdict is Verdict.IDENTICAL
    found = compare(sets["a"], sets["b"])
    unlike = [t for t in found.tensors if t.verdict is not Verdict.IDENTICAL]
    assert [t.name.removesuffix(":0")[-1] for t in unlike] == [str(which)]
    assert (found.differing, unlike[0].first.index) == (1, np.unravel_index(place, shapes[which]))


@pytest.mark.parametrize("write", [write_h5, write_legacy, write_npz, write_safetensors])
@settings(QUICK, max_examples=12)
@given(st.data())
def test_every_byte_of_every_tensor_counts(tmp_path_factory, write, data):
    """The bit is flipped in the file itself, where the reader says that the tensor lies."""
    folder = tmp_path_factory.mktemp("files")
    arrays = [np.arange(6, dtype=np.float32).reshape(2, 3), np.ones(5, np.float64)]
    write(folder / "a", arrays)
    before = read(folder / "a", folder / "a.bin")
    tensor = data.draw(st.sampled_from(before.tensors))
    byte, bit = data.draw(st.integers(0, tensor.nbytes - 1)), data.draw(st.integers(0, 7))
    content = bytearray((folder / "a").read_bytes())
    content[tensor.offset + byte] ^= 1 << bit
    (folder / "b").write_bytes(content)
    after = WeightSet(tuple(replace(t, path=str(folder / "b")) for t in before.tensors))
    found = compare(before, after)
    (unlike,) = [t for t in found.tensors if t.verdict is not Verdict.IDENTICAL]
    assert (unlike.name, unlike.differing) == (tensor.name, 1)
    assert unlike.first.index == np.unravel_index(byte // tensor.itemsize, tensor.shape)


@QUICK
@given(st.lists(st.lists(st.sampled_from([0.0, -0.0, 1.0, np.nan]), min_size=2, max_size=2), min_size=2, max_size=5))
def test_groups_say_of_every_two_what_their_comparison_says(shelf, values):
    sets = [
        WeightSet(tuple(shelf.tensor(np.float32([v]), n) for v, n in zip(row, "pq", strict=True))) for row in values
    ]
    found = group(sets, [compare(sets[0], other) for other in sets[1:]])
    for i, j in product(range(len(sets)), repeat=2):
        verdict = compare(sets[i], sets[j]).verdict
        assert found.matrix[i][j] is verdict
        assert (verdict is Verdict.IDENTICAL) == any(i in c and j in c for c in found.classes)


@pytest.mark.parametrize("program", [path for path in [shutil.which("h5diff")] if path])
@settings(QUICK, max_examples=25)
@given(st.sampled_from(["float32", "float64", "int32"]), st.data())
def test_h5diff_agrees_where_it_is_right(tmp_path_factory, program, dtype, data):
    """It compares values, not bits, and takes every NaN for a difference or none: there are no NaNs here."""
    folder = tmp_path_factory.mktemp("h5diff")
    arrays = [data.draw(stored(dtype, 4)) for _ in "ab"]
    keep = np.array(data.draw(st.lists(st.sampled_from([True, True, False]), min_size=4, max_size=4)))
    a, b = (np.where(np.isfinite(array), array, 1) for array in arrays)
    b = np.where(keep, a, b)
    for name, array in (("a", a), ("b", b)):
        write_h5(folder / name, [array.astype(dtype)])
    done = subprocess.run([program, "-q", folder / "a", folder / "b"], check=False)
    found = compare(*(read(folder / name, folder / f"{name}.bin") for name in "ab"))
    assert done.returncode == (1 if found.verdict is Verdict.DIFFERENT else 0)
