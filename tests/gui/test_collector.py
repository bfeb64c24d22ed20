"""When Python collects its garbage while the window is open."""

import gc
import weakref
from types import SimpleNamespace

import pytest

from reproviewer.gui import collector
from reproviewer.gui.collector import Collector

BUSY = SimpleNamespace(busy=True, verdict=SimpleNamespace(face="running"))
DONE = SimpleNamespace(busy=False, verdict=SimpleNamespace(face="done"))


class Ring:
    """Garbage that only a full collection finds."""

    def __init__(self):
        self.self = self


@pytest.fixture
def running(qtbot, monkeypatch):
    monkeypatch.setattr(collector, "PAUSE_MS", 20)
    monkeypatch.setattr(collector, "YOUNG_COLLECTIONS", 0)
    made = Collector()
    made.see(BUSY)
    before = gc.get_threshold()
    yield made
    made.stop()
    gc.unfreeze()
    assert gc.get_threshold() == before


def test_garbage_goes_in_a_pause_and_not_before(qtbot, running):
    running.start()
    made = Ring()
    for generation in range(2):
        gc.collect(generation)
    old = weakref.ref(made)
    del made
    for _ in range(20):
        running.see(BUSY)
        junk = [[] for _ in range(100_000)]  # Python would collect by itself now
        del junk
        qtbot.wait(5)
    assert old() is not None
    running.see(DONE)
    qtbot.waitUntil(lambda: old() is None)


def test_it_is_left_to_python_afterwards(running):
    before = gc.get_threshold()
    running.start()
    assert gc.get_threshold() != before
    running.stop()
    assert gc.get_threshold() == before
