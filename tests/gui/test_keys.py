"""No key of the window has two meanings."""

import re
from collections import Counter

import pytest
from PySide6.QtGui import QAction, QShortcut
from PySide6.QtWidgets import QAbstractButton, QLabel, QMenu, QWidget

from reproviewer.core.experiment import Draw, Experiment, SeedCall, Seeding

FULL = Experiment(
    model="Input((4,))\nDense(5)",
    draws=(Draw("random.random"),),
    seeding=Seeding((SeedCall("keras.utils.set_random_seed", 1), SeedCall("random.seed", 1))),
)


def mnemonic(text):
    """The letter that is underlined."""
    found = re.search(r"&([^&])", text.replace("&&", ""))
    return found.group(1).upper() if found else None


def twice(letters):
    return [letter for letter, times in Counter(letters).items() if letter is not None and times > 1]


@pytest.fixture
def window(open_desk):
    """A window with a mnemonic wherever there can be one."""
    desk = open_desk(FULL)
    desk.wait_ready()
    desk.build()
    return desk.window


def test_no_two_actions_share_a_key(window):
    keys = [key.toString() for action in window.findChildren(QAction) for key in action.shortcuts()]
    keys += [shortcut.key().toString() for shortcut in window.findChildren(QShortcut)]
    assert len(keys) > 20
    assert twice(keys) == []


def test_no_two_entries_of_a_menu_share_a_letter(window):
    menus = [menu for menu in window.findChildren(QMenu) if menu.actions()]
    assert {"&File", "&View", "&Theme"} <= {menu.title() for menu in menus}
    shared = {menu.title(): twice(mnemonic(action.text()) for action in menu.actions()) for menu in menus}
    assert {title: letters for title, letters in shared.items() if letters} == {}


@pytest.mark.parametrize("as_form", [False, True])
def test_what_alt_does_is_clear(window, as_form):
    """The menu bar and what is seen in the window do not share a letter."""
    window.panel.model.as_form.setChecked(as_form)
    bar = [mnemonic(action.text()) for action in window.menuBar().actions()]
    texts = [w.text() for w in window.findChildren(QWidget) if isinstance(w, QAbstractButton) and w.isVisible()]
    texts += [label.text() for label in window.findChildren(QLabel) if label.isVisible() and label.buddy()]
    letters = [mnemonic(text) for text in texts]
    assert len(set(bar) - {None}) == len(bar)
    assert len(set(letters)) > 5
    assert twice([*bar, *letters]) == []
