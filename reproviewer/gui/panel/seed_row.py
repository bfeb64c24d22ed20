"""One seeding call: whether it is made, with which seed, and its place among the others."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from reproviewer.core.experiment import SeedCall, SeedFunction
from reproviewer.gui.focus import enable
from reproviewer.gui.panel.section import INDENT_PX, caption, flat_button
from reproviewer.gui.panel.seed_edit import SeedEdit


class SeedRow(QWidget):
    """A check box with the name of the call; when it is checked, its seed and two buttons that move it."""

    toggled = Signal(bool)
    seedChanged = Signal()
    moveWanted = Signal(int)

    def __init__(self, function: SeedFunction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.function = function
        self._setup_ui()
        self._layout()

    @property
    def call(self) -> SeedCall:
        """The call as it stands."""
        return SeedCall(self.function, self.seed.seed, self.seed.typed)

    @property
    def is_made(self) -> bool:
        """Whether the call is made."""
        return self.check.isChecked()

    def show_call(self, made: bool, seed: int, typed: str = "") -> None:
        """Show whether the call is made, its seed, and what is typed that is none."""
        self.check.blockSignals(True)
        self.check.setChecked(made)
        self.check.blockSignals(False)
        self.seed.show_seed(seed, typed)
        self._details.setVisible(made)

    def show_moves(self, up: bool, down: bool) -> None:
        """Show the buttons that move the call, when there are others to move past."""
        for button, can in ((self.up, up), (self.down, down)):
            button.setVisible(up or down)
            enable(button, can, self.seed)

    def _setup_ui(self) -> None:
        function = self.function
        self.check = QCheckBox(function)
        self.check.setToolTip(self._explained()[function])
        self.seed = SeedEdit()
        self.seed.setAccessibleName(self.tr("Seed of {function}").format(function=function))
        self._label = QLabel(self.tr("Seed"))
        self._label.setBuddy(self.seed)
        self.up = flat_button(
            "↑", self.tr("Make {function} earlier").format(function=function), self.tr("Make this call earlier")
        )
        self.down = flat_button(
            "↓", self.tr("Make {function} later").format(function=function), self.tr("Make this call later")
        )
        self.problem = caption(self.tr("A seed is a whole number from 0 to 4294967295."), "problem")
        self.problem.hide()
        self.check.toggled.connect(self.toggled)
        self.seed.seedChanged.connect(self.seedChanged)
        self.seed.marked.connect(self.problem.setVisible)
        self.up.clicked.connect(lambda: self.moveWanted.emit(-1))
        self.down.clicked.connect(lambda: self.moveWanted.emit(1))

    def _layout(self) -> None:
        self._details = QWidget()
        line = QHBoxLayout()
        line.setSpacing(2)
        line.addWidget(self._label)
        line.addSpacing(4)
        line.addWidget(self.seed, 1)
        line.addWidget(self.up)
        line.addWidget(self.down)
        details = QVBoxLayout(self._details)
        details.setContentsMargins(INDENT_PX, 0, 0, 2)
        details.setSpacing(2)
        details.addLayout(line)
        details.addWidget(self.problem)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.check)
        column.addWidget(self._details)

    def _explained(self) -> dict[SeedFunction, str]:
        return {
            "keras.utils.set_random_seed": self.tr("Seeds Python, NumPy and TensorFlow, all three with this seed"),
            "tf.random.set_seed": self.tr("Seeds TensorFlow's own random operations"),
            "numpy.random.seed": self.tr("Seeds NumPy's legacy generator"),
            "random.seed": self.tr("Seeds Python's random module"),
        }
