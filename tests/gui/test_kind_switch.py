"""The choice of the kind of plot at any width."""

import pytest

from reproviewer.core.plot_state import PLOT_KINDS
from reproviewer.gui.kind_switch import ALWAYS, KindSwitch


@pytest.fixture
def switch(qtbot):
    switch = KindSwitch()
    qtbot.addWidget(switch)
    switch.show()
    return switch


def test_a_button_for_each_kind_where_there_is_room(switch):
    switch.fit(switch.full_size.width())
    assert not switch.is_compact
    assert all(button.isVisible() for button in switch._buttons.values())


def test_the_last_kinds_are_in_a_menu_where_there_is_none(switch, qtbot):
    switch.fit(switch.full_size.width() - 1)
    assert switch.is_compact
    assert [button.isVisible() for button in switch._buttons.values()] == [True] * ALWAYS + [False] * (
        len(PLOT_KINDS) - ALWAYS
    )
    for kind in PLOT_KINDS[ALWAYS:]:
        with qtbot.waitSignal(switch.kindChosen) as chosen:
            switch._actions[kind].trigger()
        assert chosen.args == [kind]


def test_the_menu_is_called_as_what_was_chosen(switch):
    switch.show_kind("scatter")
    assert (switch._more.text(), switch._more.isChecked()) == ("Scatter ▾", True)
    switch.show_kind("bars")
    assert (switch._more.text(), switch._more.isChecked()) == ("More ▾", False)


def test_a_button_says_what_was_chosen(switch, qtbot):
    with qtbot.waitSignal(switch.kindChosen) as chosen:
        switch._buttons["distances"].click()
    assert chosen.args == ["distances"]
