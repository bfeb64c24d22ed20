import numpy as np
import pytest
from PySide6.QtCore import QPointF

from reproviewer.core.weights import Tensor
from reproviewer.gui.theme import DARK, LIGHT
from tests.gui.plots.conftest import pixels
from tests.gui.plots.looking import board, captions, hover, turn_wheel

RUST = {"light": (0x54, 0x18, 0x00), "dark": (0xFF, 0xDC, 0xC2)}
"""The largest difference: the only one there is."""


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
