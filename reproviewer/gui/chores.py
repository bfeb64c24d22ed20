"""What takes a talk with the person first: choosing files, exporting, copying, help, closing."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSize
from PySide6.QtWidgets import QApplication

from reproviewer import __version__, resources
from reproviewer.core.experiment import Experiment, loads
from reproviewer.core.message import ReproError, message
from reproviewer.core.session import unrepeatable
from reproviewer.files import formats
from reproviewer.gui import dialogs
from reproviewer.gui.close_question import CloseQuestion
from reproviewer.gui.tasks import Background
from reproviewer.gui.texts import shown

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reproviewer.gui.actions import Actions
    from reproviewer.gui.controller import Controller
    from reproviewer.gui.main_window import MainWindow
    from reproviewer.gui.settings import Settings

EXPORT_SIZE = QSize(1600, 900)


class Chores(QObject):
    """Talks with the person through dialogs, then tells the controller."""

    def __init__(self, window: MainWindow, controller: Controller, settings: Settings) -> None:
        super().__init__(window)
        self._window = window
        self._controller, self._desk, self._files = controller, controller.desk, controller.files
        self._settings = settings
        self._background = Background(self)
        self._close_anyway = False

    def connect_actions(self, acts: Actions) -> None:
        """Carry out these actions."""
        for action, do in (
            (acts.build, self._controller.build),
            (acts.stop, self._controller.stop),
            (acts.new, lambda: self._controller.use_example(Experiment())),
            (acts.open_experiment, self.open_experiment),
            (acts.save_experiment, self.save_experiment),
            (acts.open, self.open_weights),
            (acts.compare, self.compare_files),
            (acts.criteria, self.ask_criteria),
            (acts.groups, self.show_groups),
            (acts.save_weights, self.save_weights),
            (acts.load_weights, self.load_weights),
            (acts.export_png, self.export_png),
            (acts.export_svg, self.export_svg),
            (acts.export_csv, self.export_csv),
            (acts.export_report, self.export_report),
            (acts.copy_python, self.copy_python),
            (acts.undo, self._controller.undo),
            (acts.redo, self._controller.redo),
            (acts.keys, self.show_keys),
            (acts.log, self.open_log),
            (acts.about, self.show_about),
        ):
            action.triggered.connect(_plain(do))
        acts.exampleChosen.connect(self._controller.use_example)
        acts.set_examples(examples())

    def act(self, action: str) -> None:
        """Do what the verdict line's button offers."""
        trouble = self._controller.status.trouble
        if action == "details" and trouble is not None:
            dialogs.show_details(self._window, shown(trouble.message), trouble.details)
        elif action != "details":
            self._controller.act(action)

    def set_runs(self, runs: int) -> None:
        """Another number of runs."""
        self._desk.edit(replace(self._desk.session.experiment, runs=runs), "runs")

    # files

    def open_experiment(self) -> None:
        """Open an experiment file."""
        for path in self._ask_open("experiment", self.tr("Open experiment"), [_json_filter()])[:1]:
            self._try(partial(self._controller.open_experiment, path))

    def save_experiment(self) -> None:
        """Save the experiment as a file."""
        if self._desk.session.experiment.has_bad_seed:
            self._controller.said.emit(message("Correct what is marked first."))
            return
        asked = dialogs.ask_save(
            self._window,
            self._settings,
            "experiment",
            self.tr("Save experiment"),
            "experiment.json",
            [_json_filter()],
        )
        path = _with_suffix(asked[0], ".json") if asked else None
        if asked and path and self._may_export(asked[0], path):
            self._write(path, self._controller.experiment_text())

    def open_weights(self) -> None:
        """Put weight files on the shelf."""
        self._files.open(self._ask_open("weights", self.tr("Open weights"), _open_filters()))

    def compare_files(self) -> None:
        """Ask for two or more weight files and put them on the shelf, the first of them as the reference."""
        paths = self._ask_open("weights", self.tr("Compare: choose two or more weight files"), _open_filters())
        if len(paths) == 1:
            title = self.tr("Compare {file} with").format(file=paths[0].name)
            paths += self._ask_open("weights", title, _open_filters())
        if len(paths) > 1:
            self._files.compare(paths)

    def load_weights(self) -> None:
        """Load a weight file into a second model."""
        for path in self._ask_open("weights", self.tr("Load weights into a second model"), _open_filters())[:1]:
            self._files.load(path)

    def save_weights(self, item_id: str = "") -> None:
        """Save the weights of an item, by default of the reference."""
        session = self._desk.session
        runs = [item for item in (session.reference_item, *session.items) if item and item.kind != "file"]
        item = session.item(item_id) or next(iter(runs), session.reference_item)
        if item is None:
            return
        by_filter = {_filter(f): f for f in formats.FORMATS}
        title = self.tr("Save the weights of {run}").format(run=item.label)
        asked = dialogs.ask_save(self._window, self._settings, "weights", title, "model.weights.h5", list(by_filter))
        if asked is None:
            return
        path, key = formats.complete(asked[0], by_filter.get(asked[1]))
        if self._may_replace(asked[0], path):
            self._files.save(item.id, path, key)

    def rename(self, item_id: str) -> None:
        """Give an item another label."""
        item = self._desk.session.item(item_id)
        label = item and dialogs.ask_text(self._window, self.tr("Rename"), self.tr("Name"), item.label)
        if label:
            self._desk.rename(item_id, label)

    # comparing

    def ask_criteria(self, name: str = "") -> None:
        """Ask on what terms to compare; `name` is a tensor that is to have a tolerance of its own."""
        from reproviewer.gui.criteria_dialog import CriteriaDialog

        dialog = CriteriaDialog(self._desk.session.criteria, self._window, name)
        dialog.chosen.connect(self._desk.set_criteria)
        dialog.open()

    def show_groups(self) -> None:
        """Which items equal which."""
        if not self._is_all_compared():
            return
        from reproviewer.gui.groups_dialog import GroupsDialog

        dialog = GroupsDialog(self._desk.session, self._controller.findings, self._window.theme, self._window)
        dialog.pairWanted.connect(self._desk.look_at_two)
        dialog.crashed.connect(self._controller.crashed)
        dialog.open()

    # export

    def export_png(self) -> None:
        """Save the plots as a picture."""
        path = self._ask_export(self.tr("Save the plots"), "plots", ".png", self.tr("PNG picture"))
        if path:
            self._try(lambda: self._window.plots.area.render_png(path, EXPORT_SIZE), path)

    def export_svg(self) -> None:
        """Save the plots as a drawing."""
        path = self._ask_export(self.tr("Save the plots"), "plots", ".svg", self.tr("SVG drawing"))
        if path:
            self._try(lambda: self._window.plots.area.render_svg(path), path)

    def export_csv(self) -> None:
        """Save the shown values as a table."""
        from reproviewer.gui.plots.export import write_csv

        plot = self._controller.state.plot
        path = self._ask_export(self.tr("Save the numbers"), "values", ".csv", self.tr("CSV table"))
        if path and plot:
            said = self._controller.said.emit
            self._background.start(
                "csv",
                lambda cancelled: write_csv(plot, path, cancelled),
                lambda _: said(message("Saved {file}.", file=path.name)),
                lambda error: said(error.message),
            )

    def export_report(self) -> None:
        """Save a report on the items of the shelf."""
        from reproviewer.gui.report import write_report

        filters = [self.tr("Web page (*.html)"), self.tr("JSON (*.json)"), self.tr("CSV table (*.csv)")]
        asked = dialogs.ask_save(
            self._window, self._settings, "export", self.tr("Save a report"), "report.html", filters
        )
        if asked is None:
            return
        path = asked[0] if asked[0].suffix else asked[0].with_suffix(".html")
        if self._may_export(asked[0], path) and self._is_all_compared():  # more may have arrived meanwhile
            session, findings = self._desk.session, self._controller.findings
            said = self._controller.said.emit
            self._background.start(
                "report",
                lambda cancelled: write_report(session, findings, path, cancelled),
                lambda _: said(message("Saved {file}.", file=path.name)),
                lambda error: said(error.message),
            )

    def copy_python(self) -> None:
        """Copy a script that repeats the experiment."""
        from reproviewer.core.script import as_python

        def copy() -> None:
            QApplication.clipboard().setText(as_python(self._desk.session.experiment))
            self._controller.said.emit(message("Copied a Python script that repeats this experiment."))

        self._try(copy)

    # help

    def show_keys(self) -> None:
        """What the keys do."""
        keys = [
            ("Ctrl+R", self.tr("build all runs")),
            ("Esc", self.tr("stop")),
            ("Ctrl+1 … Ctrl+6", self.tr("bars, heat map, histogram, values, distances, scatter")),
            ("Ctrl+F", self.tr("find a tensor")),
            ("F3, Shift+F3", self.tr("the next tensor that differs, the one before")),
            ("Ctrl+D", self.tr("list only the tensors that differ")),
            ("Ctrl+O, Ctrl+S, Ctrl+L", self.tr("open, save, load weights")),
            ("Ctrl+T", self.tr("tolerances, and whether optimizer state counts")),
            ("Ctrl+G", self.tr("which runs and files equal which")),
            ("Ctrl+Z, Ctrl+Shift+Z", self.tr("undo, redo")),
            ("Alt+↑, Alt+↓, Ctrl+J, Del", self.tr("in the list of layers: move, duplicate, remove a layer")),
            ("Tab, Shift+Tab", self.tr("go from part to part")),
            (self.tr("Arrow keys in a plot"), self.tr("move the cursor from weight to weight")),
        ]
        rows = "".join(f"<tr><td style='padding-right:16px'><b>{k}</b></td><td>{what}</td></tr>" for k, what in keys)
        dialogs.show_text(self._window, self.tr("Keyboard"), f"<table>{rows}</table>")

    def show_about(self) -> None:
        """Version and licence."""
        text = self.tr("Are two builds of a model the same to the last bit, where do they differ, and why?")
        licence = self.tr("MIT licence.")
        dialogs.show_text(
            self._window, self.tr("About ReproViewer"), f"<b>ReproViewer {__version__}</b><p>{text}</p><p>{licence}</p>"
        )

    def open_log(self) -> None:
        """Show what TensorFlow printed."""
        from reproviewer.gui.log_window import LogWindow

        LogWindow(self._controller.log_path(), self._window).show()

    def may_close(self) -> bool:
        """Whether the window may close now: not without asking while it builds, or when kept runs are lost with it."""
        busy = self._controller.state.busy
        lost = [item for item in unrepeatable(self._desk.session) if not self._files.is_saved(item)]
        if self._close_anyway or not (busy or lost):
            return True
        question = CloseQuestion(self._window)
        question.agreed.connect(self._close)
        if busy:
            question.show_state(self._controller.state)
            self._controller.stateChanged.connect(question.show_state)
        else:
            question.show_lost([item.label for item in lost])
        question.open()
        return False

    def close(self) -> None:
        """Remember the experiment; end what still writes in the background."""
        self._settings.experiment = self._controller.experiment_text()
        self._background.close()

    def _close(self) -> None:
        self._close_anyway = True
        self._window.close()

    # inside

    def _ask_open(self, purpose: str, title: str, filters: list[str]) -> list[Path]:
        return dialogs.ask_open(self._window, self._settings, purpose, title, filters)

    def _may_replace(self, chosen: Path, path: Path) -> bool:
        """The dialog asked about the name that was typed; ask about the one that a suffix was added to."""
        return path == chosen or not path.exists() or dialogs.ask_replace(self._window, path)

    def _ask_export(self, title: str, name: str, suffix: str, kind: str) -> Path | None:
        asked = dialogs.ask_save(self._window, self._settings, "export", title, name + suffix, [f"{kind} (*{suffix})"])
        path = _with_suffix(asked[0], suffix) if asked else None
        return path if asked and path and self._may_export(asked[0], path) else None

    def _may_export(self, chosen: Path, path: Path) -> bool:
        """Never over a file that an item of the shelf is read from."""
        from reproviewer.files.save import check_target

        try:
            check_target(path, [file for item in self._desk.session.items for file in item.stamps])
        except ReproError as error:
            self._controller.said.emit(error.message)
            return False
        return self._may_replace(chosen, path)

    def _is_all_compared(self) -> bool:
        """Whether the verdict is about all of the shelf; says so where it is not yet."""
        is_done = self._controller.state.verdict.face == "done"
        if not is_done:
            self._controller.said.emit(message("All have to be compared first."))
        return is_done

    def _write(self, path: Path, text: str) -> None:
        from reproviewer.files.save import replace_text

        self._try(lambda: replace_text(path, text), path)

    def _try(self, act: Callable[[], object], saved: Path | None = None) -> None:
        """Do something; what goes wrong is said in one sentence."""
        try:
            act()
        except ReproError as error:
            self._controller.said.emit(error.message)
            return
        except OSError as error:
            name = saved.name if saved else ""
            self._controller.said.emit(message("Cannot write {file}: {why}.", file=name, why=error.strerror))
            return
        if saved is not None:
            self._controller.said.emit(message("Saved {file}.", file=saved.name))


def examples() -> list[Experiment]:
    """The shipped examples, in order."""
    return [loads(path.read_text(encoding="utf-8")) for path in sorted(resources.path("examples").glob("*.json"))]


def _plain(do: Callable[[], object]) -> Callable[[], None]:
    """Drop the `checked` that Qt sends along."""
    return lambda *_: (do(), None)[1]


def _with_suffix(path: Path, suffix: str) -> Path:
    return path if path.suffix == suffix else path.with_name(path.name + suffix)


def _json_filter() -> str:
    return dialogs.tr("Experiment") + " (*.json)"


def _filter(f: formats.Format) -> str:
    return f"{shown(message(f.label))} ({f.pattern})"


def _open_filters() -> list[str]:
    return [f"{dialogs.tr('Weight files')} ({formats.PATTERNS})", f"{dialogs.tr('All files')} (*)"]
