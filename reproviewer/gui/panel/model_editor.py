"""The text of the layers, with what is wrong in it underlined."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontDatabase,
    QHelpEvent,
    QKeyEvent,
    QTextCharFormat,
    QTextCursor,
)
from PySide6.QtWidgets import QPlainTextEdit, QSizePolicy, QTextEdit, QToolTip, QWidget

from reproviewer.gui.quiet import is_undo
from reproviewer.gui.texts import shown

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from reproviewer.core.keras_text import Problem
    from reproviewer.core.model_spec import Span
    from reproviewer.gui.theme import Theme

MIN_LINES, MAX_LINES = 5, 14
MAX_FRAME_PX = 16


class ModelEditor(QPlainTextEdit):
    """A plain text editor. `edited` carries the text when the person changes it.

    It keeps no history of its own: undo and redo belong to the whole experiment.
    """

    edited = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._problems: tuple[Problem, ...] = ()
        self._quiet = False
        self._setup_ui()

    def show_text(self, text: str) -> None:
        """Show the text; the cursor stays in its place as far as there is one."""
        if text == self.toPlainText():
            return
        place = self.textCursor().position()
        self._quiet = True
        self.setPlainText(text)
        self._quiet = False
        cursor = self.textCursor()
        cursor.setPosition(min(place, len(text)))
        self.setTextCursor(cursor)

    def show_problems(self, problems: tuple[Problem, ...]) -> None:
        """Underline the places that are wrong."""
        self._problems = problems
        self.setExtraSelections([self._mark(problem) for problem in problems])

    def apply_theme(self, theme: Theme) -> None:
        """Take the colours of this theme."""
        self._theme = theme
        self.show_problems(self._problems)

    def line(self) -> int:
        """The line of the cursor, from 1."""
        return self.textCursor().blockNumber() + 1

    def place_cursor(self, span: Span) -> None:
        """Put the cursor at the beginning of the span."""
        cursor = self.textCursor()
        cursor.setPosition(self._position(span.line, span.column))
        self.setTextCursor(cursor)

    def go_to(self, span: Span) -> None:
        """Put the cursor at the beginning of the span, and the keyboard there."""
        self.place_cursor(span)
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def sizeHint(self) -> QSize:
        lines = min(max(self._shown_lines(), MIN_LINES), MAX_LINES)
        frame = self.height() - self.viewport().height()
        around = min(max(frame, 0), MAX_FRAME_PX) + 3 * int(self.document().documentMargin())
        line = self.fontMetrics().lineSpacing() + 1  # the layout rounds up
        return QSize(120, lines * line + around)

    def minimumSizeHint(self) -> QSize:
        return QSize(60, self.sizeHint().height())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if is_undo(event):
            event.ignore()
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and is_undo(event):
            event.ignore()
            return False
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            self._show_tip(event)
            return True
        return super().event(event)

    def _setup_ui(self) -> None:
        self.setObjectName("model-editor")
        self.setUndoRedoEnabled(False)
        self.setAcceptDrops(False)  # a file is for the window, wherever it is dropped
        self.viewport().setAcceptDrops(False)
        self.setTabChangesFocus(True)
        self.setWordWrapMode(self.wordWrapMode().WrapAtWordBoundaryOrAnywhere)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFont(monospaced())
        self.setPlaceholderText(self.tr("One layer a line:\n\nInput((8,))\nDense(5, activation='relu')"))
        self.setAccessibleName(self.tr("Layers of the model"))
        self.setToolTip(self.tr("The layers in order, one a line, each written as in Keras"))
        self.textChanged.connect(self._on_text_changed)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()

    def _on_text_changed(self) -> None:
        self.updateGeometry()
        if not self._quiet:
            self.edited.emit(self.toPlainText())

    def _shown_lines(self) -> int:
        block, lines = self.document().begin(), 0
        while block.isValid() and lines < MAX_LINES:
            self.blockBoundingRect(block)  # lays the block out
            lines += max(block.layout().lineCount(), 1)
            block = block.next()
        return lines

    def _mark(self, problem: Problem) -> QTextEdit.ExtraSelection:
        span = problem.span
        start = self._position(span.line, span.column)
        end = self._position(span.end_line, span.end_column)
        cursor = QTextCursor(self.document())
        cursor.setPosition(start)
        cursor.setPosition(max(end, start), QTextCursor.MoveMode.KeepAnchor)
        if start == end:
            cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock, QTextCursor.MoveMode.KeepAnchor)
        mark = QTextEdit.ExtraSelection()
        style = QTextCharFormat()
        style.setUnderlineStyle(QTextCharFormat.UnderlineStyle.WaveUnderline)
        style.setUnderlineColor(QColor(self._theme.different_ink))
        mark.cursor, mark.format = cursor, style
        return mark

    def _position(self, line: int, column: int) -> int:
        """The position of a place in Qt's own count, in which some characters are two."""
        block = self.document().findBlockByNumber(line - 1)
        if not block.isValid():
            return max(self.document().characterCount() - 1, 0)
        before = block.text()[:column]
        return block.position() + len(before.encode("utf-16-le")) // 2

    def _show_tip(self, event: QHelpEvent) -> None:
        at = self.cursorForPosition(self.viewport().mapFrom(self, event.pos())).position()
        for problem in self._problems:
            span = problem.span
            if self._position(span.line, span.column) <= at <= self._position(span.end_line, span.end_column):
                QToolTip.showText(event.globalPos(), shown(problem.message), self)
                return
        QToolTip.showText(event.globalPos(), self.toolTip(), self)


def monospaced() -> QFont:
    """The system's font of equal widths."""
    return QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
