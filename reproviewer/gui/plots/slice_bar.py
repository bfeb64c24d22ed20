"""Chooses which slice of a tensor with more than two axes is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QSpinBox, QWidget

from reproviewer.gui.plots.texts import tr
from reproviewer.gui.quiet import QuietSpinBox
from reproviewer.gui.theme import GRID_PX

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

SLIDER_PX = 72
MANY_AXES = 3
"""From so many leading axes on, there is no room for sliders."""


class SliceBar(QWidget):
    """A number and a slider for each leading axis; hidden for tensors with up to two axes."""

    sliceChanged = Signal(tuple)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shape: tuple[int, ...] = ()
        self._boxes: list[QSpinBox] = []
        self._sliders: list[QSlider] = []
        self._labels: list[tuple[QLabel, str, str]] = []
        self._quiet = self._written = False
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(GRID_PX)

    def write_out(self) -> None:
        """Write the position as a line of text from now on, as on paper."""
        self._written = True

    def show_slice(self, shape: tuple[int, ...], lead: tuple[int, ...]) -> None:
        """Show the position `lead` on the leading axes of this shape."""
        if self._written:
            self._write(lead)
            return
        if shape != self._shape:
            self._shape = shape
            self._build()
        self._quiet = True
        for box, i in zip(self._boxes, lead, strict=False):
            box.setValue(i)
        self._quiet = False
        self.setVisible(bool(self._boxes))

    @property
    def boxes(self) -> tuple[QSpinBox, ...]:
        """The number fields, one for each leading axis."""
        return tuple(self._boxes)

    def _write(self, lead: tuple[int, ...]) -> None:
        self._clear()
        axes = (tr("axis {axis} = {i}").format(axis=axis, i=i) for axis, i in enumerate(lead))
        self._row.addWidget(QLabel(", ".join(axes)))
        self._row.addStretch(1)
        self.setVisible(bool(lead))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show the sliders where they have room beside the numbers, which do the same; name the axes in full or not."""
        super().resizeEvent(event)
        self._fit()

    def minimumSizeHint(self) -> QSize:
        """The numbers alone."""
        there = sum(not slider.isHidden() for slider in self._sliders)
        return self._row.minimumSize() - QSize(there * (SLIDER_PX + GRID_PX), 0)

    def _fit(self) -> None:
        for label, full, _ in self._labels:
            label.setText(full)
        needed = self.minimumSizeHint().width() + len(self._sliders) * (SLIDER_PX + GRID_PX)
        for slider in self._sliders:
            slider.setVisible(self.width() >= needed)
        if self.minimumSizeHint().width() > self.width():
            for label, _, short in self._labels:
                label.setText(short)

    def _clear(self) -> None:
        while (item := self._row.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()

    def _build(self) -> None:
        self._clear()
        self._sliders, self._labels = [], []
        lead = self._shape[:-2]
        self._boxes = [self._add_axis(axis, size, len(lead)) for axis, size in enumerate(lead)]
        if lead:
            rows, cols = len(lead), len(lead) + 1
            note = QLabel(tr("axis {rows} ↓   axis {cols} →").format(rows=rows, cols=cols))
            note.setProperty("kind", "caption")
            note.setToolTip(tr("The last two axes are drawn: one downwards, one to the right."))
            self._row.addWidget(note)
        self._row.addStretch(1)
        self._fit()

    def _add_axis(self, axis: int, size: int, axes: int) -> QSpinBox:
        name = tr("axis {axis} [0..{last}]").format(axis=axis, last=max(0, size - 1))
        label, box = QLabel(name), QuietSpinBox()
        self._labels.append((label, name, tr("axis {axis}").format(axis=axis)))
        box.setRange(0, max(0, size - 1))
        box.setAccessibleName(name)
        box.setKeyboardTracking(False)
        box.setEnabled(size > 1)
        label.setBuddy(box)
        tip = tr("Which of the {size} slices along axis {axis} is drawn.").format(size=size, axis=axis)
        for widget in (label, box):
            widget.setToolTip(tip)
        self._row.addWidget(label)
        self._row.addWidget(box)
        if axes < MANY_AXES and size > 1:
            slider = QSlider(Qt.Orientation.Horizontal)
            slider.setRange(0, size - 1)
            slider.setFixedWidth(SLIDER_PX)
            slider.setAccessibleName(name)
            slider.setToolTip(tip)
            slider.valueChanged.connect(box.setValue)
            box.valueChanged.connect(slider.setValue)
            self._row.addWidget(slider)
            self._sliders.append(slider)
        box.valueChanged.connect(self._on_change)
        return box

    def _on_change(self) -> None:
        if not self._quiet:
            self.sliceChanged.emit(tuple(box.value() for box in self._boxes))
