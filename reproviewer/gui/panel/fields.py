"""The fields of the form: one for each kind of parameter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from reproviewer.core.keras_text import format_value, parse_value
from reproviewer.core.message import Message, message
from reproviewer.core.model_spec import Argument, Call, Value
from reproviewer.core.parameter_kinds import Kind, literal_problem
from reproviewer.gui.panel.section import caption, mark_bad
from reproviewer.gui.quiet import QuietComboBox, QuietLineEdit
from reproviewer.gui.texts import shown

if TYPE_CHECKING:
    from reproviewer.core.catalog import Parameter


class Default:
    """Stands for "nothing is written: Keras takes its default"."""


DEFAULT = Default()


class Field(QWidget):
    """A field for one parameter. `changed` carries the new value, or DEFAULT; `control` takes the focus."""

    changed = Signal(object)
    control: QWidget

    def __init__(self, parameter: Parameter, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.parameter = parameter
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(2)

    def show_argument(self, argument: Argument | None) -> None:
        """Show what is given for the parameter; None when nothing is."""
        raise NotImplementedError

    def default_text(self) -> str:
        """What Keras takes when nothing is given."""
        if self.parameter.required:
            return QCoreApplication.translate("Field", "needed")
        return _plain(self.parameter.default)

    def tip(self) -> str:
        """What the tool tip says."""
        if self.parameter.required:
            return QCoreApplication.translate("Field", "{name}: needed").format(name=self.parameter.name)
        template = QCoreApplication.translate("Field", "{name}: {default} when nothing is given")
        return template.format(name=self.parameter.name, default=format_value(self.parameter.default))


class BoolField(Field):
    """A check box."""

    def __init__(self, parameter: Parameter, parent: QWidget | None = None) -> None:
        super().__init__(parameter, parent)
        self.box = QCheckBox(parameter.name)
        self.box.setToolTip(self.tip())
        self.box.toggled.connect(lambda on: self.changed.emit(on))
        self.column.addWidget(self.box)
        self.control = self.box

    def show_argument(self, argument: Argument | None) -> None:
        """Show whether it is on."""
        self.box.blockSignals(True)
        self.box.setChecked(bool(argument.value if argument else self.parameter.default))
        self.box.blockSignals(False)


class ChoiceField(Field):
    """A list of words; the first entry leaves the default. What is needed has no such entry."""

    def __init__(self, parameter: Parameter, choices: tuple[str, ...], parent: QWidget | None = None) -> None:
        super().__init__(parameter, parent)
        self.box = QuietComboBox()
        self.box.setAccessibleName(parameter.name)
        self.box.setToolTip(self.tip())
        if parameter.required:
            self.box.setPlaceholderText(self.default_text())
        else:
            default = QCoreApplication.translate("Field", "{value} (default)").format(value=self.default_text())
            self.box.addItem(default, DEFAULT)
        for choice in choices:
            self.box.addItem(choice, choice)
        self._usual = self.box.count()
        self.box.activated.connect(lambda index: self.changed.emit(self.box.itemData(index)))
        self.column.addWidget(self.box)
        self.control = self.box

    def show_argument(self, argument: Argument | None) -> None:
        """Show the word that is given; something else is added to the list as it is written."""
        while self.box.count() > self._usual:
            self.box.removeItem(self._usual)
        if argument is None:
            self.box.setCurrentIndex(-1 if self.parameter.required else 0)
            return
        index = next((i for i in range(self._usual) if self.box.itemData(i) == argument.value), -1)
        if index < 0:
            self.box.addItem(format_value(argument.value), argument.value)
            index = self._usual
        self.box.setCurrentIndex(index)


class TextField(Field):
    """A line for a number, a tuple, a text or whatever else the parameter takes."""

    def __init__(self, parameter: Parameter, parent: QWidget | None = None) -> None:
        super().__init__(parameter, parent)
        self.line = QuietLineEdit()
        self.line.setPlaceholderText(self.default_text())
        self.line.setToolTip(self.tip())
        self.line.setAccessibleName(parameter.name)
        self.problem = caption(kind="problem")
        self.problem.hide()
        self.line.textEdited.connect(self._on_edited)
        self.column.addWidget(self.line)
        self.column.addWidget(self.problem)
        self.control = self.line

    def show_argument(self, argument: Argument | None) -> None:
        """Show the value that is given; what the person has just typed for it stays as it is typed."""
        value = argument.value if argument else DEFAULT
        if repr(self._read(self.line.text())) != repr(value):
            self.line.setText("" if value is DEFAULT else self._written(value))
        self._show_problem(self._judge(value))

    def _on_edited(self, text: str) -> None:
        value = self._read(text)
        self._show_problem(self._judge(value))
        self.changed.emit(value)

    def _read(self, text: str) -> Value:
        """The value that is typed. What cannot be read as one is a text: no other value takes its place."""
        if not text.strip():
            return DEFAULT
        if self.parameter.kind is Kind.TEXT:
            return text
        try:
            return parse_value(text)
        except ValueError:
            return text.strip()

    def _judge(self, value: Value) -> Message | None:
        if value is DEFAULT:
            if not self.parameter.required:
                return None
            return message("`{name}` is needed.", name=self.parameter.name)
        if isinstance(value, Call) or (value is None and not self.parameter.required):
            return None
        return literal_problem(self.parameter.name, self.parameter.kind, value, self.parameter.choices)

    def _written(self, value: Value) -> str:
        if self.parameter.kind is Kind.TEXT and isinstance(value, str):
            return value
        return format_value(value)

    def _show_problem(self, problem: Message | None) -> None:
        mark_bad(self.line, problem is not None)
        self.problem.setVisible(problem is not None)
        self.problem.setText(shown(problem) if problem else "")


def _plain(value: Value) -> str:
    """A default as it is shown in a field: a text without quotes."""
    return value if isinstance(value, str) and value else format_value(value)
