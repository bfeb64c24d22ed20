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


def press(desk, text):
    button = desk.window.verdict.findChild(QPushButton, "verdict-action")
    assert button.text() == text
    desk.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def reload(desk):
    press(desk, "Reload")


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
    assert str(desk.state.verdict.facts).startswith("b.npz has changed since it was read.")
    assert [card.changed for card in desk.state.cards] == [False, True]
    assert [b.text() for b in desk.window.shelf.findChildren(CardButton)][1] == "b.npz\nchanged on disk"
    reload(desk)
    desk.wait(lambda: desk.state.verdict.verdict is Verdict.DIFFERENT)
    assert [card.changed for card in desk.state.cards] == [False, False]
    write(path, 1)
    desk.wait(lambda: desk.state.verdict.face == "changed")
    reload(desk)
    desk.wait(lambda: desk.state.verdict.verdict is Verdict.IDENTICAL)


def test_a_file_that_is_gone_says_so_and_can_be_removed(desk, two_files):
    two_files[0].unlink()
    desk.wait(lambda: desk.state.verdict.face == "changed")
    assert str(desk.state.verdict.headline) == "a.npz is gone"
    assert [card.gone for card in desk.state.cards] == [True, False]
    assert "a.npz · reference\nthe file is gone" in [b.text() for b in desk.window.shelf.findChildren(CardButton)]
    press(desk, "Remove")
    assert [card.label for card in desk.state.cards] == ["b.npz"]
    assert desk.state.verdict.face == "single"
    desk.controller.desk.undo()
    desk.wait(lambda: desk.state.verdict.face == "changed")
    assert str(desk.state.verdict.headline) == "a.npz is gone"


def test_two_files_that_are_gone_are_removed_together(desk, two_files):
    for path in two_files:
        path.unlink()
    desk.wait(lambda: str(desk.state.verdict.headline) == "2 files are gone")
    press(desk, "Remove")
    assert desk.state.cards == ()


def test_a_file_that_is_put_back_is_read_again(desk, two_files, tmp_path):
    away = two_files[1].rename(tmp_path / "away")
    desk.wait(lambda: desk.state.verdict.face == "changed")
    before = desk.session.items[1].id
    away.rename(two_files[1])
    desk.wait(lambda: desk.state.verdict.verdict is Verdict.IDENTICAL and desk.session.items[1].id != before)


def test_another_file_in_the_place_of_one_that_was_gone_can_be_read(desk, two_files):
    two_files[1].unlink()
    desk.wait(lambda: desk.state.verdict.face == "changed")
    write(two_files[1], 2)
    desk.wait(lambda: str(desk.state.verdict.headline) == "Changed on disk")
    reload(desk)
    desk.wait(lambda: desk.state.verdict.verdict is Verdict.DIFFERENT)
