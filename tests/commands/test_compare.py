"""`reproviewer compare`: verdicts, exit statuses and the JSON document, which is a public interface."""

import subprocess
import time

import h5py
import numpy as np
import pytest

from reproviewer.cli import main
from tests.commands.asking import PROGRAM, answer, no_answer, strict
from tests.files import bundles


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
        "left_out": ["", ""],
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
    assert "Tensors matched under other names: 2 by hand." in out
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
            "  ✕ optimizer/vars/0  1 of 1 differs; 1 against 2; largest |Δ| 1",
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
        "  ✕ kernel  1 of 6 differs; first at [1, 0]: 3.0 against 3.0000002; largest |Δ| 2.38e-07; 1 ULP",
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


def test_compare_starts_quickly(files):
    begun = time.perf_counter()
    subprocess.run([*PROGRAM, "compare", files["a"], files["a"]], check=True, capture_output=True)
    assert time.perf_counter() - begun < 5


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


def test_what_no_tensor_was_made_of_is_told(tmp_path, capsys):
    """Two checkpoints that differ in a text only: their numbers are identical, and nobody said more than that."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    kernel = (b"kernel", bundles.entry())
    one = bundles.checkpoint(tmp_path / "a", kernel, (b"text", bundles.entry(7, (), offset=20, size=0, crc=1)))
    other = bundles.checkpoint(tmp_path / "b", kernel, (b"text", bundles.entry(7, (), offset=20, size=0, crc=2)))
    document = strict(answer(capsys, "compare", one, other, "--json")[1])
    assert (document["verdict"], document["left_out"]) == ("identical", ["text", "text"])
    status, out, _ = answer(capsys, "compare", one, other)
    assert status == 0
    assert out.endswith(f"  left out of {one}: text\n  left out of {other}: text\n")
