"""A long list of tensors: made once, off the window's thread, and the one before it stands until it is there."""

import threading

import pytest

from reproviewer.core.known import Findings
from reproviewer.core.session import Item, Session
from reproviewer.core.tensor_list import TensorList, tensor_list
from reproviewer.core.weights import Tensor, WeightSet
from reproviewer.gui import lister

FINDINGS = Findings()


def desk(count, role="weight"):
    tensors = (Tensor(f"{role}/{n}", "float32", (2, 3), "nowhere", 0, role) for n in range(count))
    return Session(items=(Item("a", "file", "a", WeightSet(tuple(tensors))),))


@pytest.fixture
def made(monkeypatch):
    """The threads in which lists were made, one for each list."""
    threads = []

    def make(session, findings):
        threads.append(threading.current_thread())
        return tensor_list(session, findings)

    monkeypatch.setattr(lister, "tensor_list", make)
    return threads


@pytest.fixture
def lists(qapp):
    lists = lister.Lister()
    yield lists
    lists.close()


def test_a_short_list_is_there_at_once(lists, made):
    session = desk(lister.LONG - 1)
    assert lists.prepare(session, FINDINGS)
    assert len(lists.present(session, FINDINGS).rows) == lister.LONG - 1
    assert made == [threading.main_thread()]


def test_a_long_list_is_made_once_however_often_it_is_asked_for(qtbot, lists, made):
    session = desk(lister.LONG)
    with qtbot.waitSignal(lists.ready):
        assert not any(lists.prepare(session, FINDINGS) for _ in range(3))
        assert lists.present(session, FINDINGS) == TensorList()
    assert lists.prepare(session, FINDINGS)
    assert len(lists.present(session, FINDINGS).rows) == lister.LONG
    assert len(made) == 1
    assert made[0] is not threading.main_thread()


def test_the_last_list_that_was_asked_for_is_the_one_that_comes(qtbot, lists, made):
    first, second = desk(lister.LONG), desk(lister.LONG, "optimizer")
    ready = []
    lists.ready.connect(lambda: ready.append(lists.present(second, FINDINGS).rows[0].role))
    lists.prepare(first, FINDINGS)
    lists.prepare(second, FINDINGS)
    qtbot.waitUntil(lambda: bool(ready))
    assert ready == ["optimizer"]


def test_back_to_a_short_desk_drops_the_list_that_is_being_made(qtbot, lists, made):
    ready = []
    lists.ready.connect(lambda: ready.append(True))
    lists.prepare(desk(lister.LONG), FINDINGS)
    assert lists.prepare(desk(1), FINDINGS)
    lists.close()
    qtbot.wait(20)
    assert not ready
