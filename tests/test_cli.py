"""The command line is a public interface: answers, exit statuses, JSON documents, one line when there is no answer."""

import contextlib
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import h5py
import numpy as np
import pytest

from reproviewer.cli import main
from reproviewer.core.experiment import Experiment, SeedCall, Seeding, dumps

MODEL = "Dense(5, input_dim=1)"
PROGRAM = [sys.executable, "-m", "reproviewer"]


@pytest.fixture
def files(tmp_path):
    """Three weight files: `b` is `a` with one bit flipped, `z` is `a` with another zero."""
    kernel, bias = np.arange(6, dtype=np.float32).reshape(2, 3), np.zeros(3, np.float32)
    flipped = kernel.copy()
    flipped.view(np.uint32)[1, 0] ^= 1
    arrays = {"a": (kernel, bias), "b": (flipped, bias), "z": (kernel, -bias), "again": (kernel, bias)}
    for name, (k, b) in arrays.items():
        np.savez(tmp_path / f"{name}.npz", kernel=k, bias=b)
    np.savez(tmp_path / "nan.npz", kernel=np.full((2, 3), np.nan, np.float32), bias=bias)
    np.savez(tmp_path / "other.npz", kernel=np.zeros((2, 4), np.float32), bias=bias, more=bias)
    np.savez(tmp_path / "double.npz", kernel=kernel.astype(np.float64), bias=bias.astype(np.float64))
    return {path.stem: str(path) for path in tmp_path.glob("*.npz")}


def strict(text):
    """Strict JSON: no NaN, no Infinity."""

    def refuse(constant):
        raise AssertionError(constant)

    return json.loads(text, parse_constant=refuse)


def answer(capsys, *argv):
    """Exit status, stdout and stderr of a command line."""
    status = main([str(a) for a in argv])
    printed = capsys.readouterr()
    return status, printed.out, printed.err


def no_answer(capsys, *argv):
    """The line on stderr of a command line that has no answer."""
    status, out, err = answer(capsys, *argv)
    assert (status, out) == (2, "")
    assert err.endswith("\n")
    assert err.count("\n") == 1
    return err


@pytest.mark.parametrize(
    ("other", "options", "verdict", "status"),
    [
        ("a", [], "identical", 0),
        ("again", [], "identical", 0),
        ("z", [], "equal", 1),
        ("z", ["--ulp", "1"], "equal", 0),
        ("double", [], "equal", 1),
        ("b", [], "different", 1),
        ("b", ["--ulp", "1"], "close", 0),
        ("b", ["--atol", "1"], "close", 0),
        ("b", ["--rtol", "1e-6"], "close", 0),
        ("b", ["--rtol", "1e-9"], "different", 1),
        ("nan", ["--atol", "1000"], "different", 1),
        ("other", [], "mismatched", 1),
        ("other", ["--atol", "1000"], "mismatched", 1),
    ],
)
def test_verdict_and_exit_status(files, capsys, other, options, verdict, status):
    assert main(["compare", files["a"], files[other], *options, "--json"]) == status
    assert strict(capsys.readouterr().out)["verdict"] == verdict
    assert main(["compare", files["a"], files[other], *options]) == status
    assert verdict.upper() in capsys.readouterr().out.splitlines()[0]


def test_compare_document(files, capsys):
    status, out, err = answer(capsys, "compare", files["a"], files["b"], "--json")
    assert (status, err) == (1, "")
    assert strict(out) == {
        "schema": "reproviewer/compare-1",
        "verdict": "different",
        "files": [files["a"], files["b"]],
        "groups": [[files["a"]], [files["b"]]],
        "matrix": [["identical", "different"], ["different", "identical"]],
        "tensors": [
            {
                "name": "kernel",
                "names": ["kernel", "kernel"],
                "verdict": "different",
                "shape": [2, 3],
                "dtype": "float32",
                "size": 6,
                "differing": 1,
                "first": {
                    "index": [1, 0],
                    "values": ["3.0", "3.0000002"],
                    "bits": ["0x40400000", "0x40400001"],
                },
                "max_abs": 2.384185791015625e-07,
                "max_ulp": 1,
                "role": "weight",
                "rule": "same name",
                "tolerance": None,
                "relation": None,
            },
            {
                "name": "bias",
                "names": ["bias", "bias"],
                "verdict": "identical",
                "shape": [3],
                "dtype": "float32",
                "size": 3,
                "differing": 0,
                "first": None,
                "max_abs": 0.0,
                "max_ulp": 0,
                "role": "weight",
                "rule": "same name",
                "tolerance": None,
                "relation": None,
            },
        ],
        "relations": [],
        "ambiguous": [],
        "not_compared": [],
    }


def test_what_does_not_fit(files, capsys):
    tensors = strict(answer(capsys, "compare", files["a"], files["other"], "--json")[1])["tensors"]
    by_name = {t["name"]: t for t in tensors}
    assert by_name["kernel"]["shapes"] == [[2, 3], [2, 4]]
    assert by_name["kernel"]["first"] is None
    assert by_name["more"]["names"] == [None, "more"]
    assert by_name["more"]["verdict"] == "mismatched"
    assert "shapes" not in by_name["bias"]
    double = strict(answer(capsys, "compare", files["a"], files["double"], "--json")[1])["tensors"][0]
    assert double["dtypes"] == ["float32", "float64"]


def test_infinity_is_a_string(files, capsys):
    tensors = strict(answer(capsys, "compare", files["a"], files["nan"], "--json")[1])["tensors"]
    assert tensors[0]["max_abs"] == "Infinity"
    assert tensors[0]["max_ulp"] is None
    assert tensors[0]["first"]["values"] == ["0.0", "nan"]


def test_the_first_of_many_is_the_reference(files, capsys):
    names = [files[name] for name in ("a", "again", "b", "z")]
    status, out, _ = answer(capsys, "compare", *names, "--json")
    document = strict(out)
    assert (status, document["verdict"], document["files"]) == (1, "different", names)
    verdicts = {(t["other"], t["name"]): t["verdict"] for t in document["tensors"]}
    assert len(verdicts) == 6
    assert verdicts[files["again"], "kernel"] == "identical"
    assert verdicts[files["b"], "kernel"] == "different"
    assert verdicts[files["z"], "bias"] == "equal"
    status, out, _ = answer(capsys, "compare", *names)
    assert out.startswith(f"✕ DIFFERENT  1 of 3 others differs from {files['a']}.")


def test_groups_of_identical_files(files, capsys):
    names = [files[name] for name in ("a", "b", "again", "z", "other")]
    a, b, again, z, other = names
    _, out, _ = answer(capsys, "compare", *names, "--json")
    document = strict(out)
    assert document["groups"] == [[a, again], [b], [z], [other]]
    same, unlike, misfit = "identical", "different", "mismatched"
    assert document["matrix"] == [
        [same, unlike, same, "equal", misfit],
        [unlike, same, unlike, unlike, misfit],
        [same, unlike, same, "equal", misfit],
        ["equal", unlike, "equal", same, misfit],
        [misfit, misfit, misfit, misfit, same],
    ]
    _, out, _ = answer(capsys, "compare", *names)
    assert out.splitlines()[1:8] == [
        f"  4 groups: {a} = {again}; {b}; {z}; {other}",
        "     1 2 3 4 5",
        f"  1  ✓ ✕ ✓ ≈ ≠  {a}",
        f"  2  ✕ ✓ ✕ ✕ ≠  {b}",
        f"  3  ✓ ✕ ✓ ≈ ≠  {again}",
        f"  4  ≈ ✕ ≈ ✓ ≠  {z}",
        f"  5  ≠ ≠ ≠ ≠ ✓  {other}",
    ]


def test_a_tolerance_of_its_own_for_some_tensors(files, capsys):
    def found(*options):
        status, out, _ = answer(capsys, "compare", files["a"], files["b"], "--json", *options)
        return status, strict(out)["verdict"], [t["tolerance"] for t in strict(out)["tensors"]]

    one = {"ulp": 1, "atol": 0.0, "rtol": 0.0}
    wide = {"ulp": 0, "atol": 0.5, "rtol": 0.25}
    assert found("--ulp", "1") == (0, "close", [one, one])
    assert found("--ulp", "1", "--tolerance", "k*:atol=0.5,rtol=0.25") == (0, "close", [wide, one])
    assert found("--tolerance", "bias:atol=0.5,rtol=0.25") == (1, "different", [None, wide])
    assert found("--tolerance", "*:atol=0.5,rtol=0.25", "--tolerance", "kernel:ulp=1") == (0, "close", [one, wide])
    assert found("--ulp", "1", "--tolerance", "kernel:ulp=0") == (1, "different", [None, one])


def test_pairs_that_a_person_chose(tmp_path, capsys):
    ones, twos = np.ones(3, np.float32), np.full(3, 2, np.float32)
    np.savez(tmp_path / "a.npz", p=ones, q=twos)
    np.savez(tmp_path / "b.npz", x=twos, y=ones)
    names = [tmp_path / "a.npz", tmp_path / "b.npz"]
    status, out, _ = answer(capsys, "compare", *names)
    assert (status, out[0]) == (1, "≠")
    assert "✕" not in out
    assert "✓" not in out
    assert "No name tells which of 2 and 2 tensors belong together, such as p and x." in out
    document = strict(answer(capsys, "compare", *names, "--json")[1])
    assert document["ambiguous"] == ["p", "q", "x", "y"]
    assert {t["rule"] for t in document["tensors"]} == {"ambiguous"}
    status, out, _ = answer(capsys, "compare", *names, "--pair", "p=y", "--pair", "q=x")
    assert (status, out[0]) == (0, "✓")
    assert "Paired with other names: 2 by hand." in out
    for options, line in (
        (["p=none"], "There is no tensor named none to pair with."),
        (["none=x"], "The reference has no tensor named none."),
        (["p=x", "q=x"], "q=x uses a tensor that is paired already by another choice."),
        (["p"], "argument --pair: 'p' is not of the form A=B (see `reproviewer compare --help`)"),
    ):
        pairs = [word for option in options for word in ("--pair", option)]
        assert no_answer(capsys, "compare", *names, *pairs) == f"reproviewer: {line}\n"
    assert "--pair goes with two files" in no_answer(capsys, "compare", *names, names[0], "--pair", "p=x")


def test_state_is_compared_when_asked_for_and_kept_apart(tmp_path, capsys):
    for name, step in (("a", 1), ("b", 2)):
        with h5py.File(tmp_path / f"{name}.weights.h5", "w") as file:
            file["layers/dense/vars/0"] = np.ones((2, 3), np.float32)
            file["optimizer/vars/0"] = np.int64(step)
    names = [tmp_path / "a.weights.h5", tmp_path / "b.weights.h5"]
    status, out, _ = answer(capsys, "compare", *names)
    assert (status, out[0]) == (0, "✓")
    assert "not compared: optimizer/vars/0" in out
    status, out, _ = answer(capsys, "compare", *names, "--all")
    assert (status, out.splitlines()) == (
        1,
        [
            "✕ DIFFERENT  1 of 7 values differs, at optimizer/vars/0; |Δ| 1.",
            str(names[1]),
            "  optimizer state:",
            "  ✕ optimizer/vars/0  1 of 1 differs; 1 against 2; |Δ| up to 1",
            "  ✓ 1 identical tensor",
        ],
    )
    tensors = strict(answer(capsys, "compare", *names, "--all", "--json")[1])["tensors"]
    assert [t["role"] for t in tensors] == ["weight", "optimizer"]
    third = [*names, names[0], "--all", "--json"]
    assert strict(answer(capsys, "compare", *third)[1])["groups"] == [[str(names[0])] * 2, [str(names[1])]]


def test_what_the_values_have_to_do_with_each_other(tmp_path, capsys):
    kernel = np.random.default_rng(1).standard_normal((8, 6)).astype(np.float32)
    np.savez(tmp_path / "a.npz", **{"one/kernel": kernel, "two/kernel": kernel})
    np.savez(tmp_path / "b.npz", **{"one/kernel": kernel.T, "two/kernel": kernel})
    np.savez(tmp_path / "c.npz", **{"one/kernel": kernel, "two/kernel": kernel * 3})
    _, out, _ = answer(capsys, "compare", tmp_path / "a.npz", tmp_path / "b.npz")
    assert "      It is the reference transposed: axes (1, 0). (bits)\n" in out
    _, out, _ = answer(capsys, "compare", tmp_path / "a.npz", tmp_path / "c.npz", "--json")
    assert strict(out)["tensors"][1]["relation"] == {
        "kind": "scaled",
        "test": "every value within 2 ULP",
        "detail": "Every value is 3 times as large.",
    }
    assert strict(out)["relations"] == [
        {"kind": "one layer", "test": "bits", "detail": "All layers but two are identical."}
    ]


def test_compare_in_words(files, capsys):
    _, out, _ = answer(capsys, "compare", files["a"], files["b"])
    assert out.splitlines() == [
        "✕ DIFFERENT  1 of 9 weights differs, at kernel[1, 0]; |Δ| 2.38e-07.",
        files["b"],
        "  ✕ kernel  1 of 6 differs; first at [1, 0]: 3.0 against 3.0000002; |Δ| up to 2.38e-07; 1 ULP",
        "  ✓ 1 identical tensor",
    ]


def test_the_bits_of_values_that_look_the_same(tmp_path, capsys):
    def saved(name, bits):
        np.savez(tmp_path / f"{name}.npz", x=np.uint32(bits).view(np.float32), y=np.ones(2, np.float32))
        return tmp_path / f"{name}.npz"

    nan, other_nan = saved("nan", 0x7FC00000), saved("other_nan", 0x7FC00001)
    zero, other_zero = saved("zero", 0), saved("other_zero", 0x80000000)
    assert (
        "x  1 of 1 differs; nan (0x7fc00000) against nan (0x7fc00001)" in answer(capsys, "compare", nan, other_nan)[1]
    )
    out = answer(capsys, "compare", zero, other_zero)[1]
    assert "x  1 of 1 differs; 0.0 (0x00000000) against -0.0 (0x80000000)" in out
    assert "[]" not in out


def test_inspect_document(files, capsys):
    status, out, err = answer(capsys, "inspect", files["b"], "--json")
    document = strict(out)
    assert (status, err) == (0, "")
    assert set(document) == {"schema", "format", "tensors", "metadata"}
    assert (document["schema"], document["format"]) == ("reproviewer/inspect-1", "npz")
    kernel = np.load(files["b"])["kernel"]
    assert document["tensors"][0] == {
        "name": "kernel",
        "role": "weight",
        "shape": [2, 3],
        "dtype": "float32",
        "size": 6,
        "sha256": hashlib.sha256(kernel.tobytes()).hexdigest(),
    }
    _, out, _ = answer(capsys, "inspect", files["b"])
    assert "kernel" in out
    assert "(3,)" in out


def test_the_digest_is_of_c_order_and_little_endian(tmp_path, capsys):
    array = np.arange(6, dtype=">f4").reshape(2, 3)
    np.savez(tmp_path / "x.npz", k=np.asfortranarray(array))
    tensor = strict(answer(capsys, "inspect", tmp_path / "x.npz", "--json")[1])["tensors"][0]
    assert tensor["sha256"] == hashlib.sha256(array.astype("<f4").tobytes()).hexdigest()


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


def test_compare_starts_quickly(files):
    begun = time.perf_counter()
    subprocess.run([*PROGRAM, "compare", files["a"], files["a"]], check=True, capture_output=True)
    assert time.perf_counter() - begun < 5


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


@pytest.mark.parametrize("options", [["--fresh", "--runs", "3"], ["--flavour", "tf_keras"]])
def test_seeded_builds_are_identical(capsys, options):
    status, out, _ = answer(capsys, "run", "--model", MODEL, "--seed", "1", *options)
    assert (status, out[0]) == (0, "✓")


def test_saving_what_was_built(tmp_path, capsys):
    saved = tmp_path / "one.npz"
    status, out, _ = answer(capsys, "run", "--model", MODEL, "--seed", "1", "--runs", "1", "--save", saved, "--json")
    assert status == 0
    assert strict(out)["verdict"] is None
    built = strict(out)["runs"][0]["tensors"][0]["sha256"]
    assert strict(answer(capsys, "inspect", saved, "--json")[1])["tensors"][0]["sha256"] == built


@pytest.mark.parametrize("name", ["one.npz", "your_dir/record_weight", "cp-1.ckpt"])
def test_what_was_saved_is_told(tmp_path, capsys, name):
    saved = tmp_path / name
    status, out, _ = answer(capsys, "run", "--model", MODEL, "--seed", "1", "--save", saved)
    assert status == 0
    assert f"Saved run 1: {saved} (" in out
    assert answer(capsys, "inspect", saved)[0] == 0


def test_a_model_without_weights_is_not_identical(capsys):
    model = "Flatten(input_shape=(2, 2))"
    status, out, err = answer(capsys, "run", "--model", model, "--json")
    assert (status, strict(out)["verdict"], strict(out)["comparison"]) == (2, None, None)
    assert err == "reproviewer: There is nothing to compare: the model has no weights, and nothing was drawn.\n"
    status, out, _ = answer(capsys, "run", "--model", model)
    assert status == 2
    assert "IDENTICAL" not in out


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
@pytest.mark.parametrize(("number", "after_s"), [(signal.SIGINT, 0.5), (signal.SIGINT, 5.0), (signal.SIGTERM, 5.0)])
def test_an_interrupt_leaves_nothing_behind(tmp_path, number, after_s):
    mark = f"REPROVIEWER_TEST={tmp_path.name}-{number}"
    environment = {**os.environ, "TMPDIR": str(tmp_path), **dict([mark.split("=")])}
    command = [*PROGRAM, "run", "--model", MODEL, "--runs", "1000"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen(command, env=environment, start_new_session=True, **pipes)
    time.sleep(after_s)
    assert process.poll() is None
    if number == signal.SIGINT:  # Ctrl+C reaches the workers too
        os.killpg(process.pid, number)
    else:
        process.send_signal(number)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (130, "", "reproviewer: Interrupted.\n")
    until = time.monotonic() + 10
    while marked(mark) and time.monotonic() < until:
        time.sleep(0.1)
    assert not marked(mark)
    assert not list(tmp_path.glob("reproviewer*"))


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


def test_reports_beside_the_answer(capsys, files, tmp_path):
    html, table = tmp_path / "report.html", tmp_path / "report.csv"
    status, out, _ = answer(capsys, "compare", files["a"], files["b"], "--report", html, "--report", table)
    assert status == 1
    assert out.startswith("✕ DIFFERENT")
    assert html.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert table.read_text(encoding="utf-8").count("\n") == 3
    line = no_answer(capsys, "compare", files["a"], files["b"], "--report", tmp_path / "report.pdf")
    assert line == "reproviewer: A report is a .html, a .json or a .csv file, not report.pdf.\n"
    assert "There is no folder" in no_answer(capsys, "compare", files["a"], files["b"], "--report", "no/where.html")


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
