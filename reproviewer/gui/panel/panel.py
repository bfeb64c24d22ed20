"""The panel at the left: everything that makes an experiment."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from reproviewer.core.catalog import Catalog, shipped
from reproviewer.core.experiment import Experiment
from reproviewer.gui.panel.draws_section import DrawsSection
from reproviewer.gui.panel.environment_section import EnvironmentSection
from reproviewer.gui.panel.model_section import ModelSection
from reproviewer.gui.panel.notes_section import NotesSection
from reproviewer.gui.panel.seeding_section import SeedingSection
from reproviewer.gui.theme import GRID_PX

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reproviewer.core.keras_text import Problem
    from reproviewer.gui.theme import Theme

MIN_WIDTH_PX, WIDTH_PX = 260, 300


class ExperimentPanel(QFrame):
    """Shows an experiment. `experimentEdited` carries a new Experiment whenever the person changes something.

    With it comes the place that is changed, where that may take more than a moment: a line, a field. Else it is empty.
    """

    experimentEdited = Signal(object, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._experiment = Experiment()
        self._busy = False

    def fill(self, theme: Theme) -> Iterator[None]:
        """Put the sections in, one at each step; nothing can be shown before the last."""
        yield from self._setup_ui(theme)
        self._layout()

    def show_experiment(self, experiment: Experiment, problems: tuple[Problem, ...], size_note: str) -> None:
        """Show the experiment, what is wrong with its model, and one line on how large it is."""
        if experiment.model != self._experiment.model:
            self.seeding.forget()
        self._experiment = experiment
        self.notes.show_notes(experiment.title, experiment.notes)
        self.model.show_model(experiment.model, problems, size_note)
        self.draws.show_draws(experiment.draws)
        self.seeding.show_seeding(experiment.seeding, experiment.environment.process)
        self.environment.show_environment(experiment.environment)

    def set_catalog(self, catalog: Catalog) -> None:
        """Offer the layers of this Keras."""
        self.model.set_catalog(catalog)

    def apply_theme(self, theme: Theme) -> None:
        """Take the colours of this theme."""
        self.model.apply_theme(theme)

    def set_busy(self, busy: bool) -> None:
        """Let nothing be changed while the runs are built."""
        if busy == self._busy:
            return
        self._busy = busy
        self.seeding.settle()
        self.model.set_busy(busy)
        for section in (self.draws, self.seeding, self.environment):
            section.setEnabled(not busy)

    def sizeHint(self) -> QSize:
        return QSize(WIDTH_PX, 640)

    def _setup_ui(self, theme: Theme) -> Iterator[None]:
        self.setProperty("kind", "card")
        self.setMinimumWidth(MIN_WIDTH_PX)
        self._inside = inside = self._make_area()
        yield
        self.notes = NotesSection(inside)
        yield
        self.model = ModelSection(theme, shipped(), inside)
        yield
        self.draws = DrawsSection(inside)
        self.seeding = SeedingSection(inside)
        yield
        self.environment = EnvironmentSection(inside)
        self.model.edited.connect(lambda text, place: self._edit(place, model=text))
        self.draws.edited.connect(lambda draws, place: self._edit(place, draws=draws))
        self.seeding.edited.connect(lambda seeding, place: self._edit(place, seeding=seeding))
        self.environment.edited.connect(self._edit_environment)

    def _make_area(self) -> QWidget:
        """The scroll area and what lies in it, made first: widgets that change their parent are styled again."""
        self.area = QScrollArea(self)
        self.area.setWidgetResizable(True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inside = QWidget(self.area.viewport())
        inside.setObjectName("panel-inside")
        self.area.setWidget(inside)
        self.area.viewport().setAutoFillBackground(False)
        inside.setAutoFillBackground(False)
        return inside

    def _layout(self) -> None:
        column = QVBoxLayout(self._inside)
        column.setContentsMargins(14, 12, 12, 12)
        column.setSpacing(2 * GRID_PX)
        for section in (self.notes, self.model, self.draws, self.seeding, self.environment):
            column.addWidget(section)
        column.addStretch(1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(1, 1, 1, 1)
        whole.addWidget(self.area)

    def _edit(self, place: str, **changes: Any) -> None:
        self._experiment = replace(self._experiment, **changes)
        self.experimentEdited.emit(self._experiment, place)

    def _edit_environment(self, environment: Any) -> None:
        self.seeding.show_seeding(self._experiment.seeding, environment.process)
        self._edit("", environment=environment)
