"""What the sections of the panel have in common."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from reproviewer.gui.theme import GRID_PX

SIGN_WIDTH_PX, INDENT_PX = 26, 22


class Section(QWidget):
    """A heading with what belongs to it below. `heading` may carry a mnemonic for the section's first control."""

    def __init__(self, heading: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.heading = QLabel(heading)
        self.heading.setProperty("kind", "section")
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(GRID_PX - 2)
        self.column.addWidget(self.heading)


def caption(text: str = "", kind: str = "caption") -> QLabel:
    """A small sentence that breaks over lines."""
    label = QLabel(text)
    label.setProperty("kind", kind)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
    return label


def flat_button(text: str, name: str, tip: str) -> QToolButton:
    """A small button with a sign or a word; `name` is what a screen reader says."""
    button = QToolButton()
    button.setText(text)
    button.setProperty("kind", "flat")
    button.setAccessibleName(name)
    button.setToolTip(tip)
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    if len(text) == 1:
        button.setFixedWidth(SIGN_WIDTH_PX)
    return button


def tab_before(last: QWidget, *widgets: QWidget) -> None:
    """Let the Tab key come to the widgets, in order, just before it comes to `last`."""
    for first, second in pairwise((last, *widgets, last)):
        QWidget.setTabOrder(first, second)


def mark_bad(widget: QWidget, bad: bool) -> None:
    """Give a field the look of a mistake, or take it away."""
    if widget.property("bad") != bad:
        widget.setProperty("bad", bad)
        widget.style().unpolish(widget)
        widget.style().polish(widget)
