"""Tensors as windows into files."""

import hashlib
import json

import ml_dtypes
import numpy as np
import pytest

from reproviewer.core.message import ReproError
from reproviewer.core.weights import (
    Tensor,
    WeightSet,
    digest,
    open_tensor,
    read_bits,
    read_run_file,
    read_values,
    tensor_sha256,
)


@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3, 4)])
def test_a_tensor_is_read_where_it_lies(shelf, shape):
    array = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    tensor = shelf.tensor(array)
    assert np.array_equal(read_bits(tensor), array)
    assert (tensor.size, tensor.nbytes) == (array.size, array.nbytes)
    assert tensor_sha256(tensor) == hashlib.sha256(array.tobytes()).hexdigest()


@pytest.mark.parametrize(
    "dtype",
    [
        "bfloat16",
        *(f"float8_{k}" for k in ("e4m3fn", "e5m2", "e4m3", "e4m3b11fnuz", "e4m3fnuz", "e5m2fnuz", "e8m0fnu")),
    ],
)
def test_kinds_that_numpy_lacks_become_exact_numbers(shelf, dtype):
    kind = np.dtype(getattr(ml_dtypes, dtype))
    codes = np.arange(256 ** min(kind.itemsize, 2), dtype=f"u{kind.itemsize}")
    values = read_values(shelf.tensor(codes, dtype=dtype))
    with np.errstate(invalid="ignore"):
        expected = codes.view(kind).astype(np.float32)
    assert np.array_equal(values, expected, equal_nan=True)
    assert np.array_equal(np.signbit(values), np.signbit(expected)) or dtype != "bfloat16"


def test_blocks(shelf):
    array = np.arange(1000, dtype=np.int16)
    with open_tensor(shelf.tensor(array)) as reader:
        assert np.array_equal(reader.elements(10, 5), array[10:15])
        buffer = bytearray(6)
        reader.into(memoryview(buffer), 4)
        assert bytes(buffer) == array[2:5].tobytes()


def test_a_file_that_shrank_or_went(shelf):
    tensor = shelf.tensor(np.zeros(100))
    with open(tensor.path, "r+b") as file:
        file.truncate(50)
    with pytest.raises(ReproError, match="has become shorter"):
        read_bits(tensor)
    with pytest.raises(ReproError, match="has become shorter"), open_tensor(tensor) as reader:
        reader.into(memoryview(bytearray(800)), 0)
    with pytest.raises(ReproError, match="Cannot read"):
        read_bits(Tensor("k", "float32", (1,), str(shelf.folder / "gone"), 0))


def test_digest_is_as_documented(shelf):
    kernel, bias = np.arange(5, dtype=np.float32).reshape(1, 5), np.float64(2.5)
    weights = shelf.weights(k=kernel, b=bias)
    expected = hashlib.sha256(b"float32 1,5\n" + kernel.tobytes() + b"float64 \n" + bias.tobytes()).hexdigest()
    assert digest(weights) == expected
    assert digest(shelf.weights(other=kernel, names=bias)) == expected
    assert digest(WeightSet(weights.tensors[::-1])) != expected


def test_sets(shelf):
    weights = WeightSet((shelf.tensor(np.zeros(2), "a"), shelf.tensor(np.ones(3), "a", role="other")))
    assert weights.by_name["a"] is weights.tensors[0]
    assert weights.size == 5
    assert weights.only("other").tensors == weights.tensors[1:]


def run_file(tmp_path, **changes):
    tensor = {"name": "k", "dtype": "float32", "shape": [2], "offset": 64, "role": "weight", "aliases": ["x"]}
    document = {"version": 1, "data": "run-1.bin", "tensors": [tensor], "record": {"pid": 1}, **changes}
    index = tmp_path / "run-1.json"
    index.write_text(json.dumps({k: v for k, v in document.items() if v is not None}))
    return index


def test_run_files(tmp_path):
    weights, record = read_run_file(run_file(tmp_path))
    assert weights.tensors == (Tensor("k", "float32", (2,), str(tmp_path / "run-1.bin"), 64, "weight", ("x",)),)
    assert record == {"pid": 1}
    weights, _ = read_run_file(run_file(tmp_path, data="../../etc/passwd"))
    assert weights.tensors[0].path == str(tmp_path / "passwd")


@pytest.mark.parametrize("changes", [{"version": 2}, {"version": None}, {"data": None}, {"tensors": [{}]}, {"data": 5}])
def test_run_files_that_are_none(tmp_path, changes):
    with pytest.raises(ReproError, match=r"run-1\.json"):
        read_run_file(run_file(tmp_path, **changes))
    with pytest.raises(ReproError):
        read_run_file(tmp_path / "none.json")
