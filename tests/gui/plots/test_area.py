import re
import subprocess
import sys
import threading
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QPoint, QPointF, Qt
from PySide6.QtGui import QFontMetricsF, QImage, QPainter, QWheelEvent
from PySide6.QtWidgets import QApplication, QLabel, QSlider, QSpinBox, QWidget

from reproviewer.core.compare import compare, compare_tensors
from reproviewer.core.verdict import Tolerance
from reproviewer.core.weights import Tensor, WeightSet
from reproviewer.gui.plots import load
from reproviewer.gui.plots.axes import BOTTOM_PX, LEFT_PX
from reproviewer.gui.plots.colour_bar import ColourBar
from reproviewer.gui.plots.cursor_widths import place_name
from reproviewer.gui.plots.grid import Axes, arrange
from reproviewer.gui.plots.palette import palette
from reproviewer.gui.plots.texts import caption_font, text_font
from reproviewer.gui.theme import DARK, LIGHT
from tests.gui.plots.conftest import pixels

RUST = {"light": (0x54, 0x18, 0x00), "dark": (0xFF, 0xDC, 0xC2)}
"""The largest difference: the only one there is."""


def page(area):
    """The sentence in place of plots, if there is one."""
    return next((label.text() for label in area.findChildren(QLabel) if label.isVisible() and label.wordWrap()), "")


def board(area):
    return area._the_content().board


def notes(area):
    return [panel._note for panel in board(area).panels]


def captions(area):
    return [panel.caption.texts for panel in board(area).panels]


def hover(area, panel, x, y):
    """Put the mouse over an element of a plot."""
    scene = panel.view.mapViewToScene(QPointF(x, y))
    board(area)._on_mouse(scene)


def turn_wheel(widget, place, angle):
    """Turn the wheel over a place of a view of a scene."""
    viewport, nothing = widget.viewport(), Qt.KeyboardModifier.NoModifier
    turn = QPoint(0, angle)
    where = QPointF(place)
    event = QWheelEvent(
        where,
        viewport.mapToGlobal(where),
        QPoint(),
        turn,
        Qt.MouseButton.NoButton,
        nothing,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QCoreApplication.sendEvent(viewport, event)


def test_pyqtgraph_is_not_imported_before_there_is_something_to_show():
    code = (
        "import os, sys; os.environ['QT_QPA_PLATFORM'] = 'offscreen'\n"
        "from PySide6.QtWidgets import QApplication; app = QApplication([])\n"
        "from reproviewer.gui.plots.area import PlotArea\n"
        "area = PlotArea(); area.show(); app.processEvents(); area.show_state(None)\n"
        "assert 'pyqtgraph' not in sys.modules; area.close()"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


class TestFaces:
    def test_nothing_to_show_says_the_hint(self, bench):
        area = bench.area()
        area.set_hint("Build the model twice.")
        assert page(area) == "Build the model twice."

    def test_the_hint_comes_back(self, bench, normal):
        area = bench.shown([normal(3, 3)])
        area.set_hint("Nothing yet.")
        assert page(area) == ""
        area.show_state(None)
        assert page(area) == "Nothing yet."

    def test_no_run_has_the_tensor(self, bench):
        assert "No run has" in page(bench.shown([None, None]))

    @pytest.mark.parametrize("kind", ["bars", "heatmap", "histogram", "values", "distances", "scatter"])
    def test_no_elements(self, bench, kind):
        area = bench.shown([np.zeros((0, 3), np.float32)] * 2, kind)
        assert page(area).startswith("This tensor has no elements")

    def test_a_file_that_is_gone(self, bench, normal):
        area = bench.area()
        state = bench.state([normal(3, 3)])
        (bench.folder / "1.bin").unlink()
        area.show_state(state)
        assert area.wait_until_drawn()
        assert "Cannot read 1.bin" in page(area)
        area.show_state(bench.state([normal(3, 3)]))
        assert area.wait_until_drawn()
        assert page(area) == ""

    def test_a_file_that_became_shorter(self, bench, normal):
        area = bench.area()
        state = bench.state([normal(30, 30)])
        with (bench.folder / "1.bin").open("r+b") as file:
            file.truncate(100)
        area.show_state(state)
        assert area.wait_until_drawn()
        assert "shorter" in page(area)

    def test_one_run_has_no_difference(self, bench, normal):
        assert len(captions(bench.shown([normal(3, 4)]))) == 1

    def test_a_missing_tensor_and_another_shape(self, bench, normal):
        area = bench.shown([normal(3, 4), normal(4, 3), None])
        assert notes(area)[:3] == ["", "", "Run 3 has no such tensor."]
        assert "the shape is 3 × 4 in Run 1 and 4 × 3 in Run 2" in notes(area)[3]  # noqa: RUF001

    @pytest.mark.parametrize("kind", ["bars", "heatmap", "distances", "scatter"])
    @pytest.mark.parametrize("lacking", [0, 1])
    def test_what_is_not_paired_is_not_called_missing(self, bench, normal, kind, lacking):
        one, two = (self.two_of_one_shape(bench, normal, names) for names in ("vw", "pq"))
        found = compare(one, two).tensors[0 if lacking else -1]
        assert found.rule == "ambiguous"
        state = bench.state([None, one.tensors[0]] if lacking == 0 else [one.tensors[0], None], kind)
        reference, focus = state.panes
        area = bench.area()
        area.show_state(replace(state, panes=(reference, replace(focus, comparison=found))))
        assert area.wait_until_drawn()
        run = f"Run {lacking + 1}"
        if kind in ("bars", "heatmap"):
            assert notes(area)[lacking] == f"Not paired with any tensor of {run}."
            said = notes(area)[2]
        else:
            said = area._the_content()._views.currentWidget().sentence
        assert said.startswith(f"No difference to show: not paired with any tensor of {run}. To pair it")
        area.set_cursor((0, 0))
        assert area.wait_until_drawn()
        assert "not paired" in [row[1] for row in area._table.row_texts()]

    def two_of_one_shape(self, bench, normal, names):
        return WeightSet(tuple(replace(bench.tensor(normal(3, 4)), name=name) for name in names))

    def test_a_focus_without_the_tensor(self, bench, normal):
        area = bench.shown([normal(3, 4), None])
        assert "Run 2 has no such tensor" in notes(area)[2]


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


class TestHeatMap:
    def test_fills_the_height_of_its_plot(self, bench, normal):
        area = bench.shown([normal(64, 96), normal(64, 96)])
        panel = board(area).panels[0]
        assert panel.view.viewRange() == [[0, 96], [0, 64]]
        assert panel.view.height() > 300

    def test_one_range_for_all_runs(self, bench):
        area = bench.shown([np.float32([[1, 2]]), np.float32([[1, -9]])])
        assert [panel._limit for panel in board(area).panels[:2]] == [9, 9]

    def test_linked_axes(self, bench, normal):
        area = bench.shown([normal(64, 96), normal(64, 96)])
        first, second, difference = board(area).panels
        second.view.setXRange(10, 30, padding=0)
        second.view.setYRange(5, 15, padding=0)
        for panel in (first, difference):
            (x0, x1), (y0, y1) = panel.view.viewRange()
            assert (x0, x1, y0, y1) == pytest.approx((10, 30, 5, 15))
        board(area).reset_view()
        assert first.view.viewRange() == [[0, 96], [0, 64]]

    def test_nothing_moves_on_hover(self, bench, normal):
        area = bench.shown([normal(64, 96), normal(64, 96)])
        before = [panel.view.viewRange() for panel in board(area).panels]
        height = area._table.height()
        hover(area, board(area).panels[0], 50.5, 20.5)
        assert area.wait_until_drawn()
        assert [panel.view.viewRange() for panel in board(area).panels] == before
        assert area._table.height() == height

    def test_a_row_for_one_axis(self, bench, normal):
        area = bench.shown([normal(500), normal(500)])
        assert board(area).panels[0].view.viewRange() == [[0, 500], [0, 1]]

    @pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda t: t.name)
    def test_one_weight_among_16_million_is_seen_at_every_zoom(self, bench, theme):
        a = np.zeros((4096, 4096), np.float32)
        b = a.copy()
        b[1234, 2345] = 1e-30
        area = bench.shown([a, b], theme=theme)
        area.set_cursor(None)
        plots = board(area)
        assert captions(area)[2][1].startswith("✕ 1 of 16,777,216 differs")
        seen = [self.different_pixels(area, theme)]
        for factor in (1.4, 3, 10, 100, 1000):
            half = 4096 / factor / 2
            plots.panels[0].view.setXRange(2345 - half, 2345 + half, padding=0)
            plots.panels[0].view.setYRange(1234 - half, 1234 + half, padding=0)
            seen.append(self.different_pixels(area, theme))
            assert area.wait_until_drawn()
            seen.append(self.different_pixels(area, theme))
        assert min(seen) >= 4
        assert seen[-1] > 100

    def test_the_wheel_keeps_one_among_268_million_in_sight(self, bench, qtbot):
        side, row, col = 16384, 11_111, 5_432
        files = []
        for name in ("a", "b"):
            files.append(bench.folder / f"{name}.bin")
            with files[-1].open("wb") as file:
                file.truncate(side * side)
        with files[1].open("r+b") as file:
            file.seek(row * side + col)
            file.write(b"\x01")
        tensors = [Tensor("dense/kernel", "int8", (side, side), str(path), 0) for path in files]
        area = bench.shown(tensors)
        area.set_cursor(None)
        plot = board(area).panels[-1]
        seen = [self.different_pixels(area, LIGHT)]
        for _ in range(24):
            spot = plot.view.mapViewToScene(QPointF(col + 0.5, row + 0.5))
            turn_wheel(board(area), board(area).mapFromScene(spot), 240)
            seen.append(self.different_pixels(area, LIGHT))
            assert area.wait_until_drawn()
            seen.append(self.different_pixels(area, LIGHT))
        assert plot.view.viewRect().width() < 40
        assert min(seen) >= 4
        assert seen[-1] > 100

    @pytest.mark.parametrize("size", [(420, 320), (700, 420), (1400, 900)])
    def test_and_at_every_size(self, bench, size):
        a = np.zeros((3000, 3000), np.float32)
        b = a.copy()
        b[2999, 1] = -0.0
        area = bench.shown([a, b], size=size)
        area.set_cursor(None)
        least = (0xDB, 0x73, 0x40)
        assert self.count(area, least) >= 4
        area.resize(size[0] - 60, size[1] - 60)
        assert self.count(area, least) >= 4
        assert area.wait_until_drawn()
        assert self.count(area, least) >= 4

    def test_it_says_of_how_many_elements_a_pixel_shows_one(self, bench):
        area = bench.shown([np.arange(4_000_000, dtype=np.float32).reshape(2000, 2000)])
        view = board(area).panels[0].view
        rows, cols = -(-2000 // int(view.height())), -(-2000 // int(view.width()))
        assert rows > 1
        assert captions(area)[0][1].endswith(f"each pixel: the extreme of {rows} × {cols}")  # noqa: RUF001
        view.setRange(xRange=(0, 50), yRange=(0, 50), padding=0)
        assert area.wait_until_drawn()
        assert "pixel" not in captions(area)[0][1]
        board(area).reset_view()
        assert area.wait_until_drawn()
        assert "pixel" in captions(area)[0][1]

    def test_a_part_is_read_more_finely(self, bench):
        a = np.zeros((2000, 2000), np.float32)
        a[:, 1::2] = 1
        area = bench.shown([a])
        view = board(area).panels[0].view
        view.setXRange(100, 140, padding=0)
        view.setYRange(100, 140, padding=0)
        assert area.wait_until_drawn()
        shown = pixels(board(area))
        row = shown[int(view.sceneBoundingRect().center().y())]
        assert (np.diff(row[60:-10].astype(int), axis=0) != 0).any(axis=1).sum() >= 38

    def different_pixels(self, area, theme):
        return self.count(area, RUST[theme.name])

    def count(self, area, colour):
        view = board(area).panels[-1].view.sceneBoundingRect()
        shown = pixels(board(area))[int(view.top()) : int(view.bottom()), int(view.left()) : int(view.right())]
        return int((shown == colour).all(axis=2).sum())


class TestCursor:
    def test_starts_at_the_first_difference(self, bench, normal):
        a = normal(5, 6)
        b = a.copy()
        b[3, 2] += 1
        area = bench.shown([a, b])
        assert area.cursor_index == (3, 2)

    @pytest.mark.parametrize("value", [1e9, np.nan])
    def test_goes_to_the_first_difference_when_that_is_known_later(self, bench, normal, value):
        a = normal(5, 6)
        b = a.copy()
        b[3, 2] = value
        state = bench.state([a, b])
        area = bench.area()
        area.show_state(replace(state, panes=tuple(replace(pane, comparison=None) for pane in state.panes)))
        assert area.wait_until_drawn()
        assert area.cursor_index is None
        area.show_state(state)
        assert area.wait_until_drawn()
        assert area.cursor_index == (3, 2)
        assert area._table.row_texts()[0][0] == "Run 1"
        area.set_cursor(None)
        area.show_state(replace(state))
        assert area.cursor_index is None

    def test_goes_to_the_first_difference_of_others(self, bench, normal):
        a = normal(5, 6)
        b, c, d = a.copy(), a.copy(), a.copy()
        b[0, 0] += 1
        c[3, 2] += 1
        d[4, 4] += 1
        area = bench.shown([a, b])
        others = bench.state([a, c])
        area.show_state(replace(others, panes=tuple(replace(pane, comparison=None) for pane in others.panes)))
        assert area.wait_until_drawn()
        area.show_state(others)
        assert area.wait_until_drawn()
        assert area.cursor_index == (3, 2)
        three = bench.state([a, c, d, a])
        for focus, place in (("r2", (4, 4)), ("r1", (3, 2)), ("r3", (3, 2)), ("r2", (4, 4))):
            area.show_state(replace(three, focus=focus))
            assert area.wait_until_drawn()
            assert area.cursor_index == place

    def test_stays_where_the_person_put_it(self, bench, normal):
        a = normal(5, 6)
        b, c = a.copy(), a.copy()
        b[0, 0] += 1
        c[3, 2] += 1
        state = bench.state([a, b, c])
        area = bench.area()
        area.show_state(state)
        assert area.wait_until_drawn()
        hover(area, board(area).panels[0], 5.5, 1.5)
        area.show_state(replace(state, focus="r2"))
        assert area.wait_until_drawn()
        assert area.cursor_index == (1, 5)
        area.show_state(replace(bench.state([a, c]), title=state.title))
        panes = tuple(replace(pane, item_id=f"new-{pane.item_id}") for pane in state.panes)
        area.show_state(replace(state, panes=panes, reference="new-r0", focus="new-r2"))
        assert area.wait_until_drawn()
        assert area.cursor_index == (3, 2)

    @pytest.mark.parametrize("kind", ["heatmap", "values"])
    def test_tensors_of_two_shapes_have_no_distance(self, bench, normal, kind):
        area = bench.shown([normal(3, 4), normal(4, 3)], kind)
        area.set_cursor((1, 1))
        assert area.wait_until_drawn()
        row = area._table.row_texts()[1]
        assert (row[2], row[3]) == ("", "")
        cell = area._table.model().index(1, 1)
        assert area._table.model().data(cell, Qt.ItemDataRole.ForegroundRole) is None
        assert not area._table.model().row(cell).marks
        if kind == "values":
            model = area._the_content().values.model
            assert [model.data(model.index(row, 0)) for row in range(12)] == [""] * 12

    def test_is_one_in_all_plots(self, bench, normal, qtbot):
        area = bench.shown([normal(64, 96), normal(64, 96)])
        with qtbot.waitSignal(area.cursorMoved) as moved:
            hover(area, board(area).panels[1], 50.5, 20.5)
        assert moved.args == [(20, 50)]
        assert [panel._cursor._cell for panel in board(area).panels] == [(20, 50)] * 3

    def test_the_table_reads_to_the_last_bit(self, bench):
        a, b = np.float32([[0.1, 1.0]]), np.float32([[0.1, np.nextafter(np.float32(1), np.float32(2))]])
        area = bench.shown([a, b], "bars")
        assert area.wait_until_drawn()
        first, second = area._table.row_texts()
        assert first == ["Run 1", "1.0", "", "", "0 01111111 " + "0" * 23]
        assert second == ["Run 2", "1.0000001", "1.192e-07", "1", "0 01111111 " + "0" * 22 + "1"]
        assert np.float32(second[1]) == b[0, 1]
        assert area._table.model().headerData(0, Qt.Orientation.Horizontal) == "kernel[0, 1]"

    def test_keys_move_it(self, bench, normal, qtbot):
        area = bench.shown([normal(10, 10)])
        plots = board(area)
        for key, index in (
            (Qt.Key.Key_Right, (0, 0)),
            (Qt.Key.Key_Right, (0, 1)),
            (Qt.Key.Key_Down, (1, 1)),
            (Qt.Key.Key_End, (1, 9)),
            (Qt.Key.Key_Right, (1, 9)),
            (Qt.Key.Key_Home, (1, 0)),
            (Qt.Key.Key_Up, (0, 0)),
            (Qt.Key.Key_Escape, None),
        ):
            qtbot.keyClick(plots, key)
            assert area.cursor_index == index

    def test_keys_zoom(self, bench, normal, qtbot):
        area = bench.shown([normal(100, 100)])
        view = board(area).panels[0].view
        qtbot.keyClick(board(area), Qt.Key.Key_Plus)
        assert view.viewRange()[0][1] - view.viewRange()[0][0] == pytest.approx(80)
        qtbot.keyClick(board(area), Qt.Key.Key_Minus)
        qtbot.keyClick(board(area), Qt.Key.Key_0)
        assert view.viewRange() == [[0, 100], [0, 100]]

    def test_stays_when_the_kind_changes(self, bench, normal):
        arrays = [normal(8, 8), normal(8, 8)]
        area = bench.shown(arrays)
        area.set_cursor((4, 5))
        for kind in ("bars", "values", "histogram", "heatmap"):
            area.show_state(bench.state(arrays, kind))
            assert area.wait_until_drawn()
            assert area.cursor_index == (4, 5)

    def test_goes_when_the_tensor_has_no_such_element(self, bench, normal):
        area = bench.shown([normal(8, 8)])
        area.set_cursor((7, 7))
        area.show_state(bench.state([normal(2, 2)]))
        assert area.cursor_index is None


class TestSlices:
    def test_chooser_asks_for_a_slice(self, bench, normal, qtbot):
        arrays = [normal(3, 2, 4, 5), normal(3, 2, 4, 5)]
        area = bench.shown(arrays)
        assert [box.maximum() for box in area._slices.boxes] == [2, 1]
        with qtbot.waitSignal(area.sliceChanged) as changed:
            area._slices.boxes[0].setValue(2)
        assert changed.args == [(2, 0)]

    def test_shows_the_slice_without_asking_again(self, bench, normal, qtbot):
        arrays = [normal(3, 2, 4, 5), normal(3, 2, 4, 5)]
        area = bench.shown(arrays)
        with qtbot.assertNotEmitted(area.sliceChanged):
            area.show_state(bench.state(arrays, slice_index=(2, 1)))
            assert area.wait_until_drawn()
        np.testing.assert_array_equal(board(area).shown.runs[0].picture.values, arrays[0][2, 1])
        assert [box.value() for box in area._slices.boxes] == [2, 1]

    def test_hidden_for_two_axes(self, bench, normal):
        assert not bench.shown([normal(3, 4)])._slices.isVisible()


class TestPreparing:
    def test_everything_is_made_ahead(self, bench, normal, qtbot):
        area = bench.area()
        area.prepare()
        qtbot.waitUntil(lambda: area._content is not None and len(board(area).panels) == 3)
        made = board(area).panels
        area.show_state(bench.state([normal(3, 4), normal(3, 4)]))
        assert area.wait_until_drawn()
        assert board(area).panels == made

    def test_does_no_harm_when_closed_meanwhile_or_deleted(self, bench, qtbot):
        area = bench.area()
        area.prepare()
        area.close()
        qtbot.wait(20)
        assert area._content is None
        area = bench.area()
        area.prepare()
        bench.close()
        qtbot.wait(20)

    def test_does_no_harm_when_a_state_came_first(self, bench, normal, qtbot):
        area = bench.area()
        area.prepare()
        area.show_state(bench.state([normal(3, 4)]))
        assert area.wait_until_drawn()
        area.prepare()
        qtbot.wait(20)
        assert len(board(area).panels) == 1


class TestThreads:
    def test_none_is_left(self, bench, normal):
        before = set(threading.enumerate())
        area = bench.shown([normal(64, 96), normal(64, 96)])
        assert set(threading.enumerate()) - before
        area.close()
        assert set(threading.enumerate()) == before

    def test_close_does_not_wait_for_a_long_reading(self, bench):
        array = np.zeros((4096, 4096), np.float32)
        area = bench.area()
        area.show_state(bench.state([array] * 6))
        area.close()
        area.show_state(None)

    def test_an_area_that_is_only_deleted(self, bench, normal, qtbot):
        from PySide6.QtCore import QCoreApplication, QEvent

        before = set(threading.enumerate())
        area = bench.shown([normal(64, 96), normal(64, 96)])
        bench.areas.remove(area)
        area.hide()
        area.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        assert set(threading.enumerate()) == before

    def test_a_late_answer_is_dropped(self, bench, normal):
        area = bench.area()
        large = bench.state([np.zeros((4096, 4096), np.float32)])
        for _ in range(5):
            area.show_state(large)
            area.show_state(bench.state([normal(2, 3)]))
        assert area.wait_until_drawn()
        assert board(area).shown.runs[0].plane.shape == (2, 3)

    def test_the_previous_picture_stays_until_the_new_one_is_there(self, bench, normal):
        area = bench.shown([normal(2, 3)])
        area.show_state(bench.state([np.zeros((4096, 4096), np.float32)]))
        assert board(area).shown.runs[0].plane.shape == (2, 3)
        assert page(area) == ""
        assert area.wait_until_drawn()

    def test_a_comparison_that_arrives_reads_nothing_again(self, bench, normal, monkeypatch):
        state = bench.state([normal(2, 3), normal(2, 3)])
        bare = replace(state, panes=tuple(replace(pane, comparison=None) for pane in state.panes))
        area = bench.area()
        area.show_state(bare)
        assert area.wait_until_drawn()
        monkeypatch.setattr(load, "load_any", lambda *_: pytest.fail("read again"))
        area.show_state(state)
        assert area.wait_until_drawn()


@pytest.mark.parametrize("kind", ["bars", "heatmap", "histogram", "values", "distances", "scatter"])
def test_takes_a_theme_while_it_shows_something(bench, normal, kind):
    area = bench.shown([normal(5, 6), normal(5, 6)], kind)
    area.apply_theme(DARK)
    assert area.wait_until_drawn()
    view = area._the_content()._views.currentWidget()
    if kind != "values":
        corner = pixels(view)[-2, -2]
        assert corner.tolist() == [0x1F, 0x22, 0x26]


def test_the_mouse_really_reaches_the_plots(bench, normal, qtbot):
    area = bench.shown([normal(64, 96), normal(64, 96)])
    panel = board(area).panels[0]
    place = board(area).mapFromScene(panel.view.mapViewToScene(QPointF(40.5, 30.5)))
    qtbot.mouseMove(board(area).viewport(), place - QPoint(9, 9))
    qtbot.mouseMove(board(area).viewport(), place)
    qtbot.waitUntil(lambda: area.cursor_index == (30, 40))


@pytest.mark.parametrize("kind", ["heatmap", "values"])
def test_tab_goes_from_the_slices_through_the_plots_to_the_table(bench, normal, qtbot, kind):
    area = bench.shown([normal(3, 2, 4, 5), normal(3, 2, 4, 5)], kind)
    boxes = area._slices.boxes
    view = area._the_content()._views.currentWidget()
    boxes[0].setFocus()
    visited = []
    while QApplication.focusWidget() is not area._table:
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        visited.append(QApplication.focusWidget())
    assert visited.index(boxes[1]) < visited.index(view) < visited.index(area._table)


@pytest.mark.parametrize("kind", ["bars", "heatmap", "histogram", "values", "distances", "scatter"])
def test_numbers_have_one_kind_of_minus(bench, kind):
    area = bench.shown([np.float32([[-1, -2e-7]]), np.float32([[-3, -0.5]])], kind)
    area.set_cursor((0, 0))
    assert area.wait_until_drawn()
    area.render_svg(bench.folder / "out.svg")
    written = (bench.folder / "out.svg").read_text() + str(area._table.row_texts())
    assert not re.search(r"−[\d∞i]", written)  # noqa: RUF001


class TestHowFar:
    """What is said of the largest distance is true to the last digit that is written."""

    @pytest.mark.parametrize("kind", ["bars", "heatmap"])
    def test_a_rounded_distance_is_no_limit(self, bench, kind):
        area = bench.shown([np.float32([[0, 0]]), np.float32([[-1.394, 1]])], kind)
        assert captions(area)[2][1] == "✕ 2 of 2 differ · largest |Δ| 1.39"
        assert not any("≤" in text for panel in board(area).panels for text in panel.caption._details)

    @pytest.mark.parametrize("kind", ["bars", "heatmap"])
    @pytest.mark.parametrize(
        ("value", "rest", "said"),
        [
            (np.nan, 0, "✕ 1 of 48 differs · 1 not finite (NaN or infinity)"),
            (np.inf, 0.5, "✕ 2 of 48 differ · 1 not finite (NaN or infinity), else largest |Δ| 0.5"),
        ],
    )
    def test_nan_and_infinity_are_named(self, bench, kind, value, rest, said):
        a, b = np.zeros((6, 8), np.float32), np.zeros((6, 8), np.float32)
        b[0, 0], b[3, 3] = value, rest
        area = bench.shown([a, b], kind)
        assert captions(area)[2][1] == said
        area.set_cursor((0, 0))
        assert area.wait_until_drawn()
        assert area._table.row_texts()[1][2] == "not finite"

    def test_the_same_nan_is_no_distance_away(self, bench):
        area = bench.shown([np.float32([np.nan, 1]), np.float32([np.nan, 2])], "values")
        model = area._the_content().values.model
        assert [model.data(model.index(row, 4)) for row in range(2)] == ["0", "+1"]

    @pytest.mark.parametrize("kind", ["bars", "heatmap", "values"])
    def test_what_is_no_number_is_nowhere_called_infinite(self, bench, kind):
        one, other = (bench.tensor(np.array([[1, value]], "<u2"), "V2") for value in (2, 3))
        area = bench.shown([one, other], kind)
        if kind == "values":
            model = area._the_content().values.model
            assert model.data(model.index(1, 4)) == ""
        else:
            assert captions(area)[2][1] == "✕ 1 of 2 differs"

    @pytest.mark.parametrize("kind", ["bars", "heatmap"])
    def test_a_slice_speaks_for_itself_alone(self, bench, normal, kind):
        a = normal(3, 3, 3, 8)
        b = a.copy()
        b[1, 1] += 1
        area = bench.shown([a, b], kind, slice_index=(1, 1))
        assert captions(area)[2][1].startswith("✕ 24 of 24 in this slice differ")
        area.show_state(bench.state([a, b], kind))
        assert area.wait_until_drawn()
        assert captions(area)[2][1] == "✓ the same in this slice"


class TestWithinTheTolerance:
    """What is said of a pair of tensors has the sign and the colour of their verdict."""

    ARRAYS = np.float32([[1, 2], [3, 4]]), np.float32([[1, 2.5], [3, 4]])

    def states(self, bench, kind, tolerance):
        exact = bench.state(self.ARRAYS, kind)
        reference, focus = exact.panes
        close = compare_tensors(reference.tensor, focus.tensor, Tolerance(atol=tolerance))
        return exact, replace(exact, panes=(reference, replace(focus, comparison=close)))

    def caption(self, area):
        view = area._the_content()._views.currentWidget()
        caption = view._caption if hasattr(view, "_caption") else view.panels[-1].caption
        return caption.texts[1], caption._detail_ink.name()

    @pytest.mark.parametrize("kind", ["bars", "heatmap", "distances", "scatter"])
    @pytest.mark.parametrize("late", [True, False])
    def test_captions_follow_the_verdict(self, bench, kind, late):
        exact, close = self.states(bench, kind, 1.0)
        area = bench.area()
        if late:
            area.show_state(exact)
            assert area.wait_until_drawn()
            said, ink = self.caption(area)
            assert said.startswith("✕ 1 of 4 differs")
            assert ink == LIGHT.different_ink.lower()
        area.show_state(close)
        assert area.wait_until_drawn()
        said, ink = self.caption(area)
        assert said.startswith("± 1 of 4 differs, within the tolerance")
        assert ink == LIGHT.between_ink.lower()

    def test_it_may_become_known_while_the_plots_are_read(self, bench):
        exact, close = self.states(bench, "bars", 1.0)
        area = bench.area()
        area.show_state(exact)
        area.show_state(close)
        assert area.wait_until_drawn()
        assert self.caption(area)[0].startswith("±")

    def test_a_tolerance_that_is_not_enough_changes_nothing(self, bench):
        _, state = self.states(bench, "bars", 0.1)
        area = bench.area()
        area.show_state(state)
        assert area.wait_until_drawn()
        assert self.caption(area)[0].startswith("✕")

    def test_rows_and_the_cursor_follow_too(self, bench):
        exact, close = self.states(bench, "values", 1.0)
        area = bench.area()
        for state, sign, ink in ((exact, "✕", LIGHT.different_ink), (close, "±", LIGHT.between_ink)):
            area.show_state(state)
            assert area.wait_until_drawn()
            for model, row in ((area._the_content().values.model, 1), (area._table.model(), 1)):
                cell = model.index(row, 3 if model is not area._table.model() else 1)
                assert model.data(cell, Qt.ItemDataRole.ForegroundRole).name() == ink.lower()
            model = area._the_content().values.model
            assert model.data(model.index(1, 0)) == sign


class TestNarrow:
    @pytest.mark.parametrize("kind", ["bars", "heatmap"])
    def test_plots_that_could_not_be_told_apart_give_way_to_those_that_are_compared(self, bench, normal, kind):
        area = bench.shown([normal(64, 32) for _ in range(5)], kind, size=(460, 300), focus="r3")
        assert [title for title, _ in captions(area)] == ["Run 1", "Run 4", "Run 4 − Run 1"]  # noqa: RUF001
        assert min(panel.view.width() for panel in board(area).panels) >= 90
        area.set_cursor((2, 3))
        area.resize(1200, 500)
        assert area.wait_until_drawn()
        assert len(captions(area)) == 6
        assert {panel._cursor._cell for panel in board(area).panels} == {(2, 3) if kind == "heatmap" else (0, 67)}
        area.resize(460, 300)
        assert area.wait_until_drawn()
        assert len(captions(area)) == 3

    def test_axes_take_their_room_too(self, bench, normal):
        area = bench.shown([normal(64, 32) for _ in range(6)], "bars", size=(520, 500), focus="r3")
        assert min(panel.view.width() for panel in board(area).panels) >= 90

    def test_the_title_of_the_difference_takes_the_room_beside_it(self, bench, normal):
        area = bench.shown([normal(64, 32) for _ in range(6)], "heatmap", size=(520, 500), focus="r3")
        *others, last = board(area).panels
        assert len(others) == 6
        assert last.caption.size().width() > 2 * others[0].caption.size().width()
        assert others[0].caption.size().width() == others[0].view.width()
        assert last.geometry().left() + last.caption.geometry().right() <= board(area).width()

    def test_what_is_not_finite_is_said_in_any_room(self, bench):
        area = bench.shown([np.float32([-3.899, 3.066, np.nan, np.inf, -np.inf])] * 2, "bars")
        said = board(area).panels[0].caption._details
        assert said == (
            "-3.899 to 3.066 · 1 NaN · 2 infinite",
            "-3.899 to 3.066 · 3 not finite",
            "3 not finite",
        )

    @pytest.mark.parametrize("width", [60, 95, 120, 280])
    def test_the_numbers_of_a_colour_bar_are_whole(self, bench, width):
        bar, metrics = ColourBar(), QFontMetricsF(caption_font())
        bar.show_range(("-3.9", "0", "3.9"), np.zeros(4, np.uint32), palette(LIGHT))
        labels = [label for label, _ in bar._placed(metrics, width)]
        assert {"-3.9", "3.9"} <= set(labels)
        bar.show_range(("least", "|Δ| 7.45e-09"), np.zeros(4, np.uint32), palette(LIGHT), "same")
        bar.resize(width, 30)
        image = QImage(400, 30, QImage.Format.Format_RGB32)
        image.fill(0xFFFFFFFF)
        with QPainter(image) as painter:
            painter.translate(100, 0)
            bar.paint(painter, None)
        ink = [x for x in range(400) if any(image.pixel(x, y) != 0xFFFFFFFF for y in range(14, 30))]
        assert max(ink) - min(ink) >= metrics.horizontalAdvance("|Δ| 7.45e-09") - 4
        assert max(ink) <= 100 + width


class TestTitleOfTheDifference:
    def test_short_names_are_written_out_without_their_colours_where_both_have_no_room(self, bench, normal):
        area = bench.shown([normal(6, 9), normal(6, 9)])
        caption = board(area).panels[2].caption
        assert caption.title_in(300) == ("Run 2 − Run 1", caption._swatches)  # noqa: RUF001
        whole = QFontMetricsF(text_font(bold=True)).horizontalAdvance("Run 2 − Run 1")  # noqa: RUF001
        assert caption.title_in(whole + 1) == ("Run 2 − Run 1", ())  # noqa: RUF001

    def test_of_long_names_the_colours_and_a_part_of_each_stay(self, bench, normal):
        state = bench.state([normal(6, 9), normal(6, 9)])
        names = ("a_very_long_name_of_weights.safetensors", "another_long_one.weights.h5")
        panes = tuple(replace(pane, label=name) for pane, name in zip(state.panes, names, strict=True))
        area = bench.area()
        area.show_state(replace(state, panes=panes))
        assert area.wait_until_drawn()
        caption = board(area).panels[2].caption
        title, colours = caption.title_in(200)
        one, other = title.split(" − ")  # noqa: RUF001
        assert one.startswith("ano")
        assert other.startswith("a_v")
        assert one.endswith("h5")
        assert other.endswith("rs")
        assert len(colours) == 2
        assert QFontMetricsF(text_font(bold=True)).horizontalAdvance(title) <= 200 - caption._taken(colours)


def header(table, column, role=Qt.ItemDataRole.DisplayRole):
    return table.model().headerData(column, Qt.Orientation.Horizontal, role)


@pytest.mark.parametrize("values", [[-np.inf, 1], [-np.inf, -1], [np.inf, 1], [np.nan, -np.inf]])
def test_signs_of_what_is_not_finite_are_whole(bench, values, monkeypatch):
    painted = []
    monkeypatch.setattr(QPainter, "drawText", lambda self, *args: painted.append(args))
    area = bench.shown([np.float32(values)] * 2, "bars")
    plot = board(area).panels[0]
    plot._bar_item.update()
    pixels(area)
    height = plot.view.height()
    spots = [args[0] for args in painted if args[-1] in ("inf", "-inf", "NaN")]
    assert spots
    view = plot.view.sceneBoundingRect()
    assert all(view.top() <= spot.top() and spot.bottom() <= view.top() + height for spot in spots)


def test_the_heading_without_a_cursor_is_whole(bench, normal):
    area = bench.shown([normal(3, 3)], size=(620, 400))
    heading = area._table.model().headerData(0, Qt.Orientation.Horizontal)
    assert QFontMetricsF(text_font()).horizontalAdvance(heading) + 24 <= area._table.columnWidth(0) + 1


class TestTableOfTheCursor:
    @pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int64", "complex64"])
    def test_values_are_written_out_in_full(self, bench, dtype):
        limits = np.finfo(dtype) if np.dtype(dtype).kind in "fc" else np.iinfo(dtype)
        a = np.array([[limits.min, limits.max]], dtype)
        area = bench.shown([a, a + np.array(-0.1234567890123456).astype(dtype)], "bars", size=(780, 520))
        area.set_cursor((0, 0))
        assert area.wait_until_drawn()
        table = area._table
        longest = max((row[1] for row in table.row_texts()), key=len)
        wide = QFontMetricsF(text_font(bold=True)).horizontalAdvance(longest)
        assert table.columnWidth(1) >= wide + 6

    def test_columns_stand_still_while_the_cursor_moves(self, bench, normal):
        area = bench.shown([normal(64, 96), normal(64, 96)])
        widths = []
        for index in ((0, 0), (63, 95), None):
            area.set_cursor(index)
            assert area.wait_until_drawn()
            widths.append([area._table.columnWidth(column) for column in range(5)])
        assert widths[0] == widths[1] == widths[2]
        area.set_cursor((63, 95))
        wide = QFontMetricsF(caption_font()).horizontalAdvance("kernel[63, 95]")
        assert area._table.columnWidth(0) >= wide + 12

    @pytest.mark.parametrize("width", [320, 458, 800, 1400])
    @pytest.mark.parametrize("dtype", ["float32", "float64"])
    def test_the_heading_of_the_bits_says_what_stands_below_it(self, bench, normal, width, dtype):
        area = bench.shown([normal(4, 5).astype(dtype), normal(4, 5).astype(dtype)], size=(width, 500))
        area.set_cursor((0, 0))
        assert area.wait_until_drawn()
        said = header(area._table, 4)
        assert (
            area._table._model.hexadecimal
            == ("hex" in said.lower())
            == (width < {"float32": 600, "float64": 1000}[dtype])
        )
        assert "…" not in said
        assert "sign, exponent, mantissa" in header(area._table, 4, Qt.ItemDataRole.ToolTipRole)

    def test_headings_say_what_they_mean(self, bench, normal):
        table = bench.shown([normal(4, 5), normal(4, 5)])._table
        said = [header(table, column, Qt.ItemDataRole.ToolTipRole) for column in range(5)]
        assert "units in the last place" in said[3]
        assert "reference" in said[2]
        assert min(map(len, said[1:])) > 30

    def test_five_runs_are_in_sight_and_the_compared_one_always(self, bench, normal):
        arrays = [bench.tensor(normal(1, 5)) for _ in range(5)]
        for size, rows in (((780, 500), 5), ((780, 300), 3)):
            area = bench.shown(arrays, "bars", focus="r4", size=size)
            table = area._table
            assert table.viewport().height() // 22 == rows
            assert [row[0] for row in table.row_texts()][:2] == ["Run 1", "Run 5"]

    def test_a_dotted_name_is_cut_to_its_last_part(self):
        assert place_name("encoder.layers.0.weight", (5, 7)) == "weight[5, 7]"
        assert place_name("dense/kernel", ()) == "kernel"
        assert place_name("random.uniform(0.5, 1.5)", (2,)) == "random.uniform(0.5, 1.5)[2]"


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


@pytest.mark.parametrize("kind", ["heatmap", "histogram"])
def test_what_is_chosen_and_what_colours_mean_is_explained(bench, normal, kind):
    area = bench.shown([normal(3, 2, 4, 5), normal(3, 2, 4, 5)], kind)
    for widget in area._slices.findChildren(QWidget):
        if widget.isVisible() and isinstance(widget, QSpinBox | QSlider | QLabel):
            assert len(widget.toolTip()) > 20
    content = area._the_content()
    legends = [content.board._value_bar, content.board._difference_bar]
    for legend in legends if kind == "heatmap" else [content.histogram._legend]:
        assert len(legend.toolTip()) > 20


@pytest.mark.parametrize("width", [450, 800])
def test_the_chooser_of_slices_keeps_its_numbers_in_sight(bench, normal, width):
    area = bench.shown([normal(3, 3, 3, 8), normal(3, 3, 3, 8)], size=(width, 400))
    QCoreApplication.processEvents()
    bar = area._slices
    seen = [widget for widget in bar.findChildren(QWidget) if widget.isVisible() and widget.parent() is bar]
    assert all(widget.geometry().right() < bar.width() for widget in seen)
    assert all(widget.width() >= widget.sizeHint().width() for widget in seen if isinstance(widget, QLabel))
    assert sum(isinstance(widget, QSlider) for widget in seen) == (2 if width == 800 else 0)
    assert area.width() == width
