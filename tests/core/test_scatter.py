import numpy as np
import pytest

from reproviewer.core.scatter import CELLS, MOST_POINTS, scatter
from reproviewer.core.summary import Stopped
from reproviewer.core.weights import Tensor


@pytest.fixture
def files(tmp_path):
    def make(*arrays, dtypes=(None, None)):
        tensors = []
        for i, (array, dtype) in enumerate(zip(map(np.asarray, arrays), dtypes, strict=True)):
            path = tmp_path / f"{i}.bin"
            path.write_bytes(array.tobytes())
            tensors.append(Tensor("w", dtype or array.dtype.name, array.shape, str(path), 0))
        return tensors

    return make


def test_agrees_with_numpy(files):
    rng = np.random.default_rng(7)
    a, b = rng.standard_normal((2, 700, 500))
    b[:300] = a[:300]
    found = scatter(*files(a, b))
    low, high = min(a.min(), b.min()), max(a.max(), b.max())
    assert (found.span.low, found.span.high) == (low, high)
    off, _, _ = np.histogram2d(b[300:].ravel(), a[300:].ravel(), CELLS, [(low, high)] * 2)
    on, _ = np.histogram(a[:300], CELLS, (low, high))
    assert np.abs(found.off - off).sum() <= 8  # numpy rounds at the ends of bins in another way
    assert np.abs(found.on - on).sum() <= 8
    assert found.on.sum() + found.off.sum() == a.size
    assert (found.unequal, found.listed) == (400 * 500, False)


def test_every_differing_element_is_listed_while_they_are_few(files):
    a = np.random.default_rng(1).standard_normal((600, 600), dtype=np.float32)
    b = a.copy()
    b[[3, 599], [4, 599]] = np.nextafter(b[[3, 599], [4, 599]], np.float32(9))
    found = scatter(*files(a, b))
    assert found.listed
    assert found.positions.tolist() == [3 * 600 + 4, 599 * 600 + 599]
    assert np.allclose(
        found.span.value(0) + found.points[:, 0] * (found.span.high - found.span.low), a[[3, 599], [4, 599]]
    )
    assert found.off.sum() == 2
    assert (found.points[:, 1] > found.points[:, 0]).all()


def test_the_limit_of_the_list(files):
    a = np.arange(2 * MOST_POINTS, dtype=np.float64)
    for differing, listed in ((MOST_POINTS, True), (MOST_POINTS + 1, False)):
        b = a.copy()
        b[:differing] += 0.5
        found = scatter(*files(a, b))
        assert found.listed == listed
        assert len(found.points) == (differing if listed else 0)
        assert found.off.sum() == differing


def test_fitted_keeps_every_element(files):
    a, b = np.random.default_rng(2).standard_normal((2, 100, 100))
    found = scatter(*files(a, b))
    for cells in ((256, 256), (100, 30), (7, 300), (1, 1)):
        fitted = found.fitted(cells)
        assert fitted.sum() == 10_000
        assert all(256 % have == 0 and have <= most < 2 * have for have, most in zip(fitted.shape, cells, strict=True))


@pytest.mark.parametrize("cells", [(138, 90), (255, 129), (60, 256)])
def test_fitted_has_no_pattern_of_its_own(files, cells):
    a, b = np.meshgrid(np.linspace(0, 1, 512), np.linspace(0, 1, 512))
    counts = scatter(*files(a.astype(np.float32), (b + 1e-6).astype(np.float32))).fitted(cells)
    inside = counts[1:-1, 1:-1]
    assert inside.max() <= 1.3 * inside.min()


def test_what_is_not_finite_is_counted(files):
    nan, inf = np.nan, np.inf
    found = scatter(*files(np.float32([nan, nan, inf, 1, 2]), np.float32([nan, 1, inf, -inf, 2])))
    assert (found.unplaced, found.unplaced_unequal, found.unequal) == (4, 2, 2)
    assert found.listed
    assert (found.on.sum(), found.off.sum()) == (1, 0)


def test_other_bits_of_the_same_value_lie_on_the_diagonal(files):
    found = scatter(*files(np.float32([0, 1]), np.float32([-0.0, 1])))
    assert (found.unequal, found.other_bits, found.on.sum()) == (0, 1, 2)


@pytest.mark.parametrize("value", [0.0, 5.0, -3e38, 1e-45])
def test_equal_values_have_a_range(files, value):
    found = scatter(*files(np.full(9, value, np.float32), np.full(9, value, np.float32)))
    assert found.span.low < found.span.high
    assert found.on.sum() == 9


def test_the_widest_range(files):
    most = np.finfo(np.float64).max
    found = scatter(*files(np.array([-most, most, 0]), np.array([most, most, 0])))
    assert found.points.tolist() == [[0.0, 1.0]]
    assert found.span.value(0.5) == 0


def test_large_integers_that_round_to_one_number_still_differ(files):
    found = scatter(*files(np.int64([2**53, 0]), np.int64([2**53 + 1, 0])))
    assert (found.unequal, len(found.points)) == (1, 1)


def test_complex_numbers_of_one_magnitude_still_differ(files):
    assert scatter(*files(np.complex64([1, 2]), np.complex64([1j, 2]))).unequal == 1


def test_two_dtypes(files):
    found = scatter(*files(np.float32([1, 2]), np.float64([1, 2.5])))
    assert (found.unequal, found.other_bits, found.on.sum()) == (1, 0, 1)
    found = scatter(*files(np.uint16([0x3F80, 0x4000]), np.float32([1, 2]), dtypes=("bfloat16", None)))
    assert found.unequal == 0


def test_nothing_and_a_scalar(files):
    assert scatter(*files(np.empty((0, 3)), np.empty((0, 3)))).on.sum() == 0
    assert scatter(*files(np.float32(1), np.float32(2))).positions.tolist() == [0]


def test_stops_when_it_is_asked_to(files):
    with pytest.raises(Stopped):
        scatter(*files(np.zeros(4), np.ones(4)), lambda: True)
