"""What is told while the items of a shelf are compared in the background, and how often."""

import sys
import time

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication

from reproviewer import files
from reproviewer.core.experiment import Experiment, SeedCall, Seeding
from reproviewer.core.session import Item, Session, add
from reproviewer.engine.events import RunFinished
from reproviewer.gui import comparer
from reproviewer.gui.comparer import Comparer
from reproviewer.gui.engine_thread import EngineThread
from reproviewer.gui.tasks import Background


@pytest.fixture
def compared(qapp, engine):
    """A comparer of a real engine, and all that it told; what explains a verdict is looked for at once."""
    background, thread = Background(), EngineThread(engine)
    made = Comparer(background, thread)
    told = []
    made.findingsChanged.connect(lambda: told.append(made.findings))
    made.findingsChanged.connect(made.relate)
    yield made, told
    background.close()
    thread.close()


def shelf(tmp_path, *paths):
    """A desk with these files on its shelf."""
    items = [Item(path.name, "file", path.name, files.read(path, tmp_path).weights) for path in paths]
    return Session(items=tuple(items))


def test_the_verdict_is_told_once_and_what_explains_it_once(qtbot, compared, tmp_path):
    made, told = compared
    for name, values in (("a.npy", np.arange(12.0)), ("b.npy", np.arange(12.0)[::-1])):
        np.save(tmp_path / name, values)
    made.compare(shelf(tmp_path, tmp_path / "a.npy", tmp_path / "b.npy"))
    assert not told
    qtbot.waitUntil(lambda: bool(told) and bool(told[-1].comparisons) and not told[-1].relating)
    assert [(len(found.comparisons), found.relating) for found in told] == [(1, True), (1, False)]


def test_progress_starts_at_nothing_when_comparing_starts_anew(qtbot, compared, tmp_path, monkeypatch):
    made, told = compared
    paths = [tmp_path / name for name in ("a.npy", "b.npy")]
    for path in paths:
        np.lib.format.open_memmap(path, "w+", "f4", (1 << 29,))[-1] = 1  # 2 GiB of which little is on the disk
    session = shelf(tmp_path, *paths)
    monkeypatch.setattr(comparer, "PROGRESS_S", 0)
    made.compare(session)
    assert made.findings.progress == (0, 1000)
    qtbot.waitUntil(lambda: any(found.progress and found.progress[0] for found in told), timeout=30_000)
    time.sleep(0.1)  # what the thread tells meanwhile waits for this one
    monkeypatch.setattr(comparer, "PROGRESS_S", sys.float_info.max)
    made.compare(session)
    told.clear()
    QCoreApplication.processEvents()
    assert made.findings.progress == (0, 1000)
    assert not told


def test_what_was_stopped_stays_stopped_when_keras_has_answered(qtbot, compared, engine, tmp_path):
    made, told = compared
    once = Seeding((SeedCall("keras.utils.set_random_seed", 1),), "once")  # Keras is asked whether the call governs
    events = list(engine.run(Experiment(model="Dense(5, input_dim=1)", seeding=once)))
    runs = [event for event in events if isinstance(event, RunFinished)]
    items = tuple(Item(f"run {run.number}", "run", f"Run {run.number}", run.weights, run.record) for run in runs)
    made.compare(Session(items=items))
    qtbot.waitUntil(lambda: bool(told))
    np.save(tmp_path / "c.npy", np.zeros(3))
    made.compare(add(Session(items=items), shelf(tmp_path, tmp_path / "c.npy").items[0]))
    made.stop()
    told.clear()
    qtbot.waitUntil(lambda: bool(told), timeout=60_000)
    assert told[-1].stopped
