"""0 is said only of what is identical or within its tolerance, 1 only of what is not; all else is no answer."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import h5py
import numpy as np
import pytest

from reproviewer import cli
from reproviewer.cli import main
from reproviewer.commands import inspect
from tests.commands.asking import heed_signals

HUGE = "9" * 26


@pytest.fixture
def zeros(tmp_path):
    """Two files that differ in the sign of a zero, and in the last bit of another tensor."""
    near = np.nextafter(np.ones(2, "f4"), np.float32(2))
    np.savez(tmp_path / "a.npz", **{"x/zero": np.zeros(2, "f4"), "y/one": np.ones(2, "f4")})
    np.savez(tmp_path / "b.npz", **{"x/zero": -np.zeros(2, "f4"), "y/one": np.ones(2, "f4")})
    np.savez(tmp_path / "c.npz", **{"x/zero": -np.zeros(2, "f4"), "y/one": near})
    return tmp_path


@pytest.mark.parametrize(
    ("other", "options", "status"),
    [
        ("b", [], 1),
        ("b", ["--atol", "2"], 0),
        ("b", ["--tolerance", "nomatch:atol=2"], 1),
        ("b", ["--tolerance", "y/*:atol=2"], 1),
        ("b", ["--tolerance", "x/*:ulp=1"], 0),
        ("b", ["--atol", "2", "--tolerance", "x/*:ulp=0"], 1),
        ("c", ["--tolerance", "y/*:ulp=1"], 1),
        ("c", ["--tolerance", "x/*:ulp=1"], 1),
        ("c", ["--tolerance", "*:ulp=1"], 0),
        ("c", ["--tolerance", "x/*:ulp=1", "--tolerance", "y/*:ulp=1"], 0),
    ],
)
def test_a_tolerance_counts_where_it_applies(zeros, capsys, other, options, status):
    assert main(["compare", str(zeros / "a.npz"), str(zeros / f"{other}.npz"), *options]) == status
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("options", [["--ulp", HUGE], ["--ulp", HUGE * 20], ["--tolerance", f"*:ulp={HUGE}"]])
def test_more_steps_than_there_can_be(zeros, capsys, options):
    assert main(["compare", str(zeros / "a.npz"), str(zeros / "c.npz"), *options]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert re.search(r"'9{26,40}' is not a number from 0 to 18446744073709551615 \(see", err)


def test_as_many_steps_as_there_can_be(tmp_path):
    most = [float("inf"), -float("inf")]
    np.savez(tmp_path / "a.npz", w=np.array([1.0, *most[:1]]))
    np.savez(tmp_path / "b.npz", w=np.array([-1.0, *most[:1]]))
    assert main(["compare", str(tmp_path / "a.npz"), str(tmp_path / "b.npz"), "--ulp", str(2**64 - 1)]) == 0


def test_what_nobody_expected_is_no_answer(zeros, capsys, monkeypatch):
    def fail(args):
        raise ZeroDivisionError

    monkeypatch.setattr(inspect, "main", fail)
    assert main(["inspect", str(zeros / "a.npz")]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "Traceback" in err
    line = "reproviewer: Something went wrong inside ReproViewer (ZeroDivisionError); there is no answer."
    assert err.splitlines()[-1] == line


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
@pytest.mark.parametrize("suffix", ["html", "json", "csv"])
def test_a_file_name_that_is_no_text(zeros, capsys, suffix):
    odd, report = os.fsdecode(os.fsencode(zeros) + b"/\xff\n.npz"), zeros / f"report.{suffix}"
    (zeros / "a.npz").rename(odd)
    assert main(["compare", odd, str(zeros / "b.npz"), str(zeros / "c.npz"), "--report", str(report)]) == 1
    assert "\\udcff\\n.npz" in capsys.readouterr().out
    assert suffix == "csv" or "\\udcff" in report.read_text(encoding="utf-8")
    for command in (["compare", odd, odd], ["inspect", odd]):
        assert main(command) == main([*command, "--json"]) == 0
        assert "?" not in capsys.readouterr().out


@pytest.mark.parametrize("command", ["run", "compare", "inspect", "convert", "picture"])
def test_help_tells_every_status(capsys, command):
    assert main([command, "--help"]) == 0
    text = capsys.readouterr().out
    told = ("Exit status: 0", " 2 ", "130", "143", "129")
    assert all(status in text for status in told)


INTERRUPTED = """
import sys
from reproviewer import cli
cli._answer = lambda args: exec("raise KeyboardInterrupt")
sys.exit(cli.main(["--version"]))
"""


def test_an_interrupt_within_executed_text_has_the_same_status(tmp_path):
    """As of a dataclass that is being made: Python alone would end by the signal, for all that is caught."""
    (tmp_path / "interrupted.py").write_text(INTERRUPTED)
    path = os.pathsep.join([str(Path(cli.__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-m", "interrupted"]
    done = subprocess.run(command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (130, "reproviewer: Interrupted.\n")


@pytest.fixture(scope="module")
def slow(tmp_path_factory):
    """A file that takes a while to read: it has to be unpacked."""
    path = tmp_path_factory.mktemp("slow") / "a.h5"
    with h5py.File(path, "w") as archive:
        archive.create_dataset("d/k", data=np.random.default_rng(0).random((4000, 1000)), compression="gzip")
    return path


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_what_is_told_to_end_leaves_no_folder(tmp_path, slow, number):
    """What is killed cannot clean up; the next one does."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    np.savez(tmp_path / "c.npz", w=np.ones(2))
    environment = {**os.environ, "TMPDIR": str(scratch)}
    command = [sys.executable, "-m", "reproviewer", "compare", slow, slow]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True, preexec_fn=heed_signals)
    until = time.monotonic() + 20
    while not list(scratch.glob("*/unpacked*")) and time.monotonic() < until:
        time.sleep(0.01)
    process.send_signal(number)
    said = process.communicate(timeout=20)[1]
    if number == signal.SIGKILL:
        assert len(list(scratch.iterdir())) == 1
        assert subprocess.run([*command[:3], "inspect", tmp_path / "c.npz"], env=environment).returncode == 0
    else:
        assert (process.returncode, said) == (128 + number, "reproviewer: Interrupted.\n")
    assert not list(scratch.iterdir())
