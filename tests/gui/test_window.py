"""The window as a whole: its texts, names, themes, sizes, settings and manners."""

import re
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings, QTranslator
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QTableView,
    QTreeView,
    QWidget,
)

from reproviewer.core.experiment import Experiment
from reproviewer.gui.settings import Settings

CONTROLS = (QAbstractButton, QAbstractSpinBox, QComboBox, QLineEdit, QPlainTextEdit, QTableView, QTreeView)
FIELDS = (QAbstractSpinBox, QComboBox, QLineEdit, QPlainTextEdit)
NOT_LANGUAGE = re.compile(r"[\W\d_]*|ReproViewer|dense(/\w+)?|(\(.*\) · )?float\d+")


class Marker(QTranslator):
    """Translates every text into itself in brackets."""

    def translate(self, context, source, disambiguation=None, n=-1):
        return f"⟦{source}⟧"

    def isEmpty(self):
        return False


@pytest.fixture
def marked():
    """Mark every text that goes through Qt's translation, as a language would."""
    marker = Marker()
    QApplication.instance().installTranslator(marker)
    yield
    QApplication.instance().removeTranslator(marker)


def visible_controls(window):
    return [w for w in window.findChildren(QWidget) if isinstance(w, CONTROLS) and w.isVisible() and _ours(w)]


def _ours(widget):
    inner = ("qt_spinbox_lineedit", "ScrollLeftButton", "ScrollRightButton", "qt_menubar_ext_button", "CloseButton")
    return widget.objectName() not in inner and "QTableCornerButton" not in type(widget).__name__


def texts_of(window):
    for widget in window.findChildren(QWidget):
        if isinstance(widget, QLabel | QAbstractButton) and _ours(widget):
            yield widget.text()
        if isinstance(widget, QLineEdit | QPlainTextEdit):
            yield widget.placeholderText()
        if isinstance(widget, QComboBox):
            yield from (widget.itemText(i) for i in range(widget.count()) if widget.property("kind") != "values")
        yield widget.toolTip()
        yield widget.accessibleName()
    for action in window.findChildren(QAction):
        yield action.text()
        yield action.toolTip()


def test_every_text_goes_through_translation(qtbot, marked, open_desk):
    desk = open_desk()
    desk.wait_ready()
    desk.build()
    bare = {
        text
        for text in texts_of(desk.window)
        if "⟦" not in text and not NOT_LANGUAGE.fullmatch(text) and _is_language(text)
    }
    assert not bare


def _is_language(text):
    """Not code (names of calls and layers, keys, digests, numbers), which reads alike in every language."""
    code = re.compile(r"[\w.]+\(.*\)|[a-z_]+(\.[a-z_]+)+|[A-Z]\w+|[a-z_]+|[0-9a-f ]{4,}|Ctrl\+.*|.*[()]")
    return not all(code.fullmatch(line) or NOT_LANGUAGE.fullmatch(line) for line in text.splitlines())


def test_every_control_has_a_name_and_most_explain_themselves(desk):
    desk.build()
    nameless = [
        w for w in visible_controls(desk.window) if not (w.accessibleName() or getattr(w, "text", lambda: "")())
    ]
    assert [f"{type(w).__name__} {w.objectName()}" for w in nameless] == []
    silent = [w for w in visible_controls(desk.window) if isinstance(w, QAbstractButton) and not w.toolTip()]
    assert [w.text() for w in silent] == []


def test_tab_reaches_every_visible_control(desk):
    from PySide6.QtCore import Qt

    desk.build()
    wanted = {w for w in visible_controls(desk.window) if w.isEnabled() and w.focusPolicy() & Qt.FocusPolicy.TabFocus}
    reached, widget = set(), desk.window
    for _ in range(500):
        widget = widget.nextInFocusChain()
        reached.add(widget)
    unreached = {w for w in wanted - reached if w.focusProxy() not in reached}
    assert [f"{type(w).__name__} {w.accessibleName()}" for w in unreached] == []


@pytest.mark.parametrize("choice", ["light", "dark"])
def test_the_theme_is_chosen_and_remembered(open_desk, choice):
    desk = open_desk()
    desk.window.actions_.themeChosen.emit(choice)
    assert desk.window.theme.name == choice
    assert Settings().theme == choice
    desk.window.close()
    assert open_desk().window.theme.name == choice


def test_the_layout_is_remembered_and_a_corrupt_settings_file_is_no_obstacle(open_desk):
    desk = open_desk()
    smallest = desk.window.minimumSize()
    desk.window.resize(smallest)
    desk.window.close()
    again = open_desk()
    assert (again.window.width(), again.window.height()) == smallest.toTuple()
    again.window.close()
    path = Path(
        QSettings(QSettings.Format.IniFormat, QSettings.Scope.UserScope, "ReproViewer", "ReproViewer").fileName()
    )
    assert path.is_file()
    path.write_bytes(b"\x00\xff[layout\ngeometry=@ByteArray(\\xnonsense)\ntheme=purple\n[[[")
    third = open_desk()
    assert third.window.isVisible()
    assert third.window.width() >= third.window.minimumWidth()


@pytest.mark.parametrize("size", [(1024, 640), (1360, 860)])
def test_nothing_sticks_out_of_the_window(open_desk, size):
    desk = open_desk()
    desk.window.resize(*size)
    desk.wait_ready()
    desk.build()
    desk.qtbot.wait(50)
    assert (desk.window.width(), desk.window.height()) == size
    for name in ("toolbar", "panel", "verdict", "tensors", "plots"):
        part = getattr(desk.window, name)
        corner = part.mapTo(desk.window, part.rect().bottomRight())
        assert corner.x() < size[0], name
        assert corner.y() < size[1], name


def test_a_narrow_window_says_whether_tensorflow_is_ready(open_desk):
    desk = open_desk()
    desk.window.resize(1024, 640)
    desk.wait_ready()
    desk.qtbot.wait(10)
    engine = desk.window.toolbar._engine
    assert engine.text().startswith("●  Ready")
    assert engine.fontMetrics().horizontalAdvance(engine.text()) <= engine.width()


def test_every_field_explains_itself(desk):
    window = desk.window
    desk.build()
    silent = [w for w in visible_controls(window) if isinstance(w, FIELDS) and not w.toolTip()]
    assert [w.accessibleName() for w in silent] == []
    assert "the wider the more elements" in window.strip.toolTip()


def test_the_verdict_line_keeps_its_height(open_desk):
    desk = open_desk()
    heights = {desk.window.verdict.height()}
    desk.wait_ready()
    heights.add(desk.window.verdict.height())
    desk.build()
    heights.add(desk.window.verdict.height())
    assert len(heights) == 1


def test_a_model_with_a_mistake_cannot_be_built_and_says_why(desk):
    from dataclasses import replace

    desk.controller.desk.edit(replace(desk.state.experiment, model="Dense(unit=5)"))
    assert not desk.state.can_build
    assert not desk.window.actions_.build.isEnabled()
    words = " ".join(str(problem.message) for problem in desk.state.problems)
    assert "unit" in words
    desk.controller.desk.undo()
    assert desk.window.actions_.build.isEnabled()


def test_a_mistake_that_only_keras_finds_is_marked_at_its_layer(open_desk):
    desk = open_desk(Experiment(model="Input((3,))\nReshape((7,))\nDense(2)"))
    desk.wait(lambda: bool(desk.state.problems))
    assert desk.state.problems[0].span.line == 2


def test_the_window_imports_neither_tensorflow_nor_keras(desk):
    desk.build()
    assert not {"tensorflow", "keras", "tf_keras"} & set(sys.modules)
