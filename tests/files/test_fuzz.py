"""A short, seeded run of the fuzzing of `tests/fuzz`, and that it would notice a reader that does wrong."""

import subprocess
import sys
from pathlib import Path

FUZZ = Path(__file__).parents[1] / "fuzz"


def run(*arguments, before=""):
    """In a process of its own, as it forks and listens to what Python does."""
    path = [str(FUZZ), str(FUZZ.parents[1])]
    start = f"import runpy, sys; sys.argv = {['fuzz', *arguments]!r}; sys.path[:0] = {path!r}\n"
    code = f"{start}{before}\nrunpy.run_path({str(FUZZ)!r}, run_name='__main__')"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=100, check=False)


def test_no_reader_fails_on_the_first_changed_files():
    done = run("all", "--count", "60", "--seconds", "30", "--plain")
    assert done.returncode == 0, done.stdout + done.stderr
    assert len([line for line in done.stdout.splitlines() if ": 60 inputs" in line]) == 14


WRONG = """
import checks
from reproviewer.files import npz
right = npz.read
def wrong(path, spill):
    {what}
    return right(path, spill)
npz.read = wrong
"""


def test_a_reader_that_opens_another_file_is_noticed(tmp_path):
    (tmp_path / "other").touch()
    what = f"open({str(tmp_path / 'other')!r}).close()"
    done = run("npz", "--count", "20", "--plain", before=WRONG.format(what=what))
    assert done.returncode == 1
    assert "fence open" in done.stdout


def test_a_reader_that_runs_something_is_noticed():
    done = run("npz", "--count", "20", "--plain", before=WRONG.format(what="import os; os.system('true')"))
    assert done.returncode == 1
    assert "fence os.system" in done.stdout


def test_a_wrong_identical_is_noticed():
    lie = """
import checks, dataclasses
right = checks.compare
def compare(a, b):
    found = right(a, b)
    same = checks.Verdict.IDENTICAL
    tensors = tuple(dataclasses.replace(t, verdict=same) for t in found.tensors)
    return dataclasses.replace(found, verdict=same, tensors=tensors)
checks.compare = compare
"""
    done = run("npz", "--count", "150", "--plain", before=lie)
    assert done.returncode == 1
    assert "wrong identical" in done.stdout
