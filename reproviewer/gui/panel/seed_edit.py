"""A field for a seed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QValidator

from reproviewer.core.experiment import MAX_SEED
from reproviewer.gui.panel.section import mark_bad
from reproviewer.gui.quiet import QuietLineEdit

if TYPE_CHECKING:
    from PySide6.QtGui import QFocusEvent, QKeyEvent
    from PySide6.QtWidgets import QWidget


class SeedEdit(QuietLineEdit):
    """Takes whole numbers from 0 to 4294967295, more than a spin box of Qt holds; Up and Down count.

    What would make something else of the text - a key, a pasted or dropped text - is refused whole, so that what is
    shown is what is used. `seedChanged` carries every new value, `refused` whether something was just refused. A field
    that is left empty shows the last value again.
    """

    seedChanged = Signal(object)
    refused = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._seed = 1
        self.setText("1")
        self.setValidator(_SeedValidator(self))
        self.setInputMethodHints(Qt.InputMethodHint.ImhDigitsOnly)
        self.setToolTip(self.tr("A whole number from 0 to 4294967295; Up and Down count"))
        self.inputRejected.connect(lambda: self._set_refused(True))
        self.textChanged.connect(lambda: self._set_refused(False))
        self.textEdited.connect(self._on_edited)

    @property
    def seed(self) -> int:
        """The last value."""
        return self._seed

    def show_seed(self, seed: int) -> None:
        """Show a seed."""
        if seed != self._seed or not self.text():
            self._seed = seed
            self.setText(str(seed))

    def settle(self) -> None:
        """Show the value that is used as it is: the last one where the field is empty, without zeros before it."""
        self.setText(str(self._seed))
        self._set_refused(False)

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
        if self.text() and int(self.text()) != self._seed:
            self._seed = int(self.text())
            self.seedChanged.emit(self._seed)

    def _set_refused(self, refused: bool) -> None:
        mark_bad(self, refused)
        self.refused.emit(refused)


class _SeedValidator(QValidator):
    def validate(self, text: str, position: int) -> object:
        if not text:
            return QValidator.State.Intermediate, text, position
        good = text.isascii() and text.isdigit() and len(text) <= len(str(MAX_SEED)) and int(text) <= MAX_SEED
        return QValidator.State.Acceptable if good else QValidator.State.Invalid, text, position
