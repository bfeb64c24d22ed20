"""The whole window with the keyboard: Tab goes through every room and comes back, and Shift+Tab the other way."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from reproviewer.core.plot_state import PLOT_KINDS

MOST_STEPS = 200


def walk(desk, backwards):
    """The widgets that have the focus one after the other, until the first one has it again."""
    key = Qt.Key.Key_Backtab if backwards else Qt.Key.Key_Tab
    first = QApplication.focusWidget()
    visited = []
    for _ in range(MOST_STEPS):
        desk.qtbot.keyClick(QApplication.focusWidget(), key)
        visited.append(QApplication.focusWidget())
        if visited[-1] is first:
            return visited
        assert visited.count(visited[-1]) == 1, f"Tab is caught at {visited[-1].accessibleName() or visited[-1]}"
    pytest.fail("Tab does not come back")


def test_tab_visits_every_room_and_comes_back(desk):
    desk.build()
    window, area = desk.window, desk.window.plots.area
    rooms = (window.toolbar, window.panel, window.verdict, window.shelf, window.strip, window.tensors, window.plots)
    for kind in PLOT_KINDS:
        desk.controller.desk.look_as(kind)
        assert area.wait_until_drawn()
        view = area._the_content()._views.currentWidget()
        for backwards in (False, True):
            window.toolbar.focus_build()
            visited = walk(desk, backwards)
            for room in (*rooms, window.plots._kinds, view, area._table):
                seen = any(room is widget or room.isAncestorOf(widget) for widget in visited)
                assert seen, (kind, backwards, room)
        forwards = [widget for widget in reversed(visited) if area.isAncestorOf(widget)]
        assert forwards[-1] is area._table


def test_the_cards_come_where_they_stand(desk):
    desk.build()
    window = desk.window
    window.toolbar.focus_build()
    visited = walk(desk, backwards=False)
    rooms = (window.panel, window.verdict, window.shelf, window.strip, window.tensors, window.plots)
    order = [next((room for room in rooms if room is widget or room.isAncestorOf(widget)), None) for widget in visited]
    met = [room for room in dict.fromkeys(order) if room is not None]
    assert met == list(rooms)
    cards = [widget.card.label for widget in visited if window.shelf.isAncestorOf(widget)]
    assert cards == ["Run 1", "Run 2"]
