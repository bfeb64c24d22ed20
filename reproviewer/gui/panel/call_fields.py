"""The parameters of one constructor as fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtWidgets import QFormLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from reproviewer.core.keras_edit import argument_of, with_argument, without_argument
from reproviewer.core.model_spec import Call, Value
from reproviewer.core.parameter_kinds import Kind
from reproviewer.gui.panel.fields import DEFAULT, BoolField, ChoiceField, Field, TextField
from reproviewer.gui.panel.section import tab_before

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from PySide6.QtGui import QResizeEvent

    from reproviewer.core.catalog import Catalog, Family, Parameter

USUAL = frozenset(
    ("activation", "alpha_initializer", "axis", "bias_axes", "depth_multiplier", "dropout", "embeddings_initializer",
     "epsilon", "input_dim", "kernel_initializer", "kernel_size", "layer", "merge_mode", "momentum", "negative_slope",
     "output_shape", "padding", "pool_size", "rate", "recurrent_initializer", "return_sequences", "seed", "shape",
     "stddev", "strides", "target_shape", "units", "use_bias")
)  # fmt: skip
"""The parameters that are shown at once; the others on request."""
_FAMILIES: dict[Kind, Family] = {
    Kind.INITIALIZER: "initializers",
    Kind.REGULARIZER: "regularizers",
    Kind.CONSTRAINT: "constraints",
    Kind.LAYER: "layers",
}


class CallFields(QWidget):
    """Shows a call as fields. `changed` carries the call with what the person chose, and the name of the parameter.

    Defaults are not written.
    """

    changed = Signal(object, str)

    def __init__(self, catalog: Catalog, family: Family, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._catalog = catalog
        self._family: Family = family
        self._call = Call("")
        self._is_first = False
        self.fields: dict[str, Field] = {}
        self._rows: dict[str, tuple[QWidget, ...]] = {}
        self._setup_ui()

    def show_call(self, call: Call, is_first: bool = False) -> None:
        """Show a call. The first layer of a model also shows at once how its input is shaped."""
        if call.name != self._call.name or is_first != self._is_first:
            self._is_first = is_first
            self._make_fields(call)
        self._call = call
        for name, field in self.fields.items():
            field.show_argument(argument_of(call, self._parameters(call), name))
        self._show_rows()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay the rows out once more: Qt's form first does it with the heights that they had before."""
        super().resizeEvent(event)
        self.form.invalidate()

    def _setup_ui(self) -> None:
        self.form = QFormLayout()
        self.form.setContentsMargins(0, 0, 0, 0)
        self.form.setHorizontalSpacing(8)
        self.form.setVerticalSpacing(6)
        self.form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        self.form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
        self.more = QToolButton()
        self.more.setProperty("kind", "flat")
        self.more.setCheckable(True)
        self.more.setAccessibleName(QCoreApplication.translate("Field", "More parameters"))
        self.more.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.more.setToolTip(QCoreApplication.translate("Field", "Show the parameters that are seldom changed"))
        self.more.toggled.connect(self._show_rows)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(self.form)
        column.addWidget(self.more, 0, Qt.AlignmentFlag.AlignLeft)

    def _parameters(self, call: Call) -> tuple[Parameter, ...]:
        return self._catalog.family(self._family).get(call.name, ())

    def _make_fields(self, call: Call) -> None:
        while self.form.rowCount():
            self.form.removeRow(0)
        self.fields, self._rows = {}, {}
        own = self._parameters(call)
        names = {parameter.name for parameter in own}
        common = [p for p in self._catalog.common_of(self._family, call.name) if p.name not in names]
        for parameter in _ordered([*own, *common], self._is_usual):
            self._add_field(parameter)
        tab_before(self.more, *(field.control for field in self.fields.values()))
        self.more.setChecked(False)

    def _add_field(self, parameter: Parameter) -> None:
        field = self._field(parameter)
        field.changed.connect(lambda value, name=parameter.name: self._on_changed(name, value))
        self.fields[parameter.name] = field
        if isinstance(field, BoolField):
            self.form.addRow(field)
            self._rows[parameter.name] = (field,)
            return
        label = QLabel(parameter.name)
        label.setToolTip(field.tip())
        label.setBuddy(field.control)
        if parameter.kind in _FAMILIES:  # what has fields of its own takes the whole width
            self.form.addRow(label)
            self.form.addRow(field)
        else:
            self.form.addRow(label, field)
        self._rows[parameter.name] = (label, field)

    def _field(self, parameter: Parameter) -> Field:
        from reproviewer.gui.panel.object_field import ObjectField  # the two hold each other

        if parameter.kind is Kind.BOOL:
            return BoolField(parameter)
        if parameter.kind is Kind.CHOICE:
            return ChoiceField(parameter, parameter.choices)
        if parameter.kind is Kind.ACTIVATION:
            return ChoiceField(parameter, self._catalog.activations)
        if parameter.kind in _FAMILIES:
            return ObjectField(parameter, _FAMILIES[parameter.kind], self._catalog)
        return TextField(parameter)

    def _on_changed(self, name: str, value: Value) -> None:
        parameters = self._parameters(self._call)
        parameter = self.fields[name].parameter
        is_default = not parameter.required and repr(value) == repr(parameter.default)
        if value is DEFAULT or is_default:
            self._call = without_argument(self._call, parameters, name)
        else:
            self._call = with_argument(self._call, parameters, name, value)
        self.changed.emit(self._call, name)

    def _is_usual(self, parameter: Parameter) -> bool:
        if parameter.name in ("input_dim", "input_shape") and not parameter.required:
            return self._is_first
        if self._family != "layers":
            return parameter.required or not parameter.name.endswith("_axes")
        return parameter.required or parameter.name in USUAL

    def _show_rows(self) -> None:
        """Show the usual parameters, those that are given, and the others when they are asked for."""
        hidden = 0
        given = {name for name in self.fields if argument_of(self._call, self._parameters(self._call), name)}
        for name, row in self._rows.items():
            usual = self._is_usual(self.fields[name].parameter) or name in given
            hidden += not usual
            for widget in row:
                widget.setVisible(usual or self.more.isChecked())
        self.more.setVisible(hidden > 0)
        template = (
            QCoreApplication.translate("Field", "▾  Fewer parameters")
            if self.more.isChecked()
            else QCoreApplication.translate("Field", "▸  {n} more parameters")
        )
        self.more.setText(template.format(n=hidden))


def _ordered(parameters: Iterable[Parameter], is_usual: Callable[[Parameter], bool]) -> list[Parameter]:
    """The usual ones first, else in Keras' order."""
    return sorted(parameters, key=lambda parameter: not is_usual(parameter))
