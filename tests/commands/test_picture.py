"""`reproviewer picture`: what the window shows, without a screen."""

import os
import subprocess

import pytest

from reproviewer.core.experiment import Experiment, SeedCall, Seeding, dumps
from tests.commands.asking import MODEL, PROGRAM


@pytest.mark.parametrize("suffix", ["png", "svg"])
def test_a_picture_without_a_screen(files, tmp_path, suffix):
    out = tmp_path / f"x.{suffix}"
    environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")}
    command = [*PROGRAM, "picture", files["a"], files["b"], "-o", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert (done.returncode, done.stderr) == (1, "")
    assert out.stat().st_size > 10_000
    assert "1 of 9 weights differs" in done.stdout


def test_a_picture_of_an_experiment(tmp_path):
    path, out = tmp_path / "e.json", tmp_path / "x.png"
    path.write_text(dumps(Experiment(MODEL, seeding=Seeding((SeedCall("keras.utils.set_random_seed", 1),)))))
    done = subprocess.run([*PROGRAM, "picture", str(path), "-o", str(out)], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert out.read_bytes().startswith(b"\x89PNG")


def test_a_picture_of_one_file_alone(files, tmp_path):
    out = tmp_path / "x.png"
    done = subprocess.run([*PROGRAM, "picture", files["a"], "-o", str(out)], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert out.stat().st_size > 10_000


@pytest.mark.parametrize("count", [1, 2])
def test_no_picture_of_files_without_weights(tmp_path, count):
    out = tmp_path / "x.png"
    empty = tmp_path / "none.safetensors"
    empty.write_bytes((2).to_bytes(8, "little") + b"{}")
    command = [*PROGRAM, "picture", *[str(empty)] * count, "-o", str(out)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "reproviewer: There is nothing to draw: no weights, and no drawn numbers.\n"
    assert not out.exists()
