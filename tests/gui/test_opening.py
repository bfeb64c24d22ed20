"""From the first paint to the furnished window."""

import gc
import threading

import numpy as np
import pytest

from reproviewer.gui import opening as openings
from reproviewer.gui.main_window import MainWindow
from reproviewer.gui.opening import Opening
from reproviewer.gui.settings import Settings


@pytest.fixture
def open_window(qtbot):
    """An empty window on the screen and what furnishes it; both are closed after the test."""
    opened = []

    def make(files=()):
        settings = Settings()
        window = MainWindow(settings)
        opening = Opening(window, settings, list(files))
        window.painted.connect(opening.start)
        opened.append((window, opening))
        return window, opening

    yield make
    for window, opening in opened:
        window.close()
        opening.close()
        window.deleteLater()
    gc.unfreeze()


def test_the_empty_window_is_painted_first_and_furnished_after_that(qtbot, open_window, tmp_path):
    file = tmp_path / "kernel.npy"
    np.save(file, np.ones((1, 5), np.float32))
    window, opening = open_window([file])
    with qtbot.waitSignal(opening.furnished, timeout=20_000) as furnished, qtbot.waitSignal(window.painted):
        window.show()
        assert window.centralWidget() is None
    (controller,) = furnished.args
    qtbot.waitUntil(lambda: [item.label for item in controller.desk.session.items] == ["kernel.npy"], timeout=20_000)
    qtbot.waitUntil(lambda: controller.state.phase == "ready", timeout=60_000)
    qtbot.waitUntil(gc.isenabled, timeout=20_000)
    assert window.toolbar.isVisible()
    assert window.panel.model.editor.toPlainText() == "Dense(5, input_dim=1)"


def test_a_window_closed_at_once_is_never_furnished(qtbot, open_window):
    window, opening = open_window()
    opening.furnished.connect(lambda _: pytest.fail("furnished after it was closed"))
    with qtbot.waitSignal(window.painted):
        window.show()
    window.close()
    opening.close()
    qtbot.wait(50)
    assert window.centralWidget() is None
    assert not [thread.name for thread in threading.enumerate() if thread.name in ("opening", "engine")]
    assert gc.isenabled()


def test_what_goes_wrong_ends_a_program_that_would_show_an_empty_window(qtbot, open_window, monkeypatch):
    monkeypatch.setattr(openings, "ROOMS", ("reproviewer.no_such_room",))
    window, _ = open_window()
    ended = []
    monkeypatch.setattr(openings.QCoreApplication, "exit", ended.append)
    with qtbot.captureExceptions() as caught:
        window.show()
        qtbot.waitUntil(lambda: bool(ended))
    assert ended == [2]
    assert [kind for kind, *_ in caught] == [ModuleNotFoundError]
