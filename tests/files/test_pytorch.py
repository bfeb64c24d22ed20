"""Files that PyTorch 2.13 wrote (see make_torch_samples.py), read without PyTorch."""

import json
import zipfile

import pytest

from reproviewer.core.weights import tensor_sha256

GOOD = ["state_dict", "checkpoint", "kinds", "views", "tensor", "list", "protocol_4", "parameters", "no_checksums"]
REFUSED = {
    "legacy": "a PyTorch file from before version 1.6, a pickle, which can run code when it is loaded",
    "whole_model": "it refers to `torch.nn.modules.linear.Linear`, which would be run when it is loaded; save only",
    "script": "it is a TorchScript program; save only `model.state_dict()` with PyTorch",
    "quantised": "it holds a quantised tensor",
    "sparse": "it holds a sparse tensor",
    "meta": "it holds a tensor without data",
    "conjugated": "`w` is a conjugated or negated view, whose bits are not its values",
    "complex32": "a tensor of the dtype torch.complex32, which is not known",
}


@pytest.fixture
def folder(data):
    return data / "torch"


@pytest.mark.parametrize("name", GOOD)
def test_names_order_and_bits_are_those_of_pytorch(folder, read, name):
    told = json.loads((folder / "told.json").read_text())[name]
    contents = read(folder / f"{name}.pt")
    assert contents.format == "pytorch"
    assert [t.name for t in contents.weights.tensors] == list(told)
    for tensor in contents.weights.tensors:
        assert {"dtype": tensor.dtype, "shape": list(tensor.shape), "sha256": tensor_sha256(tensor)} == told[
            tensor.name
        ]


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_says_why(folder, refused, name):
    refused(folder / f"{name}.pt", REFUSED[name])


def test_a_checkpoint_has_weights_an_optimizer_and_settings(folder, read):
    contents = read(folder / "checkpoint.pt")
    roles = {t.name: t.role for t in contents.weights.tensors}
    assert {role for name, role in roles.items() if name.startswith("state_dict/")} == {"weight"}
    assert {role for name, role in roles.items() if name.startswith("optimizer/")} == {"optimizer"}
    assert roles["torch_rng_state"] == "other"
    assert contents.weights.by_name["state_dict/one.weight"].aliases == ("one.weight",)
    assert contents.metadata["epoch"] == "3"
    assert contents.metadata["arch"] == "net"
    assert contents.remarks["checksums"] == "all verified"
    assert contents.remarks["left out"].startswith("settings in optimizer/param_groups/0")


def test_tied_weights_are_one_place(folder, read):
    by_name = read(folder / "state_dict.pt").weights.by_name
    assert by_name["one.weight"].offset == by_name["two.weight"].offset


def test_what_lies_in_order_is_a_window(folder, read):
    path = folder / "views.pt"
    windows = {t.name for t in read(path).weights.tensors if t.path == str(path)}
    assert windows == {"base", "slice", "scalar", "empty"}


def test_checksums_that_are_not_there(folder, read):
    assert read(folder / "no_checksums.pt").remarks["checksums"] == "none are in the file"


def test_names_do_not_count(folder, tmp_path, read):
    (tmp_path / "x.h5").write_bytes((folder / "tensor.pt").read_bytes())
    (tensor,) = read(tmp_path / "x.h5").weights.tensors
    assert (tensor.name, tensor.shape) == ("x", (2, 3))


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("name", ["kinds", "views"])
def test_packed_again_by_another_program(folder, tmp_path, read, facts, name, method):
    with zipfile.ZipFile(folder / f"{name}.pt") as old, zipfile.ZipFile(tmp_path / "a.pt", "w", method) as new:
        for member in old.namelist():
            new.writestr(member, old.read(member))
    assert facts(read(tmp_path / "a.pt").weights) == facts(read(folder / f"{name}.pt").weights)
