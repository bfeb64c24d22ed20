"""Safetensors in several files: good sets by the real library, and lists that lie."""

import json
import os

import numpy as np
import pytest
from safetensors.numpy import save_file

from reproviewer.core.weights import read_bits

ONE, TWO = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"
ARRAYS = {f"layer.{i}.w": np.full((2, 3), i, "f4") for i in (0, 1, 2, 10)}
WHERE = {"layer.0.w": ONE, "layer.10.w": ONE, "layer.1.w": TWO, "layer.2.w": TWO}


@pytest.fixture
def whole(tmp_path):
    """A sound set; returns the folder, and a function that writes its list anew."""
    folder = tmp_path / "whole"
    folder.mkdir()
    for part in (ONE, TWO):
        save_file({n: a for n, a in ARRAYS.items() if WHERE[n] == part}, folder / part, {"format": "pt"})

    def write(document=None, **changes):
        path = folder / "model.safetensors.index.json"
        document = {"metadata": {"total_size": 96}, "weight_map": WHERE | changes} if document is None else document
        path.write_bytes(document if isinstance(document, bytes) else json.dumps(document).encode())
        return path

    write()
    return folder, write


@pytest.mark.parametrize("chosen", ["model.safetensors.index.json", "", "renamed"])
def test_names_order_and_bits(whole, read, chosen):
    folder, write = whole
    if chosen == "renamed":
        write().rename(folder / chosen)
    contents = read(folder / chosen)
    assert contents.format == "safetensors-shards"
    assert [t.name for t in contents.weights.tensors] == ["layer.0.w", "layer.1.w", "layer.2.w", "layer.10.w"]
    for tensor in contents.weights.tensors:
        assert tensor.path == str(folder / WHERE[tensor.name])
        assert read_bits(tensor).tobytes() == ARRAYS[tensor.name].tobytes()
    assert contents.metadata == {"format": "pt", "total_size": "96"}
    assert contents.remarks == {"parts": f"{ONE}, {TWO}"}


@pytest.mark.parametrize("about", [None, [1], "text", 3])
def test_metadata_that_is_none_is_not_missed(whole, read, about):
    _, write = whole
    assert "total_size" not in read(write({"metadata": about, "weight_map": WHERE})).metadata


def test_what_the_list_does_not_name_is_left_out(whole, read):
    folder, write = whole
    write({"weight_map": {n: p for n, p in WHERE.items() if n != "layer.2.w"}})
    contents = read(folder)
    assert "layer.2.w" not in contents.weights.by_name
    assert contents.remarks["left out"] == "layer.2.w, which the list does not name"


LISTS = {
    "missing_part": ({"layer.0.w": "other.safetensors"}, "its part `other.safetensors` is missing"),
    "climbing": ({"layer.0.w": "../x.safetensors"}, "names a file outside its folder, `../x.safetensors`"),
    "absolute": ({"layer.0.w": "/etc/x.safetensors"}, "names a file outside its folder"),
    "backslash": ({"layer.0.w": "..\\x.safetensors"}, "names a file outside its folder"),
    "nul": ({"layer.0.w": "x\0.safetensors"}, "names a file outside its folder"),
    "too_long": ({"layer.0.w": "x" * 5000 + ".safetensors"}, "cannot be found (File name too long)"),
    "wrong_part": ({"layer.0.w": TWO}, f"`layer.0.w` is not in `{TWO}`, where it should be"),
    "ghost": ({"layer.7.w": ONE}, f"`layer.7.w` is not in `{ONE}`, where it should be"),
    "number": ({"layer.0.w": 3}, "has no list of tensors and their files"),
    "list": ({"layer.0.w": [ONE]}, "has no list of tensors and their files"),
    "itself": (
        {"layer.0.w": "model.safetensors.index.json"},
        "of its part `model.safetensors.index.json`: its header claims",
    ),
}


@pytest.mark.parametrize("name", LISTS)
def test_a_list_that_lies(whole, answer, name):
    _, write = whole
    changes, words = LISTS[name]
    assert words in answer(write(**changes))


DOCUMENTS = {
    "empty": (b"{}", "does not list files with weights"),
    "deep": (b'{"a":' + b"[" * 100_000, "nested too deep"),
    "cut_off": (b'{"weight_map": {"a"', "its JSON text is not valid"),
    "twice": (b'{"weight_map": {"a": "b", "a": "c"}}', "its JSON text has the key `a` twice"),
    "not_utf8": (b'{"\xff": 1}', "its JSON text is not valid"),
    "no_map": (b'{"weight_map": []}', "does not list files with weights"),
    "empty_map": (b'{"weight_map": {}}', "does not list files with weights"),
    "four_letters": (b'{"meta":{"a": 1}}', "does not list files with weights"),
    "large": (b'{"weight_map": "' + b"x" * (17 << 20) + b'"}', "more than the 6.0 MiB that are read"),
    "many": (json.dumps({"weight_map": {str(i): ONE for i in range(60_000)}}).encode(), "more than 50,000 tensors"),
    "experiment": (b'{"model": "Dense(5)"}', "does not list files with weights"),
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_that_is_no_list(whole, answer, name):
    _, write = whole
    document, words = DOCUMENTS[name]
    assert words in answer(write(document))


def test_a_tensor_in_two_parts(whole, refused):
    folder, _ = whole
    save_file({"layer.0.w": ARRAYS["layer.0.w"]} | {n: a for n, a in ARRAYS.items() if WHERE[n] == TWO}, folder / TWO)
    refused(folder / "model.safetensors.index.json", "`layer.0.w` is in two of its parts")


@pytest.mark.parametrize("content", [b"", b"just text", b"\x08\0\0\0\0\0\0\0{not json"])
def test_a_part_that_is_none(whole, refused, content):
    folder, _ = whole
    (folder / ONE).write_bytes(content)
    refused(folder / "model.safetensors.index.json", f"of its part `{ONE}`: ")


def test_a_part_that_lies_elsewhere(whole, tmp_path, refused):
    folder, _ = whole
    (folder / ONE).rename(tmp_path / "outside.safetensors")
    os.symlink(tmp_path / "outside.safetensors", folder / ONE)
    refused(folder / "model.safetensors.index.json", f"its `{ONE}` is a link to another folder")


def test_a_part_that_is_a_fifo(whole, refused):
    folder, _ = whole
    (folder / ONE).unlink()
    os.mkfifo(folder / ONE)
    refused(folder / "model.safetensors.index.json", f"its `{ONE}` is not a regular file")


def test_a_link_within_the_folder_is_well(whole, read):
    folder, _ = whole
    (folder / ONE).rename(folder / "blob")
    os.symlink("blob", folder / ONE)
    assert len(read(folder).weights.tensors) == 4


def test_a_folder_without_a_list(whole, refused, read):
    folder, _ = whole
    (folder / "model.safetensors.index.json").unlink()
    refused(folder, "the folder holds 2 .safetensors files and no list of them")
    (folder / TWO).unlink()
    assert read(folder).source == folder / ONE


def test_a_folder_with_two_lists(whole, refused):
    folder, write = whole
    (folder / "other.safetensors.index.json").write_bytes(write().read_bytes())
    refused(folder, "the folder holds 2 lists of .safetensors files; choose one")
