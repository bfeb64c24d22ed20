"""HDF5 files as they are met: of old and of new Keras, of odd names, with little said about them, and of others."""

import json
import shutil

import h5py
import numpy as np
import pytest

from reproviewer.core.weights import read_bits

K = np.arange(5, dtype="f4").reshape(1, 5)
B = np.ones(5, "f4")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "x.h5"


def legacy(path, layers, **attributes):
    """A file of the old layout: a dictionary of weights for each layer."""
    with h5py.File(path, "w") as root:
        root.attrs["layer_names"] = [name.encode() for name in layers]
        for key, value in attributes.items():
            root.attrs[key] = value
        for layer, values in layers.items():
            group = root.create_group(layer)
            group.attrs["weight_names"] = [name.encode() for name in values]
            for name, value in values.items():
                group[name] = value
    return path


class TestOldLayout:
    def test_odd_names(self, path, read):
        layers = {
            "no_weights": {},
            "block/conv 1": {"other/deeper/still/kernel:0": K, "bias:0": B},
            "층": {"가중치": K},
            "counts": {"counts/table:0": np.arange(4), "counts/flag:0": np.array([True])},
        }
        contents = read(legacy(path, layers))
        assert contents.metadata == {}
        assert [(t.name, t.dtype, t.aliases) for t in contents.weights.tensors] == [
            ("block/conv 1/other/deeper/still/kernel:0", "float32", ("other/deeper/still/kernel",)),
            ("block/conv 1/bias:0", "float32", ()),
            ("층/가중치", "float32", ()),
            ("counts/counts/table:0", "int64", ("counts/table",)),
            ("counts/counts/flag:0", "bool", ("counts/flag",)),
        ]

    @pytest.mark.parametrize("text", [h5py.string_dtype(), h5py.string_dtype(length=9), "S9"])
    def test_texts_of_any_kind(self, path, read, text):
        legacy(path, {"dense": {"kernel:0": K}}, keras_version=np.array("1.2.2", text))
        with h5py.File(path, "a") as root:
            root.attrs.create("layer_names", ["dense"], dtype=text)
        contents = read(path)
        assert len(contents.weights.tensors) == 1
        assert contents.metadata == {"keras_version": "1.2.2"}

    @pytest.mark.parametrize("version", [3, 2.5, np.zeros((2, 2)), h5py.Empty("f4"), b"\xff\xfe"])
    def test_a_version_that_is_no_text_is_left_away(self, path, read, version):
        contents = read(legacy(path, {"dense": {"kernel:0": K}}, keras_version=version))
        assert (len(contents.weights.tensors), contents.metadata) == (1, {})

    def test_lists_in_parts(self, path, read):
        legacy(path, {f"dense_{i}": {f"k{j}": K for j in range(4)} for i in range(3)})
        with h5py.File(path, "a") as root:
            split(root, "layer_names", ["dense_0", "dense_1"], ["dense_2"])
            split(root["dense_1"], "weight_names", ["k3"], ["k2"], ["k0", "k1"])
        names = [t.name for t in read(path).weights.tensors]
        assert len(names) == 12
        assert names[4:8] == ["dense_1/k3", "dense_1/k2", "dense_1/k0", "dense_1/k1"]

    def test_configurations_are_texts(self, path, read):
        config = json.dumps({"class_name": "Lambda", "config": {"function": "x\x1b[31m"}})
        contents = read(legacy(path, {"dense": {"kernel:0": K}}, model_config=config, training_config=config + "\n"))
        assert contents.remarks["architecture"] == "stored in the file, not loaded"
        assert contents.metadata["training_config"] == config + "\n"

    def test_a_weight_that_two_layers_share(self, path, read):
        legacy(path, {"a": {"kernel:0": K}, "b": {}})
        with h5py.File(path, "a") as root:
            root["b/kernel:0"] = root["a/kernel:0"]
            root["b"].attrs["weight_names"] = [b"kernel:0"]
        first, second = read(path).weights.tensors
        assert (first.offset, first.name, second.name) == (second.offset, "a/kernel:0", "b/kernel:0")

    def test_a_list_outside_of_a_whole_model_says_nothing(self, path, read):
        with h5py.File(path, "w") as root:
            root["model_weights"] = K
        assert read(path).format == "hdf5"


def split(item, key, *parts):
    del item.attrs[key]
    for number, part in enumerate(parts):
        item.attrs[f"{key}{number}"] = [name.encode() for name in part]


class TestNewLayout:
    def test_state_is_told_apart(self, path, read):
        with h5py.File(path, "w") as root:
            for place in (
                *("vars", "layers/dense/vars", "optimizer/vars", "optimizer/inner_optimizer/vars", "metrics/mean/vars"),
                *("layers/inner/optimizer/vars", "layers/dropout/seed_generator/vars", "my_optimizer/vars"),
                *("layers/optimizer_like/vars", "layers/metrics_like/vars", "fake_optimizer/vars"),
            ):
                root[f"{place}/0"] = np.float32(1) if place == "fake_optimizer/vars" else np.int32(1)
            root["note"] = B
            root["about"] = "text"
        contents = read(path)
        roles = {role: {t.name for t in contents.weights.only(role).tensors} for role in ("optimizer", "other")}
        assert roles["optimizer"] == {
            f"{place}/vars/0"
            for place in ("optimizer", "optimizer/inner_optimizer", "layers/inner/optimizer", "my_optimizer")
        }
        assert roles["other"] == {"metrics/mean/vars/0", "layers/dropout/seed_generator/vars/0", "note"}
        assert len(contents.weights.only("weight").tensors) == 5
        assert contents.remarks == {"left out": "about"}

    def test_what_early_keras_3_wrote(self, data, read, facts):
        """Without layer names, with a 32-bit count of steps, by JAX, and two optimizers under names of their own."""
        contents = read(data / "k3_0_pair.weights.h5")
        told = json.loads((data / "k3_0_pair.weights.h5.json").read_text())["tensors"]
        wanted = [{k: t[k] for k in ("dtype", "shape", "sha256")} for t in told]
        assert sorted(map(str, facts(contents.weights.only("weight")))) == sorted(map(str, wanted))
        assert len(contents.weights.only("optimizer").tensors) == 10
        assert contents.metadata == {}

    @pytest.mark.parametrize("name", [3, "", "a\nb", "x" * 2000, ["a", "b"]])
    def test_a_layer_name_that_is_none(self, path, read, name):
        with h5py.File(path, "w") as root:
            root["layers/dense/vars/0"] = K
            root["layers/dense/vars"].attrs["name"] = name
        (tensor,) = read(path).weights.tensors
        assert all(alias.isprintable() and len(alias) < 1010 for alias in tensor.aliases)


class TestNotOfKeras:
    def test_every_dataset_of_numbers_is_a_weight(self, path, read):
        with h5py.File(path, "w") as root:
            root["layer.10.weight"], root["layer.2.weight"], root["encoder/deep/bias"] = K, K, B
            root["count"] = 3
            root["flags"], root["spectrum"] = [True, False], np.ones(3, "c16")
            root["names"], root["records"] = ["a", "b"], np.zeros(2, "i4,f4")
            root["nothing"] = h5py.Empty("f4")
            root["kind"] = np.dtype("f4")
            root["layer.2.weight"].attrs["dtype"] = 7
        contents = read(path)
        assert contents.format == "hdf5"
        assert contents.remarks == {
            "layout": "not that of Keras; every dataset is taken for a weight",
            "left out": "attribute dtype of layer.2.weight, names, nothing, records",
        }
        assert {t.role for t in contents.weights.tensors} == {"weight"}
        assert [(t.name, t.dtype) for t in contents.weights.tensors] == [
            ("count", "int64"),
            ("encoder/deep/bias", "float32"),
            ("flags", "bool"),
            ("layer.2.weight", "float32"),
            ("layer.10.weight", "float32"),
            ("spectrum", "complex128"),
        ]

    def test_keras_before_1_0(self, path, read):
        with h5py.File(path, "w") as root:
            root.attrs["nb_layers"] = 12
            for layer in range(12):
                group = root.create_group(f"layer_{layer}")
                group.attrs["nb_params"] = 2
                group["param_0"], group["param_1"] = K, B
        assert [t.name for t in read(path).weights.tensors][:6] == [
            *("layer_0/param_0", "layer_0/param_1", "layer_1/param_0", "layer_1/param_1"),
            *("layer_2/param_0", "layer_2/param_1"),
        ]


@pytest.mark.parametrize(
    "name", ["plain", "with space", "ünï/코드", "line\nend.h5", "x.txt", "x.npz", "x.keras", "x.json", ".h5", "-o"]
)
def test_the_name_of_a_file_says_nothing(samples, tmp_path, read, name):
    for source, form in (("k3.weights.h5", "keras-weights"), ("k2.keras", "keras")):
        place = tmp_path / form / name
        place.parent.mkdir(parents=True)
        shutil.copy(samples / source, place)
        contents = read(place)
        assert contents.format == form
        assert read_bits(contents.weights.tensors[0]).size > 0
