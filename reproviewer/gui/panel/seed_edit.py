"""A field for a seed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal

from reproviewer.core.experiment import MAX_SEED
from reproviewer.gui.panel.section import mark_bad
from reproviewer.gui.quiet import QuietLineEdit

if TYPE_CHECKING:
    from PySide6.QtGui import QFocusEvent, QKeyEvent
    from PySide6.QtWidgets import QWidget

DEFAULT_SEED = 1


class SeedEdit(QuietLineEdit):
    """Takes whole numbers from 0 to 4294967295, more than a spin box of Qt holds; Up and Down count.

    Anything else stays as it is typed, and marked, until it is corrected. `seedChanged` comes with every change of
    `seed` or `typed`, `marked` tells whether what stands there is no seed. A field that is left empty shows the last
    seed again.
    """

    seedChanged = Signal()
    marked = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._seed = DEFAULT_SEED
        self._typed = ""
        self.setText(str(DEFAULT_SEED))
        self.setInputMethodHints(Qt.InputMethodHint.ImhDigitsOnly)
        self.setToolTip(self.tr("A whole number from 0 to 4294967295; Up and Down count"))
        self.textEdited.connect(self._on_edited)

    @property
    def seed(self) -> int:
        """The last value."""
        return self._seed

    @property
    def typed(self) -> str:
        """What is typed that is no seed."""
        return self._typed

    def show_seed(self, seed: int, typed: str = "") -> None:
        """Show a seed, or what is typed in its place."""
        if (seed, typed) != (self._seed, self._typed) or not self.text():
            self._seed = seed
            self.setText(typed or str(seed))
            self._mark(typed)

    def settle(self) -> None:
        """Show the seed as it is used: the last one where the field is empty, without zeros before it."""
        if not self._typed:
            self.setText(str(self._seed))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}.get(Qt.Key(event.key()))
        if step is None or event.modifiers() & Qt.KeyboardModifier.AltModifier or self.isReadOnly():
            super().keyPressEvent(event)
            return
        self.setText(str(min(max(self._seed + step, 0), MAX_SEED)))
        self._on_edited()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self.settle()

    def _on_edited(self) -> None:
        before = self._seed, self._typed
        text = self.text().strip()
        seed = _read(text)
        self._mark(text if seed is None else "")
        if seed is not None:
            self._seed = seed
        if (self._seed, self._typed) != before:
            self.seedChanged.emit()

    def _mark(self, typed: str) -> None:
        self._typed = typed
        mark_bad(self, bool(typed))
        self.marked.emit(bool(typed))


def _read(text: str) -> int | None:
    """The seed that is written, if it is one."""
    digits = text.lstrip("0") or text[:1]
    good = digits.isascii() and digits.isdigit() and len(digits) <= len(str(MAX_SEED)) and int(digits) <= MAX_SEED
    return int(digits) if good else None
