"""The model: as text, or as a form over the same text."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from reproviewer.core.keras_edit import insert_layer
from reproviewer.core.keras_text import parse
from reproviewer.core.starters import starter
from reproviewer.gui.panel.layer_chooser import LayerChooser
from reproviewer.gui.panel.layer_form import LayerForm
from reproviewer.gui.panel.model_editor import ModelEditor
from reproviewer.gui.panel.section import Section, caption
from reproviewer.gui.texts import shown

if TYPE_CHECKING:
    from reproviewer.core.catalog import Catalog
    from reproviewer.core.keras_text import Problem
    from reproviewer.gui.theme import Theme

MAX_SHOWN = 3


class ModelSection(Section):
    """Edits the text of the model. `edited` carries the text and the place that is changed."""

    edited = Signal(str, str)

    def __init__(self, theme: Theme, catalog: Catalog, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("&MODEL"), parent)
        self._catalog = catalog
        self._text = ""
        self._problems: tuple[Problem, ...] = ()
        self._size_note = ""
        self._setup_ui(theme)
        self._layout()

    def show_model(self, text: str, problems: tuple[Problem, ...], size_note: str) -> None:
        """Show the text, what is wrong with it, and how large the model is."""
        self._text, self._size_note = text, size_note
        self._problems = tuple(sorted(problems, key=lambda problem: (problem.span.line, problem.span.column)))
        self.editor.show_text(text)
        self.editor.show_problems(self._problems)
        if self.as_form.isChecked():
            self.form.show_model(text, problems)
        self._show_findings()

    def set_catalog(self, catalog: Catalog) -> None:
        """Offer the layers of this Keras."""
        self._catalog = catalog
        self.chooser.set_catalog(catalog)
        self.form.set_catalog(catalog)

    def apply_theme(self, theme: Theme) -> None:
        """Take the colours of this theme."""
        self.editor.apply_theme(theme)
        self.form.apply_theme(theme)

    def set_busy(self, busy: bool) -> None:
        """Let nothing be changed while the runs are built."""
        self.editor.setReadOnly(busy)
        self.add.setEnabled(not busy)
        self.form.set_busy(busy)

    def _setup_ui(self, theme: Theme) -> None:
        self.editor = ModelEditor(theme)
        self.heading.setBuddy(self.editor)
        self.form = LayerForm(theme, self._catalog, self)
        self.form.hide()
        self.chooser = LayerChooser(self._catalog, self)
        self.add = QPushButton(self.tr("+ &Layer"))
        self.add.setToolTip(self.tr("Choose a layer from a list and add it"))
        self.as_form = QPushButton(self.tr("Edit &as form"))
        self.as_form.setCheckable(True)
        self.as_form.setToolTip(self.tr("Show every layer with its parameters; the text stays the same model"))
        self.findings = caption()
        self.findings.setObjectName("model-findings")
        self.findings.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.findings.setMinimumHeight(2 * self.findings.fontMetrics().lineSpacing())
        self.editor.edited.connect(lambda text: self._edit(text, f"line {self.editor.line()}"))
        self.form.edited.connect(self._edit)
        self.add.clicked.connect(lambda: self.chooser.open_below(self.add))
        self.chooser.chosen.connect(self._add_layer)
        self.as_form.toggled.connect(self._show_form)

    def _layout(self) -> None:
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self.add)
        line.addWidget(self.as_form)
        line.addStretch(1)
        for widget in (self.editor, self.form):
            self.column.addWidget(widget)
        self.column.addLayout(line)
        self.column.addWidget(self.findings)
        self.column.addWidget(self.form.details)
        form = self.form
        keyboard = (form.list, form.earlier, form.later, form.duplicate, form.remove, self.add, self.as_form)
        for first, second in pairwise((self.editor, *keyboard, form.fields.more)):
            QWidget.setTabOrder(first, second)

    def _edit(self, text: str, place: str = "") -> None:
        if text != self._text:
            self._text = text
            self.edited.emit(text, place)

    def _add_layer(self, name: str) -> None:
        layer = starter(self._catalog, name)
        if self.as_form.isChecked():
            self.form.add_layer(layer)
            return
        layers = parse(self._text).layers
        index = sum(1 for other in layers if other.span and other.span.line <= self.editor.line())
        text = insert_layer(self._text, index, layer)
        self.editor.show_text(text)
        self._edit(text)
        span = next((layer.span for layer in parse(text).layers[index : index + 1]), None)
        if span is not None:
            self.editor.go_to(span)

    def _show_form(self, as_form: bool) -> None:
        if as_form:
            self.form.show_model(self._text, self._problems)
            self.form.choose_line(self.editor.line())
        elif self.form.span is not None:
            self.editor.place_cursor(self.form.span)
        self.as_form.setText(self.tr("Edit &as text") if as_form else self.tr("Edit &as form"))
        self.form.setVisible(as_form)
        self.form.details.setVisible(as_form and self.form.span is not None)
        self.editor.setVisible(not as_form)
        self.heading.setBuddy(self.form.list if as_form else self.editor)

    def _show_findings(self) -> None:
        """Show the problems in the place where else the size stands."""
        lines = [
            self.tr("Line {n}: {problem}").format(n=problem.span.line, problem=shown(problem.message))
            for problem in self._problems[:MAX_SHOWN]
        ]
        more = len(self._problems) - MAX_SHOWN
        if more > 0:
            lines.append(self.tr("and {n} more").format(n=more))
        self.findings.setText("\n".join(lines) or self._size_note)
        kind = "problem" if lines else "caption"
        if self.findings.property("kind") != kind:
            self.findings.setProperty("kind", kind)
            self.findings.style().unpolish(self.findings)
            self.findings.style().polish(self.findings)
