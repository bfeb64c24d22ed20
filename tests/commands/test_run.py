"""`reproviewer run`: builds, reasons, what is saved, and the JSON document, which is a public interface."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from reproviewer.core.experiment import Experiment, SeedCall, Seeding, dumps
from tests.commands.asking import MODEL, PROGRAM, answer, heed_signals, strict


def test_run_document(capsys):
    status, out, err = answer(capsys, "run", "--model", MODEL, "--json")
    document = strict(out)
    assert (status, err) == (1, "")
    assert list(document) == ["schema", "verdict", "runs", "comparison", "cause"]
    assert (document["schema"], document["verdict"]) == ("reproviewer/run-1", "different")
    one, two = document["runs"]
    assert list(one) == ["label", "digest", "record", "tensors"]
    assert (one["label"], two["label"]) == ("Run 1", "Run 2")
    assert one["digest"] != two["digest"]
    assert one["record"]["experiment"]["model"] == MODEL
    assert one["tensors"][0]["shape"] == [1, 5]
    assert one["tensors"][1]["sha256"] == two["tensors"][1]["sha256"]
    assert document["comparison"]["tensors"][0]["differing"] == 5
    assert document["cause"] == {"message": "No seed was set before the builds.", "action": "set-seed"}


@pytest.mark.usefixtures("warm")
def test_an_experiment_file_and_options_over_it(tmp_path, capsys):
    path = tmp_path / "experiment.json"
    calls = (SeedCall("keras.utils.set_random_seed", 1), SeedCall("random.seed", 1))
    path.write_text(dumps(Experiment(MODEL, seeding=Seeding(calls), runs=3)))
    status, out, _ = answer(capsys, "run", path, "--json")
    document = strict(out)
    assert (status, document["verdict"], len(document["runs"])) == (0, "identical", 3)
    assert document["cause"] is None
    status, out, _ = answer(capsys, "run", "--seed", "5", "--once", "--runs", "2", path, "--json")
    document = strict(out)
    seeding = document["runs"][0]["record"]["experiment"]["seeding"]
    assert seeding["when"] == "once"
    assert [call["seed"] for call in seeding["calls"]] == [5, 5]
    assert (status, document["cause"]["action"]) == (1, "seed-each")
    status, out, _ = answer(capsys, "run", "--seed", "5", "--call", "tf.random.set_seed", path, "--runs", "2")
    assert status == 1
    assert "tf.random.set_seed does not govern initial weights in Keras" in out


@pytest.mark.usefixtures("warm")
@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--once"], "The seed was set only once, before the first build."),
        (["--once", "--call", "tf.random.set_seed"], "tf.random.set_seed does not govern initial weights in Keras"),
        (["--fresh", "--call", "numpy.random.seed"], "numpy.random.seed does not govern initial weights in Keras"),
    ],
)
def test_the_reason_is_the_real_one(capsys, options, reason):
    status, out, _ = answer(capsys, "run", "--model", MODEL, "--seed", "1", *options)
    assert status == 1
    assert reason in out


@pytest.mark.usefixtures("warm")
@pytest.mark.parametrize("options", [["--fresh", "--runs", "3"], ["--flavour", "tf_keras"]])
def test_seeded_builds_are_identical(capsys, options):
    status, out, _ = answer(capsys, "run", "--model", MODEL, "--seed", "1", *options)
    assert (status, out[0]) == (0, "✓")


@pytest.mark.usefixtures("warm")
def test_saving_what_was_built(tmp_path, capsys):
    saved = tmp_path / "one.npz"
    status, out, _ = answer(capsys, "run", "--model", MODEL, "--seed", "1", "--runs", "1", "--save", saved, "--json")
    assert status == 0
    assert strict(out)["verdict"] is None
    built = strict(out)["runs"][0]["tensors"][0]["sha256"]
    assert strict(answer(capsys, "inspect", saved, "--json")[1])["tensors"][0]["sha256"] == built


@pytest.mark.usefixtures("warm")
@pytest.mark.parametrize("name", ["one.npz", "your_dir/record_weight", "cp-1.ckpt"])
def test_what_was_saved_is_told(tmp_path, capsys, name):
    saved = tmp_path / name
    status, out, _ = answer(capsys, "run", "--model", MODEL, "--seed", "1", "--save", saved)
    assert status == 0
    assert f"Saved run 1: {saved} (" in out
    assert answer(capsys, "inspect", saved)[0] == 0


@pytest.mark.usefixtures("warm")
def test_a_model_without_weights_is_not_identical(capsys):
    model = "Flatten(input_shape=(2, 2))"
    status, out, err = answer(capsys, "run", "--model", model, "--json")
    assert (status, strict(out)["verdict"], strict(out)["comparison"]) == (2, None, None)
    assert err == "reproviewer: There is nothing to compare: the model has no weights, and nothing was drawn.\n"
    status, out, _ = answer(capsys, "run", "--model", model)
    assert status == 2
    assert "IDENTICAL" not in out


@pytest.mark.usefixtures("warm")
def test_one_run_alone_is_no_answer(capsys):
    status, out, err = answer(capsys, "run", "--model", MODEL, "--seed", "1", "--runs", "1")
    assert status == 2
    assert "Run 1" in out
    assert err == "reproviewer: One run alone cannot be compared: use --runs 2 or more.\n"


def marked(mark):
    """Processes that carry a mark in their environment."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if mark.encode() in (path / "environ").read_bytes():
                found.append(int(path.name))
    return found


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
@pytest.mark.parametrize(
    ("number", "when"), [(signal.SIGINT, "starting"), (signal.SIGINT, "building"), (signal.SIGTERM, "building")]
)
def test_an_interrupt_leaves_nothing_behind(tmp_path, number, when):
    mark = f"REPROVIEWER_TEST={tmp_path.name}-{number}"
    environment = {**os.environ, "TMPDIR": str(tmp_path), **dict([mark.split("=")])}
    command = [*PROGRAM, "run", "--model", MODEL, "--runs", "1000"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen(command, env=environment, start_new_session=True, preexec_fn=heed_signals, **pipes)
    until = time.monotonic() + 60
    while not list(tmp_path.glob("reproviewer*" if when == "starting" else "reproviewer*/**/request-*/*")):
        assert process.poll() is None
        assert time.monotonic() < until
        time.sleep(0.05)
    if number == signal.SIGINT:  # Ctrl+C reaches the workers too
        os.killpg(process.pid, number)
    else:
        process.send_signal(number)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (128 + number, "", "reproviewer: Interrupted.\n")
    until = time.monotonic() + 10
    while marked(mark) and time.monotonic() < until:
        time.sleep(0.1)
    assert not marked(mark)
    assert not list(tmp_path.glob("reproviewer*"))
