"""What the person says about comparing: which files, on what terms, when to stop, and which equal which."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QApplication, QDialog, QDialogButtonBox, QPushButton

from reproviewer.core.verdict import Criteria, Tolerance, Tolerances, Verdict
from reproviewer.gui import dialogs
from reproviewer.gui.criteria_dialog import CriteriaDialog
from reproviewer.gui.groups_dialog import GroupsDialog
from reproviewer.gui.shelf import ROOM_PX, CardButton
from reproviewer.gui.tensor_model import NAME, SHAPE

KERNEL = np.linspace(-1, 1, 12, dtype="f4").reshape(3, 4)
BIAS = np.ones(4, "f4")


@pytest.fixture
def write(tmp_path):
    """Write a file of two weights."""

    def write(name, kernel=KERNEL, bias=BIAS, **more):
        np.savez(tmp_path / name, **{"dense/kernel": kernel, "dense/bias": bias}, **more)
        return tmp_path / name

    return write


@pytest.fixture
def opened(open_desk):
    """A desk on which these files have been compared."""

    def make(*paths):
        desk = open_desk()
        desk.controller.files.open(list(paths))
        desk.wait(lambda: len(desk.state.cards) == len(paths))
        desk.wait_done()
        return desk

    return make


def press(desk, key, target=None):
    combination = QKeySequence(key)[0]
    desk.qtbot.keyClick(target or desk.window, combination.key(), combination.keyboardModifiers())


def shown_dialog(desk, kind):
    desk.wait(lambda: desk.window.findChild(kind) is not None and desk.window.findChild(kind).isVisible())
    return desk.window.findChild(kind)


def button(dialog, which):
    return dialog.findChild(QDialogButtonBox).button(which)


OK, CANCEL = QDialogButtonBox.StandardButton.Ok, QDialogButtonBox.StandardButton.Cancel


def test_a_tolerance_is_set_by_the_keyboard_and_undone(opened, write):
    bias = BIAS.copy()
    bias[2] = np.nextafter(np.float32(1), np.float32(2))
    desk = opened(write("a.npz"), write("b.npz", bias=bias))
    assert desk.state.verdict.verdict is Verdict.DIFFERENT
    press(desk, "Ctrl+T")
    dialog = shown_dialog(desk, CriteriaDialog)
    field = next(f for f in dialog._whole.numbers() if f.accessibleName() == "ULP")
    field.setFocus()
    desk.qtbot.keyClicks(field, "1")
    desk.qtbot.mouseClick(button(dialog, OK), Qt.MouseButton.LeftButton)
    desk.wait(lambda: desk.state.verdict.verdict is Verdict.CLOSE)
    assert str(desk.state.verdict.facts).endswith("Tolerance: 1 ULP.")
    desk.window.activateWindow()
    desk.wait(desk.window.isActiveWindow)
    press(desk, "Ctrl+Z")
    desk.wait(lambda: desk.state.verdict.verdict is Verdict.DIFFERENT)
    assert not desk.session.criteria


def test_a_tensor_has_a_tolerance_of_its_own_from_its_menu(opened, write):
    desk = opened(write("a.npz"), write("b.npz", bias=BIAS + np.float32(0.01), kernel=KERNEL + np.float32(0.01)))
    desk.window.tensors.toleranceWanted.emit("dense/bias")
    dialog = shown_dialog(desk, CriteriaDialog)
    assert dialog.focusWidget() is dialog._rows[0].ulp
    desk.qtbot.keyClicks(dialog._rows[0].atol, "0.02")
    dialog.accept()
    desk.wait(lambda: desk.state.verdict.face == "done")
    verdicts = {row.name: row.verdict for row in desk.state.tensors.rows}
    assert verdicts == {"dense/kernel": Verdict.DIFFERENT, "dense/bias": Verdict.CLOSE}


@pytest.fixture
def dialog(qtbot):
    """The dialog on given terms."""
    from PySide6.QtWidgets import QWidget

    parent = QWidget()
    qtbot.addWidget(parent)
    parent.show()

    def make(criteria=Criteria(), name=""):  # noqa: B008
        made = CriteriaDialog(criteria, parent, name)
        made.open()
        return made

    return make


def test_the_fields_show_the_terms_and_say_the_same(dialog):
    terms = Criteria(Tolerances(Tolerance(3, 1e-6, 0.25), (("*/bias", Tolerance(0, 1e-300)), ("x", Tolerance()))), True)
    assert dialog(terms).criteria() == terms
    assert dialog().criteria() == Criteria()


def test_what_is_no_number_cannot_be_chosen(qtbot, dialog):
    made = dialog()
    qtbot.keyClicks(made._whole.rtol, "1e-")
    assert not button(made, OK).isEnabled()
    qtbot.keyClicks(made._whole.rtol, "3")
    assert button(made, OK).isEnabled()
    assert made.criteria().tolerance.default == Tolerance(rtol=1e-3)
    qtbot.keyClicks(made._whole.ulp, "-5x7")
    assert made._whole.ulp.text() == "57"
    assert made._problem.text() == ""
    qtbot.keyClicks(made._whole.ulp, "99999999")
    assert not button(made, OK).isEnabled()
    assert made._whole.ulp.property("bad")
    assert "up to 2147483647" in made._problem.text()


def test_rows_are_added_removed_and_cleared(qtbot, dialog):
    made = dialog(name="dense/kernel")
    assert [row.pattern.text() for row in made._rows] == ["dense/kernel"]
    more = next(b for b in made.findChildren(QPushButton) if b.text().startswith("&Another"))
    qtbot.mouseClick(more, Qt.MouseButton.LeftButton)
    qtbot.keyClicks(made._rows[1].pattern, "*")
    qtbot.keyClicks(made._rows[1].atol, "1")
    qtbot.mouseClick(made._rows[0].remove, Qt.MouseButton.LeftButton)
    assert made.criteria() == Criteria(Tolerances(by_pattern=(("*", Tolerance(atol=1)),)))
    exact = next(b for b in made.findChildren(QPushButton) if b.text() == "&Exact")
    qtbot.mouseClick(exact, Qt.MouseButton.LeftButton)
    assert made.criteria() == Criteria()


def test_optimizer_state_counts_when_the_person_says_so(open_desk, tmp_path):
    import h5py

    def save(name, moment):
        with h5py.File(tmp_path / name, "w") as file:
            file["layers/dense/vars/0"] = KERNEL
            file["optimizer/vars/0"] = moment
        return tmp_path / name

    desk = open_desk()
    desk.controller.files.open([save("a.weights.h5", BIAS), save("b.weights.h5", BIAS * 2)])
    desk.wait(lambda: len(desk.state.cards) == 2)
    desk.wait_done()
    assert desk.state.verdict.verdict is Verdict.IDENTICAL
    desk.controller.desk.set_criteria(Criteria(with_state=True))
    desk.wait(lambda: desk.state.verdict.verdict is Verdict.DIFFERENT)
    assert str(desk.state.verdict.facts).endswith("Optimizer and other state counts.")
    state = next(row for row in desk.state.tensors.rows if row.role == "optimizer")
    assert (state.verdict, state.differing) == (Verdict.DIFFERENT, 4)


def test_comparing_can_be_stopped_and_begun_again(open_desk, tmp_path):
    paths = [tmp_path / name for name in ("a.npy", "b.npy")]
    for path in paths:
        np.lib.format.open_memmap(path, "w+", "f4", (1 << 28,))[-1] = 1  # 1 GiB of which little is on the disk
    desk = open_desk()
    desk.controller.files.open(paths)
    desk.wait(lambda: len(desk.state.cards) == 2 and desk.controller.findings.progress is not None)
    done, total = desk.state.verdict.progress
    assert 0 <= done < total
    press(desk, "Escape")
    assert desk.state.verdict.face == "stopped"
    again = desk.window.verdict.findChild(QPushButton, "verdict-action")
    assert again.text() == "Compare"
    desk.qtbot.mouseClick(again, Qt.MouseButton.LeftButton)
    assert desk.state.verdict.face == "comparing"
    press(desk, "Escape")
    assert desk.state.verdict.face == "stopped"


def test_the_menu_compares_files_chosen_one_after_the_other(open_desk, write, monkeypatch):
    desk = open_desk()
    answers = [[write("b.npz", bias=BIAS * 2)], [write("a.npz"), write("c.npz")]]
    titles = []

    def ask(parent, settings, purpose, title, filters):
        titles.append(title)
        return answers.pop(0)

    monkeypatch.setattr(dialogs, "ask_open", ask)
    desk.controller.files.open([write("before.npz")])
    desk.wait(lambda: len(desk.state.cards) == 1)
    desk.window.actions_.compare.trigger()
    desk.wait(lambda: len(desk.state.cards) == 4 and desk.state.verdict.face == "done")
    assert titles[1] == "Compare b.npz with"
    assert [card.label for card in desk.state.cards if card.is_reference] == ["b.npz"]


def test_which_equals_which(opened, write):
    one, other = KERNEL, -KERNEL
    desk = opened(write("a.npz", one), write("b.npz", other), write("c.npz", one), write("d.npz", other, BIAS * 2))
    press(desk, "Ctrl+G")
    dialog = shown_dialog(desk, GroupsDialog)
    desk.wait(lambda: dialog.table.isVisible())
    assert dialog.note.text() == "Identical: a.npz, c.npz\nLike no other: b.npz, d.npz"
    model = dialog.table.model()
    assert [model.index(0, column).data() for column in range(4)] == ["·", "✕", "✓", "✕"]
    told = model.index(1, 3).data(Qt.ItemDataRole.ToolTipRole)
    assert told == "b.npz and d.npz: different"
    dialog.table.setCurrentIndex(model.index(1, 3))
    press(desk, "Return", dialog.table)
    assert desk.session.reference_item.label == "b.npz"
    desk.wait(lambda: desk.state.plot is not None and desk.state.verdict.face == "done")
    assert desk.session.item(desk.state.plot.focus).label == "d.npz"


def test_closing_the_groups_stops_what_is_being_read(opened, write):
    desk = opened(write("a.npz"), write("b.npz"), write("c.npz"))
    desk.window.actions_.groups.trigger()
    dialog = shown_dialog(desk, GroupsDialog)
    press(desk, "Escape", dialog)
    desk.wait(lambda: not [w for w in QApplication.topLevelWidgets() if isinstance(w, QDialog) and w.isVisible()])
    assert desk.state.verdict.verdict is Verdict.IDENTICAL


def test_what_is_not_compared_yet_is_said_when_groups_are_asked_for(opened, write):
    desk = opened(write("a.npz"), write("b.npz"))
    path = write("b.npz", KERNEL * 2)
    desk.wait(lambda: desk.state.verdict.face == "changed")
    assert path.exists()
    press(desk, "Ctrl+G")
    assert desk.window.statusBar().currentMessage() == "All have to be compared first."


def test_the_order_of_the_list_goes_with_the_desk_and_its_arrow_tells_the_truth(opened, write):
    desk = opened(write("a.npz"), write("b.npz"))
    view = desk.window.tensors.view
    header = view.header()

    def click(column):
        at = QPoint(header.sectionViewportPosition(column) + 8, header.height() // 2)
        desk.qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=at)

    click(NAME)
    click(SHAPE)
    assert header.isSortIndicatorShown()
    assert header.sortIndicatorSection() == NAME
    desk.window.actions_.new.trigger()
    assert not header.isSortIndicatorShown()
    desk.controller.files.open([write("c.npz")])
    desk.wait(lambda: len(desk.state.cards) == 1)
    assert [line.name for line in view.contents.rows] == ["dense/kernel", "dense/bias"]


def test_a_card_shortens_the_name_and_never_the_word(opened, write):
    name = "a_file_with_a_very_long_name_of_its_own.npz"
    desk = opened(write(name), write("b.npz", KERNEL[:2]))
    first, second = desk.window.shelf.findChildren(CardButton)
    assert first.text().splitlines()[0].endswith(" · reference")
    assert "…" in first.text()
    assert first.accessibleName().startswith(f"{name} · reference, ")
    second.show_card(replace(second.card, kind="run", digest="5bcd4a4d" * 8), desk.window.theme)
    assert second.text().splitlines()[1] in ("≠ mismatched", "≠ mismatched · 5bcd 4a4d")
    for button in (first, second):
        for line in button.text().splitlines():
            assert button.fontMetrics().horizontalAdvance(line) <= ROOM_PX
