import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QHelpEvent, QKeySequence, QShortcut, QTextCharFormat
from PySide6.QtWidgets import QApplication, QToolTip

from reproviewer.core.catalog import Catalog, shipped
from reproviewer.core.experiment import Experiment
from reproviewer.core.keras_text import Problem
from reproviewer.core.message import message
from reproviewer.core.model_spec import Span
from reproviewer.gui.panel.layer_chooser import matching
from reproviewer.gui.theme import DARK, LIGHT

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")  # the plugin without a screen, of popups
LEFT = Qt.MouseButton.LeftButton


def marks(editor):
    return [selection.cursor.selectedText() for selection in editor.extraSelections()]


def test_typing_edits_the_model(bench, qtbot) -> None:
    desk = bench()
    qtbot.keyClicks(desk.panel.model.editor, "Dense(5)")
    assert desk.experiment.model == "Dense(5)"
    assert len(desk.edits) == 8
    assert desk.panel.model.editor.textCursor().position() == 8


def test_a_file_dropped_on_the_text_is_left_to_the_window(bench) -> None:
    editor = bench(Experiment(model="Dense(5)")).panel.model.editor
    assert not editor.acceptDrops()
    assert not editor.viewport().acceptDrops()


def test_mistakes_are_underlined_and_said(bench, qtbot) -> None:
    desk = bench(Experiment(model="Dense(5)\nDense(name='ä🙂', unit=3)\nFlatten)"))
    section = desk.panel.model
    assert marks(section.editor) == ["Dense(name='ä🙂', unit=3)", "unit=3", "Flatten", ")"]
    mark = section.editor.extraSelections()[0]
    style = mark.format
    assert style.underlineStyle() == QTextCharFormat.UnderlineStyle.WaveUnderline
    lines = section.findings.text().splitlines()
    assert lines[0] == "Line 2: Dense needs `units`."
    assert lines[1].startswith("Line 2: `unit` is not a parameter")
    assert section.findings.property("kind") == "problem"


def test_many_mistakes_are_counted_and_none_shows_the_size(bench) -> None:
    desk = bench(Experiment(model="A()\nB()\nC()\nD()\nE()"))
    findings = desk.panel.model.findings
    assert len(findings.text().splitlines()) == 4
    assert findings.text().splitlines()[-1] == "and 2 more"
    desk.panel.show_experiment(Experiment(model="Dense(5)"), (), "10 weights in 2 tensors")
    assert findings.text() == "10 weights in 2 tensors"
    assert findings.property("kind") == "caption"


@pytest.mark.parametrize("span", [Span(1, 0, 1, 0), Span(9, 3, 12, 5), Span(1, 99, 1, 120)])
def test_a_mistake_at_an_odd_place_does_no_harm(bench, span) -> None:
    desk = bench()
    desk.panel.show_experiment(Experiment(model="Dense(5)"), (Problem(message("Odd."), span),), "")
    assert "Odd." in desk.panel.model.findings.text()


def test_the_colour_of_the_marks_follows_the_theme(bench) -> None:
    desk = bench(Experiment(model="Dens(5)"))
    for theme in (DARK, LIGHT):
        desk.panel.apply_theme(theme)
        (mark,) = desk.panel.model.editor.extraSelections()
        style = mark.format
        colour = style.underlineColor()
        assert colour.name().upper() == theme.different_ink


def test_pointing_at_a_mistake_tells_it(bench, qtbot) -> None:
    desk = bench(Experiment(model="Dens(5)"))
    editor = desk.panel.model.editor
    at = editor.viewport().mapTo(editor, editor.cursorRect().center()) + QPoint(6, 0)
    QApplication.sendEvent(editor, QHelpEvent(QHelpEvent.Type.ToolTip, at, editor.mapToGlobal(at)))
    assert QToolTip.text().startswith("`Dens` is not a layer")
    QToolTip.hideText()
    qtbot.waitUntil(lambda: not QToolTip.isVisible())


def test_undo_is_left_to_the_window(bench, qtbot) -> None:
    desk = bench(Experiment(model="Dense(5)"))
    pressed = []
    shortcut = QShortcut(QKeySequence(QKeySequence.StandardKey.Undo), desk.panel)
    shortcut.activated.connect(lambda: pressed.append("undo"))
    desk.panel.model.editor.setFocus()
    qtbot.keyClicks(desk.panel.model.editor, "x")
    qtbot.keyClick(desk.panel.model.editor, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert pressed == ["undo"]
    assert desk.experiment.model == "xDense(5)"


def test_the_cursor_stays_when_the_text_is_shown_anew(bench) -> None:
    desk = bench(Experiment(model="Dense(5)\nDense(6)"))
    editor = desk.panel.model.editor
    cursor = editor.textCursor()
    cursor.setPosition(12)
    editor.setTextCursor(cursor)
    desk.show(Experiment(model="Dense(5)\nDense(7)"))
    assert editor.textCursor().position() == 12
    desk.show(Experiment(model="Dense"))
    assert editor.textCursor().position() == 5


def test_tab_leaves_the_editor(bench, qtbot) -> None:
    desk = bench()
    desk.panel.model.editor.setFocus()
    qtbot.keyClick(desk.panel.model.editor, Qt.Key.Key_Tab)
    assert QApplication.focusWidget() is desk.panel.model.add
    assert desk.edits == []


def test_a_layer_is_found_and_added_after_the_line_of_the_cursor(bench, qtbot) -> None:
    desk = bench(Experiment(model="Dense(5)  # first\nDense(6)"))
    section = desk.panel.model
    qtbot.mouseClick(section.add, LEFT)
    assert section.chooser.isVisible()
    qtbot.keyClicks(section.chooser.search, "dropout")
    qtbot.keyClick(section.chooser.search, Qt.Key.Key_Return)
    assert not section.chooser.isVisible()
    assert desk.experiment.model == "Dense(5)  # first\nDropout(0.5)\nDense(6)"
    assert section.editor.line() == 2
    assert len(desk.edits) == 1


def test_the_list_of_layers_is_walked_with_the_arrows(bench, qtbot) -> None:
    desk = bench()
    section = desk.panel.model
    qtbot.mouseClick(section.add, LEFT)
    qtbot.keyClick(section.chooser.search, Qt.Key.Key_Down)
    qtbot.keyClick(section.chooser.search, Qt.Key.Key_Return)
    assert desk.experiment.model == "Dense(8)"
    qtbot.mouseClick(section.add, LEFT)
    item = section.chooser.list.item(0)
    qtbot.mouseClick(section.chooser.list.viewport(), LEFT, pos=section.chooser.list.visualItemRect(item).center())
    assert desk.experiment.model == "Dense(8)\nInput((8,))"


def test_nothing_is_added_when_nothing_is_found_or_wanted(bench, qtbot) -> None:
    desk = bench()
    chooser = desk.panel.model.chooser
    qtbot.mouseClick(desk.panel.model.add, LEFT)
    qtbot.keyClicks(chooser.search, "qqq")
    qtbot.keyClick(chooser.search, Qt.Key.Key_Return)
    qtbot.keyClick(chooser, Qt.Key.Key_Escape)
    assert not chooser.isVisible()
    assert desk.edits == []


def test_the_search_finds_beginnings_first() -> None:
    names = shipped().choices("layers")
    assert matching(names, " conv2d ")[:2] == ["Conv2D", "Conv2DTranspose"]
    assert "DepthwiseConv2D" in matching(names, "conv2d")
    assert matching(names, "") == list(names)


def test_another_keras_brings_its_own_layers(bench, qtbot) -> None:
    desk = bench()
    own = {"Mine": {"parameters": [{"name": "units", "required": True}]}}
    empty = {family: {} for family in ("initializers", "regularizers", "constraints")}
    data = {"keras": "9", "flavour": "keras", "layers": own, "activations": [], "common": [], **empty}
    desk.panel.set_catalog(Catalog.from_json(data))
    qtbot.mouseClick(desk.panel.model.add, LEFT)
    assert desk.panel.model.chooser.list.count() == 1
    qtbot.keyClick(desk.panel.model.chooser.search, Qt.Key.Key_Return)
    assert desk.experiment.model == "Mine(8)"


@pytest.mark.parametrize("model", ["", "Dense(1)", "Dense(1)\n" * 8, "Dense(5, name='a_long_name_of_a_layer')\n" * 3])
@pytest.mark.parametrize("width", [260, 300, 350])
@pytest.mark.usefixtures("themed")
def test_a_short_text_needs_no_scroll_bar(bench, qtbot, model, width) -> None:
    editor = bench(Experiment(model=model), width=width).panel.model.editor
    qtbot.waitUntil(lambda: editor.height() == editor.sizeHint().height())
    assert editor.verticalScrollBar().maximum() == 0


def test_the_editor_grows_with_the_text_up_to_a_limit(bench) -> None:
    desk = bench()
    editor = desk.panel.model.editor
    few = editor.sizeHint().height()
    desk.show(Experiment(model="Dense(1)\n" * 9))
    some = editor.sizeHint().height()
    desk.show(Experiment(model="Dense(1)\n" * 99))
    many = editor.sizeHint().height()
    desk.show(Experiment(model="Dense(1)\n" * 999))
    assert few < some < many == editor.sizeHint().height()
