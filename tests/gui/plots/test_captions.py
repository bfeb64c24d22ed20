from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetricsF, QImage, QPainter

from reproviewer.core.compare import compare_tensors
from reproviewer.core.verdict import Tolerance
from reproviewer.gui.plots.colour_bar import ColourBar
from reproviewer.gui.plots.palette import palette
from reproviewer.gui.plots.texts import caption_font, text_font
from reproviewer.gui.theme import LIGHT
from tests.gui.plots.looking import board, captions


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
