"""The worker runs under other people's interpreters: old syntax, nothing but their own packages."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

WORKER = Path(__file__).parents[2] / "reproviewer" / "worker"
FILES = sorted(WORKER.glob("*.py"))
PYTHON37 = sorted(Path.home().glob(".pyenv/versions/3.7*/bin/python"))
ALLOWED = {"numpy", "tensorflow", "keras", "tf_keras", "h5py"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_syntax_of_python_37(file):
    ast.parse(file.read_text(), feature_version=(3, 7))


@pytest.mark.skipif(not PYTHON37, reason="no Python 3.7 here")
def test_python_37_compiles_it():
    code = "import sys; [compile(open(f).read(), f, 'exec') for f in sys.argv[1:]]"
    subprocess.run([PYTHON37[0], "-c", code, *FILES], check=True)


@pytest.mark.skipif(not PYTHON37, reason="no Python 3.7 here")
def test_python_37_runs_it_up_to_the_missing_keras():
    command = [PYTHON37[0], WORKER, "--flavour", "keras"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as worker:
        assert json.loads(worker.stdout.readline())["template"] == "{package} is not installed for {python}."
        assert worker.stderr.read() == b""


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_imports_only_what_is_there(file):
    roots = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            roots |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            roots.add(node.module.split(".")[0])
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 1
    assert roots <= ALLOWED | set(sys.stdlib_module_names)


def test_its_folder_is_not_on_the_path():
    code = (
        "import runpy, sys; sys.argv = [sys.argv[1], '--help']\n"
        "try: runpy.run_path(sys.argv[0], run_name='__main__')\n"
        "finally: print([p for p in sys.path if 'reproviewer' in p], 'reproviewer' in sys.modules)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, str(WORKER)], capture_output=True, text=True, cwd="/", check=True
    )
    assert result.stdout.endswith("[] False\n")
