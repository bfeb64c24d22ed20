"""Files of the shelf that change on disk while they are shown."""

import os

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton

from reproviewer.core.verdict import Verdict
from reproviewer.gui.shelf import CardButton


def write(path, value):
    np.savez(path, kernel=np.full((4, 5), value, np.float32))
    return path


def reload(desk):
    button = desk.window.verdict.findChild(QPushButton, "verdict-action")
    assert button.text() == "Reload"
    desk.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


@pytest.fixture
def two_files(desk, tmp_path):
    """A window that compares two files of the same weights."""
    paths = [write(tmp_path / name, 1) for name in ("a.npz", "b.npz")]
    desk.controller.files.open(paths)
    desk.wait(lambda: desk.state.verdict.verdict is Verdict.IDENTICAL)
    return paths


@pytest.mark.parametrize("way", ["written over", "replaced"])
def test_a_changed_file_is_noticed_and_can_be_read_again(desk, two_files, tmp_path, way):
    path = two_files[1]
    if way == "replaced":
        os.replace(write(tmp_path / "new.npz", 2), path)
    else:
        write(path, 2)
    desk.wait(lambda: desk.state.verdict.face == "changed")
    assert str(desk.state.verdict.facts).startswith("b.npz is not any more what was read.")
    assert [card.changed for card in desk.state.cards] == [False, True]
    assert [b.text() for b in desk.window.shelf.findChildren(CardButton)][1] == "b.npz\nchanged on disk"
    reload(desk)
    desk.wait(lambda: desk.state.verdict.verdict is Verdict.DIFFERENT)
    assert [card.changed for card in desk.state.cards] == [False, False]
    write(path, 1)
    desk.wait(lambda: desk.state.verdict.face == "changed")
    reload(desk)
    desk.wait(lambda: desk.state.verdict.verdict is Verdict.IDENTICAL)


def test_a_file_that_is_gone_stays_on_the_shelf_and_says_so(desk, two_files):
    two_files[0].unlink()
    desk.wait(lambda: desk.state.verdict.face == "changed")
    reload(desk)
    desk.wait(lambda: desk.state.verdict.face == "failed")
    assert str(desk.state.verdict.facts) == "a.npz cannot be read: there is no such file."
    assert len(desk.state.cards) == 2
