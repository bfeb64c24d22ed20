"""P9 and P10: many runs at once on screen, and a very large tensor with its extremes kept."""

import contextlib
import gc
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from measure import Result, interleaved
from PySide6.QtCore import QEvent, QEventLoop, QSize
from PySide6.QtWidgets import QApplication, QWidget

from reproviewer.core.plot_state import Pane, PlotKind, PlotState
from reproviewer.core.weights import Tensor
from reproviewer.gui.plots.area import PlotArea

RUNS, KERNEL = 256, (64, 96)
LARGE = 8192
SIZE = QSize(1000, 700)


def p9() -> Result:
    """256 runs of a kernel as small multiples, against one plot for each."""
    with _folder() as folder, _area() as area:
        rng = np.random.default_rng(0)
        arrays = [rng.standard_normal(KERNEL, dtype=np.float32) for _ in range(RUNS)]
        tensors = [_tensor(folder / f"{i}.bin", array) for i, array in enumerate(arrays)]
        ours = _alternating(area, [_state(name, tensors) for name in ("a", "b")])
        what = f"{RUNS} runs of a {KERNEL[0]} x {KERNEL[1]} kernel on screen"
        figures = interleaved(ours, lambda: _plots(arrays), rounds=3)
        return Result("P9", what, f"{RUNS} pyqtgraph plots", *figures, ratio=1 / 50)


def p10() -> Result:
    """A tensor of 8192 x 8192 elements: ours is read from its file, the rival's lies in memory."""
    with _folder() as folder, _area() as area:
        array = np.random.default_rng(0).standard_normal((LARGE, LARGE), dtype=np.float32)
        tensor = _tensor(folder / "large.bin", array)
        ours = _alternating(area, [_state(name, [tensor]) for name in ("a", "b")])
        with _image_item() as rival:
            figures = interleaved(ours, lambda: rival(array), rounds=5)
        return Result(
            "P10", f"{LARGE} x {LARGE} on screen, extremes kept", "ImageItem + colour map", *figures, ratio=1 / 2
        )


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="reproviewer-bench-") as folder:
        yield Path(folder)


@contextlib.contextmanager
def _area() -> Iterator[PlotArea]:
    """An area that has shown something before, as in the running program."""
    _app()
    area = PlotArea()
    area.resize(SIZE)
    area.show()
    with _folder() as folder:
        area.show_state(_state("first", [_tensor(folder / "first.bin", np.ones((2, 2), np.float32))]))
        area.wait_until_drawn()
        yield area
    area.close()
    area.deleteLater()


def _alternating(area: PlotArea, states: list[PlotState]) -> Callable[[], float]:
    """Show one state after the other; the seconds from the wish to the painted picture."""
    turn = 0

    def once() -> float:
        nonlocal turn
        turn += 1
        begin = time.perf_counter()
        area.show_state(states[turn % len(states)])
        while area.loading:
            QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
        area.grab()
        seconds = time.perf_counter() - begin
        area.wait_until_drawn()
        return seconds

    once()
    return once


def _plots(arrays: list[np.ndarray]) -> float:
    import pyqtgraph as pg

    begin = time.perf_counter()
    widget = pg.GraphicsLayoutWidget()
    widget.resize(SIZE)
    colours = pg.colormap.get("CET-D1")
    for i, array in enumerate(arrays):
        plot = widget.addPlot(row=i // 16, col=i % 16, title=f"Run {i + 1}")
        image = pg.ImageItem(array, levels=(-4, 4))
        image.setColorMap(colours)
        plot.addItem(image)
    return _shown(widget, begin)


@contextlib.contextmanager
def _image_item() -> Iterator[Callable[[np.ndarray], float]]:
    import pyqtgraph as pg

    widget = pg.PlotWidget()
    widget.resize(SIZE)
    widget.show()
    QApplication.processEvents()

    def once(array: np.ndarray) -> float:
        image = pg.ImageItem()
        image.setColorMap(pg.colormap.get("CET-D1"))
        widget.addItem(image)
        begin = time.perf_counter()
        image.setImage(array, levels=(-6, 6))
        widget.grab()
        seconds = time.perf_counter() - begin
        widget.removeItem(image)
        return seconds

    yield once
    widget.close()
    widget.deleteLater()


def _shown(widget: QWidget, begin: float) -> float:
    widget.show()
    widget.grab()
    seconds = time.perf_counter() - begin
    widget.close()
    widget.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    gc.collect()
    return seconds


def _state(title: str, tensors: list[Tensor], kind: PlotKind = "heatmap") -> PlotState:
    panes = tuple(Pane(f"r{i}", f"Run {i + 1}", i, tensor) for i, tensor in enumerate(tensors))
    return PlotState(title, kind, panes, "r0", "r1" if len(panes) > 1 else None)


def _tensor(path: Path, array: np.ndarray) -> Tensor:
    array.tofile(path)
    return Tensor("kernel", array.dtype.name, array.shape, str(path), 0)


def _app() -> QApplication:
    app = QApplication.instance()
    return app if isinstance(app, QApplication) else QApplication([])
