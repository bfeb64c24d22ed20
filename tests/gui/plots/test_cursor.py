from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from reproviewer.gui.plots.cursor_widths import place_name
from reproviewer.gui.plots.texts import caption_font, text_font
from tests.gui.plots.conftest import pixels
from tests.gui.plots.looking import board, hover


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
