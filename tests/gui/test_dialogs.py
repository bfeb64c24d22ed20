"""Closing while something runs, the worker's log, and the report of a crash."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QMessageBox, QTextEdit

from reproviewer.core.experiment import SeedCall, Seeding
from reproviewer.gui import dialogs, log_window, theme
from reproviewer.gui.close_question import CloseQuestion
from reproviewer.gui.log_window import LogWindow


@pytest.fixture
def closing(desk):
    """A window that was asked to close while it builds, and its question."""

    def make(runs):
        desk.controller.desk.edit(replace(desk.state.experiment, runs=runs))
        desk.qtbot.keyClick(desk.window, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
        desk.window.close()
        (question,) = desk.window.findChildren(CloseQuestion)
        return desk, question

    return make


def test_the_question_says_what_runs_and_enter_stays(closing):
    desk, question = closing(1000)
    first = question.text()
    assert first == "Building: Run 1 of 1,000."
    desk.wait(lambda: question.text() != first)
    assert question.text().startswith("Building: Run ")
    assert question.defaultButton() is question.button(QMessageBox.StandardButton.Cancel)
    desk.qtbot.keyClick(question, Qt.Key.Key_Return)
    assert not question.isVisible()
    assert desk.window.isVisible()
    assert desk.state.busy


def test_the_question_goes_when_the_build_has_ended(closing):
    desk, question = closing(3)
    gone = []
    question.destroyed.connect(lambda: gone.append(True))
    desk.wait_done()
    desk.wait(lambda: bool(gone))
    assert desk.window.isVisible()
    assert len(desk.state.cards) == 3


def test_the_window_closes_all_the_same(closing):
    desk, question = closing(1000)
    (anyway,) = (b for b in question.buttons() if b.text() == "Close anyway")
    desk.qtbot.mouseClick(anyway, Qt.MouseButton.LeftButton)
    assert not desk.window.isVisible()


def test_the_log_is_shown_in_a_window_of_its_own(desk):
    desk.window.actions_.log.trigger()
    (window,) = desk.window.findChildren(LogWindow)
    assert window.isVisible()
    assert window.place.text() == str(desk.controller.log_path())
    desk.controller.log_path().write_text("first\nsecond\n", encoding="utf-8")
    window.read()
    assert window.text.toPlainText() == "first\nsecond\n"
    window.copy.click()
    assert QApplication.clipboard().text() == "first\nsecond\n"
    window.close()


def test_of_a_long_log_the_end_is_shown(qtbot, tmp_path, monkeypatch):
    from PySide6.QtWidgets import QWidget

    monkeypatch.setattr(log_window, "TAIL_BYTES", 8)
    path = tmp_path / "worker.log"
    path.write_bytes(b"much of it \xff\xff the end")
    parent = QWidget()
    qtbot.addWidget(parent)
    assert LogWindow(path, parent).text.toPlainText() == " the end"
    missing = LogWindow(tmp_path / "none.log", parent)
    assert missing.text.toPlainText() == "The worker has printed nothing yet."
    assert not missing.copy.isEnabled()


def _kept(desk, seed=None):
    calls = () if seed is None else (SeedCall("keras.utils.set_random_seed", seed),)
    desk.controller.desk.edit(replace(desk.state.experiment, seeding=Seeding(calls)))
    desk.build()
    desk.controller.desk.keep(desk.session.items[0].id, True)


def _asks_to_close(desk):
    desk.window.close()
    questions = desk.window.findChildren(CloseQuestion)
    assert desk.window.isVisible() == bool(questions)
    return questions


def test_kept_runs_that_cannot_be_built_again_are_not_lost_without_asking(desk, tmp_path):
    _kept(desk)
    (question,) = _asks_to_close(desk)
    assert question.text() == "Kept, but not saved: Run 1."
    question.reject()
    desk.wait(lambda: not desk.window.findChildren(CloseQuestion))
    desk.controller.files.save(desk.session.items[0].id, tmp_path / "kept.npz")
    desk.wait_done()
    assert not _asks_to_close(desk)


@pytest.mark.parametrize("change", ["nothing", "the seed"])
def test_what_the_experiment_builds_again_is_not_asked_about(desk, change):
    _kept(desk, 7)
    if change == "the seed":
        seeding = Seeding((SeedCall("keras.utils.set_random_seed", 8),))
        desk.controller.desk.edit(replace(desk.state.experiment, seeding=seeding))
    questions = _asks_to_close(desk)
    assert bool(questions) == (change == "the seed")
    if questions:
        desk.qtbot.mouseClick(
            next(b for b in questions[0].buttons() if b.text() == "Close anyway"), Qt.MouseButton.LeftButton
        )
    assert not desk.window.isVisible()


def test_a_seed_that_does_not_reach_all_is_no_promise(desk):
    _kept(desk, 7)
    seeding = Seeding((SeedCall("random.seed", 7),))
    desk.controller.desk.edit(replace(desk.state.experiment, seeding=seeding))
    desk.build()
    desk.controller.desk.remove(desk.session.items[0].id)
    desk.controller.desk.keep(desk.session.items[0].id, True)
    (question,) = _asks_to_close(desk)
    next(b for b in question.buttons() if b.text() == "Close anyway").click()


def test_the_report_of_a_crash_can_be_copied_and_read(qtbot):
    from PySide6.QtWidgets import QWidget

    parent = QWidget()
    qtbot.addWidget(parent)
    theme.apply(QApplication.instance(), theme.DARK)
    dialogs.show_crash(parent, ValueError("something odd"))
    (box,) = parent.findChildren(QMessageBox)
    buttons = {button.text(): button for button in box.buttons()}
    assert all(button.icon().isNull() for button in buttons.values())
    qtbot.mouseClick(buttons["Copy report"], Qt.MouseButton.LeftButton)
    assert "ValueError: something odd" in QApplication.clipboard().text()
    assert box.isVisible()
    qtbot.mouseClick(buttons["Show Details..."], Qt.MouseButton.LeftButton)
    details = box.findChild(QTextEdit)
    assert details.isVisible()
    assert details.width() >= dialogs.DETAILS_PX.width()
    box.close()
