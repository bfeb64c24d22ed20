"""The row of buttons above the panels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QPushButton, QToolButton, QWidget

from reproviewer.core.experiment import MAX_RUNS
from reproviewer.gui.elided_label import ElidedLabel
from reproviewer.gui.quiet import QuietSpinBox
from reproviewer.gui.texts import shown
from reproviewer.gui.theme import GRID_PX

if TYPE_CHECKING:
    from PySide6.QtGui import QAction

    from reproviewer.core.view_state import ViewState
    from reproviewer.gui.actions import Actions


class Toolbar(QWidget):
    """Build, runs, stop, examples, open, save, load, export; at the right what the engine is doing."""

    runsChosen = Signal(int)

    def __init__(self, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._actions = actions
        self._setup_ui()
        self._layout()

    def focus_build(self) -> None:
        """Put the keyboard on the Build button."""
        self._build.setFocus()

    def show_state(self, state: ViewState) -> None:
        """Show the number of runs and the state of the engine."""
        if self._runs.value() != state.experiment.runs:
            self._runs.blockSignals(True)
            self._runs.setValue(state.experiment.runs)
            self._runs.blockSignals(False)
        self._runs.setEnabled(not state.busy)
        dot = {"starting": "◌", "ready": "●", "failed": "✕"}[state.phase]
        self._engine.set_full_text(f"{dot}  {shown(state.engine)}")
        self._engine.setProperty("phase", state.phase)

    def _setup_ui(self) -> None:
        acts = self._actions
        self._build = self._push(acts.build, "primary")
        self._stop = self._push(acts.stop, "plain")
        self._runs_label = QLabel(self.tr("R&uns"))
        self._runs = QuietSpinBox()
        self._runs.setRange(1, MAX_RUNS)
        self._runs.setAccessibleName(self.tr("Number of runs"))
        self._runs.setToolTip(self.tr("How many times the model is built: 1 to {most}").format(most=MAX_RUNS))
        self._runs.setFixedWidth(9 * GRID_PX)
        self._runs.valueChanged.connect(self.runsChosen)
        self._runs_label.setBuddy(self._runs)
        self._examples = self._drop_down(self.tr("Examples"), acts.examples_menu)
        self._examples.setToolTip(self.tr("Six small experiments, each with what to look at"))
        self._export = self._drop_down(self.tr("Export"), acts.export_menu)
        self._export.setToolTip(self.tr("Save the plots as pictures, the numbers as a table, the experiment as Python"))
        self._plain = [self._push(a, "plain") for a in (acts.open, acts.save_weights, acts.load_weights)]
        self._engine = ElidedLabel()
        self._engine.setObjectName("engine")
        self._engine.setAccessibleName(self.tr("Engine"))

    def _push(self, action: QAction, kind: str) -> QPushButton:
        """A button that follows an action."""
        button = QPushButton(action.iconText())
        button.setProperty("kind", kind)
        button.clicked.connect(action.trigger)

        def follow() -> None:
            button.setEnabled(action.isEnabled())
            button.setToolTip(action.toolTip())

        action.changed.connect(follow)
        follow()
        return button

    def _drop_down(self, text: str, menu: QMenu) -> QToolButton:
        button = QToolButton()
        button.setText(text)
        button.setProperty("kind", "drop-down")
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.setMenu(menu)
        return button

    def _layout(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID_PX)
        for chief in (self._build, self._stop, self._runs_label, self._runs):
            row.addWidget(chief)
        row.addSpacing(GRID_PX)
        for button in (self._examples, *self._plain, self._export):
            row.addWidget(button)
        row.addWidget(self._engine, 1)
