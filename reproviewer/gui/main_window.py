"""The window: arranges the rooms of the screen and wires them to the controller. It decides nothing.

It is painted as an empty frame first; `furnish` imports the rooms and puts them in.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QGuiApplication, QKeyEvent, QPaintEvent
from PySide6.QtWidgets import QApplication, QMainWindow, QSplitter, QVBoxLayout, QWidget

from reproviewer.gui import theme as themes
from reproviewer.gui.texts import shown
from reproviewer.gui.theme import GRID_PX, Theme

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reproviewer.core.message import Message
    from reproviewer.core.view_state import ViewState
    from reproviewer.gui.actions import Actions
    from reproviewer.gui.chores import Chores
    from reproviewer.gui.controller import Controller
    from reproviewer.gui.layer_strip import LayerStrip
    from reproviewer.gui.panel.panel import ExperimentPanel
    from reproviewer.gui.plot_card import PlotCard
    from reproviewer.gui.settings import Settings
    from reproviewer.gui.shelf import Shelf
    from reproviewer.gui.tensor_tree import TensorTree
    from reproviewer.gui.toolbar import Toolbar
    from reproviewer.gui.verdict_line import VerdictLine

SAID_MS = 8000
SMALLEST = QSize(1024, 640)
"""Below it things are cut off; on a smaller screen that is better than a window that does not fit."""


class MainWindow(QMainWindow):
    """Shows the controller's ViewStates. `painted` is emitted once, when the frame is first on screen."""

    painted = Signal()
    closed = Signal()
    crashed = Signal(object)

    actions_: Actions
    toolbar: Toolbar
    panel: ExperimentPanel
    verdict: VerdictLine
    shelf: Shelf
    strip: LayerStrip
    tensors: TensorTree
    plots: PlotCard
    chores: Chores

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._controller: Controller | None = None
        self._settings = settings
        self._theme = self._wanted_theme()
        self._first_paint = True
        self.crashed.connect(self._show_crash)
        self.setWindowTitle("ReproViewer")
        self.setMinimumSize(SMALLEST.boundedTo(self.screen().availableSize()))
        if not self.restoreGeometry(settings.bytes("geometry")):
            self.resize(1360, 860)
        self._apply_theme()

    @property
    def theme(self) -> Theme:
        """The colours in use."""
        return self._theme

    def furnish(self, controller: Controller) -> Iterator[None]:
        """Put the rooms in, show the controller's first state and paint it, one small step at a time."""
        desk = self._make_desk()
        yield from self._make_rooms(controller, desk)
        self._wire(controller)
        self._controller = controller
        self.setAcceptDrops(True)
        yield
        controller.start()
        yield
        yield from self._unveil(desk)
        self.toolbar.focus_build()

    def _make_rooms(self, controller: Controller, desk: QWidget) -> Iterator[None]:
        from reproviewer.gui.actions import Actions
        from reproviewer.gui.chores import Chores
        from reproviewer.gui.focus import FocusKeeper
        from reproviewer.gui.layer_strip import LayerStrip
        from reproviewer.gui.panel.panel import ExperimentPanel
        from reproviewer.gui.plot_card import PlotCard
        from reproviewer.gui.shelf import Shelf
        from reproviewer.gui.tensor_tree import TensorTree
        from reproviewer.gui.toolbar import Toolbar
        from reproviewer.gui.verdict_line import VerdictLine

        self.actions_ = Actions(self)
        self.actions_.show_theme(self._settings.theme)
        yield
        self.actions_.fill(self.menuBar())
        self.statusBar().setSizeGripEnabled(False)
        yield
        self.toolbar = Toolbar(self.actions_, desk)
        self._across = _splitter(desk)
        yield
        self.panel = ExperimentPanel(self._across)
        yield from self.panel.fill(self._theme)
        self.panel.set_catalog(controller.catalog)
        right = QWidget(self._across)
        yield
        self.verdict = VerdictLine(self._theme, right)
        self._focus = FocusKeeper(self, self.verdict)
        yield
        self.shelf = Shelf(self._theme, right)
        self.strip = LayerStrip(self._theme, right)
        self._below = _splitter(right)
        yield
        self.tensors = TensorTree(self._theme, self._below, self.actions_)
        yield
        self.plots = PlotCard(self._theme, self._below)
        self.chores = Chores(self, controller, self._settings)
        yield
        _column(right, self.verdict, self.shelf, self.strip, self._below)
        _column(desk, self.toolbar, self._across, margins=(12, 4, 12, 4))
        self._restore_layout()
        yield

    def _make_desk(self) -> QWidget:
        """What the rooms are made in: a widget that changes its parent is styled anew, which takes long."""
        desk = QWidget(self)
        desk.hide()
        desk.setObjectName("desk")
        self.setCentralWidget(desk)
        return desk

    def _restore_layout(self) -> None:
        for splitter, key, sizes in ((self._across, "across", (304, 1040)), (self._below, "below", (232, 800))):
            splitter.setStretchFactor(1, 1)
            splitter.setSizes(sizes)
            splitter.restoreState(self._settings.bytes(key))

    def _unveil(self, desk: QWidget) -> Iterator[None]:
        """Show the desk, laid out as a whole, and paint its rooms one after the other."""
        rooms = (self.toolbar, self.panel, self.verdict, self.shelf, self.strip, self.tensors, self.plots)
        for room in rooms:
            room.setUpdatesEnabled(False)
        desk.show()
        yield
        for room in rooms:
            room.setUpdatesEnabled(True)
            yield

    def _wire(self, controller: Controller) -> None:
        acts, chores, desk = self.actions_, self.chores, controller.desk
        controller.stateChanged.connect(self._show)
        controller.catalogChanged.connect(self.panel.set_catalog)
        controller.said.connect(self._say)
        controller.crashed.connect(self.crashed)
        controller.begun.connect(self.tensors.view.unsort)
        self.panel.experimentEdited.connect(desk.edit)
        self.toolbar.runsChosen.connect(chores.set_runs)
        self.verdict.actionRequested.connect(chores.act)
        self.shelf.focusWanted.connect(desk.look_at_item)
        self.shelf.referenceWanted.connect(desk.set_reference)
        self.shelf.removeWanted.connect(desk.remove)
        self.shelf.keepWanted.connect(desk.keep)
        self.shelf.saveWanted.connect(chores.save_weights)
        self.shelf.renameWanted.connect(chores.rename)
        self.strip.tensorChosen.connect(desk.look_at_tensor)
        self.tensors.tensorChosen.connect(desk.look_at_tensor)
        self.tensors.pairWanted.connect(controller.pair)
        self.tensors.unpairWanted.connect(lambda name: controller.pair(name, None))
        self.tensors.ruleWanted.connect(controller.pair_by_rule)
        self.tensors.toleranceWanted.connect(chores.ask_criteria)
        self.plots.kindChosen.connect(desk.look_as)
        self.plots.sliceChosen.connect(desk.look_at_slice)
        self.plots.itemChosen.connect(desk.look_at_item)
        acts.kindChosen.connect(desk.look_as)
        acts.themeChosen.connect(self._choose_theme)
        acts.quit.triggered.connect(self.close)
        chores.connect_actions(acts)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._desktop_changed)

    def _show(self, state: ViewState) -> None:
        with self._focus.kept(state.busy):
            self._show_rooms(state)

    def _show_rooms(self, state: ViewState) -> None:
        assert self._controller is not None
        size_note = shown(state.size_note) if state.size_note else ""
        self.panel.show_experiment(state.experiment, state.problems, size_note)
        self.panel.set_busy(state.busy)
        self.toolbar.show_state(state)
        desk = self._controller.desk
        self.actions_.show_state(state, desk.can_undo, desk.can_redo)
        self.verdict.show_view(state.verdict)
        self.shelf.show_cards(state.cards)
        self.strip.show_strip(state.tensors.strip, state.tensors.place(state.selected))
        paired = next((card.label for card in state.cards if state.plot and card.id == state.plot.focus), "")
        self.tensors.show_list(state.tensors, state.selected, state.pairing, paired)
        self.plots.show_plot(state.plot, state.kind)

    def _say(self, sentence: Message | None) -> None:
        if sentence is None:
            self.statusBar().clearMessage()
        else:
            self.statusBar().showMessage(shown(sentence), SAID_MS)

    def _show_crash(self, error: BaseException) -> None:
        from reproviewer.gui.dialogs import show_crash

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
        if self._controller is not None:
            for part in (self.panel, self.verdict, self.shelf, self.strip, self.tensors, self.plots):
                part.apply_theme(self._theme)

    # Qt's events

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._first_paint:
            self._first_paint = False
            self.painted.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape puts a failure out of sight; while something runs it is the key of Stop."""
        if event.key() == Qt.Key.Key_Escape and self._controller is not None:
            self._controller.act("dismiss")
        else:
            super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if paths and self._controller is not None:
            event.acceptProposedAction()
            self._controller.files.open(paths)

    def closeEvent(self, event: QCloseEvent) -> None:
        if self._controller is not None and not self.chores.may_close():
            event.ignore()
            return
        self.closed.emit()
        self._settings.set_bytes("geometry", self.saveGeometry())
        if self._controller is not None:
            self._leave(self._controller)
        self._settings.save()
        event.accept()

    def _leave(self, controller: Controller) -> None:
        self._settings.set_bytes("across", self._across.saveState())
        self._settings.set_bytes("below", self._below.saveState())
        self.chores.close()
        self.plots.finish()
        controller.close()


def _column(whole: QWidget, *widgets: QWidget, margins: tuple[int, int, int, int] = (0, 0, 0, 0)) -> None:
    """Widgets one below the other; the last takes the room."""
    column = QVBoxLayout(whole)
    column.setContentsMargins(*margins)
    column.setSpacing(GRID_PX)
    for widget in widgets[:-1]:
        column.addWidget(widget)
    column.addWidget(widgets[-1], 1)


def _splitter(parent: QWidget) -> QSplitter:
    splitter = QSplitter(Qt.Orientation.Horizontal, parent)
    splitter.setHandleWidth(GRID_PX)
    splitter.setChildrenCollapsible(False)
    return splitter
