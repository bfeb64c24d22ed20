import re
import subprocess
import sys
import threading
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QPoint, QPointF, Qt
from PySide6.QtWidgets import QApplication, QLabel, QSlider, QSpinBox, QWidget

from reproviewer.core.compare import compare
from reproviewer.core.weights import WeightSet
from reproviewer.gui.plots import load
from reproviewer.gui.theme import DARK
from tests.gui.plots.conftest import pixels
from tests.gui.plots.looking import board, captions, notes, page


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


def test_the_chooser_of_slices_shortens_the_names_of_axes_where_there_is_little_room(bench, normal):
    area = bench.shown([normal(2, 3, 4, 5, 6)], size=(1000, 500))
    bar = area._slices

    def names():
        return [label.text() for label in bar.findChildren(QLabel) if label.buddy()]

    assert names() == ["axis 0 [0..1]", "axis 1 [0..2]", "axis 2 [0..3]"]
    bar.resize(bar.minimumSizeHint().width() - 1, bar.height())
    assert names() == ["axis 0", "axis 1", "axis 2"]
    assert bar.minimumSizeHint().width() <= bar.width()
