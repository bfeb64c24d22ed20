"""The model as a form: a list of layers, and the parameters of the chosen one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from reproviewer.core import keras_edit
from reproviewer.core.keras_text import format_call, parse
from reproviewer.gui.focus import enable
from reproviewer.gui.panel.call_fields import CallFields
from reproviewer.gui.panel.section import caption, flat_button
from reproviewer.gui.texts import shown

if TYPE_CHECKING:
    from reproviewer.core.catalog import Catalog
    from reproviewer.core.keras_text import Problem
    from reproviewer.core.model_spec import Call, Span
    from reproviewer.gui.theme import Theme

MIN_ROWS, MAX_ROWS = 2, 8
ROW_PX, FRAME_PX = 22, 6
BAD_SIGN = "✕"


class LayerList(QListWidget):
    """The layers, one a line; as high as its lines up to a limit."""

    def sizeHint(self) -> QSize:
        rows = min(max(self.count(), MIN_ROWS), MAX_ROWS)
        return QSize(120, rows * ROW_PX + FRAME_PX)

    def minimumSizeHint(self) -> QSize:
        return QSize(60, self.sizeHint().height())


class LayerForm(QWidget):
    """Edits the same text as the editor. `edited` carries the new text, and the field when one is changed.

    The list of layers is in the form itself; `details`, the parameters of the chosen one, is laid out by the owner.
    """

    edited = Signal(str, str)

    def __init__(self, theme: Theme, catalog: Catalog, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._catalog = catalog
        self._text = ""
        self._layers: tuple[Call, ...] = ()
        self._problems: tuple[Problem, ...] = ()
        self._readable = True
        self._busy = False
        self.details = QWidget(parent)
        self.fields = self._make_fields()
        self._setup_ui()
        self._layout()
        self._refresh()

    def show_model(self, text: str, problems: tuple[Problem, ...] = ()) -> None:
        """Show the layers of the text and mark those with a problem. What cannot be read is left to the editor."""
        self._problems = problems
        if text == self._text and self._layers:
            self._mark()
            return
        self._take(text)
        self._fill(self.list.currentRow())

    @property
    def span(self) -> Span | None:
        """Where in the text the chosen layer is."""
        row = self.list.currentRow()
        return self._layers[row].span if 0 <= row < len(self._layers) else None

    def choose_line(self, line: int) -> None:
        """Choose the layer that is written in this line of the text, or the one before it."""
        begun = sum(1 for layer in self._layers if layer.span and layer.span.line <= line)
        self.list.setCurrentRow(min(max(begun - 1, 0), self.list.count() - 1))

    def apply_theme(self, theme: Theme) -> None:
        """Take the colours of this theme."""
        self._theme = theme
        self._mark()

    def set_catalog(self, catalog: Catalog) -> None:
        """Offer the layers and parameters of this Keras."""
        self._catalog = catalog
        fresh = self._make_fields()
        self._details_column.replaceWidget(self.fields, fresh)
        QWidget.setTabOrder(self.fields.more, fresh.more)
        self.fields.hide()
        self.fields.deleteLater()
        self.fields = fresh
        self._show_fields()

    def set_busy(self, busy: bool) -> None:
        """Let nothing be changed while the runs are built."""
        self._busy = busy
        self._refresh()

    def add_layer(self, layer: Call) -> None:
        """Add a layer after the chosen one."""
        row = self.list.currentRow() + 1 if self.list.currentRow() >= 0 else len(self._layers)
        self._change(keras_edit.insert_layer(self._text, row, layer), row)

    def _setup_ui(self) -> None:
        self.list = LayerList()
        self.list.setObjectName("layer-list")
        self.list.setAccessibleName(self.tr("Layers of the model"))
        self.list.setToolTip(self.tr("Drag a layer, or press Alt+Up and Alt+Down, to move it"))
        self.list.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.earlier = flat_button("↑", self.tr("Move the layer up"), self.tr("Move the layer up (Alt+Up)"))
        self.later = flat_button("↓", self.tr("Move the layer down"), self.tr("Move the layer down (Alt+Down)"))
        self.duplicate = flat_button(
            self.tr("Duplicate"), self.tr("Duplicate the layer"), self.tr("Duplicate the layer (Ctrl+J)")
        )
        self.remove = flat_button("✕", self.tr("Remove the layer"), self.tr("Remove the layer (Delete)"))
        self.note = caption()
        self.title = QLabel()
        self.title.setProperty("kind", "title")
        self.list.currentRowChanged.connect(self._show_fields)
        self.list.model().rowsMoved.connect(self._on_rows_moved, Qt.ConnectionType.QueuedConnection)
        self.earlier.clicked.connect(lambda: self._move(-1))
        self.later.clicked.connect(lambda: self._move(1))
        self.duplicate.clicked.connect(self._duplicate)
        self.remove.clicked.connect(self._remove)
        self._shortcut("Alt+Up", lambda: self._move(-1))
        self._shortcut("Alt+Down", lambda: self._move(1))
        self._shortcut("Ctrl+J", self._duplicate)
        self._shortcut("Del", self._remove)

    def _shortcut(self, keys: str, slot: object) -> None:
        shortcut = QShortcut(QKeySequence(keys), self.list, context=Qt.ShortcutContext.WidgetShortcut)
        shortcut.activated.connect(slot)

    def _layout(self) -> None:
        line = QHBoxLayout()
        line.setSpacing(2)
        for button in (self.earlier, self.later, self.duplicate, self.remove):
            line.addWidget(button)
        line.addStretch(1)
        column, self._details_column = QVBoxLayout(self), QVBoxLayout(self.details)
        for each in (column, self._details_column):
            each.setContentsMargins(0, 0, 0, 0)
            each.setSpacing(6)
        column.addWidget(self.list)
        column.addLayout(line)
        column.addWidget(self.note)
        for widget in (self.title, self.fields):
            self._details_column.addWidget(widget)

    def _make_fields(self) -> CallFields:
        fields = CallFields(self._catalog, "layers", self.details)
        fields.changed.connect(self._on_fields_changed)
        return fields

    def _fill(self, row: int) -> None:
        """List the layers anew and choose one."""
        self.list.blockSignals(True)
        self.list.clear()
        for place, layer in enumerate(self._layers if self._readable else ()):
            item = QListWidgetItem(format_call(layer), self.list)
            item.setData(Qt.ItemDataRole.UserRole, place)
            item.setSizeHint(QSize(0, ROW_PX))
        self.list.setCurrentRow(min(max(row, 0), self.list.count() - 1))
        self.list.blockSignals(False)
        self._mark()
        self.list.updateGeometry()
        self._show_fields()

    def _mark(self) -> None:
        """Mark the layers with a problem, by a sign and by its colour."""
        self.list.blockSignals(True)
        for row in range(self.list.count()):
            span = self._layers[row].span
            wrong = [p for p in self._problems if span and span.line <= p.span.line <= span.end_line]
            text = format_call(self._layers[row])
            item = self.list.item(row)
            item.setText(f"{BAD_SIGN} {text}" if wrong else text)
            item.setForeground(QColor(self._theme.different_ink if wrong else self._theme.text))
            item.setToolTip("\n".join([text, *(shown(p.message) for p in wrong)]))
        self.list.blockSignals(False)

    def _show_fields(self) -> None:
        row = self.list.currentRow()
        layer = self._layers[row] if 0 <= row < len(self._layers) and self._readable else None
        known = layer is not None and layer.name in self._catalog.layers
        self.details.setVisible(layer is not None and not self.isHidden())
        self.fields.setVisible(known)
        if layer is not None:
            self.title.setText(layer.name)
        if layer is not None and known:
            self.fields.show_call(layer, is_first=row == 0)
        self._refresh()

    def _refresh(self) -> None:
        row, count = self.list.currentRow(), self.list.count()
        enable(self.earlier, row > 0 and not self._busy, self.list)
        enable(self.later, 0 <= row < count - 1 and not self._busy, self.list)
        for button in (self.duplicate, self.remove):
            enable(button, row >= 0 and not self._busy, self.list)
        for widget in (self.list, self.earlier, self.later, self.duplicate, self.remove):
            widget.setVisible(count > 0)
        self.list.setDragEnabled(not self._busy)
        self.fields.setEnabled(not self._busy)
        self.note.setText(self._said(row))
        self.note.setVisible(bool(self.note.text()))

    def _said(self, row: int) -> str:
        if not self._readable:
            return self.tr("Some lines cannot be read. Correct them in the text first.")
        if not self._layers:
            return self.tr("There are no layers yet: add one.")
        if row >= 0 and self._layers[row].name not in self._catalog.layers:
            return self.tr("This Keras has no such layer: correct its name in the text.")
        return ""

    def _on_fields_changed(self, layer: Call, name: str) -> None:
        row = self.list.currentRow()
        self._take(keras_edit.replace_layer(self._text, row, layer))
        self._mark()
        self.edited.emit(self._text, f"layer {row} {name}")

    def _on_rows_moved(self) -> None:
        order = [self.list.item(row).data(Qt.ItemDataRole.UserRole) for row in range(self.list.count())]
        self._change(keras_edit.reorder(self._text, order), self.list.currentRow())

    def _move(self, step: int) -> None:
        row = self.list.currentRow()
        if self._may_change() and 0 <= row + step < len(self._layers):
            self._change(keras_edit.move_layer(self._text, row, row + step), row + step)

    def _duplicate(self) -> None:
        row = self.list.currentRow()
        if self._may_change():
            self._change(keras_edit.duplicate_layer(self._text, row), row + 1)

    def _remove(self) -> None:
        row = self.list.currentRow()
        if self._may_change():
            self._change(keras_edit.delete_layer(self._text, row), row)

    def _may_change(self) -> bool:
        return self.list.currentRow() >= 0 and self._readable and not self._busy

    def _change(self, text: str, row: int) -> None:
        self._take(text)
        self._fill(row)
        self.edited.emit(text, "")

    def _take(self, text: str) -> None:
        parsed = parse(text)
        self._text, self._layers, self._readable = text, parsed.layers, not parsed.problems
