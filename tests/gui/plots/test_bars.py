import numpy as np
import pytest

from reproviewer.gui.plots.axes import BOTTOM_PX, LEFT_PX
from reproviewer.gui.plots.grid import Axes, arrange
from reproviewer.gui.theme import DARK, LIGHT
from tests.gui.plots.conftest import pixels
from tests.gui.plots.looking import board, captions


class TestBars:
    def test_values_and_differences_are_written(self, bench):
        area = bench.shown([np.float32([[1, -2]]), np.float32([[1, 0.5]])], "bars")
        labels = [panel._bar_item._labels for panel in board(area).panels]
        assert labels == [["1", "-2"], ["1", "0.5"], ["0", "+2.5"]]
        assert captions(area)[2] == ("Run 2 − Run 1", "✕ 1 of 2 differs · largest |Δ| 2.5")  # noqa: RUF001

    def test_runs_share_one_range(self, bench):
        area = bench.shown([np.float32([1, 2]), np.float32([-30, 2]), np.float32([0, 50])], "bars")
        ranges = [tuple(panel.view.viewRange()[1]) for panel in board(area).panels[:3]]
        assert len(set(ranges)) == 1
        assert ranges[0][0] < -30
        assert ranges[0][1] > 50

    def test_other_bits_of_the_same_value_are_marked(self, bench):
        area = bench.shown([np.float32([0, 0]), np.float32([0, -0.0])], "bars")
        assert board(area).panels[2]._bar_item._labels == ["0", "≈"]
        assert captions(area)[2][1] == "≈ 1 differs in its bits only"

    @pytest.mark.parametrize("value", [0.0, 5.0, -1e-30, 3e38])
    def test_equal_values_have_a_range(self, bench, value):
        area = bench.shown([np.full(4, value, np.float32)] * 2, "bars")
        low, high = board(area).panels[0].view.viewRange()[1]
        assert low < high
        assert low <= value <= high
        assert captions(area)[2][1] == "✓ the same"

    @pytest.mark.parametrize("dtype", ["float16", "float64", "int8", "uint8", "int64", "bool", "complex64"])
    def test_every_dtype(self, bench, dtype):
        one, other = np.array([0, 1, 1]).astype(dtype), np.array([1, 1, 0]).astype(dtype)
        area = bench.shown([one, other], "bars")
        assert captions(area)[2][1].startswith("✕ 2 of 3 differ")

    @pytest.mark.parametrize(
        ("dtype", "labels"),
        [
            ("bool", ["+1", "0", "-1"]),
            ("complex64", ["1", "0", "1"]),
            ("int64", ["+1", "0", "-1"]),
            ("uint64", ["+1", "0", "-1"]),
            ("V2", ["✕", "0", "✕"]),
        ],
    )
    def test_a_difference_is_what_it_is(self, bench, dtype, labels):
        words = "<u2" if dtype == "V2" else dtype
        tensors = [bench.tensor(np.array(values).astype(words), dtype) for values in ([0, 1, 1], [1, 1, 0])]
        area = bench.shown(tensors, "bars")
        assert board(area).panels[2]._bar_item._labels == labels
        assert "not finite" not in captions(area)[2][1]
        area.set_cursor((0,))
        assert area.wait_until_drawn()
        assert area._table.row_texts()[1][2] == ("" if dtype == "V2" else "1")

    @pytest.mark.parametrize("share", [1, 0.25])
    def test_the_largest_numbers_of_all(self, bench, share):
        most = np.finfo(np.float64).max * share
        area = bench.shown([np.array([-most, most]), np.array([most, -most])], "bars")
        assert pixels(area).std() > 0

    def test_bfloat16(self, bench):
        bits = np.array([0x3F80, 0xC000], "<u2")
        area = bench.shown([bench.tensor(bits, "bfloat16")] * 2, "bars")
        assert board(area).panels[0]._bar_item._labels == ["1", "-2"]

    def test_a_scalar(self, bench):
        area = bench.shown([np.float32(3.25), np.float32(3.5)], "bars")
        assert board(area).panels[2]._bar_item._labels == ["+0.25"]
        area.set_cursor(())
        assert area.wait_until_drawn()
        assert area._table.row_texts()[1][1] == "3.5"

    def test_nan_and_infinity_are_counted_and_drawn(self, bench):
        area = bench.shown([np.float32([1, np.nan, np.inf, 2])] * 2, "bars")
        assert captions(area)[0][1] == "1 to 2 · 1 NaN · 1 infinite"
        assert pixels(area).shape[0] == 600

    def test_labels_never_collide(self, bench, normal):
        for width in (320, 500, 900, 1600):
            area = bench.shown([normal(12), normal(12)], "bars", size=(width, 500))
            for panel in board(area).panels:
                item = panel._bar_item
                slot = panel.view.width() / 12
                way = item._way(slot, panel.view.height())
                assert way != "flat" or item._width <= slot
                assert way != "turned" or slot >= 11

    def test_too_many_become_a_heat_map_and_say_so(self, bench, normal):
        area = bench.shown([normal(80, 80)], "bars")
        assert board(area).shown.kind == "heatmap"
        assert "6,400 values are too many for bars" in area._note.text()


def has_ink(area, axis):
    """Whether an axis paints numbers: something darker than its line and its ticks."""
    box = axis.sceneBoundingRect()
    part = pixels(board(area))[int(box.top()) : int(box.bottom()), max(0, int(box.left())) : int(box.right()) - 4]
    return bool((part.astype(int).sum(axis=2) < 360).any())


def all_have_numbers(area, upright):
    """Whether all plots have x numbers, and the first and `upright` ones y numbers beside their plot."""
    panels = board(area).panels
    for i, panel in enumerate(panels):
        axes = [panel.index_axis]
        if i in upright:
            axes.append(panel.value_axis)
            assert panel.value_axis.sceneBoundingRect().right() == pytest.approx(
                panel.view.sceneBoundingRect().left(), abs=5
            )
        assert panel.value_axis.isVisible() == (i in upright)
        assert all(has_ink(area, axis) for axis in axes)
    return True


class TestNumbersOfTheAxes:
    def test_after_a_heat_map(self, bench, normal):
        arrays = [normal(3, 3, 3, 16), normal(3, 3, 3, 16)]
        area = bench.shown(arrays, "heatmap")
        area.apply_theme(DARK)
        area.apply_theme(LIGHT)
        pixels(area)
        area.show_state(bench.state(arrays, "bars"))
        assert area.wait_until_drawn()
        assert all_have_numbers(area, (0, 2))

    @pytest.mark.parametrize("counts", [(2, 1), (1, 2), (3, 2), (6, 2), (10, 2), (2, 10)])
    @pytest.mark.parametrize("kind", ["bars", "heatmap", "values"])
    def test_after_another_number_of_runs(self, bench, normal, counts, kind):
        area = bench.shown([normal(4, 5) for _ in range(counts[0])], kind)
        pixels(area)
        area.show_state(bench.state([normal(1, 5) for _ in range(counts[1])], "bars"))
        assert area.wait_until_drawn()
        assert all_have_numbers(area, (0,) if counts[1] == 1 else (0, 2))

    def test_after_a_sentence_in_place_of_plots(self, bench, normal):
        arrays = [normal(1, 5), normal(1, 5)]
        area = bench.shown(arrays, "bars")
        area.show_state(bench.state([None, arrays[0]], "bars"))
        assert area.wait_until_drawn()
        area.apply_theme(DARK)
        area.apply_theme(LIGHT)
        pixels(area)
        area.show_state(bench.state(arrays, "bars"))
        assert area.wait_until_drawn()
        assert all_have_numbers(area, (0, 2))

    @pytest.mark.parametrize("kind", ["bars", "heatmap"])
    def test_axes_that_were_hidden_take_their_room_again(self, bench, normal, kind):
        area = bench.shown([normal(4, 5), normal(4, 5)], kind)
        panel = board(area).panels[0]
        for axis in (panel.index_axis, panel.row_axis, panel.value_axis):
            axis.hide()
            axis.apply_theme(LIGHT)
        panel._start(panel.plane, kind == "bars")
        upright = panel.value_axis if kind == "bars" else panel.row_axis
        assert upright.size().width() == LEFT_PX
        assert panel.index_axis.size().height() == BOTTOM_PX

    def test_in_another_grid_after_a_resize(self, bench, normal):
        area = bench.shown([normal(1, 5) for _ in range(5)], "bars", size=(1400, 420))
        columns = board(area)._grid.columns
        area.resize(520, 900)
        assert board(area)._grid.columns < columns
        assert all(panel.value_axis.isVisible() for panel in board(area).panels)


@pytest.mark.parametrize("plots", range(2, 8))
@pytest.mark.parametrize("axes", list(Axes))
@pytest.mark.parametrize("size", [(760, 360), (440, 160), (1200, 700)])
def test_columns_of_plots_are_evenly_apart(plots, axes, size):
    found = arrange(plots, size, axes)
    columns = found.grid.columns
    left = sorted({place.x + place.has_axis * LEFT_PX for place in found.places[:columns]})
    gaps = np.diff(left) - found.plot_width
    assert max(p.x + p.width for p in found.places) <= size[0] + 1e-6
    if found.grid.rows > 1:
        assert gaps == pytest.approx(gaps[0] if len(gaps) else 0)
    for place, below in zip(found.places, found.places[columns:], strict=False):
        assert place.x + place.has_axis * LEFT_PX == pytest.approx(below.x + below.has_axis * LEFT_PX)
