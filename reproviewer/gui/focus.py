"""Where the keyboard is while the control that had it cannot be used."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PySide6.QtWidgets import QWidget


class FocusKeeper:
    """Lets the keyboard wait in a harbour, where no key does anything, while its control is disabled or hidden.

    Qt alone would give it to the next control, and Space would press what nobody has chosen.
    """

    def __init__(self, window: QWidget, harbour: QWidget) -> None:
        self._window = window
        self._harbour = harbour
        self._away: QWidget | None = None

    @contextmanager
    def kept(self, busy: bool) -> Iterator[None]:
        """Change what can be used; the control that lost the keyboard to what runs gets it back when that has ended."""
        before = self._window.focusWidget()
        yield
        if before is not None and not self._can_take(before):
            self._away = before
            self._harbour.setFocus()
        if not busy:
            self._give_back()

    def _give_back(self) -> None:
        away, self._away = self._away, None
        if away is None or self._window.focusWidget() is not self._harbour:
            return
        if self._can_take(away):
            away.setFocus()

    def _can_take(self, widget: QWidget) -> bool:
        try:
            return widget.isEnabled() and self._window.isAncestorOf(widget) and widget.isVisibleTo(self._window)
        except RuntimeError:  # it is gone: fields are made anew for another layer, or when another Keras is known
            return False


def enable(control: QWidget, can: bool, instead: QWidget) -> None:
    """Enable a control or disable it; the keyboard goes on to `instead`."""
    if not can and control.hasFocus():
        instead.setFocus()
    control.setEnabled(can)
