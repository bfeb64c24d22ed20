"""What a person wrote beside the tensors is shown, kept, or named as a loss. Remarks are the reader's."""

import json
from pathlib import Path

import h5py
import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

from reproviewer import files
from reproviewer.cli import main

DATA = Path(__file__).parents[1] / "files" / "data"
ARRAYS = {"b/kernel": np.ones((3, 4), "f4"), "a/bias": np.zeros(4, "f4")}
OWN = {
    "order": "my order",
    "written by": "Alice",
    "layers": "12 layers",
    "files": "f",
    "parts": "p",
    "checksums": "c",
    "assumed": "x",
    "left out": "y",
    "architecture": "a tower",
    "experiment": "two\nlines, é",
}
"""All of these a reader has remarked itself, or might."""


@pytest.fixture
def alices(tmp_path):
    save_file(ARRAYS, tmp_path / "a.safetensors", OWN)
    return tmp_path / "a.safetensors"


def told(path):
    with safe_open(path, "numpy") as archive:
        return archive.metadata()


def test_it_survives_where_there_is_a_place_for_it(alices, tmp_path, capsys):
    one, other = tmp_path / "b.safetensors", tmp_path / "c.safetensors"
    assert main(["convert", str(alices), str(one)]) == 0
    assert "left out" not in capsys.readouterr().out
    assert main(["convert", str(one), str(other)]) == 0
    assert OWN.items() < told(one).items()
    assert set(told(other)) - set(OWN) == {"reproviewer/order", "reproviewer/version"}
    assert told(other) == told(one)


def test_it_is_named_where_there_is_none(alices, tmp_path, capsys):
    assert main(["convert", str(alices), str(tmp_path / "b.npz")]) == 2
    err = capsys.readouterr().err
    assert "beside its tensors (" in err
    assert sum(key in err for key in OWN) >= 4
    assert main(["convert", str(alices), str(tmp_path / "b.npz"), "--allow-loss", "metadata"]) == 0


def test_it_is_shown_apart_from_remarks(alices, tmp_path, capsys):
    assert main(["convert", str(alices), str(tmp_path / "b.safetensors")]) == 0
    capsys.readouterr()
    assert main(["inspect", str(tmp_path / "b.safetensors"), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["metadata"] == OWN
    assert list(document["remarks"]) == ["written by"]
    assert main(["inspect", str(tmp_path / "b.safetensors")]) == 0
    own, _, remarks = capsys.readouterr().out.partition("  the file says:\n")[2].partition("  remarks:\n")
    assert "    written by: Alice\n" in own
    assert "    experiment: two\\nlines, é\n" in own
    assert remarks.startswith("    written by: ReproViewer ")


def test_a_report_tells_both(alices, tmp_path):
    page, data = tmp_path / "r.html", tmp_path / "r.json"
    np.savez(tmp_path / "b.npz", **ARRAYS)
    assert main(["compare", str(tmp_path / "b.npz"), str(alices), "--report", str(page), "--report", str(data)]) == 0
    arrays, own = json.loads(data.read_text(encoding="utf-8"))["sources"]
    assert (arrays["metadata"], arrays["remarks"]) == ({}, {"checksums": "all verified"})
    assert (own["metadata"], own["remarks"]) == (OWN, {})
    assert "The file says: " in page.read_text(encoding="utf-8")


def test_the_order_is_read_only_where_this_program_wrote_it(tmp_path):
    names = json.dumps(list(ARRAYS))
    for key, wanted in (("order", ["a/bias", "b/kernel"]), ("reproviewer/order", list(ARRAYS))):
        save_file(ARRAYS, tmp_path / "a.safetensors", {key: names})
        found = files.read(tmp_path / "a.safetensors", tmp_path)
        assert [t.name for t in found.weights.tensors] == wanted
        assert found.metadata == ({key: names} if key == "order" else {})


@pytest.mark.parametrize("source", ["record_weight.index", "k3_0_pair.weights.h5", "any.h5"])
def test_a_remark_is_no_loss(tmp_path, capsys, source):
    with h5py.File(tmp_path / "any.h5", "w") as file:
        file["w"] = np.ones(3)
    path = tmp_path / source if source == "any.h5" else next(DATA.rglob(source))
    assert files.read(path, tmp_path / "scratch").remarks or source.startswith("k3")
    assert main(["convert", str(path), str(tmp_path / "b.npz"), "--allow-loss", "state"]) == 0
    assert "beside its tensors" not in capsys.readouterr().out


def test_what_parts_do_not_agree_on_is_a_loss(tmp_path, capsys):
    where = {}
    for number, (name, array) in enumerate(ARRAYS.items()):
        where[name] = f"{number}.safetensors"
        save_file({name: array}, tmp_path / where[name], {"format": "pt", "part": str(number)})
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(json.dumps({"metadata": {"sizes": [1, 2]}, "weight_map": where}))
    found = files.read(index, tmp_path)
    assert found.metadata == {"format": "pt", "sizes": "[1, 2]"}
    assert found.remarks["left out"] == "`part`, of which its parts say different things"
    assert main(["convert", str(index), str(tmp_path / "b.safetensors")]) == 2
    assert "`part`" in capsys.readouterr().err


def new_layout(root):
    root["layers/dense/vars/0"] = np.zeros(3, "V2")
    root["layers/dense/vars/0"].attrs["dtype"] = "bfloat16"
    root["layers/dense/vars"].attrs["name"] = "dense_1"
    root.create_group("layers/dropout/vars").attrs["name"] = "dropout"
    return root["layers/dense"], root["layers/dense/vars"], root["layers/dense/vars/0"]


def old_layout(root):
    root.attrs.update({"backend": "jax", "keras_version": "3.15.1", "layer_names": [b"dense"]})
    root["dense/dense/kernel"] = np.ones(3, "f4")
    root["dense"].attrs["weight_names"] = [b"dense/kernel"]
    return root["dense"], root["dense/dense"], root["dense/dense/kernel"]


def old_model(root):
    root.attrs.update({"backend": "jax", "keras_version": "3.15.1"})
    root["optimizer_weights/step"] = 3
    root["optimizer_weights"].attrs["weight_names"] = [b"step"]
    return root["optimizer_weights"], *old_layout(root.create_group("model_weights"))


LAYOUTS = {"a.weights.h5": new_layout, "old.h5": old_layout, "model.h5": old_model}


def left_out(path, tmp_path):
    return files.read(path, tmp_path / "scratch").remarks.get("left out", "")


@pytest.mark.parametrize("name", LAYOUTS)
def test_attributes_that_a_layout_has_are_no_loss(tmp_path, capsys, name):
    with h5py.File(tmp_path / name, "w") as root:
        LAYOUTS[name](root)
    assert left_out(tmp_path / name, tmp_path) == ""
    target = tmp_path / "b.safetensors"
    assert main(["convert", str(tmp_path / name), str(target), "--allow-loss", "state"]) == 0
    assert "beside its tensors" not in capsys.readouterr().out


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("target", ["b.safetensors", "b.npz"])
def test_attributes_that_a_person_wrote_are_named(tmp_path, capsys, name, target):
    with h5py.File(tmp_path / name, "w") as root:
        items = LAYOUTS[name](root)
        places = [item.name.strip("/") for item in items]
        root.attrs["author"] = "Alice"
        for item in items:
            item.attrs.update({"unit é": "V", "scale": np.float32(2)})
    told = left_out(tmp_path / name, tmp_path)
    assert told == ", ".join(
        ["attribute author", *(f"attributes scale, unit é of {place}" for place in sorted(places))]
    )
    argv = ["convert", str(tmp_path / name), str(tmp_path / target), "--allow-loss", "state"]
    assert main(argv) == 2
    assert "attribute author, " in capsys.readouterr().err
    assert not (tmp_path / target).exists()
    if target != "b.npz" or name != "a.weights.h5":
        assert main([*argv, "--allow-loss", "metadata"]) == 0


def test_a_known_attribute_that_says_nothing_known_is_named(tmp_path):
    """A layer's name is no text, a mark is on other numbers, and a list is where none belongs."""
    with h5py.File(tmp_path / "a.weights.h5", "w") as root:
        root["layers/dense/vars/0"] = np.ones(3, "f4")
        root["layers/dense/vars/0"].attrs["dtype"] = "float32"
        root["layers/dense/vars"].attrs["name"] = "two\nlines"
        root["layers"].attrs["name"] = "all"
    assert left_out(tmp_path / "a.weights.h5", tmp_path) == (
        "attribute name of layers, attribute name of layers/dense/vars, attribute dtype of layers/dense/vars/0"
    )


def test_what_no_list_names_is_named(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as root:
        old_layout(root)
        root["A linked"] = root["dense/dense/kernel"]
        root["dense/forgotten"], root["notes"] = np.ones(3), "text"
        root["notes"].attrs["by"] = "Alice"
        root.attrs["keras_version"] = 3
    assert left_out(tmp_path / "a.h5", tmp_path) == "dense/forgotten, notes, attribute keras_version"
    with h5py.File(tmp_path / "b.h5", "w") as root:
        old_model(root)
        root.attrs["training_config"] = "x" * 5000
        root["rest"] = 3
    assert left_out(tmp_path / "b.h5", tmp_path) == "the end of training_config, rest"
