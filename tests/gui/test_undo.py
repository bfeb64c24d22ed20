"""Ctrl+Z: one step for each thing that the person did."""

import pytest
from PySide6.QtCore import Qt

from reproviewer.core.experiment import Draw, Experiment
from reproviewer.core.message import message
from reproviewer.gui import strokes

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")  # the plugin without a screen, of popups
CTRL, LEFT = Qt.KeyboardModifier.ControlModifier, Qt.MouseButton.LeftButton


@pytest.fixture
def typist(open_desk, monkeypatch):
    """A window, keys and clicks for its panel, where only a pause that is asked for is one."""
    monkeypatch.setattr(strokes, "PAUSE_MS", 10_000)
    desk = open_desk(Experiment(model="Dense(5)"))
    desk.model = desk.window.panel.model
    desk.text = lambda: desk.state.experiment.model
    desk.click = lambda button: desk.qtbot.mouseClick(button, LEFT)

    def add(name):
        desk.click(desk.model.add)
        desk.qtbot.keyClicks(desk.model.chooser.search, name)
        desk.qtbot.keyClick(desk.model.chooser.search, Qt.Key.Key_Return)

    def pause_and_type(widget, text):
        monkeypatch.setattr(strokes, "PAUSE_MS", 1)
        desk.qtbot.wait(5)
        desk.qtbot.keyClicks(widget, text[0])
        monkeypatch.setattr(strokes, "PAUSE_MS", 10_000)
        desk.qtbot.keyClicks(widget, text[1:])

    def undo():
        desk.qtbot.keyClick(desk.window.focusWidget() or desk.window, Qt.Key.Key_Z, CTRL)
        return desk.text()

    desk.add, desk.pause_and_type, desk.undo = add, pause_and_type, undo
    return desk


def test_every_action_of_the_form_is_a_step_of_its_own(typist):
    model, form = typist.model, typist.model.form
    typist.click(model.as_form)
    steps = [typist.text()]
    for act in (
        lambda: typist.add("Dense"),
        lambda: typist.add("ReLU"),
        lambda: typist.click(form.remove),
        lambda: typist.click(form.duplicate),
        lambda: typist.qtbot.keyClicks(form.fields.fields["units"].line, "12"),
        lambda: typist.click(form.earlier),
        lambda: typist.qtbot.keyClick(form.fields.fields["use_bias"].control, Qt.Key.Key_Space),
    ):
        act()
        assert typist.text() != steps[-1]
        steps.append(typist.text())
    while steps:
        assert typist.text() == steps.pop()
        typist.undo()
    assert not typist.controller.desk.can_undo


def test_typing_is_undone_line_by_line(typist):
    editor = typist.model.editor
    editor.setFocus()
    editor.moveCursor(editor.textCursor().MoveOperation.End)
    typist.qtbot.keyClicks(editor, "  # a")
    typist.qtbot.keyClick(editor, Qt.Key.Key_Return)
    typist.qtbot.keyClicks(editor, "ReLU()")
    assert typist.text() == "Dense(5)  # a\nReLU()"
    assert typist.undo() == "Dense(5)  # a"
    assert typist.undo() == "Dense(5)"


def test_a_pause_begins_a_step_and_a_mistake_comes_back_as_it_was_typed(typist):
    editor = typist.model.editor
    editor.setFocus()
    editor.moveCursor(editor.textCursor().MoveOperation.End)
    typist.qtbot.keyClick(editor, Qt.Key.Key_Return)
    typist.qtbot.keyClicks(editor, "Dense(units=2, unit=")
    typist.pause_and_type(editor, "3)")
    assert typist.undo() == "Dense(5)\nDense(units=2, unit="
    assert editor.toPlainText() == typist.text()
    assert typist.state.problems
    assert editor.extraSelections()
    assert typist.undo() == "Dense(5)"


def test_a_field_leaves_undo_to_the_window(typist):
    typist.click(typist.model.as_form)
    typist.add("Dropout")
    line = typist.model.form.fields.fields["rate"].line
    line.setFocus()
    assert typist.undo() == "Dense(5)"
    runs = typist.window.toolbar._runs
    runs.setFocus()
    typist.qtbot.keyClick(runs, Qt.Key.Key_Up)
    typist.qtbot.keyClick(runs, Qt.Key.Key_Up)
    assert typist.state.experiment.runs == 4
    typist.undo()
    assert typist.state.experiment.runs == runs.value() == 2


def test_a_seed_that_is_typed_is_one_step(typist):
    row = typist.window.panel.seeding.rows[0]
    typist.click(row.check)
    row.seed.setFocus()
    row.seed.selectAll()
    typist.qtbot.keyClicks(row.seed, "4711")
    assert typist.state.experiment.seeding.calls[0].seed == 4711
    typist.undo()
    assert typist.state.experiment.seeding.calls[0].seed == 1
    assert row.seed.text() == "1"
    typist.undo()
    assert typist.state.experiment.seeding.calls == ()


def test_a_bad_value_in_the_form_is_not_built_and_can_be_undone(desk, qtbot) -> None:
    section = desk.window.panel.model
    qtbot.mouseClick(section.as_form, Qt.MouseButton.LeftButton)
    units = section.form.fields.fields["units"]
    units.line.setFocus()
    units.line.selectAll()
    qtbot.keyClicks(units.line, "-4")
    assert not desk.window.actions_.build.isEnabled()
    desk.controller.build()
    assert not desk.state.busy
    qtbot.keyClick(units.line, Qt.Key.Key_Z, CTRL)
    assert units.line.text() == "5"
    assert not units.problem.isVisible()
    assert desk.window.actions_.build.isEnabled()


def test_a_bad_seed_is_not_built_and_can_be_undone(desk, qtbot) -> None:
    row = desk.window.panel.seeding.rows[0]
    qtbot.keyClick(row.check, Qt.Key.Key_Space)
    row.seed.setFocus()
    row.seed.selectAll()
    qtbot.keyClicks(row.seed, "99999999999")
    assert row.seed.text() == "99999999999"
    assert not desk.window.actions_.build.isEnabled()
    assert "Correct what is marked" in str(desk.state.verdict.facts)
    desk.controller.build()
    assert not desk.state.busy
    qtbot.keyClick(row.seed, Qt.Key.Key_Z, CTRL)
    assert row.seed.text() == "1"
    assert desk.window.actions_.build.isEnabled()


def test_what_was_said_of_an_edit_goes_with_it(desk):
    desk.controller.desk.edit(Experiment("Dense(6)"))
    for action in (desk.window.actions_.undo, desk.window.actions_.redo):
        desk.controller.said.emit(message("Loaded {file} into a second model.", file="test.h5"))
        assert desk.window.statusBar().currentMessage()
        action.trigger()
        assert not desk.window.statusBar().currentMessage()


def test_a_number_of_runs_that_is_typed_is_built_at_once(desk, qtbot):
    runs = desk.window.toolbar._runs
    runs.setFocus()
    runs.selectAll()
    qtbot.keyClicks(runs.lineEdit(), "12")
    qtbot.keyClick(runs, Qt.Key.Key_R, CTRL)
    assert desk.session.experiment.runs == 12
    assert desk.session.asked == 12
    desk.wait_done()
    assert len(desk.state.cards) == 12
    desk.controller.undo()
    desk.controller.undo()
    assert desk.session.experiment.runs == 2


def test_a_number_of_draws_that_is_typed_is_drawn_at_once(open_desk, qtbot):
    desk = open_desk(Experiment(draws=(Draw("random.random"),)))
    desk.wait(lambda: desk.state.phase == "ready")
    (size,) = (row.size_box for row in desk.window.panel.draws.rows)
    size.setFocus()
    size.selectAll()
    qtbot.keyClicks(size.lineEdit(), "12")
    qtbot.keyClick(size, Qt.Key.Key_R, CTRL)
    assert desk.session.built.draws == (Draw("random.random", 12),)
