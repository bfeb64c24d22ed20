"""A panel on the screen that listens to itself, as it does in the window."""

import pytest

from reproviewer.core.catalog import check, shipped
from reproviewer.core.experiment import Experiment
from reproviewer.core.keras_text import parse
from reproviewer.gui import theme as themes
from reproviewer.gui.panel.panel import ExperimentPanel


class Bench:
    """A panel and what it has said; every edit is shown to it again, with its problems."""

    def __init__(self, qtbot, experiment=None, width=300):
        self.qtbot = qtbot
        self.panel = ExperimentPanel()
        assert list(self.panel.fill(themes.LIGHT))
        qtbot.addWidget(self.panel)
        self.edits = []
        self.panel.experimentEdited.connect(self._on_edited)
        self.show(experiment or Experiment())
        self.panel.resize(width, 640)
        self.panel.show()
        qtbot.waitExposed(self.panel)
        self.panel.activateWindow()
        qtbot.waitUntil(self.panel.isActiveWindow)

    def show(self, experiment):
        self.experiment = experiment
        parsed = parse(experiment.model)
        self.panel.show_experiment(experiment, (*parsed.problems, *check(parsed, shipped())), "")

    def _on_edited(self, experiment):
        self.edits.append(experiment)
        self.show(experiment)


@pytest.fixture
def themed(qapp):
    """The application in the light theme, for as long as it is looked at."""
    before = qapp.styleSheet(), qapp.palette()
    themes.apply(qapp, themes.LIGHT)
    yield
    qapp.setPalette(before[1])
    qapp.setStyleSheet(before[0])


@pytest.fixture
def bench(qtbot):
    return lambda experiment=None, **options: Bench(qtbot, experiment, **options)
