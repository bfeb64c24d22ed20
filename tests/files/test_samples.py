"""Files that Keras 2.15 wrote, as they are."""

import json

import pytest

from reproviewer.core.weights import tensor_sha256

FILES = ["k2_test.h5", "k2_rich_weights.h5", "k2_ckpt_dir/record_weight"]


def check(contents, told):
    tensors = contents.weights.tensors
    paths = told.get("file_paths") or [t["name"] for t in told["tensors"]]
    assert [t.name for t in tensors] == [p.removesuffix("/.ATTRIBUTES/VARIABLE_VALUE") for p in paths]
    assert [(t.dtype, list(t.shape), tensor_sha256(t)) for t in tensors] == [
        (t["dtype"], t["shape"], t["sha256"]) for t in told["tensors"]
    ]
    assert {t.role for t in tensors} == {"weight"}


@pytest.mark.parametrize("name", FILES)
def test_names_order_and_bits_are_those_of_the_model(data, read, name):
    told = json.loads((data / f"{name}.json").read_text())
    check(read(data / name), told)


@pytest.mark.parametrize(
    "part", ["", "/record_weight.index", "/record_weight.data-00000-of-00001", "/checkpoint", "/record_weight"]
)
def test_any_part_of_a_checkpoint_stands_for_all_of_it(data, read, part):
    contents = read(f"{data}/k2_ckpt_dir{part}")
    assert contents.format == "tf-checkpoint"
    assert contents.source == data / "k2_ckpt_dir/record_weight"
    assert contents.remarks == {"data files": "1", "checksums": "all verified"}
    assert [t.name for t in contents.weights.tensors] == ["layer_with_weights-0/kernel", "layer_with_weights-0/bias"]
    assert [t.aliases for t in contents.weights.tensors] == [("dense/kernel",), ("dense/bias",)]


def test_names_and_what_the_file_says_about_itself(data, read):
    contents = read(data / "k2_test.h5")
    assert contents.format == "legacy-h5"
    assert contents.metadata == {"keras_version": "2.15.0", "backend": "tensorflow"}
    assert [t.name for t in contents.weights.tensors] == ["dense/dense/kernel:0", "dense/dense/bias:0"]
    assert [t.aliases for t in contents.weights.tensors] == [("dense/kernel",), ("dense/bias",)]
    assert {t.path for t in contents.weights.tensors} == {str(data / "k2_test.h5")}
