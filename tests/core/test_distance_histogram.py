import numpy as np
import pytest

from reproviewer.core import summary
from reproviewer.core.distance_histogram import distance_histogram
from reproviewer.core.summary import Stopped
from reproviewer.core.weights import Tensor


@pytest.fixture
def counted(tmp_path):
    """Count the distances between two arrays; `dtypes` where numpy has none for the bits."""

    def count(*arrays, dtypes=(None, None)):
        tensors = []
        for i, (array, dtype) in enumerate(zip(map(np.asarray, arrays), dtypes, strict=True)):
            path = tmp_path / f"{i}.bin"
            path.write_bytes(array.tobytes())
            tensors.append(Tensor("w", dtype or array.dtype.name, array.shape, str(path), 0))
        return distance_histogram(*tensors)

    return count


def plain_ulp(a, b):
    """Steps between floats, one by one, in Python's integers."""
    top = 1 << (a.itemsize * 8 - 1)

    def place(word):
        return word if word < top else top - word

    words = (v.view(f"<u{a.itemsize}").ravel().tolist() for v in (a, b))
    return [abs(place(x) - place(y)) for x, y in zip(*words, strict=True)]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_agrees_with_counting_one_by_one(counted, dtype):
    rng = np.random.default_rng(3)
    a = rng.standard_normal((70, 90)).astype(dtype)
    b = a + (rng.standard_normal(a.shape) * 10.0 ** rng.integers(-9, 3, a.shape)).astype(dtype)
    b[::3] = a[::3]
    steps = plain_ulp(a, b)
    found = counted(a, b)
    assert found.unit == "ulp"
    assert found.identical == steps.count(0)
    expected = [sum(low <= s < 2 * low for s in steps) for low in found.edges[:-1]]
    assert list(found.counts) == expected
    assert found.edges == tuple(2**i for i in range(len(found.counts) + 1))
    assert found.size == a.size


def test_no_rounding_lifts_a_distance_into_the_next_power(counted):
    a = np.zeros(3, "<u8")
    b = np.array([2**63 - 1, 2**63, 2**64 - 1], "<u8")
    found = counted(a, b)
    assert found.unit == "whole"
    assert found.counts[62:] == (1, 2)


def test_other_bits_of_the_same_value_are_equal_not_identical(counted):
    a, b = np.float32([0.0, np.nan, 1, 2]), np.float32([-0.0, np.nan, 1, 2])
    b.view("<u4")[1] ^= 1
    found = counted(a, b)
    assert (found.identical, found.equal, found.unmeasured, found.counts) == (2, 2, 0, ())


def test_nan_and_infinity_against_numbers_are_counted_apart(counted):
    found = counted(np.float32([np.nan, np.inf, 1, np.inf]), np.float32([1, 1, 1 + 2**-23, -np.inf]))
    assert (found.unmeasured, found.counts, found.unequal) == (3, (1,), 4)


def test_one_among_millions(counted):
    a = np.zeros((2048, 2048), np.float32)
    b = a.copy()
    b[1234, 567] = 1e-45
    found = counted(a, b)
    assert (found.identical, found.counts) == (a.size - 1, (1,))


def test_integers_and_truth_values(counted):
    assert counted(np.int8([-128, 0, 5]), np.int8([127, 1, 5])).counts == (1, 0, 0, 0, 0, 0, 0, 1)
    found = counted(np.array([True, False, True]), np.array([False, False, True]))
    assert (found.unit, found.identical, found.counts) == ("whole", 2, (1,))


def test_bfloat16_and_float8(counted):
    found = counted(np.uint16([0x3F80, 0x0000]), np.uint16([0x3F83, 0x8000]), dtypes=("bfloat16", "bfloat16"))
    assert (found.equal, found.counts) == (1, (0, 1))
    found = counted(np.uint8([0x38, 0x7F]), np.uint8([0x3C, 0x00]), dtypes=("float8_e4m3fn", "float8_e4m3fn"))
    assert (found.unmeasured, found.counts) == (1, (0, 0, 1))


def test_complex_counts_the_part_that_is_further_off(counted):
    found = counted(np.complex64([1 + 1j]), np.complex64([1 + 2**-23 + (1 + 5 * 2**-23) * 1j]))
    assert found.counts == (0, 0, 1)


def test_two_dtypes_are_counted_by_decades(counted):
    found = counted(np.float32([1, 1, 1, 1]), np.float64([1, 1.5, 1.07, np.nan]))
    assert found.unit == "decades"
    assert (found.identical, found.equal, found.unmeasured) == (0, 1, 1)
    assert dict(zip(found.edges, found.counts, strict=False)) == {0.01: 1, 0.1: 1}


def test_decades_of_any_range_stay_few_and_lose_none(counted):
    found = counted(np.zeros(3, np.float32), np.float64([5e-324, 1.0, 1.7e308]))
    assert sum(found.counts) == 3
    assert len(found.counts) <= 64
    assert found.edges[0] == 5e-324


def test_elements_that_are_no_numbers(counted):
    found = counted(np.array([b"ab", b"cd"], "V2"), np.array([b"ab", b"ce"], "V2"), dtypes=("V2", "V2"))
    assert (found.unit, found.identical, found.unmeasured) == ("none", 1, 1)


def test_nothing(counted):
    assert counted(np.empty((0, 3), np.float32), np.empty((0, 3), np.float32)).size == 0
    assert counted(np.float32(1), np.float32(2)).size == 1


def test_stops_when_it_is_asked_to(tmp_path, monkeypatch):
    path = tmp_path / "zeros.bin"
    path.write_bytes(bytes(64))
    tensor = Tensor("w", "float32", (16,), str(path), 0)
    monkeypatch.setattr(summary, "BLOCK_ELEMENTS", 4)
    with pytest.raises(Stopped):
        distance_histogram(tensor, tensor, lambda: True)
