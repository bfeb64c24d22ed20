"""Fields that leave the wheel alone unless they have the focus, and undo to the whole experiment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QComboBox, QLineEdit, QSpinBox, QStyle, QStyleOptionComboBox, QToolTip, QWidget

if TYPE_CHECKING:
    from PySide6.QtGui import QWheelEvent


class QuietComboBox(QComboBox):
    """A combo box that may be narrower than its longest entry, which its list then shows in full."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(6)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def initStyleOption(self, option: QStyleOptionComboBox) -> None:
        super().initStyleOption(option)
        room = self.style().subControlRect(
            QStyle.ComplexControl.CC_ComboBox, option, QStyle.SubControl.SC_ComboBoxEditField, self
        )
        text = self.fontMetrics().elidedText(option.currentText, Qt.TextElideMode.ElideRight, room.width() - 4)
        option.currentText = text

    def showPopup(self) -> None:
        """Open the list as wide as its entries."""
        view = self.view()
        view.setMinimumWidth(min(view.sizeHintForColumn(0) + 32, 2 * max(self.width(), 200)))
        super().showPopup()


class QuietLineEdit(QLineEdit):
    """A line without a history of its own: undo and redo belong to the whole experiment."""

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and is_undo(event):
            event.ignore()
            return False
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if is_undo(event):
            event.ignore()
        else:
            super().keyPressEvent(event)


class QuietSpinBox(QSpinBox):
    """A spin box that the wheel does not change in passing, its number clear of the border.

    When it does not take a key it says which numbers it takes.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        line = QuietLineEdit(self)  # a line without a parent would be styled as a field of its own
        line.setObjectName(self.lineEdit().objectName())
        self.setLineEdit(line)
        line.setTextMargins(5, 0, 0, 0)  # a style sheet's padding does not reach the number

    def keyPressEvent(self, event: QKeyEvent) -> None:
        before = self._line_state()
        super().keyPressEvent(event)
        if event.text().isprintable() and event.text() and self._line_state() == before:
            text = self.tr("A whole number from {least} to {most}").format(least=self.minimum(), most=self.maximum())
            QToolTip.showText(self.mapToGlobal(self.rect().bottomLeft()), text, self)
        else:
            QToolTip.hideText()

    def _line_state(self) -> tuple[str, int, str]:
        line = self.lineEdit()
        return line.text(), line.cursorPosition(), line.selectedText()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


def is_undo(event: QKeyEvent) -> bool:
    """Whether a key undoes, or does again what was undone."""
    return event.matches(QKeySequence.StandardKey.Undo) or event.matches(QKeySequence.StandardKey.Redo)
