"""A field for a seed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from reproviewer.core.experiment import MAX_SEED
from reproviewer.gui.panel.section import mark_bad

if TYPE_CHECKING:
    from PySide6.QtGui import QFocusEvent, QKeyEvent


class SeedEdit(QLineEdit):
    """Takes whole numbers from 0 to 4294967295, more than a spin box of Qt holds; Up and Down count.

    `seedChanged` carries every good value, `goodChanged` whether what stands there is one. When the field is left
    with something else in it, the last good value comes back.
    """

    seedChanged = Signal(object)
    goodChanged = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._seed = 1
        self.setText("1")
        self.setMaxLength(24)
        self.setInputMethodHints(Qt.InputMethodHint.ImhDigitsOnly)
        self.setToolTip(self.tr("A whole number from 0 to 4294967295; Up and Down count"))
        self.textEdited.connect(self._on_edited)

    @property
    def seed(self) -> int:
        """The last good value."""
        return self._seed

    def show_seed(self, seed: int) -> None:
        """Show a seed."""
        if seed != self._seed or self._read() is None:
            self._seed = seed
            self.setText(str(seed))
            self._set_good(True)

    def settle(self) -> None:
        """Show the last good value again when something else stands there: what is shown is what is used."""
        if self._read() is None:
            self.setText(str(self._seed))
            self._set_good(True)

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
        seed = self._read()
        self._set_good(seed is not None)
        if seed is not None and seed != self._seed:
            self._seed = seed
            self.seedChanged.emit(seed)

    def _set_good(self, good: bool) -> None:
        mark_bad(self, not good)
        self.goodChanged.emit(good)

    def _read(self) -> int | None:
        text = self.text().strip()
        if not (text.isascii() and text.isdigit()):
            return None
        return int(text) if int(text) <= MAX_SEED else None
