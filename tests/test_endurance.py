"""What must hold after long use: memory stays flat, and nothing is left behind. `--endurance` runs it at full size."""

import contextlib
import importlib
import os
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from reproviewer.core.experiment import Experiment, SeedCall, Seeding
from reproviewer.core.verdict import Verdict
from reproviewer.engine import Engine
from reproviewer.engine.events import Outcome, RunFinished, RunState

pytestmark = [
    pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="counts processes and memory by /proc"),
    pytest.mark.timeout(1800),
]

EXPERIMENT = Experiment("Dense(5, input_dim=1)", seeding=Seeding((SeedCall("keras.utils.set_random_seed", 1),)))
FLAT_MIB = 50
SETTLED_MS = 1000
WITH_PLOTS_MIB = 150
"""What the window may grow by while it compares and draws files of any size: buffers, pictures, and what Qt loads."""


@pytest.fixture
def own_temporary_folder(tmp_path, monkeypatch):
    """An empty folder that this test's program takes for the system's temporary one."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return folder


def test_many_builds_leave_memory_flat(pytestconfig, engine):
    size = 5000 if pytestconfig.getoption("--endurance") else 100
    _build(engine, 100)
    before = _memory_mib()
    for _ in range(size // 100):
        _build(engine, 100)
    after = _memory_mib()
    growth = {pid: after[pid] - before[pid] for pid in before.keys() & after.keys()}
    assert len(growth) >= 2, "the worker is another process"
    assert max(growth.values()) < FLAT_MIB, growth


def test_many_builds_in_the_window_leave_memory_flat(pytestconfig, qtbot, engine):
    size = 5000 if pytestconfig.getoption("--endurance") else 100
    with _window(qtbot, engine, runs=100) as controller:
        _build_in_window(qtbot, controller)
        before = _memory_mib()
        for _ in range(size // 100):
            _build_in_window(qtbot, controller)
        after = _memory_mib()
        growth = {pid: after[pid] - before[pid] for pid in before.keys() & after.keys()}
    assert len(growth) >= 2, "the worker is another process"
    assert max(growth.values()) < FLAT_MIB, growth


def test_windows_leave_no_process_thread_or_file(pytestconfig, qtbot, own_temporary_folder):
    before = _descendants(), threading.active_count()
    is_full = pytestconfig.getoption("--endurance")
    for _ in range(10 if is_full else 1):  # what Qt and pyqtgraph load and keep once and for all is not counted
        with Engine() as own, _window(qtbot, own, runs=2) as controller:
            _build_in_window(qtbot, controller)
    open_files, memory_mib = _open_files(), _memory_mib()[os.getpid()]
    for _ in range(100 if is_full else 1):
        with Engine() as own, _window(qtbot, own, runs=2) as controller:
            _build_in_window(qtbot, controller)
        assert not list(own_temporary_folder.iterdir())
        assert (_descendants(), threading.active_count()) == before
    assert _open_files() <= open_files
    assert _memory_mib()[os.getpid()] - memory_mib < FLAT_MIB


def test_large_files_in_the_window_leave_memory_flat_and_do_not_hold_it_up(pytestconfig, qtbot, engine, tmp_path):
    is_full = pytestconfig.getoption("--endurance")
    side = 32768 if is_full else 8192
    files = _large_files(tmp_path, side)
    with _window(qtbot, engine, runs=1) as controller:
        importlib.import_module("reproviewer.core.compare")
        qtbot.wait(SETTLED_MS)
        pulse, before = Pulse(), _resident_mib(os.getpid())
        controller.files.open(files)
        qtbot.waitUntil(lambda: controller.state.verdict.face == "done" and _is_drawn(), timeout=600_000)
        assert controller.state.verdict.verdict is Verdict.DIFFERENT
        for kind in ("histogram", "distances", "scatter", "heatmap") if is_full else ():
            controller.desk.look_as(kind)
            qtbot.waitUntil(_is_drawn, timeout=600_000)
        pulse.stop()
    assert pulse.peak_mib - before < WITH_PLOTS_MIB
    assert pulse.longest_gap_ms < (50 if is_full else 200)


def _large_files(folder, side):
    """Two square arrays of float32, some of whose numbers are random, that differ in one element."""
    numbers = np.random.default_rng(1).standard_normal((side // 8, side), np.float32)
    for name, changed in (("a", 0), ("b", 1)):
        array = np.lib.format.open_memmap(folder / f"{name}.npy", "w+", np.float32, (side, side))
        array[: len(numbers)] = numbers
        array[-1, side // 2] = changed
        array.flush()
    return [folder / "a.npy", folder / "b.npy"]


def _is_drawn():
    """Whether the plots are there, and nothing is read for them any more."""
    from PySide6.QtWidgets import QApplication

    from reproviewer.gui.plots.area import PlotArea

    areas = [widget for widget in QApplication.allWidgets() if isinstance(widget, PlotArea) and widget.isVisible()]
    return bool(areas) and not any(area.busy for area in areas)


class Pulse:
    """A timer of 5 ms in the window's thread: how long it was held up at most, and the most memory it saw.

    What the thread waited for a processor, because other programs had them all, is not counted.
    """

    def __init__(self):
        from PySide6.QtCore import Qt, QTimer

        self.longest_gap_ms = self.peak_mib = 0.0
        self._last_ms = self._own_ms()
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)
        self._timer.start(5)

    def stop(self):
        self._timer.stop()

    def _beat(self):
        now_ms = self._own_ms()
        self.longest_gap_ms = max(self.longest_gap_ms, now_ms - self._last_ms)
        self.peak_mib = max(self.peak_mib, _resident_mib(os.getpid()))
        self._last_ms = self._own_ms()

    @staticmethod
    def _own_ms():
        waited_ns = int(Path("/proc/thread-self/schedstat").read_text().split()[1])
        return time.perf_counter() * 1000 - waited_ns / 1e6


def test_engines_leave_no_process_thread_or_file(pytestconfig, own_temporary_folder):
    before = _descendants(), threading.active_count(), _open_files()
    for _ in range(100 if pytestconfig.getoption("--endurance") else 1):
        with Engine() as engine:
            _build(engine, 2)
        assert not list(own_temporary_folder.iterdir())
        assert _descendants() == before[0]
    assert threading.active_count() == before[1]
    assert _open_files() <= before[2]


@contextlib.contextmanager
def _window(qtbot, engine, runs):
    """The program's window, from opening to closing; gives its controller."""
    from reproviewer.gui.controller import Controller
    from reproviewer.gui.main_window import MainWindow
    from reproviewer.gui.settings import Settings

    controller = Controller(engine, replace(EXPERIMENT, runs=runs))
    window = MainWindow(Settings())
    assert list(window.furnish(controller))
    window.show()
    qtbot.waitExposed(window)
    window.plots.prepare()
    try:
        yield controller
    finally:
        window.close()
        window.deleteLater()


def _build_in_window(qtbot, controller):
    """Build, and wait for the verdict."""
    controller.build()
    assert controller.state.busy
    qtbot.waitUntil(lambda: not controller.state.busy and controller.state.verdict.face == "done", timeout=300_000)
    assert controller.state.verdict.verdict is Verdict.IDENTICAL


def _build(engine, runs):
    for event in engine.run(replace(EXPERIMENT, runs=runs)):
        if isinstance(event, RunFinished):
            engine.forget(event.index)
    assert isinstance(event, Outcome)
    assert event.state is RunState.FINISHED


def _memory_mib():
    """Resident memory of this process and of all below it, by process."""
    return {pid: _resident_mib(pid) for pid in {os.getpid()} | _descendants()}


def _resident_mib(pid):
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def _descendants():
    """All processes below this one that still run."""
    children = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            except OSError:
                continue
            children.setdefault(int(parent), set()).add(int(entry.name)) if state != "Z" else None
    found, new = set(), {os.getpid()}
    while new:
        new = set().union(*(children.get(pid, set()) for pid in new)) - found
        found |= new
    return found


def _open_files():
    return len(os.listdir("/proc/self/fd"))
