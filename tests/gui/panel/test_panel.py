from itertools import pairwise

import pytest
from PySide6.QtCore import QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QListWidget,
    QPlainTextEdit,
    QToolTip,
    QWidget,
)

from reproviewer.core.catalog import shipped
from reproviewer.core.experiment import DRAW_CALLS, Draw, Environment, Experiment, SeedCall, Seeding

LEFT = Qt.MouseButton.LeftButton
MODEL = "Input((28, 28, 1))\nConv2D(8, 3)\nBidirectional(LSTM(4))\nDense(10, kernel_initializer=GlorotUniform(seed=1))"
FULL = Experiment(
    model=MODEL,
    draws=tuple(Draw(call, 1_000_000) for call in DRAW_CALLS),
    seeding=Seeding((SeedCall("keras.utils.set_random_seed", 2**32 - 1), SeedCall("random.seed", 2**32 - 1)), "once"),
    environment=Environment("tf_keras", "fresh", "/a/very/long/path/to/some/environment/of/a/person/bin/python3.11"),
    title="A title that is much too long for one line of the panel",
    notes="Notes. " * 30,
)


def test_showing_an_experiment_is_no_edit(bench) -> None:
    desk = bench(FULL)
    desk.show(Experiment())
    desk.show(FULL)
    assert desk.edits == []


def test_the_environment_is_chosen(bench, qtbot) -> None:
    desk = bench()
    flavour, fresh = desk.panel.environment._flavour, desk.panel.environment._fresh
    flavour.setFocus()
    qtbot.keyClick(flavour, Qt.Key.Key_Down)
    assert desk.experiment.environment == Environment("tf_keras", "same")
    qtbot.keyClick(fresh, Qt.Key.Key_Space)
    assert desk.experiment.environment == Environment("tf_keras", "fresh")
    assert len(desk.edits) == 2


def test_the_path_of_another_python_stays(bench, qtbot) -> None:
    desk = bench(Experiment(environment=Environment(python="/usr/bin/python3")))
    qtbot.keyClick(desk.panel.environment._fresh, Qt.Key.Key_Space)
    assert desk.experiment.environment.python == "/usr/bin/python3"
    assert "/usr/bin/python3" in desk.panel.environment._python.text()


def test_notes_show_and_fold_away(bench, qtbot) -> None:
    desk = bench(Experiment(title="A title", notes="Look at this."))
    notes = desk.panel.notes
    assert notes.isVisible()
    qtbot.mouseClick(notes.fold, LEFT)
    assert not notes._notes.isVisible()
    assert notes._title.isVisible()
    desk.show(desk.experiment)
    assert not notes._notes.isVisible()
    desk.show(Experiment(title="Another", notes="Look at that."))
    assert notes._notes.isVisible()
    desk.show(Experiment())
    assert not notes.isVisible()


@pytest.mark.usefixtures("themed")
def test_a_title_of_any_length_keeps_clear_of_its_notes(bench) -> None:
    gaps = set()
    for title in ("A title", "A title that is much too long for one line of the panel"):
        notes = bench(Experiment(title=title, notes="Look at this.")).panel.notes
        QApplication.processEvents()
        words = notes._title.contentsRect().translated(notes._title.pos())
        gaps.add(notes._notes.y() - words.bottom())
    assert len(gaps) == 1
    assert gaps.pop() >= 6


@pytest.mark.usefixtures("themed")
def test_the_number_of_a_spin_box_is_in_its_middle(bench) -> None:
    box = bench(FULL).panel.draws.rows[0].size_box
    QApplication.processEvents()
    assert abs(box.lineEdit().geometry().center().y() - box.rect().center().y()) <= 1


@pytest.mark.usefixtures("themed")
def test_nothing_moves_when_a_check_box_takes_the_keyboard(bench) -> None:
    desk = bench()
    check = desk.panel.seeding.rows[0].check
    label = QRect(check.height() + 4, 0, check.sizeHint().width(), check.height())
    desk.panel.model.editor.setFocus()
    whole, words = check.grab().toImage(), check.grab(label).toImage()
    check.setFocus()
    QApplication.processEvents()
    assert check.grab(label).toImage() == words
    assert check.grab().toImage() != whole


def test_draws_are_added_changed_and_removed(bench, qtbot) -> None:
    desk = bench()
    draws = desk.panel.draws
    qtbot.mouseClick(draws.add, LEFT)
    qtbot.mouseClick(draws.add, LEFT)
    assert desk.experiment.draws == (Draw("random.random"), Draw("numpy.random.random"))
    size = draws.rows[0].size_box
    size.setFocus()
    size.selectAll()
    qtbot.keyClicks(size, "12")
    qtbot.keyClick(size, Qt.Key.Key_Return)
    assert desk.experiment.draws[0] == Draw("random.random", 12)
    draws.rows[1].call.setFocus()
    qtbot.keyClick(draws.rows[1].call, Qt.Key.Key_Down)
    assert desk.experiment.draws[1] == Draw("numpy.random.default_rng")
    qtbot.mouseClick(draws.rows[0].remove, LEFT)
    assert desk.experiment.draws == (Draw("numpy.random.default_rng"),)


def test_a_number_field_says_what_it_takes_when_it_refuses_a_key(bench, qtbot, monkeypatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(QToolTip, "showText", lambda _, text, *rest: said.append(text))
    size = bench(FULL).panel.draws.rows[0].size_box
    size.setFocus()
    size.selectAll()
    qtbot.keyClicks(size, "1000000")
    assert size.value() == 1_000_000
    assert said == []
    qtbot.keyClicks(size, "0")
    assert size.value() == 1_000_000
    assert said == ["A whole number from 1 to 1000000"]


def test_while_building_nothing_can_be_changed(bench, qtbot) -> None:
    desk = bench(FULL)
    panel = desk.panel
    panel.set_busy(True)
    qtbot.keyClicks(panel.model.editor, "x")
    qtbot.mouseClick(panel.draws.add, LEFT)
    qtbot.mouseClick(panel.model.add, LEFT)
    assert desk.edits == []
    assert not panel.model.chooser.isVisible()
    panel.set_busy(False)
    qtbot.keyClicks(panel.model.editor, "x")
    assert desk.edits


@pytest.mark.parametrize("width", [260, 300, 420])
@pytest.mark.parametrize("as_form", [False, True])
@pytest.mark.usefixtures("themed")
def test_it_never_scrolls_sideways(bench, qtbot, width, as_form) -> None:
    desk = bench(FULL, width=width)
    if as_form:
        qtbot.mouseClick(desk.panel.model.as_form, LEFT)
    for row in range(4 if as_form else 1):
        desk.panel.model.form.list.setCurrentRow(row)
        for more in desk.panel.findChildren(QAbstractButton):
            if "more" in more.text() and more.isVisible():
                more.click()
        QApplication.processEvents()
        assert desk.panel.width() == width
        assert desk.panel.area.horizontalScrollBar().maximum() == 0


def test_the_wheel_scrolls_the_panel_and_changes_nothing(bench) -> None:
    desk = bench(FULL)
    desk.panel.model.editor.setFocus()
    for widget in (desk.panel.environment._flavour, desk.panel.draws.rows[0].call, desk.panel.draws.rows[0].size_box):
        at = QPointF(5, 5)
        wheel = QWheelEvent(
            at,
            widget.mapToGlobal(at),
            QPoint(),
            QPoint(0, -120),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(widget, wheel)
    assert desk.edits == []


def controls(panel):
    kinds = (QAbstractButton, QAbstractSpinBox, QComboBox, QLineEdit, QListWidget, QPlainTextEdit)
    for widget in panel.findChildren(QWidget):
        inner = isinstance(widget.parentWidget(), QAbstractSpinBox | QComboBox)
        if isinstance(widget, kinds) and not inner and not widget.objectName().startswith("qt_"):
            yield widget


@pytest.mark.parametrize("as_form", [False, True])
def test_every_control_says_what_it_is(bench, qtbot, as_form) -> None:
    desk = bench(FULL)
    if as_form:
        qtbot.mouseClick(desk.panel.model.as_form, LEFT)
        desk.panel.model.form.list.setCurrentRow(3)
    unnamed = [w for w in controls(desk.panel) if not (w.accessibleName() or getattr(w, "text", str)())]
    assert unnamed == []
    mute = [w for w in controls(desk.panel) if w.isVisible() and not w.toolTip() and not isinstance(w, QPlainTextEdit)]
    assert mute == []


@pytest.mark.parametrize("as_form", [False, True])
def test_the_keyboard_reaches_everything_from_top_to_bottom(bench, qtbot, as_form) -> None:
    desk = bench(FULL)
    panel = desk.panel
    if as_form:
        qtbot.mouseClick(panel.model.as_form, LEFT)
        panel.set_catalog(shipped())
        panel.model.form.list.setCurrentRow(2)
        panel.model.form.list.setCurrentRow(3)
    panel.notes.fold.setFocus()
    seen = [QApplication.focusWidget()]
    for _ in range(80):
        panel.focusNextChild()
        if QApplication.focusWidget() is seen[0]:
            break
        seen.append(QApplication.focusWidget())
    wanted = {w for w in controls(panel) if w.isVisible() and w.isEnabled()}
    assert wanted <= set(seen)
    assert seen[1] is (panel.model.form.list if as_form else panel.model.editor)
    heights = [w.mapTo(panel.area.widget(), QPoint(0, w.height() // 2)).y() for w in seen]
    assert all(below - above > -12 for above, below in pairwise(heights))


def test_mnemonics_lead_to_the_sections(bench) -> None:
    desk = bench(FULL)
    panel = desk.panel
    for section in (panel.model, panel.draws, panel.seeding, panel.environment):
        assert "&" in section.heading.text()
        assert panel.isAncestorOf(section.heading.buddy())
