"""What all commands share: help, one line when there is no answer, pipes and terminals that are closed."""

import os
import subprocess
import sys

import numpy as np
import pytest

from reproviewer.cli import main
from reproviewer.core.experiment import Experiment, dumps
from tests.commands.asking import MODEL, PROGRAM, answer, no_answer


@pytest.mark.parametrize(
    "argv",
    [
        ["compare"],
        ["compare", "{a}"],
        ["compare", "{a}", "/nowhere/x.npz"],
        ["compare", "{a}", "{folder}"],
        ["compare", "{a}", "{text}"],
        ["compare", "{a}", "{a}", "--ulp", "-1"],
        ["compare", "{a}", "{a}", "--ulp", "1.5"],
        ["compare", "{a}", "{a}", "--atol", "nan"],
        ["compare", "{a}", "{a}", "--rtol", "inf"],
        ["compare", "{a}", "{a}", "--nothing"],
        ["compare", "{a}", "{empty}"],
        ["compare", "{empty}", "{empty}"],
        ["compare", "{a}", "{a}", "--tolerance", "kernel"],
        ["compare", "{a}", "{a}", "--tolerance", "kernel:ulp=-1"],
        ["compare", "{a}", "{a}", "--tolerance", "kernel:ulp=1.5"],
        ["compare", "{a}", "{a}", "--tolerance", "kernel:steps=1"],
        ["compare", "{a}", "{a}", "--tolerance", ":ulp=1"],
        ["compare", "{a}", "{a}", "--pair", "kernel="],
        ["compare", "{a}", "{a}", "--pair", "nothing=kernel"],
        ["inspect"],
        ["inspect", "/nowhere"],
        ["inspect", "{a}", "{a}"],
        ["run"],
        ["run", "/nowhere/experiment.json"],
        ["run", "{a}"],
        ["run", "{text}"],
        ["run", "--model", "Dense(5"],
        ["run", "--model", MODEL, "--seed", "-1"],
        ["run", "--model", MODEL, "--seed", "4294967296"],
        ["run", "--model", MODEL, "--seed", "one"],
        ["run", "--model", MODEL, "--runs", "0"],
        ["run", "--model", MODEL, "--runs", "1001"],
        ["run", "--model", MODEL, "--call", "random.seed"],
        ["run", "--model", MODEL, "--seed", "1", "--call", "os.system"],
        ["run", "--model", MODEL, "--flavour", "pytorch"],
        ["run", "--model", MODEL, "--python", "/nowhere/python"],
        ["run", "--model", MODEL, "--save", "x.txt"],
        ["run", "--model", MODEL, "--save", "x.pdf"],
        ["run", "--model", MODEL, "--save", ""],
        ["run", "--model", MODEL, "--save", "{folder}"],
        ["run", "--model", MODEL, "--save", "{folder}/none/x.npz"],
        ["run", "--model", MODEL, "--save", "{folder}/none/none/x"],
        ["run", "{deep}"],
        ["picture", "{a}", "-o", "{folder}/none/x.png"],
        ["inspect", ""],
        ["picture", "{a}"],
        ["picture", "{a}", "-o", "x.pdf"],
        ["picture", "/nowhere/x.json", "-o", "x.png"],
        ["picture", "{experiment}", "{a}", "-o", "x.png"],
        ["--nothing"],
    ],
    ids=" ".join,
)
def test_no_answer_is_one_line(files, tmp_path, capsys, argv):
    (tmp_path / "text").write_text("hello")
    (tmp_path / "e.json").write_text(dumps(Experiment(MODEL)))
    np.savez(tmp_path / "empty.npz")
    (tmp_path / "deep.json").write_text("[" * 100_000)
    names = {
        "deep": tmp_path / "deep.json",
        "a": files["a"],
        "folder": tmp_path,
        "text": tmp_path / "text",
        "experiment": tmp_path / "e.json",
    }
    argv = [a.format(empty=tmp_path / "empty.npz", **names) for a in argv]
    line = no_answer(capsys, *argv)
    assert line.startswith("reproviewer: ")
    assert "Traceback" not in line
    assert "recursion" not in line
    assert not (tmp_path / "none").exists()
    no_answer(capsys, *argv[:1], "--json", *argv[1:])


def test_help_is_worth_reading(capsys):
    status, out, _ = answer(capsys, "--help")
    assert status == 0
    commands = ("run", "compare", "inspect", "convert", "picture")
    for word in (*commands, "identical", "mismatched", "Exit status", "Examples"):
        assert word in out
    for command in commands:
        assert answer(capsys, command, "--help")[0] == 0
    assert answer(capsys, "--version")[1].startswith("reproviewer ")


def test_files_alone_open_the_window(monkeypatch, capsys):
    from reproviewer import app

    opened = []
    monkeypatch.setattr(app, "main", lambda files: opened.append(files) or 0)
    assert main([]) == 0
    assert main(["a.h5", "b.h5"]) == 0
    assert opened == [[], ["a.h5", "b.h5"]]


def test_the_window_needs_a_display_and_files_that_exist(files, monkeypatch, capsys):
    assert "There is no file foo" in no_answer(capsys, "foo")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    assert "There is no display" in no_answer(capsys, files["a"])


def test_a_reader_that_went_away_is_no_error(files):
    reading, writing = os.pipe()
    os.close(reading)
    command = [*PROGRAM, "compare", files["a"], files["b"], "--json"]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True)
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.parametrize("argv", [["inspect", "{a}"], ["compare", "{a}", "{a}", "--json"], ["--version"]])
def test_a_closed_stdout_is_one_line(files, argv):
    command = [*PROGRAM, *(a.format(**files) for a in argv)]
    done = subprocess.run(["sh", "-c", '"$@" >&-', "sh", *command], stderr=subprocess.PIPE, text=True)
    assert done.returncode == 2
    assert done.stderr == "reproviewer: Standard output is closed: the answer cannot be written.\n"


def test_a_terminal_without_the_signs(files):
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run([*PROGRAM, "compare", files["a"], files["b"]], capture_output=True, env=environment)
    assert done.returncode == 1
    assert done.stdout.startswith(b"? DIFFERENT")
