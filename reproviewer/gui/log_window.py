"""What the worker printed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QDialogButtonBox,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from reproviewer.gui.panel.model_editor import monospaced
from reproviewer.gui.theme import GRID_PX

if TYPE_CHECKING:
    from pathlib import Path

TAIL_BYTES = 1 << 20
"""Of a longer log only the end is shown; the path leads to the rest."""


class LogWindow(QDialog):
    """The end of a log, as it is when the window opens or is asked to read it again."""

    def __init__(self, path: Path, parent: QWidget) -> None:
        super().__init__(parent)
        self._path = path
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Worker's log"))
        self.resize(100 * GRID_PX, 64 * GRID_PX)
        self._setup_ui()
        self._layout()
        self.read()

    def read(self) -> None:
        """Show the end of the file as it is now."""
        text = _tail(self._path)
        self.text.setPlainText(text or self.tr("The worker has printed nothing yet."))
        self.text.moveCursor(QTextCursor.MoveOperation.End)
        self.copy.setEnabled(bool(text))

    def _setup_ui(self) -> None:
        self.place = QLabel(str(self._path))
        self.place.setTextFormat(Qt.TextFormat.PlainText)
        self.place.setWordWrap(True)
        self.place.setProperty("kind", "caption")
        self.place.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setFont(monospaced())
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setAccessibleName(self.windowTitle())
        self.copy = QPushButton(self.tr("&Copy all"))
        self.copy.clicked.connect(lambda: QApplication.clipboard().setText(self.text.toPlainText()))
        self._again = QPushButton(self.tr("&Read again"))
        self._again.clicked.connect(self.read)
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self._buttons.button(QDialogButtonBox.StandardButton.Close).setDefault(True)
        self._buttons.addButton(self.copy, QDialogButtonBox.ButtonRole.ActionRole)
        self._buttons.addButton(self._again, QDialogButtonBox.ButtonRole.ActionRole)
        self._buttons.rejected.connect(self.reject)

    def _layout(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID_PX, 2 * GRID_PX, 2 * GRID_PX, 2 * GRID_PX)
        column.setSpacing(GRID_PX)
        for widget in (self.place, self.text, self._buttons):
            column.addWidget(widget)
        self.text.setFocus()


def _tail(path: Path) -> str:
    """The end of a file; nothing when there is none."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - TAIL_BYTES))
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""
