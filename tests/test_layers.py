"""The rules of the house: who imports whom, statically and in fresh interpreters."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import reproviewer

PACKAGE = Path(reproviewer.__file__).parent
QT = {"PySide6", "pyqtgraph", "shiboken6"}
TENSORFLOW = {"tensorflow", "keras", "tf_keras", "jax", "torch", "ml_dtypes"}
FILES = {"h5py", "safetensors", "google", "snappy"}
OUTSIDE = {
    "core": {"numpy"},
    "files": {"numpy", "h5py", "safetensors", "ml_dtypes"},
    "engine": {"numpy"},
    "reports": {"numpy"},
    "commands": {"numpy"},
    "gui": {"numpy", "PySide6", "pyqtgraph"},
    "worker": {"numpy", "tensorflow", "keras", "tf_keras", "h5py", "ml_dtypes"},
}
"""What may be imported from outside the package, inside of functions too; besides the standard library."""
INSIDE = {
    "core": {"core", "resources"},
    "files": {"core", "files"},
    "engine": {"core", "engine", "files"},
    "reports": {"core", "files", "reports", "resources"},
    "commands": {"core", "files", "engine", "reports", "commands", "gui"},
    "gui": {"core", "files", "engine", "reports", "gui", "resources"},
    "worker": {"worker"},
}
"""The rooms whose modules may be imported."""
LAZY = {("commands", "gui")}
"""Only inside of functions."""


def modules(room):
    return sorted((PACKAGE / room).rglob("*.py"))


def imports(path):
    """Every import of a file as (dotted name, whether it is inside a function); those for type checkers left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = []
    waiting = [(node, False) for node in tree.body]
    while waiting:
        node, lazy = waiting.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.Import):
            found += [(alias.name, lazy) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(path.relative_to(PACKAGE.parent).parts[: -node.level]) if node.level else ""
            name = ".".join(filter(None, (base, node.module)))
            found += [(f"{name}.{alias.name}", lazy) for alias in node.names]
        lazy = lazy or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        waiting += [(child, lazy) for child in ast.iter_child_nodes(node)]
    return found


@pytest.mark.parametrize("room", OUTSIDE)
def test_a_room_imports_only_what_it_may(room):
    assert modules(room)
    for path in modules(room):
        for name, lazy in imports(path):
            top, *rest = name.split(".")
            where = f"{path.relative_to(PACKAGE)} imports {name}"
            if top == PACKAGE.name:
                assert not rest or rest[0] in INSIDE[room] or rest[0] == "__version__", where
                assert lazy or (room, *rest[:1]) not in LAZY, f"{where} at its top"
            else:
                assert top in sys.stdlib_module_names or top in OUTSIDE[room], where


def test_only_gui_and_app_know_qt():
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(PACKAGE).parts
        if parts[0] not in ("gui", "app.py"):
            assert not QT & {name.split(".")[0] for name, _ in imports(path)}, path


def loaded_by(statement, *argv):
    """The top-level modules that a fresh interpreter has after a statement."""
    code = f"import sys; sys.argv[1:] = {list(map(str, argv))!r}\n{statement}\nprint(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return {name.split(".")[0] for name in done.stderr.splitlines()[-1].split()}


def all_of(room):
    found = []
    for path in modules(room):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        found.append(".".join(parts).removesuffix(".__init__"))
    return [name for name in found if not name.endswith("__main__")]


def test_core_is_numpy_and_the_standard_library():
    loaded = loaded_by("; ".join(f"import {name}" for name in all_of("core")))
    assert not loaded & (QT | TENSORFLOW | FILES)


@pytest.mark.parametrize(
    "module", ["reproviewer.files", "reproviewer.engine", "reproviewer.engine.transfer", "reproviewer.reports.write"]
)
def test_files_engine_and_reports_load_no_qt_and_no_tensorflow(module):
    assert not loaded_by(f"import {module}") & (QT | TENSORFLOW | {"h5py"})


def test_gui_loads_no_tensorflow():
    names = [name for name in all_of("gui") if "opengl" not in name]
    loaded = loaded_by("import os; os.environ['QT_QPA_PLATFORM'] = 'offscreen'; import " + ", ".join(names))
    assert "PySide6" in loaded
    assert not loaded & TENSORFLOW


def test_the_main_window_needs_no_plots_and_no_hdf5():
    from reproviewer.gui.opening import ROOMS

    rooms = ", ".join(("reproviewer.gui.main_window", *ROOMS))
    assert not loaded_by(f"import {rooms}") & ({"pyqtgraph", "h5py", "numpy"} | TENSORFLOW)


def test_the_command_line_compares_without_qt_and_tensorflow(tmp_path):
    import numpy as np

    np.savez(tmp_path / "a.npz", kernel=np.zeros(3))
    for argv in (["compare", tmp_path / "a.npz", tmp_path / "a.npz"], ["inspect", tmp_path / "a.npz"]):
        loaded = loaded_by("from reproviewer.cli import main; assert main(sys.argv[1:]) == 0", *argv)
        assert not loaded & (QT | TENSORFLOW | FILES), argv


def test_the_command_line_itself_loads_next_to_nothing():
    assert "numpy" not in loaded_by("import reproviewer") | {"-"}
    assert not loaded_by("from reproviewer.cli import main; main(['--help'])") & (QT | TENSORFLOW | FILES)


def test_the_worker_imports_nothing_of_the_rest():
    for path in modules("worker"):
        for name, _ in imports(path):
            assert not name.startswith("reproviewer.") or name.startswith("reproviewer.worker"), (path, name)


def test_sizes_stay_livable():
    """No file above 500 lines."""
    lengths = {p.name: len(p.read_text(encoding="utf-8").splitlines()) for p in PACKAGE.rglob("*.py")}
    long = {name: lines for name, lines in lengths.items() if lines > 500}
    assert not long
