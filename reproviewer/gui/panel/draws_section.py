"""Random numbers that are drawn besides the weights."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from reproviewer.core.experiment import DRAW_CALLS, MAX_DRAWS, Draw
from reproviewer.gui.panel.section import INDENT_PX, Section, caption, flat_button, tab_before
from reproviewer.gui.quiet import QuietComboBox, QuietSpinBox


class DrawRow(QWidget):
    """One draw: the call and how many numbers."""

    edited = Signal()
    removeWanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._setup_ui()
        self._layout()

    @property
    def draw(self) -> Draw:
        """The draw as it stands."""
        return Draw(self.call.currentData(), self.size_box.value())

    def show_draw(self, draw: Draw) -> None:
        """Show a draw."""
        for widget in (self.call, self.size_box):
            widget.blockSignals(True)
        self.call.setCurrentIndex(self.call.findData(draw.call))
        self.call.setToolTip(self.tr("What draws the numbers: {call}").format(call=draw.call))
        self.size_box.setValue(draw.size)
        for widget in (self.call, self.size_box):
            widget.blockSignals(False)

    def _setup_ui(self) -> None:
        self.call = QuietComboBox()
        for call in DRAW_CALLS:
            self.call.addItem(call, call)
        self.call.setAccessibleName(self.tr("What draws the numbers"))
        self.size_box = QuietSpinBox()
        self.size_box.setRange(1, MAX_DRAWS)
        self.size_box.setAccessibleName(self.tr("How many numbers"))
        self.size_box.setToolTip(self.tr("How many numbers are drawn"))
        self._size_label = QLabel(self.tr("How many"))
        self._size_label.setBuddy(self.size_box)
        self.remove = flat_button("✕", self.tr("Remove this draw"), self.tr("Remove this draw"))
        self.call.currentIndexChanged.connect(lambda: self.edited.emit())
        self.size_box.valueChanged.connect(lambda: self.edited.emit())
        self.remove.clicked.connect(self.removeWanted)

    def _layout(self) -> None:
        first, second = QHBoxLayout(), QHBoxLayout()
        first.setSpacing(2)
        first.addWidget(self.call, 1)
        first.addWidget(self.remove)
        second.setContentsMargins(INDENT_PX, 0, 0, 0)
        second.setSpacing(6)
        second.addWidget(self._size_label)
        second.addWidget(self.size_box, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 2)
        column.setSpacing(4)
        column.addLayout(first)
        column.addLayout(second)


class DrawsSection(Section):
    """The draws, one a row. `edited` carries a tuple of Draw, and the row when one is changed."""

    edited = Signal(object, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("&DRAWS"), parent)
        self._rows: list[DrawRow] = []
        self._setup_ui()
        self._layout()

    @property
    def rows(self) -> tuple[DrawRow, ...]:
        """The rows from top to bottom."""
        return tuple(self._rows)

    def show_draws(self, draws: tuple[Draw, ...]) -> None:
        """Show the draws."""
        while len(self._rows) > len(draws):
            self._drop(self._rows[-1])
        while len(self._rows) < len(draws):
            self._append()
        for row, draw in zip(self._rows, draws, strict=True):
            row.show_draw(draw)

    def _setup_ui(self) -> None:
        self.add = QPushButton(self.tr("+ Draw"))
        self.add.setToolTip(self.tr("Draw random numbers after the build and compare them like weights"))
        self.add.setAccessibleName(self.tr("Add a draw of random numbers"))
        self.heading.setBuddy(self.add)
        self._note = caption(self.tr("Numbers drawn after each build, compared like weights."))
        self.add.clicked.connect(self._on_add)

    def _layout(self) -> None:
        self._rows_column = QVBoxLayout()
        self._rows_column.setSpacing(4)
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self.add)
        line.addWidget(self._note, 1)
        self.column.addLayout(self._rows_column)
        self.column.addLayout(line)

    def _append(self) -> DrawRow:
        row = DrawRow(self)
        row.edited.connect(lambda: self._emit(f"draw {self._rows.index(row)}"))
        row.removeWanted.connect(lambda: self._on_remove(row))
        tab_before(self.add, row.call, row.remove, row.size_box)
        self._rows.append(row)
        self._rows_column.addWidget(row)
        return row

    def _drop(self, row: DrawRow) -> None:
        self._rows.remove(row)
        self._rows_column.removeWidget(row)
        row.hide()
        row.deleteLater()

    def _on_add(self) -> None:
        used = {row.draw.call for row in self._rows}
        unused = [call for call in DRAW_CALLS if call not in used]
        row = self._append()
        row.show_draw(Draw(unused[0] if unused else DRAW_CALLS[0]))
        self._emit()

    def _on_remove(self, row: DrawRow) -> None:
        self._drop(row)
        self.add.setFocus()
        self._emit()

    def _emit(self, place: str = "") -> None:
        self.edited.emit(tuple(row.draw for row in self._rows), place)
