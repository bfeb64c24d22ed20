"""A field for what is itself an object: an initializer, a regularizer, a constraint, a layer."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from reproviewer.core.catalog import Catalog, Family, Parameter, snake_case
from reproviewer.core.model_spec import Argument, Call, Value
from reproviewer.core.starters import starter
from reproviewer.gui.panel.call_fields import CallFields
from reproviewer.gui.panel.fields import DEFAULT, ChoiceField

INDENT_PX = 12


class ObjectField(ChoiceField):
    """A list of classes; below it, indented, the parameters of the one that is chosen."""

    def __init__(self, parameter: Parameter, family: Family, catalog: Catalog, parent: QWidget | None = None) -> None:
        super().__init__(parameter, catalog.choices(family), parent)
        self._family: Family = family
        self._catalog = catalog
        self.inner: CallFields | None = None
        self.box.activated.disconnect()
        self.box.activated.connect(self._on_chosen)

    def show_argument(self, argument: Argument | None) -> None:
        """Show the object that is given, by its class or by its word."""
        call = self._call(argument.value) if argument else None
        super().show_argument(Argument(None, call.name) if call else argument)
        self._show_inner(call)

    def _call(self, value: Value) -> Call | None:
        """The object as a call; None for what the form cannot show as one."""
        family = self._catalog.family(self._family)
        if isinstance(value, Call) and value.name in family:
            return value
        if isinstance(value, str):
            names = self._catalog.choices(self._family)
            found = next((name for name in names if value in (name, snake_case(name))), None)
            return Call(found) if found else None
        return None

    def _on_chosen(self, index: int) -> None:
        name = self.box.itemData(index)
        if name is DEFAULT or not isinstance(name, str):
            self._show_inner(None)
            self.changed.emit(name)
            return
        call = starter(self._catalog, name, self._family)
        self._show_inner(call)
        self.changed.emit(self._written(call))

    def _show_inner(self, call: Call | None) -> None:
        parameters = self._catalog.family(self._family).get(call.name, ()) if call else ()
        if call is None or not parameters:
            self._drop_inner()
            return
        if self.inner is None:
            self.inner = CallFields(self._catalog, self._family, self)
            self.inner.setContentsMargins(INDENT_PX, 0, 0, 0)
            self.inner.changed.connect(lambda changed: self.changed.emit(self._written(changed)))
            self.column.addWidget(self.inner)
            QWidget.setTabOrder(self.box, self.inner.more)
        self.inner.show_call(call)

    def _drop_inner(self) -> None:
        if self.inner is not None:
            self.column.removeWidget(self.inner)
            self.inner.hide()
            self.inner.deleteLater()
            self.inner = None

    def _written(self, call: Call) -> Value:
        """The object as it is written: by its word as long as it has no parameters of its own."""
        word = snake_case(call.name)
        if not call.arguments and self._family != "layers" and word in self._catalog.family(self._family):
            return word
        return call
