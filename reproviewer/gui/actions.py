"""What a person can do, as actions in menus with their keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QObject, Signal
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

from reproviewer.core.plot_state import PLOT_KINDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from reproviewer.core.experiment import Experiment
    from reproviewer.core.view_state import ViewState

Key = QKeySequence.StandardKey


class Actions(QObject):
    """All actions and the menus made of them. They say what is wanted; the window connects them."""

    exampleChosen = Signal(object)
    kindChosen = Signal(str)
    themeChosen = Signal(str)

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._setup_actions()
        self._setup_ways()
        self.examples_menu = QMenu(self.tr("E&xamples"), window)
        self.export_menu = self._menu(
            self.tr("&Export"),
            self.export_png,
            self.export_svg,
            self.export_csv,
            self.export_report,
            None,
            self.copy_python,
        )
        self._kinds = self._choices(self._kind_texts(), self.kindChosen.emit)
        self._themes = self._choices(self._theme_texts(), self.themeChosen.emit)

    def fill(self, bar: QMenuBar) -> None:
        """Make the menu bar."""
        bar.addMenu(
            self._menu(
                self.tr("&File"),
                self.new,
                self.open_experiment,
                self.save_experiment,
                None,
                self.open,
                self.compare,
                self.save_weights,
                self.load_weights,
                None,
                self.export_menu,
                None,
                self.quit,
            )
        )
        bar.addMenu(self._menu(self.tr("&Edit"), self.undo, self.redo, None, self.criteria, None, self.copy_python))
        bar.addMenu(self._menu(self.tr("&Run"), self.build, self.stop))
        theme = QMenu(self.tr("&Theme"), self._window)
        theme.addActions(list(self._themes.values()))
        ways = (self.find, self.only_differences, self.next_difference, self.previous_difference)
        bar.addMenu(self._menu(self.tr("&View"), *self._kinds.values(), None, *ways, None, self.groups, None, theme))
        bar.addMenu(self.examples_menu)
        bar.addMenu(self._menu(self.tr("&Help"), self.keys, self.log, self.about))

    def set_examples(self, examples: list[Experiment]) -> None:
        """Fill the menu of examples."""
        self.examples_menu.clear()
        for number, example in enumerate(examples, 1):
            title = QCoreApplication.translate("Examples", example.title)
            action = self.examples_menu.addAction(f"&{number}  {title}")
            action.triggered.connect(lambda _=False, e=example: self.exampleChosen.emit(e))

    def show_state(self, state: ViewState, can_undo: bool, can_redo: bool) -> None:
        """Enable what can be done now."""
        self.build.setEnabled(state.can_build)
        self.stop.setEnabled(state.busy or state.verdict.face == "comparing")
        self.undo.setEnabled(can_undo and not state.busy)
        self.redo.setEnabled(can_redo and not state.busy)
        self.save_weights.setEnabled(state.can_save)
        self.copy_python.setEnabled(not state.experiment.is_blank)
        for action in (self.new, self.open_experiment, self.examples_menu.menuAction()):
            action.setEnabled(not state.busy)
        for action in self.examples_menu.actions():
            action.setEnabled(not state.busy)
        self.load_weights.setEnabled(state.can_build)
        self.export_report.setEnabled(state.verdict.face == "done" and bool(state.tensors.rows))
        for action in (self.export_png, self.export_svg, self.export_csv, *self._kinds.values()):
            action.setEnabled(state.plot is not None)
        self._kinds[state.kind].setChecked(True)
        self.groups.setEnabled(len(state.cards) > 1)
        self.find.setEnabled(bool(state.tensors.rows))
        unlike = any(row.is_unlike for row in state.tensors.rows)
        for action in (self.next_difference, self.previous_difference):
            action.setEnabled(unlike)

    def show_theme(self, choice: str) -> None:
        """Mark the chosen theme."""
        self._themes[choice].setChecked(True)

    def _setup_actions(self) -> None:
        self.build = self._action(self.tr("&Build"), "▶  " + self.tr("Build"), "Ctrl+R", self.tr("Build all runs"))
        self.stop = self._action(self.tr("&Stop"), "■  " + self.tr("Stop"), "Esc", self.tr("Stop what is running"))
        self.new = self._action(self.tr("&New experiment"), "", Key.New, self.tr("Start with an empty desk"))
        self.open_experiment = self._action(
            self.tr("&Open experiment…"), "", "Ctrl+Shift+O", self.tr("Open an experiment file (.json)")
        )
        self.save_experiment = self._action(
            self.tr("&Save experiment…"), "", "Ctrl+Shift+S", self.tr("Save the experiment as a file (.json)")
        )
        self.open = self._action(
            self.tr("Open &weights…"), self.tr("Open…"), Key.Open, self.tr("Put a weight file on the shelf to compare")
        )
        self.compare = self._action(
            self.tr("&Compare weight files…"),
            "",
            "Ctrl+Shift+D",
            self.tr("Choose two or more weight files and see what differs"),
        )
        self.criteria = self._action(
            self.tr("How to &compare…"), "", "Ctrl+T", self.tr("Set tolerances; compare optimizer state too")
        )
        self.groups = self._action(
            self.tr("&Which equals which…"), "", "Ctrl+G", self.tr("Groups of identical runs and files, and every two")
        )
        self.save_weights = self._action(
            self.tr("Sa&ve weights…"), self.tr("Save weights…"), Key.Save, self.tr("Save the weights of the reference")
        )
        self.load_weights = self._action(
            self.tr("&Load into model…"),
            self.tr("Load into model…"),
            "Ctrl+L",
            self.tr("Build a second model and give it the weights of a file"),
        )
        self.export_png = self._action(self.tr("Plots as &PNG…"), "", "", self.tr("Save the plots as a picture"))
        self.export_svg = self._action(self.tr("Plots as &SVG…"), "", "", self.tr("Save the plots as a drawing"))
        self.export_report = self._action(
            self.tr("&Report…"),
            "",
            "",
            self.tr("Save a page with the verdict, all tensors and pictures"),
        )
        self.export_csv = self._action(self.tr("Numbers as &CSV…"), "", "", self.tr("Save the shown values as a table"))
        self.copy_python = self._action(
            self.tr("Copy as P&ython"), "", "Ctrl+Shift+C", self.tr("Copy a script that repeats the experiment")
        )
        self.undo = self._action(self.tr("&Undo"), "", Key.Undo, self.tr("Undo the last edit"))
        self.redo = self._action(self.tr("&Redo"), "", "Ctrl+Shift+Z", self.tr("Do again what was undone"))
        self.redo.setShortcuts([QKeySequence("Ctrl+Shift+Z"), QKeySequence("Ctrl+Y")])
        self.quit = self._action(self.tr("&Quit"), "", Key.Quit, self.tr("Close the window"))
        self.keys = self._action(self.tr("&Keyboard"), "", Key.HelpContents, self.tr("What the keys do"))
        self.log = self._action(self.tr("Worker's &log"), "", "", self.tr("Show what TensorFlow printed"))
        self.about = self._action(self.tr("&About ReproViewer"), "", "", self.tr("Version and licence"))

    def _setup_ways(self) -> None:
        """The ways to a tensor."""
        self.find = self._action(self.tr("&Find a tensor"), "", Key.Find, self.tr("Look for a tensor by its name"))
        self.only_differences = self._action(
            self.tr("&Only differences"),
            self.tr("Only differences"),
            "Ctrl+D",
            self.tr("List only the tensors that differ"),
        )
        self.only_differences.setCheckable(True)
        self.next_difference = self._action(
            self.tr("&Next difference"), "↓", "F3", self.tr("Go to the next tensor that differs")
        )
        self.previous_difference = self._action(
            self.tr("&Previous difference"), "↑", "Shift+F3", self.tr("Go to the tensor before that differs")
        )

    def _action(self, text: str, button: str, key: str | Key, tip: str) -> QAction:
        action = QAction(text, self._window)
        if button:
            action.setIconText(button)
        if key:
            action.setShortcut(QKeySequence(key))
        shortcut = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        action.setToolTip(f"{tip} ({shortcut})" if shortcut else tip)
        self._window.addAction(action)
        return action

    def _menu(self, title: str, *entries: QAction | QMenu | None) -> QMenu:
        menu = QMenu(title, self._window)
        menu.setToolTipsVisible(True)
        for entry in entries:
            if entry is None:
                menu.addSeparator()
            elif isinstance(entry, QMenu):
                menu.addMenu(entry)
            else:
                menu.addAction(entry)
        return menu

    def _choices(self, texts: dict[str, tuple[str, str]], chosen: Callable[[str], None]) -> dict[str, QAction]:
        group = QActionGroup(self)
        made: dict[str, QAction] = {}
        for key, (text, shortcut) in texts.items():
            action = self._action(text, "", shortcut, text.replace("&", ""))
            action.setCheckable(True)
            action.triggered.connect(lambda _=False, k=key: chosen(k))
            group.addAction(action)
            made[key] = action
        return made

    def _kind_texts(self) -> dict[str, tuple[str, str]]:
        texts = (
            self.tr("&Bars"),
            self.tr("&Heat map"),
            self.tr("H&istogram"),
            self.tr("&Values"),
            self.tr("&Distances"),
            self.tr("&Scatter"),
        )
        return {kind: (text, f"Ctrl+{n}") for n, (kind, text) in enumerate(zip(PLOT_KINDS, texts, strict=True), 1)}

    def _theme_texts(self) -> dict[str, tuple[str, str]]:
        return {
            "system": (self.tr("&As the desktop"), ""),
            "light": (self.tr("&Light"), ""),
            "dark": (self.tr("&Dark"), ""),
        }
