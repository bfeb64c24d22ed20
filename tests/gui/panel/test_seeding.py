from itertools import product

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from reproviewer.core.experiment import Experiment, SeedCall, Seeding, dumps, loads
from reproviewer.gui.panel.seeding_section import SeedingSection

ALL = "keras.utils.set_random_seed"
TF = "tf.random.set_seed"
NUMPY = "numpy.random.seed"
PYTHON = "random.seed"


def row(desk, function):
    return next(row for row in desk.panel.seeding.rows if row.function == function)


def retype(qtbot, field, text):
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, text)


def test_a_call_is_made_with_the_seed_of_the_others(bench, qtbot) -> None:
    desk = bench()
    qtbot.keyClick(row(desk, PYTHON).check, Qt.Key.Key_Space)
    assert desk.experiment.seeding.calls == (SeedCall(PYTHON, 1),)
    retype(qtbot, row(desk, PYTHON).seed, "42")
    qtbot.mouseClick(row(desk, ALL).check, Qt.MouseButton.LeftButton, pos=row(desk, ALL).check.rect().center())
    assert desk.experiment.seeding.calls == (SeedCall(ALL, 42), SeedCall(PYTHON, 42))
    retype(qtbot, row(desk, ALL).seed, "7")
    assert desk.experiment.seeding.calls == (SeedCall(ALL, 7), SeedCall(PYTHON, 42))
    qtbot.keyClick(row(desk, PYTHON).check, Qt.Key.Key_Space)
    assert desk.experiment.seeding.calls == (SeedCall(ALL, 7),)


def test_the_whole_range_of_seeds(bench, qtbot) -> None:
    desk = bench(Experiment(seeding=Seeding((SeedCall(PYTHON, 1),))))
    seed = row(desk, PYTHON).seed
    retype(qtbot, seed, "4294967295")
    assert desk.experiment.seeding.calls[0].seed == 4294967295
    qtbot.keyClick(seed, Qt.Key.Key_Up)
    assert desk.experiment.seeding.calls[0].seed == 4294967295
    qtbot.keyClick(seed, Qt.Key.Key_Down)
    assert desk.experiment.seeding.calls[0].seed == 4294967294
    retype(qtbot, seed, "0")
    qtbot.keyClick(seed, Qt.Key.Key_Down)
    assert desk.experiment.seeding.calls[0].seed == 0


BAD = ("4294967296", "99999999999", "-1", "1.5", "abc", "1 2", "0x10", "1e3")


def paste(qtbot, field, text):
    QApplication.clipboard().setText(text)
    field.selectAll()
    field.paste()


@pytest.mark.parametrize(
    ("put", "text"),
    [*product((retype, paste), BAD), *((paste, text) for text in ("\uff11", "²", "9" * 5000))],
    ids=lambda value: str(value)[:12],
)
def test_what_is_no_seed_stays_as_it_is_typed_and_is_marked(bench, qtbot, put, text) -> None:
    desk = bench(Experiment(seeding=Seeding((SeedCall(PYTHON, 9),))))
    python = row(desk, PYTHON)
    put(qtbot, python.seed, text)
    row(desk, ALL).check.setFocus()
    desk.panel.set_busy(True)
    assert python.seed.text() == text
    assert python.problem.isVisible()
    assert "4294967295" in python.problem.text()
    assert python.seed.property("bad") is True
    assert desk.experiment.has_bad_seed
    assert loads(dumps(desk.experiment)).seeding.calls[0].seed == desk.experiment.seeding.calls[0].seed
    desk.panel.set_busy(False)
    put(qtbot, python.seed, "5")
    assert not python.problem.isVisible()
    assert desk.experiment.seeding.calls == (SeedCall(PYTHON, 5),)


@pytest.mark.parametrize(("typed", "seed"), [("007", 7), ("0", 0), (" 12 ", 12), ("04294967295", 4294967295)])
def test_a_seed_may_have_zeros_and_spaces_around_it(bench, qtbot, typed, seed) -> None:
    desk = bench(Experiment(seeding=Seeding((SeedCall(PYTHON, 9),))))
    python = row(desk, PYTHON)
    retype(qtbot, python.seed, typed)
    assert desk.experiment.seeding.calls == (SeedCall(PYTHON, seed),)
    row(desk, ALL).check.setFocus()
    assert python.seed.text() == str(seed)


def test_undo_brings_the_seed_back(bench, qtbot) -> None:
    before = Experiment(seeding=Seeding((SeedCall(PYTHON, 9),)))
    desk = bench(before)
    python = row(desk, PYTHON)
    paste(qtbot, python.seed, "99999999999")
    after = desk.experiment
    desk.show(before)
    assert python.seed.text() == "9"
    assert not python.problem.isVisible()
    desk.show(after)
    assert python.seed.text() == "99999999999"
    assert python.problem.isVisible()


def test_a_call_offers_its_old_seed_but_not_that_of_another_experiment(bench, qtbot) -> None:
    def check():
        qtbot.keyClick(row(desk, PYTHON).check, Qt.Key.Key_Space)

    desk = bench(Experiment("Dense(5)", seeding=Seeding((SeedCall(PYTHON, 9),))))
    check()
    check()
    assert desk.experiment.seeding.calls == (SeedCall(PYTHON, 9),)
    desk.show(Experiment())
    check()
    assert desk.experiment.seeding.calls == (SeedCall(PYTHON, 1),)
    retype(qtbot, row(desk, PYTHON).seed, "8")
    check()
    desk.show(Experiment("Dense(5)"))
    check()
    assert desk.experiment.seeding.calls == (SeedCall(PYTHON, 1),)


@pytest.mark.parametrize(
    "leave", [lambda desk: desk.panel.set_busy(True), lambda desk: row(desk, ALL).check.setFocus()]
)
def test_an_empty_seed_comes_back_when_the_build_begins_or_the_field_is_left(bench, qtbot, leave) -> None:
    desk = bench(Experiment(seeding=Seeding((SeedCall(PYTHON, 9),))))
    seed = row(desk, PYTHON).seed
    seed.setFocus()
    seed.selectAll()
    qtbot.keyClick(seed, Qt.Key.Key_Backspace)
    assert seed.text() == ""
    leave(desk)
    assert seed.text() == "9"
    assert desk.edits == []


def test_the_order_of_the_calls(bench, qtbot) -> None:
    calls = (SeedCall(ALL, 1), SeedCall(PYTHON, 2))
    desk = bench(Experiment(seeding=Seeding(calls)))
    assert not row(desk, ALL).up.isEnabled()
    qtbot.mouseClick(row(desk, PYTHON).up, Qt.MouseButton.LeftButton)
    assert desk.experiment.seeding.calls == calls[::-1]
    assert [r.function for r in desk.panel.seeding.rows] == [PYTHON, TF, NUMPY, ALL]
    qtbot.mouseClick(row(desk, PYTHON).down, Qt.MouseButton.LeftButton)
    assert desk.experiment.seeding.calls == calls


def test_one_call_alone_cannot_be_moved(bench) -> None:
    desk = bench(Experiment(seeding=Seeding((SeedCall(ALL, 1),))))
    assert not row(desk, ALL).up.isVisible()


@pytest.mark.parametrize(
    "calls",
    [
        (),
        (SeedCall(PYTHON, 1), SeedCall(ALL, 2)),
        (SeedCall(NUMPY, 1), SeedCall(TF, 2), SeedCall(PYTHON, 3), SeedCall(ALL, 2**32 - 1)),
        (SeedCall(PYTHON, 1), SeedCall(PYTHON, 2)),
        tuple(SeedCall(f, n) for n in range(3) for f in (TF, ALL)),
    ],
)
def test_any_list_of_calls_is_shown_as_it_is(qtbot, calls) -> None:
    section = SeedingSection()
    qtbot.addWidget(section)
    section.show_seeding(Seeding(calls), "same")
    assert tuple(r.call for r in section.rows if r.is_made) == calls
    assert {r.function for r in section.rows} == {ALL, TF, NUMPY, PYTHON}


def test_when_the_seeds_are_set_is_explained(bench, qtbot) -> None:
    desk = bench(Experiment(seeding=Seeding((SeedCall(ALL, 1),))))
    section = desk.panel.seeding
    each = section._note.text()
    section._when.setFocus()
    qtbot.keyClick(section._when, Qt.Key.Key_Down)
    assert desk.experiment.seeding.when == "once"
    once = section._note.text()
    qtbot.keyClick(desk.panel.environment._fresh, Qt.Key.Key_Space)
    fresh = section._note.text()
    assert not section._when.isEnabled()
    assert "fresh" in fresh
    assert desk.experiment.seeding.when == "once"
    desk.show(Experiment())
    assert len({each, once, fresh, section._note.text()}) == 4
