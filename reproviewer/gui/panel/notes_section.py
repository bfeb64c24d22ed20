"""What an example says about itself."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from reproviewer.gui.panel.section import caption, flat_button

ABOVE_PX = 5
"""Around the title, so that its first line is beside the sign of the button and its last one clear of the notes."""


class NotesSection(QWidget):
    """The title and the notes of the experiment; the notes fold away. Hidden when there are none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._setup_ui()
        self._layout()
        self.show_notes("", "")

    def show_notes(self, title: str, notes: str) -> None:
        """Show title and notes. The notes of another experiment open by themselves."""
        changed = (title, notes) != (self._title.text(), self._notes.text())
        self._title.setText(title)
        self._notes.setText(notes)
        self.setVisible(bool(title or notes))
        self.fold.setVisible(bool(notes))
        if changed:
            self._set_open(True)

    def _setup_ui(self) -> None:
        self._title = caption(kind="title")
        self._title.setContentsMargins(0, ABOVE_PX, 0, ABOVE_PX)
        self._notes = caption(kind="note")
        self._notes.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.fold = flat_button("▾", self.tr("Fold the notes away"), self.tr("Show or hide the notes"))
        self.fold.clicked.connect(lambda: self._set_open(self._notes.isHidden()))

    def _layout(self) -> None:
        line = QHBoxLayout()
        line.setSpacing(4)
        line.addWidget(self._title, 1)
        line.addWidget(self.fold, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(line)
        column.addWidget(self._notes)

    def _set_open(self, is_open: bool) -> None:
        self._notes.setVisible(is_open and bool(self._notes.text()))
        self.fold.setText("▾" if is_open else "▸")
        self.fold.setAccessibleName(self.tr("Fold the notes away") if is_open else self.tr("Show the notes"))
