"""Distances and scatter plots: of the whole tensor of the reference and of the focus."""

import csv

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage

from reproviewer.core.message import ReproError
from reproviewer.gui.plots.export import write_csv
from reproviewer.gui.plots.texts import caption_font
from reproviewer.gui.theme import DARK, LIGHT
from tests.gui.plots.conftest import pixels

KINDS = ["distances", "scatter"]


def view(area):
    return area._the_content()._views.currentWidget()


def bars(area):
    return [(bar.label, bar.count, bar.ink) for bar in view(area).bars]


def painted(widget, colour):
    """How many pixels have exactly this colour."""
    rgb = QColor(colour).getRgb()[:3]
    return int((pixels(widget) == rgb).all(axis=2).sum())


def one_apart(shape):
    a = np.random.default_rng(5).standard_normal(shape, dtype=np.float32)
    b = a.copy()
    b[7, 9] = np.nextafter(b[7, 9], np.float32(9))
    return a, b


class TestSentences:
    @pytest.mark.parametrize("kind", KINDS)
    def test_one_run_alone(self, bench, normal, kind):
        area = bench.shown([normal(3, 3)], kind)
        assert view(area).sentence == "There is nothing to compare with: build it again, or open a weight file."

    @pytest.mark.parametrize("kind", KINDS)
    def test_another_shape_and_no_such_tensor(self, bench, normal, kind):
        assert "3 × 4 in Run 1 and 4 × 3 in Run 2" in view(bench.shown([normal(3, 4), normal(4, 3)], kind)).sentence  # noqa: RUF001
        assert "Run 2 has no such tensor" in view(bench.shown([normal(3, 4), None], kind)).sentence

    @pytest.mark.parametrize("kind", KINDS)
    def test_a_plot_comes_back_after_a_sentence(self, bench, normal, kind):
        area = bench.shown([normal(3, 3)], kind)
        area.show_state(bench.state([normal(3, 3)] * 2, kind))
        assert area.wait_until_drawn()
        assert view(area).sentence == ""
        assert view(area).caption[0] == "Run 2 against Run 1"

    def test_elements_that_are_no_numbers(self, bench):
        a, b = (bench.tensor(np.frombuffer(text, "V2"), "V2") for text in (b"abcd", b"abce"))
        assert "are no numbers" in view(bench.shown([a, b], "scatter")).sentence
        assert bars(bench.shown([a, b], "distances")) == [("0", 1, "identical"), ("?", 1, "unmeasured")]

    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("value", [0.0, 7.0, np.nan, np.inf])
    def test_equal_values_of_any_kind(self, bench, kind, value):
        area = bench.shown([np.full((3, 3), value, np.float32)] * 2, kind)
        assert view(area).caption[1].startswith(("✓ 9 identical", "✓ 9 the same"))
        assert painted(area, LIGHT.different_ink) == 0

    @pytest.mark.parametrize("kind", KINDS)
    def test_scalars(self, bench, kind):
        area = bench.shown([np.float32(3.25), np.float32(3.5)], kind)
        assert view(area).caption[1] == "✕ 1 of 1 differs"
        assert painted(area, LIGHT.different_ink) >= 9

    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("dtype", ["float16", "float64", "int8", "uint64", "bool", "complex64"])
    def test_every_dtype(self, bench, kind, dtype):
        one, other = np.array([0, 1, 1]).astype(dtype), np.array([1, 1, 0]).astype(dtype)
        assert view(bench.shown([one, other], kind)).caption[1].startswith("✕ 2 of 3 differ")


class TestDistances:
    def test_bars_of_all_kinds(self, bench):
        a = np.float32([0, 1, 1, 1, 1, np.nan])
        b = np.float32([-0.0, 1, 1 + 2**-23, 1 + 5 * 2**-23, 1 + 7 * 2**-23, 1])
        area = bench.shown([a, b], "distances")
        assert bars(area) == [
            ("0", 1, "identical"),
            ("≈0", 1, "equal"),
            ("1", 1, "different"),
            ("2", 0, "different"),
            ("4", 2, "different"),
            ("∞", 1, "unmeasured"),
        ]
        assert view(area).caption[1] == (
            "✕ 4 of 6 differ · ≈ 1 equal in other bits · ✓ 1 identical · 1 without a finite distance"
        )

    def test_the_note_says_what_a_bar_holds(self, bench, qtbot):
        area = bench.shown([np.float32([1, 2]), np.float32([1, 2 + 5 * 2**-22])], "distances")
        distances = view(area)
        assert distances.note.startswith("elements by distance in ULP")
        qtbot.keyClick(distances, Qt.Key.Key_Right)
        assert distances.note == "identical: 1 of 2 (50 %)"
        for _ in range(3):
            qtbot.keyClick(distances, Qt.Key.Key_Right)
        assert distances.note == "4 to 7 ULP: 1 of 2 (50 %)"
        chart = distances._chart
        distances._on_mouse(chart.mapToScene(QPointF(chart._room().left() + 1, 50)))
        assert distances.note == "identical: 1 of 2 (50 %)"

    @pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
    def test_one_among_millions_has_a_bar(self, bench, theme):
        area = bench.shown(one_apart((2000, 1500)), "distances", theme=theme)
        assert bars(area) == [("0", 2_999_999, "identical"), ("1", 1, "different")]
        assert painted(area, theme.different_ink) > 300

    def test_all_slices_are_counted(self, bench):
        a = np.zeros((4, 3, 3), np.float32)
        area = bench.shown([a, a + 1], "distances", slice_index=(2,))
        assert sum(count for _, count, _ in bars(area)) == 36
        assert not area._slices.isVisible()


class TestScatter:
    @pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
    @pytest.mark.parametrize("size", [(900, 600), (460, 300)])
    def test_one_among_millions_is_seen_on_the_diagonal(self, bench, theme, size):
        area = bench.shown(one_apart((2000, 1500)), "scatter", size=size, theme=theme)
        area.set_cursor(None)
        assert view(area).caption[1] == "✕ 1 of 3,000,000 differs · ✓ 2,999,999 the same"
        plot = view(area)._view
        for _ in range(12):
            view(area)._cloud.mark(None)
            assert painted(view(area), theme.different_ink) >= 9
            point = view(area)._scatter.points[0].tolist()
            plot.scaleBy((0.5, 0.5), center=QPointF(*point))

    def test_one_far_off_is_seen_where_others_are_too_many_to_list(self, bench):
        a = np.zeros(1_000_000, np.float32)
        b = a.copy()
        b[:500_000] = 0.001
        b[777_777] = 1
        area = bench.shown([a, b], "scatter")
        assert not view(area)._scatter.listed
        shown = pixels(view(area)).astype(int)
        rust = (shown[..., 0] - shown[..., 2] > 90)[60:200]
        rows, cols = np.nonzero(rust)
        assert 3 <= np.ptp(rows) + 1 <= 8
        assert 3 <= np.ptp(cols) + 1 <= 8

    @pytest.mark.parametrize("theme", [LIGHT, DARK])
    def test_a_cloud_does_not_hide_the_line_of_equal_values(self, bench, theme):
        a, b = np.random.default_rng(5).uniform(-1, 1, (2, 600, 600)).astype(np.float32)
        area = bench.shown([a, b], "scatter", theme=theme)
        plot = view(area)._view.sceneBoundingRect()
        shown = pixels(view(area)).astype(int)
        ground = shown[int(plot.center().y()) - 40, int(plot.center().x())]
        column = shown[int(plot.center().y()) - 20 : int(plot.center().y()) + 20, int(plot.center().x()) - 15 :][:, :30]
        assert np.abs(column - ground).sum(axis=2).max() > 150

    def test_pointing_at_a_difference_leads_the_cursor_there(self, bench, qtbot):
        a, b = one_apart((60, 50))
        b[3, 4] += 1
        area = bench.shown([a, b], "scatter")
        area.set_cursor(None)
        scatter = view(area)
        scatter._on_mouse(scatter._view.mapViewToScene(QPointF(*scatter._scatter.points[0].tolist())))
        assert area.cursor_index == (3, 4)
        qtbot.keyClick(scatter, Qt.Key.Key_Right)
        assert area.cursor_index == (7, 9)
        assert scatter._cloud.marked == 1
        assert area.wait_until_drawn()
        assert area._table.row_texts()[1][3] == "1"
        area.set_cursor((0, 0))
        assert scatter._cloud.marked is None

    def test_the_note_says_what_a_cell_holds(self, bench):
        area = bench.shown([np.float32([0, 0, 1]), np.float32([0, 0, 0.5])], "scatter")
        scatter = view(area)
        assert scatter.note == "→ Run 1   ↑ Run 2   line: equal values"
        scatter._on_mouse(scatter._view.mapViewToScene(QPointF(0.001, 0.001)))
        assert scatter.note.endswith(": 2 equal, 0 differ")
        scatter._on_mouse(scatter._view.mapViewToScene(QPointF(0.999, 0.5)))
        assert scatter.note.endswith(": 0 equal, 1 differ")

    @pytest.mark.parametrize(("low", "high"), [(-1.7e308, 1.7e308), (1.0, 1.0 + 2**-52), (0.0, 5e-324), (-3e-5, 2e-5)])
    def test_axes_of_any_range(self, bench, low, high):
        area = bench.shown([np.array([low, high, low]), np.array([low, high, high])], "scatter")
        assert view(area).caption[1] == "✕ 1 of 3 differs · ✓ 2 the same"
        assert pixels(area).shape[0] == 600

    def test_numbers_of_an_axis(self, bench):
        area = bench.shown([np.float32([-1, 1]), np.float32([-1, 1])], "scatter")
        axis = view(area)._bottom
        (step, shares), *_ = axis.tickValues(0.0, 1.0, 600)
        assert axis.tickStrings(shares, 1.0, step) == ["-1", "-0.5", "0", "0.5", "1"]

    def test_zoom_with_keys(self, bench, qtbot):
        scatter = view(bench.shown(one_apart((60, 50)), "scatter"))
        whole = scatter._view.viewRect().width()
        qtbot.keyClick(scatter, Qt.Key.Key_Plus)
        assert scatter._view.viewRect().width() < whole
        qtbot.keyClick(scatter, Qt.Key.Key_0)
        assert scatter._view.viewRect().width() == pytest.approx(whole)


class TestTables:
    def rows(self, bench, tmp_path, arrays, kind):
        write_csv(bench.state(arrays, kind), tmp_path / "out.csv", lambda: False)
        with (tmp_path / "out.csv").open(newline="", encoding="utf-8") as file:
            head, *rows = csv.reader(file)
        assert head[0] == "tensor"
        assert {row[0] for row in rows} == {"dense/kernel"}
        return [row[1:] for row in (head, *rows)]

    def test_distances(self, bench, tmp_path):
        rows = self.rows(bench, tmp_path, [np.float32([1, 1, np.nan]), np.float32([1, 1 + 2**-22, 1])], "distances")
        assert rows == [
            ["from", "below", "count", "kind"],
            ["0", "0", "1", "identical"],
            ["0", "0", "0", "the same value in other bits"],
            ["1", "2", "0", "ULP"],
            ["2", "4", "1", "ULP"],
            ["", "", "1", "no finite distance"],
        ]

    def test_scatter(self, bench, tmp_path):
        head, *cells, rest = self.rows(
            bench, tmp_path, [np.float32([0, 0, 1, np.nan]), np.float32([0, 0, 0.5, 1])], "scatter"
        )
        assert head == ["Run 1 from", "Run 1 to", "Run 2 from", "Run 2 to", "equal", "differ"]
        assert cells[0] == ["0.0", "0.00390625", "0.0", "0.00390625", "2", "0"]
        assert [row[4:] for row in cells[1:]] == [["0", "1"]]
        assert rest == ["not finite", "", "", "", "0", "1"]

    @pytest.mark.parametrize("kind", KINDS)
    def test_nothing_to_count(self, bench, normal, tmp_path, kind):
        with pytest.raises(ReproError, match="nothing to compare"):
            self.rows(bench, tmp_path, [normal(2, 2)], kind)
        assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_looks_like_the_view(bench, tmp_path, kind):
    area = bench.shown(one_apart((60, 50)), kind, theme=DARK)
    area.render_png(tmp_path / "x.png", QSize(800, 500))
    image, ink = QImage(str(tmp_path / "x.png")), QColor(DARK.different_ink).rgb()
    assert sum(image.pixel(x, y) == ink for x in range(800) for y in range(500)) >= 9


@pytest.mark.parametrize("kind", ["heatmap", "histogram", "values", "distances", "scatter"])
def test_many_runs_keep_their_thumbnails(bench, normal, kind):
    area = bench.shown([normal(8, 9) for _ in range(9)], kind)
    multiples = area._the_content().multiples
    assert multiples.isVisible()
    state = bench.state([normal(8, 9) for _ in range(9)], kind, focus="r4")
    area.show_state(state)
    assert area.wait_until_drawn()
    assert multiples._sheet_widget.focus_cell() == multiples._sheet_widget.sheet.cell(4)


def test_thumbnails_are_not_read_again_for_another_kind(bench, normal, monkeypatch):
    from dataclasses import replace

    from reproviewer.gui.plots import load

    area = bench.shown([normal(8, 9) for _ in range(9)])
    monkeypatch.setattr(load, "_thumbs", lambda *_: pytest.fail("read again"))
    for kind in ("values", "scatter", "heatmap"):
        area.show_state(replace(area._state, kind=kind, focus="r3"))
        assert area.wait_until_drawn()


class TestCursorInSlices:
    def test_another_slice_keeps_the_row_and_the_column(self, bench, normal):
        from dataclasses import replace

        arrays = [normal(3, 4, 5), normal(3, 4, 5)]
        area = bench.shown(arrays)
        area.set_cursor((0, 2, 3))
        area.show_state(replace(area._state, slice_index=(2,)))
        assert area.cursor_index == (2, 2, 3)
        assert area.wait_until_drawn()
        assert area._table.row_texts()[0][1] == str(arrays[0][2, 2, 3])

    def test_a_whole_plot_lets_it_stay_in_its_slice(self, bench, normal):
        from dataclasses import replace

        area = bench.shown([normal(3, 4, 5), normal(3, 4, 5)])
        area.set_cursor((0, 2, 3))
        area.show_state(replace(area._state, kind="scatter", slice_index=(1,)))
        assert area.cursor_index == (0, 2, 3)
        assert area.wait_until_drawn()


class TestLabelsOfDistances:
    """Every bar stands over a number, all numbers are written in one way, and none is left out among others."""

    @pytest.mark.parametrize("width", [300, 458, 780, 1200])
    def test_far_apart(self, bench, normal, width):
        area = bench.shown([normal(64, 96), normal(64, 96)], "distances", size=(width, 500))
        chart = view(area)._chart
        labels = [slot.label for slot in chart.slots]
        assert labels[:5] == ["0", "1", "2", "2²", "2³"]
        assert all(label[0] == "2" for label in labels[2:])
        places = chart.labelled()
        assert len(set(np.diff(places))) == 1
        first = next(place for place, slot in enumerate(chart.slots) if slot.count)
        assert first in places
        metrics = QFontMetricsF(caption_font())
        widest = max(metrics.horizontalAdvance(labels[place]) for place in places)
        assert widest <= chart._step() * (places[1] - places[0])

    def test_near_each_other(self, bench):
        a = np.arange(1, 9, dtype=np.float32)
        b = (a.view(np.uint32) + np.arange(8, dtype=np.uint32) * 16).view(np.float32)
        labels = [slot.label for slot in view(bench.shown([a, b], "distances"))._chart.slots]
        assert labels == ["0", "1", "2", "4", "8", "16", "32", "64"]
