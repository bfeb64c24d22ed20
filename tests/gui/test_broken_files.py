"""What is said about files that cannot be opened."""

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QLabel, QMessageBox, QPushButton, QTextEdit


@pytest.fixture
def broken(tmp_path):
    """Names of files that cannot be read."""

    def make(*names):
        for name in names:
            (tmp_path / name).write_bytes(b"garbage")
        return [tmp_path / name for name in names]

    return make


def headline(desk):
    return desk.window.verdict.findChild(QLabel, "verdict-word").text()


def facts(desk):
    return desk.window.verdict.findChild(QLabel, "verdict-facts").text()


def message_line(desk):
    return desk.window.statusBar().currentMessage()


def test_every_file_has_its_sentence(desk, broken, tmp_path):
    paths = broken("a.h5", "b.npz", "c.json")
    np.savez(tmp_path / "good.npz", a=np.zeros(3))
    desk.controller.files.open([*paths, tmp_path / "good.npz"])
    desk.wait(lambda: len(desk.state.cards) == 1 and headline(desk) == "Cannot open 3 files")
    assert "a.h5" in facts(desk)
    assert "b.npz" in facts(desk)
    assert "c.json" in facts(desk)
    button = desk.window.verdict.findChild(QPushButton, "verdict-action")
    desk.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    (box,) = desk.window.findChildren(QMessageBox)
    assert all(str(path) in box.detailedText() for path in paths)
    assert "a.h5 cannot be read: its content is of no known kind" in box.detailedText()
    assert "c.json: This is not an experiment" in box.detailedText()
    assert box.findChild(QTextEdit).isVisible()
    box.close()


def test_one_file_is_said_once_and_nothing_can_be_stopped(desk, broken):
    desk.controller.files.open(broken("a.h5"))
    desk.wait_face("failed")
    assert headline(desk) == "Cannot open the file"
    assert "a.h5" in facts(desk)
    assert message_line(desk) == ""
    assert not desk.window.toolbar._stop.isEnabled()


def test_the_sentence_about_a_file_of_another_kind_is_seen_whole_in_a_small_window(desk, broken):
    desk.window.resize(1024, 640)
    desk.controller.files.open(broken("notes.txt"))
    desk.wait_face("failed")
    desk.qtbot.wait(10)
    label = desk.window.verdict.findChild(QLabel, "verdict-facts")
    assert label.text().endswith("PyTorch's zip files (.pt).")
    assert label.heightForWidth(label.width()) <= label.height()


def test_a_load_that_fails_is_not_still_reading(desk, broken, monkeypatch):
    (path,) = broken("a.safetensors")
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *a, **k: ([str(path)], ""))
    desk.window.actions_.load_weights.trigger()
    assert message_line(desk) == "Reading a.safetensors…"
    desk.wait_face("failed")
    assert message_line(desk) == ""


@pytest.mark.parametrize("place", ["verdict", "editor", "runs", "build", "finder", "theme"])
def test_escape_goes_on_from_anywhere(desk, broken, place):
    desk.controller.files.open(broken("a.h5"))
    desk.wait_face("failed")
    window = desk.window
    widgets = {
        "editor": window.panel.model.editor,
        "runs": window.toolbar._runs,
        "build": window.toolbar._build,
        "finder": window.tensors.finder,
    }
    widget = widgets.get(place, window.verdict)
    widget.setFocus()
    desk.qtbot.keyClick(widget, Qt.Key.Key_Escape)
    assert desk.state.verdict.face == "empty"
    desk.controller.files.open(broken("b.h5"))
    desk.wait_face("failed")
    assert headline(desk) == "Cannot open the file"
