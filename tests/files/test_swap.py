"""What a process that died half-way leaves, and how the next one mends it."""

import json
import os
import subprocess
import sys

import pytest

from reproviewer.files import swap

NAMES = ["data", "index", "checkpoint"]


def put(folder, text, names=NAMES):
    for name in names:
        (folder / name).write_text(f"{text} {name}")


def seen(folder):
    return {p.name: p.read_text() for p in folder.iterdir()}


def texts(text, names=NAMES):
    return {name: f"{text} {name}" for name in names}


SCRIPT = """
import os, signal, sys
from pathlib import Path
from reproviewer.files import swap

folder, survived = Path(sys.argv[1]), int(sys.argv[2])
real, calls = os.replace, []

def replace(source, target):
    if len(calls) == survived:
        os.kill(os.getpid(), signal.SIGKILL)
    calls.append(source)
    real(source, target)

os.replace = replace
names = ["data", "index", "checkpoint"]
with swap.place_beside(folder) as place:
    for name in names:
        (place / name).write_text(f"new {name}")
    swap.install(place, names)
"""


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "folder"
    made.mkdir()
    return made


def die(folder, survived):
    from reproviewer import files

    home = os.path.dirname(os.path.dirname(os.path.dirname(files.__file__)))
    done = subprocess.run([sys.executable, "-c", SCRIPT, str(folder), str(survived)], check=False, cwd=home)
    assert done.returncode == (-9 if survived < 3 else 0)


@pytest.mark.parametrize("survived", [0, 1, 2])
@pytest.mark.parametrize("had", [NAMES, ["checkpoint"], []])
def test_the_next_process_puts_the_old_files_back(folder, survived, had):
    put(folder, "old", had)
    die(folder, survived)
    swap.sweep(folder)
    assert seen(folder) == texts("old", had)


def test_nothing_is_left_when_all_went_well(folder):
    put(folder, "old")
    die(folder, 3)
    assert seen(folder) == texts("new")


def test_files_that_somebody_wrote_since_are_left_alone(folder):
    put(folder, "old")
    die(folder, 1)
    (folder / "index").write_text("written by somebody else since then")
    swap.sweep(folder)
    assert seen(folder) == texts("old") | {"data": "new data", "index": "written by somebody else since then"}


def test_a_damaged_journal_does_no_harm(folder):
    put(folder, "old")
    die(folder, 0)
    (journal,) = folder.glob(".reproviewer-*/backup/journal")
    journal.write_text(json.dumps([]) + "x")
    swap.sweep(folder)
    assert seen(folder) == texts("old")


def test_what_living_processes_and_other_machines_write_is_left_alone(folder):
    mine = folder / f"{swap._own_mark()}{os.getpid()}-abc"
    other = folder / ".reproviewer-00000000-1-abc"
    odd = folder / f"{swap._own_mark()}odd"
    for place in (mine, other, odd):
        place.mkdir()
    swap.sweep(folder)
    assert mine.exists()
    assert other.exists()
    assert odd.exists()


def test_without_hard_links(folder, monkeypatch):
    monkeypatch.setattr(os, "link", lambda *_: (_ for _ in ()).throw(OSError(95, "Operation not supported")))
    put(folder, "old")
    with swap.place_beside(folder) as place:
        put(place, "new")
        swap.install(place, NAMES)
    assert seen(folder) == texts("new")
