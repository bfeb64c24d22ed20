"""The order in which the Tab key goes through the plots, of which some parts are made later than others."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:
    from collections.abc import Iterator


def order_tabs(area: QWidget, first: QWidget, last: QWidget) -> None:
    """Let the Tab key reach what is in `first` before everything else in the area, and what is in `last` after it."""
    stops = sorted(_stops(area), key=lambda stop: _holds(last, stop) - _holds(first, stop))
    for before, after in pairwise(stops):
        QWidget.setTabOrder(before, after)


def _stops(area: QWidget) -> Iterator[QWidget]:
    """The widgets of the area at which the Tab key stops, in the order of now."""
    widget = area.nextInFocusChain()
    while widget is not None and widget is not area:
        tabs = widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        if tabs and widget.focusProxy() is None and area.isAncestorOf(widget):
            yield widget
        widget = widget.nextInFocusChain()


def _holds(whole: QWidget, part: QWidget) -> bool:
    return whole is part or whole.isAncestorOf(part)
