"""The window: arranges the rooms of the screen and wires them to the controller. It decides nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QGuiApplication, QPaintEvent
from PySide6.QtWidgets import QApplication, QMainWindow, QSplitter, QVBoxLayout, QWidget

from reproviewer.gui import theme as themes
from reproviewer.gui.actions import Actions
from reproviewer.gui.chores import Chores
from reproviewer.gui.dialogs import show_crash
from reproviewer.gui.panel.panel import ExperimentPanel
from reproviewer.gui.plot_card import PlotCard
from reproviewer.gui.preload import Preload
from reproviewer.gui.shelf import Shelf
from reproviewer.gui.tensor_list import TensorList
from reproviewer.gui.texts import shown
from reproviewer.gui.theme import GRID_PX, Theme
from reproviewer.gui.toolbar import Toolbar
from reproviewer.gui.verdict_line import VerdictLine

if TYPE_CHECKING:
    from reproviewer.core.message import Message
    from reproviewer.core.view_state import ViewState
    from reproviewer.gui.controller import Controller
    from reproviewer.gui.settings import Settings

SAID_MS = 8000
PRELOAD_AFTER_MS = 100


class MainWindow(QMainWindow):
    """Shows the controller's ViewStates. `painted` is emitted once, when the window is first on screen."""

    painted = Signal()

    def __init__(self, controller: Controller, settings: Settings) -> None:
        super().__init__()
        self._controller = controller
        self._settings = settings
        self._theme = self._wanted_theme()
        self._first_paint = True
        self._setup_ui()
        self._layout()
        self._wire()
        self._restore_layout()
        self._apply_theme()
        self.toolbar.focus_build()

    @property
    def theme(self) -> Theme:
        """The colours in use."""
        return self._theme

    def _setup_ui(self) -> None:
        self.setWindowTitle("ReproViewer")
        self.setAcceptDrops(True)
        self.setMinimumSize(800, 560)
        self.actions_ = Actions(self)
        self.actions_.fill(self.menuBar())
        self.actions_.show_theme(self._settings.theme)
        self.toolbar = Toolbar(self.actions_)
        self.panel = ExperimentPanel(self._theme)
        self.panel.set_catalog(self._controller.catalog)
        self.verdict = VerdictLine(self._theme)
        self.shelf = Shelf(self._theme)
        self.tensors = TensorList(self._theme)
        self.plots = PlotCard(self._theme)
        self.chores = Chores(self, self._controller, self._settings)
        self._preload = Preload(self)
        self.statusBar().setSizeGripEnabled(False)

    def _layout(self) -> None:
        self._below = _splitter(self.tensors, self.plots, sizes=(232, 800))
        right = _column(self.verdict, self.shelf, self._below)
        self._across = _splitter(self.panel, right, sizes=(304, 1040))
        desk = _column(self.toolbar, self._across)
        desk.setObjectName("desk")
        layout = desk.layout()
        assert layout is not None
        layout.setContentsMargins(12, 4, 12, 4)
        self.setCentralWidget(desk)

    def _wire(self) -> None:
        controller, acts, chores = self._controller, self.actions_, self.chores
        controller.stateChanged.connect(self._show)
        self._preload.done.connect(self.plots.prepare)
        controller.catalogChanged.connect(self.panel.set_catalog)
        controller.said.connect(self._say)
        controller.crashed.connect(self._show_crash)
        self.panel.experimentEdited.connect(controller.edit)
        self.toolbar.runsChosen.connect(chores.set_runs)
        self.verdict.actionRequested.connect(chores.act)
        self.shelf.focusWanted.connect(controller.look_at_item)
        self.shelf.referenceWanted.connect(controller.set_reference)
        self.shelf.removeWanted.connect(controller.remove)
        self.shelf.keepWanted.connect(controller.keep)
        self.shelf.saveWanted.connect(chores.save_weights)
        self.shelf.renameWanted.connect(chores.rename)
        self.tensors.tensorChosen.connect(controller.look_at_tensor)
        self.plots.kindChosen.connect(controller.look_as)
        self.plots.sliceChosen.connect(controller.look_at_slice)
        self.plots.itemChosen.connect(controller.look_at_item)
        acts.kindChosen.connect(controller.look_as)
        acts.themeChosen.connect(self._choose_theme)
        acts.quit.triggered.connect(self.close)
        chores.connect_actions(acts)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._desktop_changed)

    def _show(self, state: ViewState) -> None:
        size_note = shown(state.size_note) if state.size_note else ""
        self.panel.show_experiment(state.experiment, state.problems, size_note)
        self.panel.set_busy(state.busy)
        self.toolbar.show_state(state)
        self.actions_.show_state(state, self._controller.can_undo, self._controller.can_redo)
        self.verdict.show_view(state.verdict)
        self.shelf.show_cards(state.cards)
        self.tensors.show_rows(state.tensors, state.selected)
        self.plots.show_plot(state.plot, state.kind)

    def _say(self, sentence: Message) -> None:
        self.statusBar().showMessage(shown(sentence), SAID_MS)

    def _show_crash(self, error: BaseException) -> None:
        show_crash(self, error)

    # theme

    def _wanted_theme(self) -> Theme:
        chosen = {"light": themes.LIGHT, "dark": themes.DARK}.get(self._settings.theme)
        return chosen or themes.system_theme()

    def _choose_theme(self, choice: str) -> None:
        self._settings.theme = choice
        self._apply_theme()

    def _desktop_changed(self, scheme: Qt.ColorScheme) -> None:
        if self._settings.theme == "system":
            self._apply_theme()

    def _apply_theme(self) -> None:
        self._theme = self._wanted_theme()
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        themes.apply(app, self._theme)
        for part in (self.panel, self.verdict, self.shelf, self.tensors, self.plots):
            part.apply_theme(self._theme)

    # Qt's events

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._first_paint:
            self._first_paint = False
            self.painted.emit()
            QTimer.singleShot(PRELOAD_AFTER_MS, self._preload.start)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            self._controller.open_files(paths)

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self.chores.may_close():
            event.ignore()
            return
        self.chores.close()
        self._settings.set_bytes("geometry", self.saveGeometry())
        self._settings.set_bytes("across", self._across.saveState())
        self._settings.set_bytes("below", self._below.saveState())
        self._settings.save()
        self._preload.close()
        self.plots.finish()
        self._controller.close()
        event.accept()

    def _restore_layout(self) -> None:
        if not self.restoreGeometry(self._settings.bytes("geometry")):
            self.resize(1360, 860)
        self._across.restoreState(self._settings.bytes("across"))
        self._below.restoreState(self._settings.bytes("below"))


def _column(*widgets: QWidget) -> QWidget:
    """Widgets one below the other; the last takes the room."""
    whole = QWidget()
    column = QVBoxLayout(whole)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(GRID_PX)
    for widget in widgets[:-1]:
        column.addWidget(widget)
    column.addWidget(widgets[-1], 1)
    return whole


def _splitter(left: QWidget, right: QWidget, sizes: tuple[int, int]) -> QSplitter:
    splitter = QSplitter(Qt.Orientation.Horizontal)
    splitter.setHandleWidth(GRID_PX)
    splitter.setChildrenCollapsible(False)
    splitter.addWidget(left)
    splitter.addWidget(right)
    splitter.setStretchFactor(1, 1)
    splitter.setSizes(list(sizes))
    return splitter
