"""Plot areas that show real files."""

import numpy as np
import pytest

from reproviewer.core.compare import compare
from reproviewer.core.plot_state import Pane, PlotState
from reproviewer.core.weights import Tensor, WeightSet


class Bench:
    """Makes states of arrays, and areas that show them; the areas are closed after the test."""

    def __init__(self, qtbot, folder):
        self.qtbot, self.folder = qtbot, folder
        self.count = 0
        self.areas = []

    def tensor(self, array, dtype=None):
        self.count += 1
        path = self.folder / f"{self.count}.bin"
        array = np.asarray(array)
        path.write_bytes(b"junk!" + array.tobytes())
        return Tensor("dense/kernel", dtype or array.dtype.name, array.shape, str(path), 5)

    def state(self, arrays, kind="heatmap", focus="r1", **more):
        tensors = [a if a is None or isinstance(a, Tensor) else self.tensor(a) for a in arrays]
        panes = [Pane(f"r{i}", f"Run {i + 1}", i, t, self.comparison(tensors, i)) for i, t in enumerate(tensors)]
        return PlotState("dense/kernel", kind, tuple(panes), "r0", focus if len(panes) > 1 else None, **more)

    def comparison(self, tensors, i):
        if i == 0:
            return None
        one, other = (WeightSet((t,) if t else ()) for t in (tensors[0], tensors[i]))
        return next(iter(compare(one, other).tensors), None)

    def area(self, size=(900, 600), theme=None):
        from reproviewer.gui.plots.area import PlotArea
        from reproviewer.gui.theme import LIGHT

        area = PlotArea(theme or LIGHT)
        self.areas.append(area)
        area.resize(*size)
        area.show()
        self.qtbot.waitExposed(area)
        return area

    def shown(self, arrays, kind="heatmap", size=(900, 600), theme=None, **more):
        area = self.area(size, theme)
        area.show_state(self.state(arrays, kind, **more))
        assert area.wait_until_drawn()
        return area

    def close(self):
        from PySide6.QtCore import QCoreApplication, QEvent

        for area in self.areas:
            area.close()
            area.deleteLater()
        self.areas.clear()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def bench(qtbot, tmp_path):
    bench = Bench(qtbot, tmp_path)
    yield bench
    bench.close()


@pytest.fixture
def normal():
    rng = np.random.default_rng(11)
    return lambda *shape: rng.standard_normal(shape, dtype=np.float32)


def pixels(widget):
    """What a widget shows, as red, green, blue (height, width, 3)."""
    from PySide6.QtGui import QImage

    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    data = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine() // 4, 4)
    return data[:, : image.width(), 2::-1].copy()
