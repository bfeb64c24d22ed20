"""On what terms the items of the shelf are compared: tolerances for all tensors or by name; whether state counts."""

from __future__ import annotations

from PySide6.QtCore import QLocale, Qt, Signal
from PySide6.QtGui import QDoubleValidator, QIntValidator
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from reproviewer.core.verdict import Criteria, Tolerance, Tolerances
from reproviewer.gui.panel.section import caption, mark_bad
from reproviewer.gui.theme import GRID_PX

MAX_ULP = 2**31 - 1
FIELD_PX, PATTERN_PX = 12 * GRID_PX, 24 * GRID_PX


class CriteriaDialog(QDialog):
    """Asks for the terms; `chosen` carries them when the person is content with them.

    `name` is a tensor that is to have a tolerance of its own: a row for it is made and waits for numbers.
    """

    chosen = Signal(object)

    def __init__(self, criteria: Criteria, parent: QWidget, name: str = "") -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("How to compare"))
        self._rows: list[_Row] = []
        self._grid = QGridLayout()
        self._whole = _Row(None, criteria.tolerance.default, self)
        self._state = QCheckBox(self.tr("Compare &optimizer and other state too"), self)
        self._state.setChecked(criteria.with_state)
        self._more = QPushButton(self.tr("&Another tolerance by name"), self)
        self._more.clicked.connect(lambda: self._add("", Tolerance()).pattern.setFocus())
        self._problem = caption("", "problem")
        self._problem.setMinimumHeight(self._problem.fontMetrics().lineSpacing())
        self._layout()
        for pattern, tolerance in criteria.tolerance.by_pattern:
            self._add(pattern, tolerance)
        if name:
            self._add_for(name)

    def criteria(self) -> Criteria:
        """What the fields say."""
        by_pattern = tuple((row.pattern.text().strip(), row.tolerance()) for row in self._rows)
        named = tuple((pattern, tolerance) for pattern, tolerance in by_pattern if pattern)
        return Criteria(Tolerances(self._whole.tolerance(), named), self._state.isChecked())

    def accept(self) -> None:
        """Say what was chosen."""
        self.chosen.emit(self.criteria())
        super().accept()

    def _add_for(self, name: str) -> None:
        for row in self._rows:
            if row.pattern.text() == name:
                row.ulp.setFocus()
                return
        self._add(name, Tolerance()).ulp.setFocus()

    def _add(self, pattern: str, tolerance: Tolerance) -> _Row:
        row = _Row(pattern, tolerance, self)
        self._rows.append(row)
        self._place(row)
        self.adjustSize()
        row.remove.clicked.connect(lambda: self._remove(row))
        return row

    def _remove(self, row: _Row) -> None:
        self._rows.remove(row)
        self._check()
        for widget in row.widgets():
            self._grid.removeWidget(widget)
            widget.deleteLater()
        self._more.setFocus()

    def _place(self, row: _Row) -> None:
        for field in row.numbers():
            field.textChanged.connect(self._check)
        line = self._grid.rowCount()
        for column, widget in enumerate(row.widgets()):
            self._grid.addWidget(widget, line, column)

    def _layout(self) -> None:
        about = QLabel(
            self.tr(
                "Exact unless you say otherwise. A difference within any of these limits counts as close, which is "
                "never called identical."
            ),
            self,
        )
        about.setWordWrap(True)
        self._grid.setHorizontalSpacing(GRID_PX)
        self._grid.setVerticalSpacing(GRID_PX)
        self._grid.setColumnStretch(0, 1)
        titles = (self.tr("Tensors"), self.tr("ULP"), self.tr("Absolute"), self.tr("Relative"))
        for place, title in enumerate(titles):
            label = QLabel(title, self)
            label.setProperty("kind", "caption")
            self._grid.addWidget(label, 0, place)
        self._place(self._whole)
        self._buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel, parent=self
        )
        exact = self._buttons.addButton(self.tr("&Exact"), QDialogButtonBox.ButtonRole.ResetRole)
        exact.setToolTip(self.tr("No tolerance at all, and weights alone"))
        exact.clicked.connect(self._clear)
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(*4 * [2 * GRID_PX])
        column.setSpacing(2 * GRID_PX)
        column.addWidget(about)
        column.addLayout(self._grid)
        column.addWidget(self._more, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self._state)
        column.addWidget(self._problem)
        column.addStretch(1)
        column.addWidget(self._buttons)
        self.setMinimumWidth(72 * GRID_PX)

    def _check(self) -> None:
        complete = [row.check() for row in (self._whole, *self._rows)]
        self._buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(all(complete))
        limits = self.tr("A limit is a number from 0 on, in ULP a whole one up to {most}.").format(most=MAX_ULP)
        self._problem.setText("" if all(complete) else limits)

    def _clear(self) -> None:
        for row in tuple(self._rows):
            self._remove(row)
        for field in self._whole.numbers():
            field.clear()
        self._state.setChecked(False)


class _Row:
    """The fields of one tolerance; without a `pattern` that of all tensors."""

    def __init__(self, pattern: str | None, tolerance: Tolerance, parent: CriteriaDialog) -> None:
        tr = parent.tr
        self.pattern = QLineEdit(pattern or "", parent)
        self.pattern.setPlaceholderText(tr("dense/kernel or */bias"))
        self.pattern.setMinimumWidth(PATTERN_PX)
        self.pattern.setAccessibleName(tr("Name or pattern"))
        self.pattern.setToolTip(
            tr("A name in the reference; * stands for anything. Of several that fit the last one counts.")
        )
        self._all = QLabel(tr("All tensors"), parent)
        self.ulp = _field(tr("ULP"), tr("Largest distance in units in the last place"), tolerance.ulp, parent)
        self.ulp.setValidator(QIntValidator(0, MAX_ULP, parent))
        self.atol = _field(tr("Absolute"), tr("Largest |a - b|"), tolerance.atol, parent)
        self.rtol = _field(tr("Relative"), tr("Largest |a - b| as a share of the reference"), tolerance.rtol, parent)
        for field in (self.atol, self.rtol):
            field.setValidator(_numbers(parent))
        self.remove = QToolButton(parent)
        self.remove.setText("✕")
        self.remove.setToolTip(tr("Remove this tolerance"))
        self.remove.setAccessibleName(tr("Remove this tolerance"))
        self._is_whole = pattern is None
        (self.pattern if self._is_whole else self._all).hide()
        self.remove.setVisible(not self._is_whole)

    def widgets(self) -> tuple[QWidget, ...]:
        """From left to right."""
        return self._all if self._is_whole else self.pattern, self.ulp, self.atol, self.rtol, self.remove

    def numbers(self) -> tuple[QLineEdit, ...]:
        """The fields of the limits."""
        return self.ulp, self.atol, self.rtol

    def check(self) -> bool:
        """Mark every limit that is neither a number nor left out; returns whether there is none."""
        bad = [bool(field.text()) and not field.hasAcceptableInput() for field in self.numbers()]
        for field, is_bad in zip(self.numbers(), bad, strict=True):
            mark_bad(field, is_bad)
        return not any(bad)

    def tolerance(self) -> Tolerance:
        """What the fields say; an empty one sets no limit."""
        return Tolerance(int(self.ulp.text() or 0), float(self.atol.text() or 0), float(self.rtol.text() or 0))


def _field(name: str, tip: str, value: float, parent: QWidget) -> QLineEdit:
    field = QLineEdit(f"{value:g}" if isinstance(value, float) and value else str(value or ""), parent)
    field.setAccessibleName(name)
    field.setToolTip(tip)
    field.setPlaceholderText("0")
    field.setFixedWidth(FIELD_PX)
    return field


def _numbers(parent: QWidget) -> QDoubleValidator:
    validator = QDoubleValidator(0, 1e308, 330, parent)
    validator.setLocale(QLocale.c())
    return validator
