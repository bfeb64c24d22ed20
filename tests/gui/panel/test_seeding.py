import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from reproviewer.core.experiment import Experiment, SeedCall, Seeding
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


@pytest.mark.parametrize(
    ("typed", "left"),
    [
        ("4294967296", "429496729"),
        ("1e3", "13"),
        ("-1", "1"),
        ("1.5", "15"),
        ("abc", ""),
        ("007", "007"),
        ("1 2", "12"),
    ],
)
def test_only_the_keys_of_a_seed_are_taken(bench, qtbot, typed, left) -> None:
    desk = bench(Experiment(seeding=Seeding((SeedCall(PYTHON, 9),))))
    python = row(desk, PYTHON)
    retype(qtbot, python.seed, typed[:-1])
    qtbot.keyClicks(python.seed, typed[-1])
    assert python.seed.text() == (left or "9")
    assert desk.experiment.seeding.calls[0].seed == int(left or 9)


def test_the_key_that_passes_the_largest_seed_is_refused_with_a_sentence(bench, qtbot) -> None:
    desk = bench(Experiment(seeding=Seeding((SeedCall(PYTHON, 9),))))
    python = row(desk, PYTHON)
    retype(qtbot, python.seed, "4294967296")
    assert python.seed.text() == "429496729"
    assert python.problem.isVisible()
    assert "4294967295" in python.problem.text()
    assert python.seed.property("bad") is True
    qtbot.keyClick(python.seed, "5")
    assert desk.experiment.seeding.calls[0].seed == 4294967295
    assert not python.problem.isVisible()


@pytest.mark.parametrize("pasted", ["4294967296", "-1", "1.5", "abc", "\uff11", "1 2", "0x10", "²", "1e3"])
def test_a_pasted_text_that_is_no_seed_is_refused_whole(bench, qtbot, pasted) -> None:
    desk = bench(Experiment(seeding=Seeding((SeedCall(PYTHON, 9),))))
    python = row(desk, PYTHON)
    python.seed.setFocus()
    python.seed.selectAll()
    QApplication.clipboard().setText(pasted)
    python.seed.paste()
    assert python.seed.text() == "9"
    assert python.problem.isVisible()
    assert desk.edits == []
    row(desk, ALL).check.setFocus()
    assert python.seed.text() == "9"
    assert not python.problem.isVisible()


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
