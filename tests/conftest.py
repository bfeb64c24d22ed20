"""What every test shares: no screen, settings of its own, no window left behind, one warm engine.

Exceptions that end in a hook fail their test too: pytest-qt sees to `sys.excepthook` (slots, timers, Qt's virtual
methods), pytest to `sys.unraisablehook` and `threading.excepthook`. A Qt warning is a failure by pyproject.toml.
"""

import atexit
import contextlib
import fcntl
import gc
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


def pytest_configure(config):
    """Before Qt looks at them: folders that are nobody's."""
    home = Path(tempfile.mkdtemp(prefix="reproviewer-tests-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"):
        folder = home / name
        folder.mkdir(mode=0o700)
        os.environ[name] = str(folder)


def pytest_collection_modifyitems(items):
    """Give one process all tests that need the same TensorFlow, where that is not the window's: it starts once."""
    here = Path(__file__).parent
    workers = ("worker", "core/test_script.py", "core/test_catalog.py", "core/test_cause.py", "commands/test_run.py")
    groups = {here / "core/test_pairing_formats.py": "zoo", **{here / place: "workers" for place in workers}}
    for item in items:
        if group := groups.get(item.path) or groups.get(item.path.parent):
            item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(autouse=True)
def _own_settings(tmp_path_factory, monkeypatch):
    """Give each test QSettings and a configuration folder that no other test has written to."""
    if "PySide6.QtCore" not in sys.modules:
        yield
        return
    from PySide6.QtCore import QSettings

    folder = tmp_path_factory.mktemp("settings")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder))
    for form in (QSettings.Format.NativeFormat, QSettings.Format.IniFormat):
        QSettings.setPath(form, QSettings.Scope.UserScope, str(folder))
    yield


@pytest.fixture(autouse=True)
def _no_window_left():
    """Fail the test when a top-level window outlives it, and close that window for the tests that follow."""
    yield
    widgets = sys.modules.get("PySide6.QtWidgets")
    app = widgets and widgets.QApplication.instance()
    if not isinstance(app, widgets.QApplication if app else ()):
        return
    _delete_later(app)
    if _windows(app):
        gc.collect()
    left = _windows(app)
    names = [f"{type(w).__name__} {w.windowTitle()!r}" for w in left]
    for window in left:
        with contextlib.suppress(RuntimeError):
            window.hide()
            window.deleteLater()
    _delete_later(app)
    assert not left, f"left behind: {', '.join(names)}"


def _windows(app):
    """Top-level windows that a test is answerable for; menus and tool tips without a parent are Qt's own."""
    return [w for w in app.topLevelWidgets() if w.isVisible() or (w.parent() is None and w.isWindow() and _ours(w))]


def _ours(widget):
    return type(widget).__name__ not in {"QTipLabel", "QLabel", "QMenu", "QFrame", "QWidget"}


def _delete_later(app):
    from PySide6.QtCore import QCoreApplication, QEvent

    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    app.processEvents()


@pytest.fixture
def forked_readers(monkeypatch):
    """Let weight files be read by forks of this process, and not by new interpreters: many files in little time."""
    from reproviewer.files import reader
    from tests import forked

    monkeypatch.setattr(reader, "subprocess", forked)


@pytest.fixture
def real_readers(forked_readers, monkeypatch):
    """Let them be read as outside of tests after all."""
    from reproviewer.files import reader

    monkeypatch.setattr(reader, "subprocess", subprocess)


@pytest.fixture(scope="session")
def engine(tmp_path_factory):
    """One engine for the whole session, its worker warm after the first test that builds something."""
    from reproviewer.engine import Engine

    engine = Engine(tmp_path_factory.mktemp("engine"))
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def written(tmp_path_factory, request):
    """Give the folder that a script has written, `script FOLDER`, in a process of its own for TensorFlow's sake.

    Written once for all processes that the tests are shared among: the first one writes, the others wait.
    """
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if hasattr(request.config, "workerinput") else base

    def write(script):
        folder, done = shared / script.stem, shared / f"{script.stem}.done"
        with (shared / f"{script.stem}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not done.exists():
                folder.mkdir(exist_ok=True)
                ran = subprocess.run([sys.executable, script, folder], capture_output=True, text=True, timeout=110)
                assert ran.returncode == 0, ran.stderr[-2000:]
                done.touch()
        return folder

    return write


def pytest_addoption(parser):
    parser.addoption("--endurance", action="store_true", help="run tests/test_endurance.py at full size")
