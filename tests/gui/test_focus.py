"""Where the keyboard is while and after something runs."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QPushButton

from reproviewer.core.experiment import Experiment

LEFT, CTRL = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier


def control(desk, name):
    """A control that cannot be used while something runs."""
    toolbar, panel = desk.window.toolbar, desk.window.panel
    return {
        "build": toolbar._build,
        "runs": toolbar._runs,
        "load": toolbar._plain[2],
        "seeding": panel.seeding.rows[0].check,
        "layer": panel.model.add,
    }[name]


@pytest.mark.parametrize("name", ["build", "runs", "load", "seeding", "layer"])
def test_what_had_the_keyboard_gets_it_back(desk, name):
    widget = control(desk, name)
    widget.setFocus()
    desk.qtbot.keyClick(widget, Qt.Key.Key_R, CTRL)
    assert desk.state.busy
    assert not widget.isEnabled()
    waiting = desk.window.focusWidget()
    assert waiting is desk.window.verdict
    desk.qtbot.keyClick(waiting, Qt.Key.Key_Space)
    desk.wait_done()
    assert len(desk.state.cards) == 2
    assert desk.window.focusWidget() is widget


def test_the_keyboard_stays_where_the_person_has_taken_it_meanwhile(desk):
    control(desk, "build").setFocus()
    desk.qtbot.keyClick(desk.window, Qt.Key.Key_R, CTRL)
    desk.window.panel.model.editor.setFocus()
    desk.wait_done()
    assert desk.window.focusWidget() is desk.window.panel.model.editor


def test_a_button_that_has_gone_leaves_the_keyboard_where_no_key_does_anything(desk):
    desk.build()
    button = desk.window.verdict.findChild(QPushButton, "verdict-action")
    desk.qtbot.mouseClick(button, LEFT)
    desk.wait_done()
    assert not button.isVisible()
    assert desk.window.focusWidget() is desk.window.verdict
    before = desk.session
    desk.qtbot.keyClick(desk.window.verdict, Qt.Key.Key_Space)
    assert desk.session == before
    desk.build()
    assert desk.window.focusWidget() is desk.window.verdict


def test_after_saving_the_keyboard_is_on_save_again(desk, tmp_path, monkeypatch):
    desk.build()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *a, **k: (str(tmp_path / "a.npz"), ""))
    save = desk.window.toolbar._plain[1]
    save.setFocus()
    desk.qtbot.keyClick(save, Qt.Key.Key_Space)
    desk.wait(lambda: not desk.state.busy)
    assert (tmp_path / "a.npz").is_file()
    assert desk.window.focusWidget() is save


def test_moving_a_layer_to_the_top_does_not_give_the_keyboard_to_the_way_down(open_desk):
    desk = open_desk(Experiment(model="Dense(1)\nDense(2)"))
    model = desk.window.panel.model
    model.as_form.setChecked(True)
    model.form.list.setCurrentRow(1)
    model.form.earlier.setFocus()
    desk.qtbot.keyClick(model.form.earlier, Qt.Key.Key_Space)
    assert desk.state.experiment.model == "Dense(2)\nDense(1)"
    assert desk.window.focusWidget() is model.form.list


def test_a_field_that_is_made_anew_meanwhile_is_not_missed(desk):
    model = desk.window.panel.model
    model.as_form.setChecked(True)
    units = model.form.fields.fields["units"].line
    units.setFocus()
    desk.qtbot.keyClick(units, Qt.Key.Key_R, CTRL)
    assert desk.state.busy
    desk.window.panel.set_catalog(desk.controller.catalog)
    desk.wait_done()
    assert desk.window.focusWidget() is desk.window.verdict
