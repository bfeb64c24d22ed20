import tracemalloc

import numpy as np
import pytest

from reproviewer.core import colormap, summary
from reproviewer.core.bit_groups import bit_groups, bit_meaning, unlike
from reproviewer.core.histogram import common_bins, histogram
from reproviewer.core.listing import next_difference, read_rows
from reproviewer.core.slices import Plane, Region, plane_of
from reproviewer.core.summary import Stopped

RNG = np.random.default_rng(7)


def normal(*shape):
    return RNG.standard_normal(shape, dtype=np.float32)


def whole(tensor, cells=(1 << 20, 1 << 20), slice_index=()):
    plane = plane_of(tensor.shape, slice_index)
    return summary.picture(tensor, plane, plane.region, cells)


def apart(a, b, cells=(1 << 20, 1 << 20)):
    plane = plane_of(a.shape)
    return summary.difference(a, b, plane, plane.region, cells)


class TestPlane:
    @pytest.mark.parametrize(
        ("shape", "expected"),
        [((), (1, 1)), ((5,), (1, 5)), ((3, 4), (3, 4)), ((2, 3, 4), (3, 4)), ((2, 2, 3, 4), (3, 4)), ((0, 4), (0, 0))],
    )
    def test_draws_the_last_two_axes(self, shape, expected):
        plane = plane_of(shape)
        assert (plane.rows, plane.cols) == expected

    @pytest.mark.parametrize("shape", [(), (5,), (3, 4), (2, 3, 4), (2, 5, 3, 4)])
    def test_every_element_lies_where_the_plane_says(self, shape):
        numbers = np.arange(np.prod(shape, dtype=int)).reshape(shape)
        for lead in np.ndindex(shape[:-2]):
            plane = plane_of(shape, lead)
            for row in range(plane.rows):
                for col in range(plane.cols):
                    index = plane.index(row, col)
                    assert numbers[index] == plane.start + row * plane.cols + col
                    assert plane.cell(index) == (row, col)

    def test_another_slice_has_no_cell_here(self):
        assert plane_of((2, 3, 4), (1,)).cell((0, 2, 3)) is None
        assert plane_of((3, 4)).cell((3, 0)) is None
        assert plane_of((3, 4)).cell((1,)) is None
        assert plane_of((3, 4)).cell(None) is None

    def test_a_slice_outside_the_shape_is_kept_inside(self):
        assert plane_of((2, 3, 4, 5), (9,)).lead == (1, 0)


class TestPicture:
    @pytest.mark.parametrize("shape", [(700, 900), (3, 200_001), (200_001, 3), (1, 600_000), (600_000,), (41, 37)])
    @pytest.mark.parametrize("cells", [(40, 60), (1, 1), (7, 1000)])
    def test_keeps_the_extremes_of_every_block(self, shelf, shape, cells):
        array = normal(*shape)
        found = whole(shelf.tensor(array), cells)
        flat = array.reshape(1, -1) if array.ndim == 1 else array
        down, across = summary.edges(flat.shape[0], cells[0]), summary.edges(flat.shape[1], cells[1])
        for i, j in ((0, 0), (-1, -1), (len(down) // 2 - 1, len(across) // 2 - 1)):
            i, j = i % (len(down) - 1), j % (len(across) - 1)
            block = flat[down[i] : down[i + 1], across[j] : across[j + 1]]
            assert (found.low[i, j], found.high[i, j]) == (block.min(), block.max())
        assert (found.tally.low, found.tally.high) == (array.min(), array.max())
        assert found.tally.finite == array.size

    def test_a_cell_shows_the_value_of_largest_magnitude(self, shelf):
        array = np.zeros((100, 100), np.float32)
        array[13, 77], array[13, 76] = -9, 8
        found = whole(shelf.tensor(array), (10, 10)).values
        assert found[1, 7] == -9
        assert np.count_nonzero(found) == 1

    def test_every_element_belongs_to_exactly_one_cell(self):
        for size in (1, 2, 17, 640, 8192):
            for cells in (1, 3, 100, 10_000):
                ends = summary.edges(size, cells)
                assert (ends[0], ends[-1]) == (0, size)
                assert (np.diff(ends) >= 1).all()

    def test_a_region_is_read_alone(self, shelf):
        array = normal(900, 1100)
        plane = plane_of(array.shape)
        for region in (Region(100, 200, 300, 320), Region(5, 6, 7, 1000), Region(0, 900, 1, 1099)):
            found = summary.picture(shelf.tensor(array), plane, region, (5000, 5000))
            expected = array[region.top : region.bottom, region.left : region.right]
            np.testing.assert_array_equal(found.values, expected)
            assert found.exact

    def test_a_slice_of_many_axes(self, shelf):
        array = normal(3, 2, 4, 5)
        found = whole(shelf.tensor(array), slice_index=(2, 1))
        np.testing.assert_array_equal(found.values, array[2, 1])

    def test_nan_and_infinity_stay_and_are_counted(self, shelf):
        array = normal(300, 3000)
        array[7, 8] = np.nan
        array[200, 2000:2002] = np.inf, -np.inf
        found = whole(shelf.tensor(array), (20, 20))
        finite = array[np.isfinite(array)]
        assert (found.tally.nan, found.tally.infinite, found.tally.finite) == (1, 2, array.size - 3)
        assert (found.tally.low, found.tally.high) == (finite.min(), finite.max())
        assert np.isnan(found.values).sum() == 1
        assert np.isinf(found.values).sum() == 1

    @pytest.mark.parametrize("dtype", ["int8", "uint8", "int64", "uint64", "bool", "float16", "float64", "complex64"])
    def test_every_dtype(self, shelf, dtype):
        array = (normal(30, 40) * 100).astype("i8").astype(dtype)
        found = whole(shelf.tensor(array), (1000, 1000)).values.astype(np.float64)
        expected = np.abs(array) if dtype == "complex64" else array
        np.testing.assert_array_equal(found, expected.astype(np.float64))

    def test_bfloat16(self, shelf):
        array = normal(20, 30)
        bits = (array.view(np.uint32) >> 16).astype(np.uint16)
        found = whole(shelf.tensor(bits, dtype="bfloat16"))
        np.testing.assert_allclose(found.values, array, rtol=0.01)

    def test_the_smallest_integers_keep_their_sign(self, shelf):
        found = whole(shelf.tensor(np.array([[-128, 127]], np.int8)), (1, 1))
        assert found.values.tolist() == [[-128]]

    def test_fitted_again_keeps_extremes(self, shelf):
        array = normal(500, 500)
        twice = whole(shelf.tensor(array), (200, 200)).fitted(17, 23)
        assert twice.low.shape == (17, 23)
        assert (twice.low.min(), twice.high.max()) == (array.min(), array.max())

    def test_many_small_ones_at_once_are_the_same_as_one_by_one(self, shelf):
        arrays = [normal(64, 96) for _ in range(5)]
        arrays[3][2, 2] = np.nan
        tensors = [shelf.tensor(array) for array in arrays]
        plane = plane_of((64, 96))
        together = summary.small_pictures(tensors, plane, (44, 72))
        for tensor, found in zip(tensors, together, strict=True):
            alone = whole(tensor, (44, 72))
            np.testing.assert_array_equal(found.low, alone.low)
            np.testing.assert_array_equal(found.high, alone.high)
            assert (found.tally.low, found.tally.nan) == (alone.tally.low, alone.tally.nan)

    def test_stops_when_it_is_cancelled(self, shelf):
        tensor = shelf.tensor(normal(2000, 2000))
        plane = plane_of(tensor.shape)
        with pytest.raises(Stopped):
            summary.picture(tensor, plane, plane.region, (10, 10), lambda: True)
        with pytest.raises(Stopped):
            summary.difference(tensor, tensor, plane, plane.region, (10, 10), lambda: True)

    def test_a_large_tensor_takes_little_memory(self, shelf):
        tensor = shelf.tensor(np.zeros((4096, 4096), np.float32))
        tracemalloc.start()
        whole(tensor, (300, 300))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 12e6


class TestDifference:
    def test_one_bit_among_millions_is_kept(self, shelf):
        a = normal(3000, 2000)
        b = a.copy()
        b.view(np.uint32)[1234, 567] ^= 1
        found = apart(shelf.tensor(a), shelf.tensor(b), (30, 20))
        assert found.differing == 1
        assert np.argwhere(found.differs).tolist() == [[12, 5]]
        assert found.distance.max() == pytest.approx(float(abs(b[1234, 567].astype(np.float64) - a[1234, 567])))

    def test_bits_count_where_the_distance_is_zero(self, shelf):
        a = np.zeros((50, 50), np.float32)
        b = a.copy()
        b[3, 4] = -0.0
        a[7, 7], b[7, 7] = np.nan, np.nan
        b.view(np.uint32)[7, 7] ^= 1
        found = apart(shelf.tensor(a), shelf.tensor(b), (10, 10))
        assert found.differing == 2
        assert found.differs.sum() == 2
        assert found.distance.max() == 0
        assert np.flatnonzero(found.distance).size == 0

    def test_nan_and_infinity_are_infinitely_far_from_numbers(self, shelf):
        a = np.array([1, np.nan, np.inf, np.nan, np.inf], np.float32)
        b = np.array([np.nan, 1, 1, np.nan, np.inf], np.float32)
        found = apart(shelf.tensor(a), shelf.tensor(b))
        assert found.distance.tolist() == [[np.inf, np.inf, np.inf, 0, 0]]
        assert found.tally.infinite == 3
        assert found.differing == 3

    def test_integers_do_not_wrap(self, shelf):
        a, b = np.array([-128, 127, 0], np.int8), np.array([127, -128, 1], np.int8)
        assert apart(shelf.tensor(a), shelf.tensor(b)).distance.tolist() == [[255, 255, 1]]
        big = np.array([0, 2**64 - 1], np.uint64)
        assert apart(shelf.tensor(big), shelf.tensor(big[::-1].copy())).distance[0, 0] == pytest.approx(2.0**64)

    def test_two_dtypes_differ_by_value(self, shelf):
        a, b = np.array([1, 2, 3], np.float32), np.array([1, 2, 4], np.float64)
        found = apart(shelf.tensor(a), shelf.tensor(b))
        assert found.differs.tolist() == [[False, False, True]]

    def test_signs(self):
        a, b = np.array([1.0, 2.0], np.float32), np.array([3.0, 1.0], np.float32)
        assert summary.signed_difference(a, b, ("float32", "float32")).tolist() == [2, -1]
        a, b = np.array([5, 0], np.uint8), np.array([0, 5], np.uint8)
        assert summary.signed_difference(a, b, ("uint8", "uint8")).tolist() == [-5, 5]

    def test_truth_values_are_0_and_1(self, shelf):
        a, b = np.array([True, False, True]), np.array([False, True, True])
        assert summary.signed_difference(a, b, ("bool", "bool")).tolist() == [-1, 1, 0]
        found = apart(shelf.tensor(a), shelf.tensor(b))
        assert (found.distance.tolist(), found.tally.infinite) == ([[1, 1, 0]], 0)

    def test_fitted_keeps_the_one_that_differs(self, shelf):
        a = np.zeros((300, 300), np.float32)
        b = a.copy()
        b[299, 0] = -0.0
        found = apart(shelf.tensor(a), shelf.tensor(b)).fitted(11, 13)
        assert np.argwhere(found.differs).tolist() == [[10, 0]]


class TestColours:
    VALUES = colormap.diverging("#1C4E9A", "#F3F3F0", "#80540A")
    DISTANCES = colormap.sequential("#FFFFFF", "#DB7340", "#541800")

    def test_zero_is_in_the_middle(self):
        painted = colormap.paint_values(np.array([[-2.0, 0.0, 2.0]]), 2.0, self.VALUES, 1)
        assert painted.tolist() == [[self.VALUES[0], self.VALUES[127], self.VALUES[254]]]

    def test_what_is_not_finite_has_a_colour(self):
        values = np.array([np.nan, np.inf, -np.inf, 0.0], np.float32)
        for limit in (0.0, 1.0):
            painted = colormap.paint_values(values, limit, self.VALUES, 1)
            assert painted.tolist() == [1, self.VALUES[254], self.VALUES[0], self.VALUES[127]]

    def test_any_difference_is_off_the_ground(self):
        distance = np.array([0.0, 0.0, 1e-30, 1.0, np.inf])
        differs = np.array([False, True, True, True, True])
        painted = colormap.paint_distances(distance, differs, 1.0, self.DISTANCES)
        assert painted[0] == 0xFFFFFFFF
        assert (painted[1:] != painted[0]).all()
        assert painted[1] == painted[2] == self.DISTANCES[1]
        assert painted[3] == painted[4] == self.DISTANCES[255]

    def test_there_and_back(self):
        for colour in ("#000000", "#FFFFFF", "#1C4E9A", "#DB7340"):
            assert colormap.pack(colormap.rgb(colormap.oklab(colour))) == int("ff" + colour[1:], 16)


class TestHistogram:
    def test_counts_every_finite_value_once(self, shelf):
        array = normal(700, 900)
        array[3, 3], array[4, 4] = np.nan, np.inf
        tensor = shelf.tensor(array)
        found = whole(tensor, (10, 10))
        bins = common_bins([found.tally], whole=False)
        counts = histogram(tensor, plane_of(array.shape), bins)
        expected = np.histogram(array[np.isfinite(array)], bins.count, (bins.low, bins.high))[0]
        assert counts.sum() == array.size - 2
        assert np.abs(counts - expected).sum() <= 20

    def test_equal_values_do_not_collapse_the_range(self, shelf):
        for value in (0.0, 5.0, -1e-30):
            tensor = shelf.tensor(np.full(100, value, np.float32))
            bins = common_bins([whole(tensor).tally], whole=False)
            assert bins.low < bins.high
            assert histogram(tensor, plane_of((100,)), bins).sum() == 100

    def test_whole_numbers_have_a_bin_each(self, shelf):
        tensor = shelf.tensor(np.array([0, 1, 1, 3], np.int32))
        bins = common_bins([whole(tensor).tally], whole=True)
        assert histogram(tensor, plane_of((4,)), bins).tolist() == [1, 2, 0, 1]

    def test_the_widest_floats(self, shelf):
        tensor = shelf.tensor(np.array([-1.7e308, 1.7e308]))
        bins = common_bins([whole(tensor).tally], whole=False)
        assert histogram(tensor, plane_of((2,)), bins).sum() == 2
        assert np.isfinite(bins.edges).all()


class TestListing:
    def test_a_tensor_of_another_shape_is_read_at_the_same_indices(self, shelf):
        a, b = np.arange(12).reshape(3, 4), np.arange(10).reshape(5, 2)
        rows = read_rows([shelf.tensor(a), shelf.tensor(b), shelf.tensor(b.ravel())], 1, plane_of((3, 4)), 1, 9)
        assert rows.columns[0].values == tuple(map(str, range(1, 10)))
        assert rows.columns[1].values == ("1", "", "", "2", "3", "", "", "4", "5")
        assert rows.columns[2].values == ("",) * 9
        assert not rows.columns[1].differs
        assert not rows.difference

    def test_rows_say_what_differs_and_how(self, shelf):
        a = np.array([1.0, 2.0, 0.0], np.float32)
        b = np.array([1.0, 2.5, -0.0], np.float32)
        rows = read_rows([shelf.tensor(a), shelf.tensor(b), None], 1, plane_of(a.shape), 0, 10)
        assert rows.columns[0].values == ("1.0", "2.0", "0.0")
        assert rows.columns[1].differs == (False, True, True)
        assert rows.columns[1].unequal == (False, True, False)
        assert rows.columns[2].values == ()
        assert rows.difference == (0, 0.5, 0)

    def test_finds_differences_both_ways(self, shelf):
        a = np.zeros(2_000_000, np.float32)
        b = a.copy()
        b[[5, 700_000, 1_999_999]] = 1
        one, other = shelf.tensor(a), shelf.tensor(b)
        never = lambda: False  # noqa: E731
        assert next_difference(one, other, (), 0, True, never) == 5
        assert next_difference(one, other, (), 6, True, never) == 700_000
        assert next_difference(one, other, (), 2_000_000, True, never) is None
        assert next_difference(one, other, (), 1_999_999, False, never) == 700_000
        assert next_difference(one, other, (), 5, False, never) is None


class TestBits:
    def test_floats_fall_into_sign_exponent_mantissa(self):
        assert bit_groups(np.array([-1.0], np.float32), "float32") == ("1", "01111111", "0" * 23)
        assert list(map(len, bit_groups(np.array([1.0]), "float64"))) == [1, 11, 52]
        assert bit_groups(np.array([0x3F80], "<u2"), "bfloat16") == ("0", "01111111", "0000000")

    def test_integers_are_hexadecimal(self):
        assert bit_groups(np.array([-2], np.int16), "int16") == ("11111111", "11111110")
        assert bit_groups(np.array([True]), "bool") == ("00000001",)
        assert bit_groups(np.array([b"ab"], "V2"), "V2") == ("0x6261",)

    def test_every_kind_of_float8(self):
        code = np.array([0b10110101], np.uint8)
        assert bit_groups(code, "float8_e4m3fn") == ("1", "0110", "101")
        assert bit_groups(code, "float8_e5m2") == ("1", "01101", "01")
        assert bit_groups(code, "float8_e8m0fnu") == ("10110101",)
        assert bit_meaning("float8_e8m0fnu") == "exponent"

    def test_complex_numbers_have_two_of_each(self):
        real, imaginary = bit_groups(np.array([-1.0], np.float32), "float32"), ("0", "10000000", "0" * 23)
        assert bit_groups(np.array([-1 + 2j], np.complex64), "complex64") == (*real, *imaginary)
        assert bit_meaning("complex64") == "complex"

    def test_marks_what_is_unlike(self):
        assert unlike(("0", "01"), ("1", "01")) == ("^", "  ")
        assert unlike(("0",), ("01",)) == (" ",)


def test_planes_compare():
    assert plane_of((3, 4)) == Plane((3, 4), (), 3, 4, 0)
