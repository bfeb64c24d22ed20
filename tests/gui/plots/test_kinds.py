import csv
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QImage
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QAbstractSpinBox, QLabel

from reproviewer.core.compare import compare_tensors
from reproviewer.core.message import ReproError
from reproviewer.core.verdict import Tolerance
from reproviewer.gui.plots.texts import text_font
from reproviewer.gui.theme import LIGHT


def view(area):
    return area._the_content()._views.currentWidget()


def cell(area, row, column):
    model = view(area).model
    return model.data(model.index(row, column))


class TestHistogram:
    def test_bins_are_common(self, bench, normal):
        area = bench.shown([normal(64, 96), normal(64, 96) * 3], "histogram")
        data = view(area)._data
        assert [int(counts.sum()) for _, counts, _ in data.runs] == [6144, 6144]
        assert {len(counts) for _, counts, _ in data.runs} == {data.bins.count}

    def test_says_what_the_bin_under_the_mouse_holds(self, bench):
        area = bench.shown([np.int32([0, 0, 1, 3]), np.int32([0, 1, 1, 3])], "histogram")
        plot = view(area)
        plot._on_mouse(plot._view.mapViewToScene(QPointF(0, 1)))
        assert plot._legend._note == "-0.5 to 0.5 — Run 1: 2, Run 2: 1"
        plot._on_mouse(QPointF(-50, -50))
        assert plot._legend._note == "count of values in each bin"

    @pytest.mark.parametrize("value", [0.0, 7.0, np.nan, np.inf])
    def test_odd_values(self, bench, value):
        area = bench.shown([np.full((3, 3), value, np.float32)] * 2, "histogram")
        low, high = view(area)._view.viewRange()[0]
        assert low < high

    def test_a_run_without_the_tensor(self, bench, normal):
        area = bench.shown([normal(3, 3), None], "histogram")
        assert [entry[0] for entry in view(area)._legend._entries] == ["Run 1", "Run 2"]


class TestValues:
    def test_every_run_and_the_difference(self, bench):
        area = bench.shown([np.float32([[1, 2], [0, 4]]), np.float32([[1, 2.5], [-0.0, 4]])], "values")
        rows = [[cell(area, row, column) for column in range(5)] for row in range(4)]
        assert rows == [
            ["", "0, 0", "1.0", "1.0", "0"],
            ["✕", "0, 1", "2.0", "2.5", "+0.5"],
            ["≈", "1, 0", "0.0", "-0.0", "0"],
            ["", "1, 1", "4.0", "4.0", "0"],
        ]

    def test_ten_million_values_and_the_next_difference(self, bench, qtbot):
        a = np.zeros(10_000_000, np.float32)
        b = a.copy()
        b[[7_654_321, 9_999_999]] = 1
        area = bench.shown([a, b], "values")
        area.set_cursor(None)
        values = view(area)
        assert values.model.rowCount() < 100
        qtbot.mouseClick(values._next, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: area.cursor_index == (7_654_321,))
        assert area.wait_until_drawn()
        row = 7_654_321 - values.top_row
        assert cell(area, row, 0) == "✕"
        assert cell(area, row, 1) == "7654321"
        qtbot.mouseClick(values._next, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: area.cursor_index == (9_999_999,))
        assert area.wait_until_drawn()
        qtbot.mouseClick(values._next, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: values._message.text() == "No further difference below.")
        qtbot.mouseClick(values._previous, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: area.cursor_index == (7_654_321,))

    def test_keys_move_the_cursor(self, bench, qtbot):
        area = bench.shown([np.arange(1000.0)], "values")
        values = view(area)
        for key, index in ((Qt.Key.Key_End, 999), (Qt.Key.Key_Up, 998), (Qt.Key.Key_Home, 0), (Qt.Key.Key_Down, 1)):
            qtbot.keyClick(values, key)
            assert area.cursor_index == (index,)
        assert area.wait_until_drawn()
        assert cell(area, 1 - values.top_row, 2) == "1.0"

    def test_the_sign_speaks_of_the_difference_beside_it(self, bench):
        a = np.float32([1, 2, 3])
        area = bench.shown([a, np.float32([1, 2, 4]), np.float32([5, 2, 3])], "values")
        model = area._the_content().values.model
        assert [model.data(model.index(row, 0)) for row in range(3)] == ["", "", "✕"]
        assert [model.data(model.index(row, 4)) for row in range(3)] == ["0", "0", "+1"]
        unlike = model.data(model.index(0, 5), Qt.ItemDataRole.ForegroundRole)
        assert unlike.name() == LIGHT.different_ink.lower()

    def test_runs_that_lack_the_tensor(self, bench, normal):
        area = bench.shown([normal(3, 3), None, normal(2, 2)], "values")
        assert cell(area, 0, 2)
        assert cell(area, 0, 3) == ""


class TestExport:
    @pytest.mark.parametrize("kind", ["bars", "heatmap", "histogram", "values", "distances", "scatter"])
    def test_png(self, bench, normal, tmp_path, kind):
        area = bench.shown([normal(5, 6), normal(5, 6)], kind)
        area.render_png(tmp_path / "out.png", QSize(1200, 800))
        image = QImage(str(tmp_path / "out.png"))
        assert (image.width(), image.height()) == (1200, 800)
        assert len({image.pixel(x, y) for x in range(0, 1200, 7) for y in range(0, 800, 7)}) > 3

    @pytest.mark.parametrize("kind", ["bars", "heatmap", "histogram", "values", "distances", "scatter"])
    def test_svg(self, bench, normal, tmp_path, kind):
        area = bench.shown([normal(5, 6), normal(5, 6)], kind)
        area.render_svg(tmp_path / "out.svg")
        assert QSvgRenderer(str(tmp_path / "out.svg")).isValid()
        assert "Run 2" in (tmp_path / "out.svg").read_text()

    def test_many_runs(self, bench, normal, tmp_path):
        area = bench.shown([normal(5, 6) for _ in range(20)])
        area.render_png(tmp_path / "out.png", QSize(900, 700))
        area.render_svg(tmp_path / "out.svg")

    def test_nothing_shown(self, bench, tmp_path):
        area = bench.area()
        area.render_png(tmp_path / "out.png", QSize(400, 300))
        assert list(area.rows_csv()) == []

    def test_a_folder_that_is_a_file(self, bench, normal, tmp_path):
        area = bench.shown([normal(5, 6)])
        (tmp_path / "no").touch()
        with pytest.raises(ReproError):
            area.render_png(tmp_path / "no" / "out.png", QSize(400, 300))
        with pytest.raises(ReproError):
            area.render_svg(tmp_path / "no" / "out.svg")

    def test_rows_read_back(self, bench, normal, tmp_path):
        a, b = normal(3, 4, 5), normal(3, 4, 5)
        area = bench.shown([a, b], slice_index=(2,))
        with (tmp_path / "out.csv").open("w", newline="") as file:
            csv.writer(file).writerows(area.rows_csv())
        with (tmp_path / "out.csv").open(newline="") as file:
            head, *rows = csv.reader(file)
        assert head == ["tensor", "index", "Run 1", "Run 2", "Run 2 - Run 1"]
        assert rows[7][:2] == ["dense/kernel", "[2, 1, 2]"]
        np.testing.assert_array_equal(np.float32([row[3] for row in rows]), b[2].ravel())

    def test_rows_of_runs_that_are_not_alike(self, bench, normal):
        area = bench.shown([normal(2, 2), None, normal(2, 2)], focus="r1")
        head, *rows = area.rows_csv()
        assert head[-1] == "Run 2 - Run 1"
        assert {len(row) for row in rows} == {len(head)}
        assert {row[-1] for row in rows} == {""}

    def test_one_run_has_no_difference(self, bench, normal):
        assert next(iter(bench.shown([normal(2, 2)]).rows_csv())) == ["tensor", "index", "Run 1"]

    def test_a_picture_says_shape_and_dtype(self, bench, normal):
        area = bench.shown([normal(5, 6), normal(5, 6).astype(np.float64)])
        with area._sheet(QSize(900, 600)) as sheet:
            texts = [label.text() for label in sheet.findChildren(QLabel) if label.isVisible()]
        assert texts[:2] == ["dense/kernel", "(5, 6) · float32, against (5, 6) · float64"]


def test_a_picture_states_the_tolerance(bench):
    state = bench.state([np.float32([1, 2]), np.float32([1, 2.5])])
    reference, focus = state.panes
    found = compare_tensors(reference.tensor, focus.tensor, Tolerance(atol=0.75))
    area = bench.area()
    area.show_state(replace(state, panes=(reference, replace(focus, comparison=found))))
    assert area.wait_until_drawn()
    with area._sheet(QSize(900, 600)) as sheet:
        texts = [label.text() for label in sheet.findChildren(QLabel) if label.isVisible()]
    assert texts[1] == "(2,) · float32 · Tolerance: 0.75."


def test_a_picture_has_the_slice_as_text_and_no_cursor(bench, normal):
    area = bench.shown([normal(3, 2, 4, 5), normal(3, 2, 4, 5)], slice_index=(1, 0))
    area.set_cursor((1, 0, 2, 2))
    with area._sheet(QSize(900, 600)) as sheet:
        texts = [label.text() for label in sheet.findChildren(QLabel) if label.isVisible()]
        assert "axis 0 = 1, axis 1 = 0" in texts
        assert not [box for box in sheet.findChildren(QAbstractSpinBox) if box.isVisible()]
        copy = sheet.findChild(type(area))
        assert not [panel for panel in copy._content.board.panels if panel._cursor.isVisible()]
    assert area.cursor_index == (1, 0, 2, 2)


@pytest.mark.parametrize("name", ["x.png", "x.svg"])
def test_why_a_picture_cannot_be_written_is_said(bench, normal, tmp_path, name):
    area = bench.shown([normal(3, 4)])
    write = area.render_png if name.endswith("png") else area.render_svg
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(ReproError, match=f"{name} was not saved: Not a directory"):
        write(tmp_path / "file" / name, QSize(400, 300))


class TestWidthsOfValues:
    def columns(self, area):
        table = view(area)._table
        return [table.columnWidth(column) for column in range(view(area).model.columnCount())], table

    def test_the_difference_is_in_sight_in_a_small_window(self, bench, normal):
        area = bench.shown([normal(64, 96), normal(64, 96)], "values", size=(458, 293))
        widths, table = self.columns(area)
        assert sum(widths) <= table.viewport().width()
        bold = QFontMetricsF(text_font(bold=True))
        assert min(widths[2:]) >= bold.horizontalAdvance("-0.123456789") + 6

    @pytest.mark.parametrize("dtype", ["float32", "float64"])
    def test_values_are_written_out(self, bench, normal, dtype):
        area = bench.shown([(normal(64, 96) * 1e-30).astype(dtype) for _ in range(5)], "values", size=(760, 500))
        widths, _ = self.columns(area)
        bold = QFontMetricsF(text_font(bold=True))
        for row in range(5):
            for column in range(1, len(widths)):
                assert widths[column] >= bold.horizontalAdvance(cell(area, row, column)) + 6

    def test_headings_are_cut_in_the_middle_and_are_there_in_full(self, bench, normal):
        state = bench.state([normal(6, 9), normal(6, 9)], "values")
        labels = ("a_model_with_a_long_name.safetensors", "d_the_one_with_missing_tensors.safetensors")
        panes = tuple(replace(pane, label=label) for pane, label in zip(state.panes, labels, strict=True))
        area = bench.area((458, 400))
        area.show_state(replace(state, panes=panes))
        assert area.wait_until_drawn()
        model, across = view(area).model, Qt.Orientation.Horizontal
        assert view(area)._table.horizontalHeader().textElideMode() == Qt.TextElideMode.ElideMiddle
        one, other = model.headerData(4, across).split(" − ")  # noqa: RUF001
        assert (one[0], one[-1]) == ("d", "s")
        assert (other[0], other[-1]) == ("a", "s")
        said = [model.headerData(column, across, Qt.ItemDataRole.ToolTipRole) for column in (2, 3, 4)]
        assert said[:2] == list(labels)
        assert said[2].startswith(f"{labels[1]} − {labels[0]}")  # noqa: RUF001
