"""The card of plots: its heading, and that heading and picture belong together."""

import time
from dataclasses import replace

import pytest
from PySide6.QtCore import QCoreApplication, QEvent

from reproviewer.gui.plot_card import PlotCard
from reproviewer.gui.plots import load
from reproviewer.gui.theme import LIGHT

LONG = "a_model_with_a_very_long_name/encoder_of_many_layers/block_12/attention/query/kernel"


@pytest.fixture
def card(qtbot):
    card = PlotCard(LIGHT)
    card.resize(800, 500)
    card.show()
    yield card
    card.finish()
    card.close()
    card.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def named(state, title):
    return replace(state, title=title)


def show(card, state):
    card.show_plot(state, state.kind)
    assert card.area.wait_until_drawn()


class Gate:
    """Holds up the reading until it is opened."""

    def __init__(self, monkeypatch):
        self.open, self._load = False, load.load_any
        monkeypatch.setattr(load, "load_any", self._wait)

    def _wait(self, *args):
        while not self.open and not args[-1]():
            time.sleep(0.002)
        return self._load(*args)


@pytest.mark.parametrize("width", [480, 640, 800, 1100])
def test_the_kinds_stand_still_whatever_the_tensor_is_called(card, bench, normal, width):
    card.resize(width, 500)
    state = bench.state([normal(3, 16)])
    places = []
    for title in ("k", "dense/kernel", LONG):
        show(card, named(state, title))
        QCoreApplication.processEvents()
        places.append((card._kinds.geometry(), card._kinds.is_compact))
    assert len(set(map(str, places))) == 1
    assert width not in (480, 1100) or card._kinds.is_compact == (width == 480)


@pytest.mark.parametrize("width", [480, 640, 800, 1100])
def test_a_long_name_is_cut_in_its_middle_and_shape_and_dtype_stay(card, bench, normal, width):
    card.resize(width, 500)
    show(card, named(bench.state([normal(3, 16)]), LONG))
    QCoreApplication.processEvents()
    assert card._caption.text() == "(3, 16) · float32"
    start, _, end = card._title.text().partition("…")
    assert len(start) > 4
    assert LONG.startswith(start)
    assert LONG.endswith(end)
    assert card._title.toolTip() == LONG


def test_the_heading_is_that_of_the_picture_below_it(card, bench, normal, monkeypatch):
    old, new = bench.state([normal(2, 3)] * 30), named(bench.state([normal(64, 96)]), "dense_1/kernel")
    show(card, old)
    gate = Gate(monkeypatch)
    card.show_plot(new, new.kind)
    assert (card._title.full_text, card._caption.full_text) == ("dense/kernel", "(2, 3) · float32")
    assert card.area._plots_in_sight
    gate.open = True
    assert card.area.wait_until_drawn()
    assert (card._title.full_text, card._caption.full_text) == ("dense_1/kernel", "(64, 96) · float32")


@pytest.mark.parametrize("change", ["tensor", "runs"])
def test_plots_of_something_else_go_when_the_reading_takes_long(card, bench, normal, qtbot, monkeypatch, change):
    old = bench.state([normal(2, 3)] * 30)
    new = named(old, "dense_1/kernel") if change == "tensor" else bench.state([normal(2, 3)])
    show(card, old)
    gate = Gate(monkeypatch)
    card.show_plot(new, new.kind)
    qtbot.waitUntil(lambda: not card.area._plots_in_sight, timeout=2000)
    assert card.area._page.text() == "Reading the values…"
    assert card._title.full_text == new.title
    gate.open = True
    assert card.area.wait_until_drawn()
    assert card.area._plots_in_sight


@pytest.mark.parametrize("change", ["kind", "another run"])
def test_plots_of_the_same_stay_with_a_note(card, bench, normal, qtbot, monkeypatch, change):
    arrays = [bench.tensor(normal(2, 3)) for _ in range(3)]
    old = bench.state(arrays[:2])
    new = replace(old, kind="histogram") if change == "kind" else bench.state(arrays)
    show(card, old)
    gate = Gate(monkeypatch)
    card.show_plot(new, new.kind)
    qtbot.waitUntil(card.area._loading.isVisible, timeout=2000)
    assert card.area._plots_in_sight
    gate.open = True
    assert card.area.wait_until_drawn()
    assert not card.area._loading.isVisible()


def test_an_empty_card_has_no_heading(card, bench, normal):
    state = bench.state([normal(2, 3)])
    show(card, state)
    card.show_plot(None, "bars")
    assert (card._title.text(), card._caption.text()) == ("", "")


def test_what_was_taken_away_comes_back_with_its_heading(card, bench, normal):
    state = bench.state([normal(2, 3), normal(2, 3)])
    show(card, state)
    card.show_plot(None, "bars")
    show(card, state)
    assert (card._title.full_text, card._caption.full_text) == ("dense/kernel", "(2, 3) · float32")
    assert card.area._plots_in_sight


def test_the_heading_speaks_of_the_two_that_are_compared(card, bench, normal):
    state = bench.state([normal(2, 3), normal(2, 3), normal(1, 5)])
    show(card, state)
    assert card._caption.full_text == "(2, 3) · float32"
    show(card, replace(state, focus="r2"))
    assert card._caption.full_text == "(2, 3) · float32, against (1, 5) · float32"
