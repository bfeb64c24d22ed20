"""Where the experiment runs."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QWidget

from reproviewer.core.experiment import Environment, Process
from reproviewer.gui.panel.section import Section, caption
from reproviewer.gui.quiet import QuietComboBox


class EnvironmentSection(Section):
    """The flavour of Keras and the process. `edited` carries an Environment."""

    edited = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("E&NVIRONMENT"), parent)
        self._environment = Environment()
        self._setup_ui()
        self._layout()

    def show_environment(self, environment: Environment) -> None:
        """Show where it runs."""
        self._environment = environment
        for widget in (self._flavour, self._fresh):
            widget.blockSignals(True)
        self._flavour.setCurrentIndex(self._flavour.findData(environment.flavour))
        self._fresh.setChecked(environment.process == "fresh")
        for widget in (self._flavour, self._fresh):
            widget.blockSignals(False)
        self._python.setVisible(environment.python is not None)
        self._python.setText(self.tr("Python: {path}").format(path=environment.python))
        self._note.setText(self._explained())

    def _setup_ui(self) -> None:
        self._flavour = QuietComboBox()
        self._flavour.addItem(self.tr("Keras 3 (keras)"), "keras")
        self._flavour.addItem(self.tr("Keras 2 (tf_keras)"), "tf_keras")
        self._flavour.setAccessibleName(self.tr("Flavour of Keras"))
        self._flavour.setToolTip(self.tr("Which Keras builds the model"))
        self.heading.setBuddy(self._flavour)
        self._fresh = QCheckBox(self.tr("A fresh &process for every run"))
        self._fresh.setToolTip(self.tr("Start Python anew for every run, as if the script were run again"))
        self._python = caption()
        self._note = caption()
        self._flavour.currentIndexChanged.connect(lambda: self._emit())
        self._fresh.toggled.connect(lambda: self._emit())

    def _layout(self) -> None:
        for widget in (self._flavour, self._fresh, self._python, self._note):
            self.column.addWidget(widget)

    def _emit(self) -> None:
        process: Process = "fresh" if self._fresh.isChecked() else "same"
        environment = replace(self._environment, flavour=self._flavour.currentData(), process=process)
        self.show_environment(environment)
        self.edited.emit(environment)

    def _explained(self) -> str:
        if self._environment.process == "fresh":
            return self.tr("Nothing of an earlier run is left: no counters, no drawn numbers.")
        return self.tr("All runs in one process, as when a notebook cell is run again.")
