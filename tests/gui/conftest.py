"""A real window on a real engine."""

import contextlib

import pytest

from reproviewer.core.experiment import Experiment

BUILD_TIMEOUT_MS = 60_000


class Desk:
    """A window, its controller, and the words to wait for what they do."""

    def __init__(self, qtbot, controller, window):
        self.qtbot, self.controller, self.window = qtbot, controller, window

    @property
    def session(self):
        return self.controller.desk.session

    @property
    def state(self):
        return self.controller.state

    def wait(self, condition):
        self.qtbot.waitUntil(condition, timeout=BUILD_TIMEOUT_MS)

    def wait_ready(self):
        self.wait(lambda: self.state.phase == "ready" and self.state.size_note is not None)

    def wait_face(self, face):
        self.wait(lambda: self.state.verdict.face == face)

    def wait_done(self):
        """Until nothing is under way and the verdict has been given."""
        self.wait(lambda: not self.state.busy and self.state.verdict.face in ("done", "single", "failed"))

    def build(self):
        """Press Ctrl+R and wait for the verdict."""
        from PySide6.QtCore import Qt

        self.qtbot.keyClick(self.window, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
        assert self.state.busy
        self.wait_done()
        return self.state.verdict


@pytest.fixture
def open_desk(qtbot, engine, _own_settings):
    """Open windows on the session's warm engine; they are closed after the test."""
    from PySide6.QtCore import QCoreApplication, QEvent

    from reproviewer.gui.controller import Controller
    from reproviewer.gui.main_window import MainWindow
    from reproviewer.gui.settings import Settings

    with contextlib.ExitStack() as opened:

        def make(experiment=None, own_engine=None):
            controller = Controller(own_engine or engine, experiment or Experiment(model="Dense(5, input_dim=1)"))
            window = MainWindow(Settings())
            assert list(window.furnish(controller))

            def close():
                if window.isVisible():  # a window that was closed has stopped what ran in it
                    controller.stop()
                    qtbot.waitUntil(lambda: not controller.state.busy, timeout=BUILD_TIMEOUT_MS)
                window.close()
                window.deleteLater()
                QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)

            opened.callback(close)
            window.show()
            qtbot.waitExposed(window)
            window.activateWindow()
            qtbot.waitUntil(window.isActiveWindow)
            return Desk(qtbot, controller, window)

        yield make


@pytest.fixture
def desk(open_desk):
    """One window with `Dense(5, input_dim=1)`, its worker ready."""
    desk = open_desk()
    desk.wait_ready()
    return desk
