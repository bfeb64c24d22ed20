"""An experiment file is a regular file of a bounded size: nothing else is waited for or read on and on."""

import os
import subprocess
import sys
import time

import pytest

from reproviewer.cli import main
from reproviewer.core.experiment import MAX_FILE, Experiment, dumps, load
from reproviewer.core.message import ReproError

LARGE = f"is not an experiment: it is larger than {MAX_FILE:,} bytes."


@pytest.fixture
def odd(tmp_path):
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "device.json").symlink_to("/dev/zero")
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "large.json").write_text(dumps(Experiment("Dense(1)")) + " " * MAX_FILE)
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe")
    (tmp_path / "deep.json").write_text("[" * 200_000)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("pipe.json", "is not an experiment: it is not a regular file."),
        ("device.json", "is not an experiment: it is not a regular file."),
        ("folder.json", "Is a directory"),
        ("large.json", LARGE),
        ("bytes.json", "is not an experiment: it is not text."),
        ("deep.json", "This is not an experiment: its JSON is nested too deep."),
        ("none.json", "cannot be read: No such file or directory."),
    ],
)
def test_refused_at_once(odd, capsys, name, words):
    for argv in (["run", str(odd / name)], ["picture", str(odd / name), "-o", str(odd / "x.png")]):
        start = time.monotonic()
        assert main(argv) == 2
        out, err = capsys.readouterr()
        assert (out, err.count("\n"), words in err) == ("", 1, True)
        assert time.monotonic() - start < 5


def test_as_large_as_may_be(tmp_path):
    path, text = tmp_path / "e.json", dumps(Experiment("Dense(1)"))
    path.write_text(text + " " * (MAX_FILE - len(text)))
    assert load(path) == Experiment("Dense(1)")
    path.write_text(path.read_text() + " ")
    with pytest.raises(ReproError, match=r"larger than 1,048,576 bytes"):
        load(path)


def test_a_pipe_of_the_shell_is_refused(tmp_path):
    (tmp_path / "e.json").write_text(dumps(Experiment("Dense(1)")))
    line = f"{sys.executable} -m reproviewer run <(cat {tmp_path / 'e.json'})"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=20)
    assert (done.returncode, "it is not a regular file" in done.stderr) == (2, True)
