"""Which seeding calls are made, with which seeds, in which order, and when."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from reproviewer.core.experiment import SEED_FUNCTIONS, Process, SeedCall, SeedFunction, Seeding
from reproviewer.gui.panel.section import Section, caption
from reproviewer.gui.panel.seed_edit import DEFAULT_SEED
from reproviewer.gui.panel.seed_row import SeedRow
from reproviewer.gui.quiet import QuietComboBox


class SeedingSection(Section):
    """The four calls as rows; the rows that are checked are made from top to bottom. `edited` carries a Seeding.

    With it comes the function whose seed is changed, else an empty text.
    """

    edited = Signal(object, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("&SEEDING"), parent)
        self._rows: list[SeedRow] = []
        self._process: Process = "same"
        self._setup_ui()
        self._layout()
        self.show_seeding(Seeding(), "same")

    @property
    def rows(self) -> tuple[SeedRow, ...]:
        """The rows from top to bottom."""
        return tuple(self._rows)

    def show_seeding(self, seeding: Seeding, process: Process) -> None:
        """Show the calls; `process` decides what the time of seeding means."""
        self._process = process
        if not self._rows or self._calls() != seeding.calls:
            self._show_calls(seeding.calls)
        self._when.blockSignals(True)
        self._when.setCurrentIndex(self._when.findData(seeding.when))
        self._when.blockSignals(False)
        self._refresh()

    def forget(self) -> None:
        """Forget the seeds of calls that are not made."""
        for row in self._rows:
            if not row.is_made:
                row.show_call(False, DEFAULT_SEED)

    def settle(self) -> None:
        """Show the seeds as they are used."""
        for row in self._rows:
            row.seed.settle()

    def _setup_ui(self) -> None:
        self._when_label = QLabel(self.tr("&Call"))
        self._when = QuietComboBox()
        self._when.addItem(self.tr("before every build"), "each")
        self._when.addItem(self.tr("once, at the start"), "once")
        self._when.setAccessibleName(self.tr("When the seeds are set"))
        self._when.setToolTip(self.tr("Whether the calls are made before every build or only before the first"))
        self._when_label.setBuddy(self._when)
        self._note = caption()
        self._when.currentIndexChanged.connect(lambda: self._emit())

    def _layout(self) -> None:
        self._rows_column = QVBoxLayout()
        self._rows_column.setSpacing(6)
        line = QHBoxLayout()
        line.setSpacing(6)
        line.addWidget(self._when_label)
        line.addWidget(self._when, 1)
        self.column.addLayout(self._rows_column)
        self.column.addLayout(line)
        self.column.addWidget(self._note)

    def _calls(self) -> tuple[SeedCall, ...]:
        return tuple(row.call for row in self._rows if row.is_made)

    def _show_calls(self, calls: tuple[SeedCall, ...]) -> None:
        made: list[tuple[SeedFunction, SeedCall | None]] = list(_arranged(calls))
        functions = [function for function, _ in made]
        if functions != [row.function for row in self._rows]:
            self._make_rows(functions)
        for row, (_, call) in zip(self._rows, made, strict=True):
            if call is None:
                row.show_call(False, DEFAULT_SEED)
            else:
                row.show_call(True, call.seed, call.typed)

    def _make_rows(self, functions: list[SeedFunction]) -> None:
        for row in self._rows:
            self._rows_column.removeWidget(row)
            row.hide()
            row.deleteLater()
        self._rows = [SeedRow(function, self) for function in functions]
        for row in self._rows:
            self._rows_column.addWidget(row)
            row.toggled.connect(lambda made, row=row: self._on_toggled(row, made))
            row.seedChanged.connect(lambda row=row: self._emit(row.function))
            row.moveWanted.connect(lambda step, row=row: self._move(row, step))
        self.heading.setBuddy(self._rows[0].check)
        self._set_tab_order()

    def _on_toggled(self, row: SeedRow, made: bool) -> None:
        """Make a call that is new with the seed of the others."""
        others = [other.seed.seed for other in self._rows if other.is_made and other is not row]
        row.show_call(made, others[0] if made and others else row.seed.seed)
        self._emit()

    def _move(self, row: SeedRow, step: int) -> None:
        """Let a row change places with the next one, above or below it, that is made."""
        made = [i for i, other in enumerate(self._rows) if other.is_made]
        here = self._rows.index(row)
        there = made[made.index(here) + step]
        self._rows[here], self._rows[there] = self._rows[there], self._rows[here]
        for place, other in enumerate(self._rows):
            self._rows_column.insertWidget(place, other)
        self._set_tab_order()
        self._emit()

    def _set_tab_order(self) -> None:
        chain = [widget for row in self._rows for widget in (row.check, row.seed, row.up, row.down)]
        for first, second in zip(chain, [*chain[1:], self._when], strict=True):
            QWidget.setTabOrder(first, second)

    def _emit(self, place: str = "") -> None:
        self._refresh()
        self.edited.emit(Seeding(self._calls(), self._when.currentData()), place)

    def _refresh(self) -> None:
        made = [row for row in self._rows if row.is_made]
        for place, row in enumerate(made):
            row.show_moves(up=place > 0, down=place < len(made) - 1)
        meaningful = bool(made) and self._process == "same"
        self._when.setEnabled(meaningful)
        self._when_label.setEnabled(meaningful)
        self._note.setText(self._explained(bool(made)))

    def _explained(self, seeded: bool) -> str:
        if not seeded:
            return self.tr("No seed is set: every build draws other numbers.")
        if self._process == "fresh":
            return self.tr("In a fresh process every run starts anew, so once and before every build are the same.")
        if self._when.currentData() == "once":
            return self.tr("Only the first build starts from the seed; the next goes on where it stopped.")
        return self.tr("Every build starts from the same seeds.")


def _arranged(calls: tuple[SeedCall, ...]) -> list[tuple[SeedFunction, SeedCall | None]]:
    """The calls in their order and the functions that are not called, each as near to its usual place as can be."""
    called = [call.function for call in calls]
    rows: list[tuple[SeedFunction, SeedCall | None]] = []
    waiting = list(calls)
    for function in SEED_FUNCTIONS:
        if function not in called:
            rows.append((function, None))
        elif waiting:
            call = waiting.pop(0)
            rows.append((call.function, call))
    return rows + [(call.function, call) for call in waiting]
