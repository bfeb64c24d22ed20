"""Whatever is saved, and whatever gets into its way: the old file is there, byte by byte, or the new one, whole."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from reproviewer import cli
from reproviewer.core.message import ReproError
from reproviewer.files.save import replace_text
from tests.files import obstacles

OLD = b"the old file, which is longer than what may be written to a full disk" * 3


def converted(target):
    source = "keras.npz" if target.name.endswith(".weights.h5") else "plain.npz"
    return cli.main(["convert", f"{target.parents[1]}/{source}", str(target), "--replace"])


def reported(target):
    one, two = (f"{target.parents[1]}/{name}.npz" for name in ("keras", "plain"))
    return cli.main(["compare", one, two, "--report", str(target)])


def experiment(target):
    """As the window saves one."""
    try:
        replace_text(target, "new " * 100)
    except ReproError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


CONVERTED = ("a.weights.h5", "a.h5", "a.npz", "a.safetensors")
REPORTED = ("a.html", "a.report.json", "a.csv")
WAYS = dict.fromkeys(CONVERTED, converted) | dict.fromkeys(REPORTED, reported) | {"a.json": experiment}


@pytest.fixture
def target(tmp_path):
    """Where an old file lies that is to be replaced; what the new one is made of lies a folder above."""
    (tmp_path / "out").mkdir()
    for source, layer in (("keras", "layers/dense/vars"), ("plain", "dense")):
        np.savez(tmp_path / f"{source}.npz", **{f"{layer}/{i}": np.arange(500, dtype="f4") for i in (0, 1)})

    def old(name):
        (tmp_path / "out" / name).write_bytes(OLD)
        return tmp_path / "out" / name

    return old


def is_untouched(target):
    return [p.name for p in target.parent.iterdir()] == [target.name] and target.read_bytes() == OLD


@pytest.mark.parametrize("name", WAYS)
def test_nothing_in_the_way(target, name, capsys):
    """Somebody reads the old file meanwhile, and goes on to read it."""
    path = target(name)
    with path.open("rb") as reader:
        assert reader.read(10) == OLD[:10]
        assert WAYS[name](path) == 0
        assert reader.read() == OLD[10:]
    assert path.read_bytes() != OLD
    assert [p.name for p in path.parent.iterdir()] == [name]


@pytest.mark.parametrize("name", WAYS)
def test_a_full_disk(target, name, capsys, real_readers):
    path = target(name)
    with obstacles.full_disk():
        assert WAYS[name](path) == 2
    assert is_untouched(path)
    assert capsys.readouterr().err.removeprefix("reproviewer: ") == f"{name} was not saved: the disk is full.\n"


@pytest.mark.parametrize("name", WAYS)
def test_a_folder_that_is_read_only(target, name, capsys):
    path = target(name)
    with obstacles.read_only(path.parent):
        assert WAYS[name](path) == 2
    assert is_untouched(path)
    assert "cannot be written to" in capsys.readouterr().err


@pytest.mark.parametrize("name", WAYS)
def test_a_process_that_is_killed(target, name):
    """When all is written, and about to take the place of the old file."""
    path = target(name)
    done = subprocess.run([sys.executable, "-m", "tests.files.test_saves", path], check=False, cwd=HOME)
    assert done.returncode == -9
    assert path.read_bytes() == OLD
    left = [p for p in path.parent.iterdir() if p != path]
    assert [p.name.startswith(".reproviewer-") for p in left] == [True]
    assert WAYS[name](path) == 0
    assert [p.name for p in path.parent.iterdir()] == [name]


HOME = Path(__file__).parents[2]

if __name__ == "__main__":
    os.replace = obstacles.die
    WAYS[Path(sys.argv[1]).name](Path(sys.argv[1]))
