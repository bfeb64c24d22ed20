from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from reproviewer.gui.plots.thumbs import sheet_for
from tests.gui.plots.conftest import pixels


def content(area):
    return area._the_content()


@pytest.mark.parametrize("runs", [7, 30, 256])
def test_many_runs_are_small_multiples(bench, normal, runs):
    arrays = [normal(64, 96) for _ in range(runs)]
    area = bench.shown(arrays, focus="r3")
    assert content(area).multiples.isVisible()
    assert len(content(area).multiples._sheet_widget._shown.runs) == runs
    assert [panel.caption.texts[0] for panel in content(area).board.panels] == [
        "Run 1",
        "Run 4",
        "Run 4 − Run 1",  # noqa: RUF001
    ]


@pytest.mark.parametrize("runs", [3, 6])
def test_few_runs_stand_side_by_side(bench, normal, runs):
    area = bench.shown([normal(64, 96) for _ in range(runs)])
    assert not content(area).multiples.isVisible()
    assert len(content(area).board.panels) == runs + 1


def test_a_click_asks_for_the_focus(bench, normal, qtbot):
    area = bench.shown([normal(6, 9) for _ in range(12)])
    multiples = content(area).multiples
    with qtbot.waitSignal(area.focusRequested) as asked:
        qtbot.mouseClick(
            multiples.viewport().childAt(multiples.place_of("r7")), Qt.MouseButton.LeftButton, pos=at(multiples, "r7")
        )
    assert asked.args == ["r7"]


def at(multiples, item_id):
    return multiples._sheet_widget.sheet.cell(multiples._sheet_widget.place(item_id)).center()


def test_keys_ask_for_the_focus(bench, normal, qtbot):
    area = bench.shown([normal(6, 9) for _ in range(12)], focus="r5")
    with qtbot.waitSignal(area.focusRequested) as asked:
        qtbot.keyClick(content(area).multiples._sheet_widget, Qt.Key.Key_Right)
    assert asked.args == ["r6"]


def test_every_thumbnail_has_its_verdict(bench, normal):
    same = normal(6, 9)
    area = bench.shown([same, same, *[normal(6, 9) for _ in range(8)]])
    widget = content(area).multiples._sheet_widget
    assert "identical" in widget._tip(1)
    assert "different" in widget._tip(2)
    cells = pixels(widget)
    for place, ink in ((1, (0x0B, 0x6E, 0x69)), (2, (0xB3, 0x40, 0x0E))):
        cell = widget.sheet.cell(place)
        label = cells[cell.top() : cell.top() + 16, cell.left() : cell.left() + 16].astype(int)
        assert np.abs(label - ink).sum(axis=2).min() < 60


def test_the_chosen_focus_is_shown(bench, normal):
    arrays = [normal(6, 9) for _ in range(12)]
    area = bench.shown(arrays, focus="r2")
    state = bench.state(arrays, focus="r9")
    area.show_state(state)
    assert area.wait_until_drawn()
    assert content(area).board.panels[1].caption.texts[0] == "Run 10"


@pytest.mark.parametrize("kind", ["bars", "heatmap"])
def test_runs_that_left_the_shelf_are_painted_until_the_new_ones_are_read(bench, normal, kind):
    arrays = [normal(6, 9) for _ in range(10)]
    area = bench.shown(arrays, kind)
    multiples = content(area).multiples
    widget = multiples._sheet_widget
    state = bench.state(arrays, kind)
    panes = tuple(replace(pane, item_id=f"other{i}") for i, pane in enumerate(state.panes))
    multiples.show_state(replace(state, panes=panes, reference="other0", focus="other1"))
    widget.repaint()
    assert pixels(widget).std() > 0
    assert widget.focus_cell() is not None
    assert widget._tip(3).startswith("Run 4")


@pytest.mark.parametrize("kind", ["bars", "histogram", "values"])
def test_other_kinds_of_many_runs(bench, normal, kind):
    area = bench.shown([normal(3, 4) for _ in range(40)], kind)
    assert pixels(area).std() > 0


def test_some_lack_the_tensor_or_have_another_shape(bench, normal):
    area = bench.shown([normal(6, 9), None, normal(9, 6), np.full((6, 9), np.nan, np.float32), *[normal(6, 9)] * 6])
    assert len(content(area).multiples._sheet_widget._shown.runs) == 10
    assert pixels(area).std() > 0


def test_a_thousand_runs(bench, normal):
    array = bench.tensor(normal(6, 9))
    area = bench.shown([array] * 1000)
    assert len(content(area).multiples._sheet_widget._shown.runs) == 1000


@pytest.mark.parametrize("count", [7, 30, 256, 1000])
@pytest.mark.parametrize("size", [(660, 130), (1000, 300), (300, 100)])
def test_thumbnails_do_not_overlap(count, size):
    sheet = sheet_for(count, *size)
    cells = [sheet.cell(place) for place in range(count)]
    assert all(cell.left() >= 0 and cell.right() <= size[0] for cell in cells)
    assert cells[0].right() < cells[1].left() or cells[0].bottom() < cells[1].top()
    assert sheet.at(cells[-1].center().x(), cells[-1].center().y()) == count - 1
    assert sheet.at(cells[0].right() + 2, cells[0].top()) is None


@pytest.mark.parametrize("size", [(500, 320), (1000, 700)])
def test_no_row_of_thumbnails_is_cut(bench, normal, size):
    area = bench.shown([normal(20, 30) for _ in range(256)], size=size)
    multiples = content(area).multiples
    sheet = multiples._sheet_widget.sheet
    assert sheet.rows * sheet.whole_rows(1) > multiples.viewport().height()
    assert multiples.viewport().height() % sheet.whole_rows(1) == 0


@pytest.mark.parametrize("kind", ["bars", "heatmap", "histogram", "values"])
def test_elements_that_are_no_numbers(bench, kind):
    arrays = [bench.tensor(np.array([[1, value]], "<u2"), "V2") for value in range(8)]
    area = bench.shown(arrays, kind)
    assert "could not be drawn" not in area._page.text()
    assert pixels(area).std() > 0


@pytest.mark.parametrize(("over", "part"), [(0, 0), (20, 0), (37, 0), (38, 38), (60, 60)])
def test_no_row_is_cut_so_that_hardly_its_name_is_seen(bench, normal, over, part):
    multiples = content(bench.shown([normal(4, 6) for _ in range(60)])).multiples
    row = multiples._sheet_widget.sheet.whole_rows(1)
    multiples.setParent(None)
    multiples.resize(multiples.width(), 2 * row + over)
    multiples._fit()
    assert multiples.viewport().height() == 2 * row + part
    multiples.deleteLater()


def test_in_a_window_made_small_the_plots_stay_higher_than_the_thumbnails(bench, normal):
    area = bench.shown([normal(4, 6) for _ in range(60)], size=(900, 700))
    area.resize(700, 320)
    QApplication.processEvents()
    multiples = content(area).multiples
    row = multiples._sheet_widget.sheet.whole_rows(1)
    assert multiples.viewport().height() == row
    assert content(area).board.height() > row
    area.resize(700, 250)
    QApplication.processEvents()
    assert multiples.isHidden()
    area.resize(700, 500)
    QApplication.processEvents()
    assert multiples.viewport().height() == 2 * row
