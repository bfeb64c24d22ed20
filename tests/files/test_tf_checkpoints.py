"""Checkpoints and SavedModels of every TensorFlow: which tensor is what, in which order, to the last bit."""

import json
import shutil

import pytest

from tests.files.bundles import chunk, number


def without_names(told):
    return [{k: t[k] for k in ("dtype", "shape", "sha256")} for t in told]


def by_name(weights, facts):
    return dict(zip((t.name for t in weights.tensors), facts(weights), strict=True))


def names(contents, role):
    return [t.name for t in contents.weights.only(role).tensors]


@pytest.mark.parametrize("name", ["k3_shared/all", "k2_shared/all", "k3_shared/saved", "k2_shared/saved"])
def test_a_layer_used_twice_is_there_once(samples, told, read, facts, name):
    weights = read(samples / name).weights.only("weight")
    assert facts(weights) == without_names(told[name.split("/")[0]])


def test_layers_in_lists_of_keras_2(samples, told, read, facts):
    """Their order in the model is trainable weights first, which the file does not know."""
    found = facts(read(samples / "k2_lists/all").weights.only("weight"))
    assert sorted(map(str, found)) == sorted(map(str, without_names(told["k2_lists"])))


def test_layers_in_lists_of_keras_3_are_known_by_what_the_optimizer_trains(samples, told, read, facts):
    """The graph does not lead to them, and what no optimizer trains is not in the file at all."""
    found = facts(read(samples / "k3_lists/all").weights.only("weight"))
    assert sorted(map(str, found)) == sorted(map(str, without_names(told["k3_lists_trainable"])))


@pytest.mark.parametrize("kind", ["shared", "lists"])
def test_an_optimizer_alone(samples, told, read, facts, kind):
    """That of Keras 3 keeps what it trains, that of Keras 2 does not; no state of either is a weight."""
    found = facts(read(samples / f"k3_{kind}/optimizer").weights.only("weight"))
    assert found == without_names(told[f"k3_{kind}_trainable"])
    contents = read(samples / f"k2_{kind}/optimizer")
    assert {t.role for t in contents.weights.tensors} == {"optimizer"}


def test_scaled_losses_and_averages_are_optimizer_state(samples, read):
    keras_3, keras_2 = read(samples / "k3_shared/all"), read(samples / "k2_shared/all")
    assert {"opt/dynamic_scale", "opt/inner_optimizer/_iterations"} <= set(names(keras_3, "optimizer"))
    assert {"opt/loss_scale/good_steps", "opt/_iterations"} <= set(names(keras_2, "optimizer"))
    assert names(keras_3, "other") == names(keras_2, "other") == ["step"]


def test_objects_of_tensorflow_alone(samples, read):
    contents = read(samples / "tf_module")
    assert names(contents, "weight") == ["module/kernel", "module/row/0", "module/row/1", "plain"]
    assert names(contents, "other") == ["epoch", "rng/_state_var"]
    assert contents.remarks["left out"] == "numbers/.ATTRIBUTES/ITERATOR_STATE"


@pytest.mark.parametrize("name", ["k3_saved_model", "k3_lists/saved", "k3_shared/saved"])
def test_an_exported_model_lists_nothing_twice(samples, told, read, facts, name):
    contents = read(samples / name)
    model = told[{"k3_saved_model": "k3"}.get(name, name.split("/")[0])]
    assert contents.format == "saved-model"
    assert facts(contents.weights.only("weight")) == without_names(model)
    assert contents.remarks["left out"] == f"{len(model)} repeated as _all_variables"
    assert all("seed_generator" in t.aliases[0] for t in contents.weights.only("other").tensors)


VARIABLES = [f"variables{part}" for part in ("", "/variables", "/variables.index", "/variables.data-00000-of-00001")]


@pytest.mark.parametrize("part", ["", "saved_model.pb", *VARIABLES])
def test_any_part_of_a_saved_model_stands_for_all_of_it(samples, read, part):
    contents = read(samples / "k2_shared" / "saved" / part)
    assert contents.source == samples / "k2_shared/saved/variables/variables"
    assert contents.metadata == {"tensorflow_version": "2.21.0", "keras_version": "2.21.0"}
    assert contents.remarks == {
        "architecture": "stored in the file, not loaded",
        "data files": "1",
        "checksums": "all verified",
    }
    assert len(names(contents, "other")) == 4


def test_a_saved_model_of_tensorflow_1(samples, read):
    contents = read(samples / "tf1_saved_model")
    assert contents.format == "saved-model"
    assert names(contents, "optimizer") == ["net/kernel/Momentum"]
    assert names(contents, "other") == ["global_step"]


def test_a_saved_model_whose_description_is_damaged_keeps_its_weights(samples, tmp_path, read):
    shutil.copytree(samples / "k2_shared/saved", tmp_path / "m")
    for name in ("saved_model.pb", "keras_metadata.pb"):
        (tmp_path / "m" / name).write_bytes(b"\x12\xff" * 1000)
    assert len(names(read(tmp_path / "m"), "weight")) == 6


def test_a_description_whose_length_looks_like_a_brace(samples, tmp_path, read):
    """The ninth byte of a .safetensors file is the brace that its header begins with."""
    shutil.copytree(samples / "k2_shared/saved", tmp_path / "m")
    about = chunk(1, chunk(2, bytes(15_740)) + chunk(5, b"2.21.0"))
    (tmp_path / "m/saved_model.pb").write_bytes(number(1, 1) + chunk(2, about + chunk(2, bytes(30_000))))
    assert (tmp_path / "m/saved_model.pb").read_bytes()[8:9] == b"{"
    assert read(tmp_path / "m/saved_model.pb").metadata["tensorflow_version"] == "2.21.0"


def test_a_saved_model_without_variables(samples, tmp_path, refused):
    shutil.copy(samples / "k3_saved_model/saved_model.pb", tmp_path)
    refused(tmp_path, "a SavedModel without variables")
    refused(tmp_path / "saved_model.pb", "a SavedModel without variables")


@pytest.mark.parametrize("name", ["k3_shared/all", "k2_shared/all", "k3_lists/all", "tf_module", "tf1_shards"])
def test_every_number_is_what_tensorflow_reads(samples, told, read, facts, name):
    assert by_name(read(samples / name).weights, facts) == told[f"{name}_oracle"]


@pytest.mark.parametrize("name", ["tf1_axis", "tf1_axis/m-3.meta", "tf1_old", "tf1_old/m-3", "tf1_old/checkpoint"])
def test_a_variable_cut_along_its_last_axis(samples, told, read, facts, name):
    """Joined from its slices, in both formats of `Saver`."""
    contents = read(samples / name)
    assert by_name(contents.weights, facts) == told["tf1_axis/m-3_oracle"]
    assert contents.format == ("tf-checkpoint-v1" if "old" in name else "tf-checkpoint")


def test_data_in_several_files(samples, read):
    contents = read(samples / "tf1_shards")
    assert contents.remarks["data files"] == "2"
    assert len({t.path for t in contents.weights.tensors}) == 2


def test_slices_that_are_not_read(samples, refused):
    refused(samples / "tf_sliced", "the slices of `w` leave gaps or overlap")
    refused(samples / "tf_squares", "`w` is kept in slices along several axes")


OLD = {
    "tf1_saver": (7, 14, ["global_step"]),
    "tf1_v1": (7, 14, ["global_step"]),
    "tf210_keras": (12, 25, []),
}


@pytest.mark.parametrize("name", OLD)
def test_files_of_old_versions(data, read, facts, name):
    told = json.loads((data / f"{name}.json").read_text())["tensors"]
    contents = read(data / name)
    weights, optimizer, other = OLD[name]
    assert (len(names(contents, "weight")), len(names(contents, "optimizer"))) == (weights, optimizer)
    assert names(contents, "other") == other
    found = {
        alias: fact
        for t, fact in zip(contents.weights.tensors, facts(contents.weights), strict=True)
        for alias in (t.name, *t.aliases)
    }
    assert {key: found[key] for key in told} == told
    assert {t.role for t in contents.weights.tensors if {t.name, *t.aliases} & told.keys()} >= {"weight"}


def test_names_tell_what_a_variable_of_tensorflow_1_is(data, read):
    contents = read(data / "tf1_saver")
    assert names(contents, "weight") == [
        *(f"batch_normalization/{n}" for n in ("beta", "gamma", "moving_mean", "moving_variance")),
        *("dense/bias", "dense/kernel", "part/kernel"),
    ]
    slots = [n for n in names(contents, "optimizer") if n.startswith("dense/kernel/")]
    assert slots == [f"dense/kernel/{slot}" for slot in ("Adam", "Adam_1", "ExponentialMovingAverage")]


def test_one_of_several_old_files_is_no_checkpoint(data, tmp_path, refused):
    shutil.copy(data / "tf1_v1/model.ckpt-7", tmp_path / "model.ckpt-7-00001-of-00003")
    refused(tmp_path / "model.ckpt-7-00001-of-00003", "one of the 3 files of an old checkpoint")
