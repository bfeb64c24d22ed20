"""Sharded weights: what the list may name, and what its files may hold."""

import json
import os

import h5py
import numpy as np
import pytest

from reproviewer.core.weights import read_bits

KERNEL, BIAS = np.arange(5, dtype="f4").reshape(1, 5), np.ones(5, "f4")
GROUP = "/layers/dense/vars"


def shards(folder, groups=None, **files):
    """A list and its files; by default one layer in two of them."""
    default = {"x_0.weights.h5": {"0": KERNEL}, "x_1.weights.h5": {"1": BIAS}}
    for name, values in (files or default).items():
        with h5py.File(folder / name, "w") as root:
            root.create_group(GROUP)
            for number, value in values.items():
                root[f"{GROUP}/{number}"] = value
    return listing(folder, {"weight_map": groups or {GROUP: ["x_0.weights.h5", "x_1.weights.h5"]}})


def listing(folder, document):
    path = folder / "x.weights.json"
    path.write_bytes(document if isinstance(document, bytes) else json.dumps(document).encode())
    return path


def test_one_layer_in_two_files(tmp_path, read):
    path = shards(tmp_path)
    contents = read(path)
    assert contents.format == "keras-shards"
    assert (contents.metadata, contents.remarks) == ({}, {"files": "2"})
    assert contents.source == path
    kernel, bias = contents.weights.tensors
    assert (kernel.name, bias.name) == ("layers/dense/vars/0", "layers/dense/vars/1")
    assert (kernel.path, bias.path) == (str(tmp_path / "x_0.weights.h5"), str(tmp_path / "x_1.weights.h5"))
    assert read_bits(kernel).tolist() == KERNEL.tolist()


def test_the_layer_keeps_its_name_in_every_file(samples, read):
    tensors = read(samples / "k3.weights.json").weights.by_name
    assert tensors["layers/dense/vars/0"].aliases == ("first/0",)
    assert tensors["optimizer/vars/70"].role == "optimizer"
    assert tensors["optimizer/vars/70"].aliases == ("adam/70",)


def test_a_single_text_names_a_file(tmp_path, read):
    path = shards(tmp_path, {GROUP: "odd name ö"}, **{"odd name ö": {"0": KERNEL}})
    assert len(read(path).weights.tensors) == 1


def test_a_folder_with_them_is_a_model(tmp_path, read):
    shards(tmp_path).rename(tmp_path / "model.weights.json")
    config = {"class_name": "Sequential", "config": {"layers": [{"class_name": "Dense", "config": {"name": "first"}}]}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    contents = read(tmp_path)
    assert contents.format == "keras"
    assert contents.weights.tensors[1].aliases == ("first/1",)


LISTS = {
    "dotdot": ({GROUP: ["../x_0.weights.h5"]}, "names a file outside its folder, `../x_0.weights.h5`"),
    "absolute": ({GROUP: ["/etc/passwd"]}, "names a file outside its folder, `/etc/passwd`"),
    "folder": ({GROUP: ["."]}, "names a file outside its folder"),
    "parent": ({GROUP: [".."]}, "names a file outside its folder"),
    "backslash": ({GROUP: ["..\\x"]}, "names a file outside its folder"),
    "zero": ({GROUP: ["x\0y"]}, "names a file outside its folder, `x\\x00y`"),
    "no_name": ({GROUP: [""]}, "names a file outside its folder"),
    "url": ({GROUP: ["https://example.org/x.weights.h5"]}, "names a file outside its folder"),
    "missing": ({GROUP: ["gone.weights.h5"]}, "its part `gone.weights.h5` is missing"),
    "long_name": ({GROUP: ["x" * 5000]}, "cannot be found"),
    "number": ({GROUP: [1]}, "its entry `/layers/dense/vars` does not name files"),
    "none": ({GROUP: None}, "does not name files"),
    "empty": ({GROUP: []}, "does not name files"),
    "nested": ({GROUP: [["x_0.weights.h5"]]}, "does not name files"),
    "itself": ({GROUP: ["x.weights.json"]}, "of its part `x.weights.json`: it is damaged"),
    "ghost": ({GROUP: ["x_0.weights.h5"], "/layers/ghost/vars": ["x_0.weights.h5"]}, "holds `layers/ghost/vars`"),
    "gap": ({GROUP: ["x_1.weights.h5"]}, "variable 0 of `layers/dense/vars` is missing"),
}
TEXTS = {
    "list": (b"[]", "does not list files with weights"),
    "object": (b"{}", "does not list files with weights"),
    "map_list": (b'{"weight_map": []}', "does not list files with weights"),
    "map_empty": (b'{"weight_map": {}}', "does not list files with weights"),
    "other_json": (b'{"class_name": "Sequential"}', "does not list files with weights"),
    "deep": (b"[" * 100_000, "nested too deep"),
    "deep_objects": (b'{"weight_map":' * 100_000, "nested too deep"),
    "cut_off": (b'{"weight_map": {"/vars": ["x_0', "its JSON text is not valid"),
    "not_utf8": (b'{"weight_map": {"\xff": 1}}', "its JSON text is not valid"),
    "digits": (b'{"a": ' + b"9" * 10_000 + b"}", "its JSON text is not valid"),
    "twice": (b'{"weight_map": {"a": "x", "a": "y"}}', "has the key `a` twice"),
    "too_long": (b'{"weight_map": {' + b" " * (9 << 20), "more than the 6.0 MiB that are read"),
}


@pytest.mark.parametrize("name", LISTS)
def test_a_list_that_names_what_it_may_not(tmp_path, canary, refused, name):
    groups, words = LISTS[name]
    refused(shards(tmp_path, groups), words)


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_that_is_no_list(tmp_path, refused, name):
    content, words = TEXTS[name]
    refused(listing(tmp_path, content), words)


@pytest.mark.parametrize("filling", [b'"x",', b'["x_0.weights.h5"],'])
def test_a_long_list_takes_little_memory(tmp_path, peak_memory, filling):
    path = listing(tmp_path, b'{"weight_map": {"a": [' + (filling * ((6 << 20) // len(filling) - 20))[:-1] + b"]}}")
    assert peak_memory(path) < 300 << 20


def test_the_same_variable_in_two_files(tmp_path, refused):
    groups = {GROUP: ["a.h5", "b.h5"]}
    path = shards(tmp_path, groups, **{"a.h5": {"0": KERNEL}, "b.h5": {"0": KERNEL, "1": BIAS}})
    refused(path, "it holds `layers/dense/vars/0` twice")


def test_a_file_that_links_out(tmp_path, canary, refused):
    path = shards(tmp_path)
    with h5py.File(tmp_path / "x_1.weights.h5", "a") as root:
        root["layers/b"] = h5py.ExternalLink("elsewhere/canary.weights.h5", "/layers/dense")
    refused(path, "of its part `x_1.weights.h5`: it contains a link to another file")


def test_a_damaged_file_is_named(tmp_path, refused):
    path = shards(tmp_path)
    shard = tmp_path / "x_1.weights.h5"
    shard.write_bytes(shard.read_bytes()[:-100])
    refused(path, "of its part `x_1.weights.h5`: it is cut off")


def test_a_fifo_does_not_block(tmp_path, refused):
    path = shards(tmp_path)
    (tmp_path / "x_1.weights.h5").unlink()
    os.mkfifo(tmp_path / "x_1.weights.h5")
    refused(path, "its `x_1.weights.h5` is not a regular file")


def test_a_link_to_another_folder(tmp_path, canary, refused):
    folder = tmp_path / "model"
    folder.mkdir()
    path = shards(folder)
    (folder / "x_1.weights.h5").unlink()
    (folder / "x_1.weights.h5").symlink_to(canary)
    refused(path, "its `x_1.weights.h5` is a link to another folder")


def test_links_of_a_cache_that_keeps_all_files_in_one_place(tmp_path, read):
    blobs, links = tmp_path / "blobs", tmp_path / "links"
    blobs.mkdir()
    links.mkdir()
    shards(blobs)
    for name in ("x.weights.json", "x_0.weights.h5", "x_1.weights.h5"):
        (links / name).symlink_to(f"../blobs/{name}")
    assert len(read(links / "x.weights.json").weights.tensors) == 2


def test_one_shard_alone_tells_what_to_open(tmp_path, refused):
    shards(tmp_path)
    refused(tmp_path / "x_1.weights.h5", "variable 0 of `layers/dense/vars` is missing", "open the .json file")
