"""`reproviewer convert`: what is kept is identical, what is lost is said, and what cannot be kept ends it."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

from reproviewer import files
from reproviewer.cli import main

DATA = Path(__file__).parents[1] / "files" / "data"
ARRAYS = {
    "dense/kernel": np.arange(6, dtype="f4").reshape(2, 3),
    "dense/bias": np.array([np.nan, -0.0, 1], "f4"),
    "bn/gamma": np.ones(3, "f2"),
}


@pytest.fixture
def convert(capsys):
    """Exit status and what was printed."""

    def run(*argv):
        status = main(["convert", *map(str, argv)])
        out, err = capsys.readouterr()
        assert (not err) if status == 0 else (not out and err.count("\n") == 1)
        return status, out or err

    return run


@pytest.fixture
def npz(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, **ARRAYS)
    return path


def tensors(path, scratch):
    return {t.name: t for t in files.read(path, scratch).weights.tensors}


@pytest.mark.parametrize("target", ["b.npz", "b.safetensors", "b.h5"])
def test_there_and_back_again(npz, tmp_path, convert, target):
    status, text = convert(npz, tmp_path / target)
    assert status == 0
    assert text.startswith("✓ IDENTICAL  All 12 weights are identical to the last bit.\n  Saved: ")
    assert convert(tmp_path / target, tmp_path / "c.npz")[0] == 0
    with np.load(tmp_path / "c.npz") as back:
        assert back.files == list(ARRAYS)
        assert all(back[n].tobytes() == v.tobytes() and back[n].dtype == v.dtype for n, v in ARRAYS.items())


def test_a_pytorch_checkpoint(tmp_path, convert):
    source, target = DATA / "torch" / "checkpoint.pt", tmp_path / "b.safetensors"
    status, text = convert(source, target)
    assert status == 2
    assert "no place for the state of an optimizer and the like (16 tensors); --allow-loss state leaves that" in text
    status, text = convert(source, target, "--allow-loss", "state")
    assert status == 2
    assert "what the file tells beside its tensors (settings in optimizer/param_groups/0" in text
    assert not target.exists()
    status, text = convert(source, target, "--allow-loss", "state", "--allow-loss", "metadata")
    assert status == 0
    assert "left out: the state of an optimizer" in text
    with safe_open(target, "numpy") as archive:
        assert archive.metadata()["epoch"] == "3"
        assert all(name.startswith("state_dict/") for name in archive.keys())  # noqa: SIM118


def test_metadata_that_the_other_has_no_place_for(tmp_path, convert):
    save_file({"w": np.ones(2)}, tmp_path / "a.safetensors", {"format": "pt"})
    status, text = convert(tmp_path / "a.safetensors", tmp_path / "b.npz")
    assert (status, "beside its tensors (format); --allow-loss metadata" in text) == (2, True)
    assert convert(tmp_path / "a.safetensors", tmp_path / "b.npz", "--allow-loss", "metadata")[0] == 0


@pytest.mark.parametrize("told", ["", "1\0", "x" * 4000])
def test_metadata_that_an_attribute_cannot_keep(tmp_path, convert, told):
    """It is lost, which is to be allowed; the old file stays as it was until then."""
    source, target = tmp_path / "a.safetensors", tmp_path / "b.h5"
    save_file({"dense/kernel": np.ones(2)}, source, {"keras_version": told, "backend": "x" * 3999})
    target.write_bytes(b"old")
    status, text = convert(source, target, "--replace")
    assert (status, "beside its tensors (keras_version); --allow-loss metadata" in text) == (2, True)
    assert target.read_bytes() == b"old"
    assert convert(source, target, "--replace", "--allow-loss", "metadata")[0] == 0
    assert files.read(target, tmp_path / "scratch").metadata == {"backend": "x" * 3999}


@pytest.mark.parametrize("key", ["reproviewer/order", "reproviewer/version"])
def test_metadata_under_a_name_that_is_taken(tmp_path, convert, key):
    source, target = tmp_path / "a.safetensors", tmp_path / "b.safetensors"
    save_file({"w": np.ones(2)}, source, {key: "none"})
    target.write_bytes(b"old")
    status, text = convert(source, target, "--replace")
    assert (status, f"beside its tensors ({key}); --allow-loss metadata" in text) == (2, True)
    assert target.read_bytes() == b"old"


def test_legacy_keeps_what_keras_tells_of_itself(tmp_path, convert):
    assert convert(DATA / "k2_test.h5", tmp_path / "b.safetensors")[0] == 0
    assert convert(tmp_path / "b.safetensors", tmp_path / "c.h5")[0] == 0
    (tmp_path / "scratch").mkdir()
    back = files.read(tmp_path / "c.h5", tmp_path / "scratch")
    assert back.metadata == {"keras_version": "2.15.0", "backend": "tensorflow"}


@pytest.mark.parametrize("kind", ["bfloat16", "float8_e4m3fn"])
@pytest.mark.parametrize("target", ["b.npz", "b.h5"])
def test_a_dtype_that_the_other_cannot_mark(tmp_path, convert, kind, target):
    save_file({"dense/kernel": np.ones(2, getattr(ml_dtypes, kind))}, tmp_path / "a.safetensors")
    status, text = convert(tmp_path / "a.safetensors", tmp_path / target)
    assert status == 2
    assert f"has no mark for {kind}, which `dense/kernel` holds" in text
    assert not (tmp_path / target).exists()


BAD_NAMES = {
    "flat": (["kernel"], "b.h5", "`kernel` does not name a layer and its weight"),
    "folder": (["dense", "dense/kernel"], "b.h5", "`dense/kernel` cannot be the name of a weight there"),
    "dots": (["dense/../kernel"], "b.h5", "`dense/../kernel` cannot be the name of a weight there"),
    "nested": (["inner/a/kernel", "inner/b/kernel"], "b.h5", "only a model can tell in which order Keras reads"),
    "apart": (["a/kernel", "b/kernel", "a/bias"], "b.h5", "the weights of `a` are not together"),
    "paths": (["layers/dense/vars/0"], "b.h5", "does not name a layer"),
    "no_path": (["dense/kernel"], "b.weights.h5", "`dense/kernel` is no path of that format"),
    "state": (["optimizer/vars/0"], "b.weights.h5", "`optimizer/vars/0` would not be a weight there"),
    "gap": (["layers/dense/vars/1"], "b.weights.h5", "variable 0 of `layers/dense/vars` is missing"),
    "keyword": (["file"], "b.npz", "no array can be called `file`"),
    "checkpoint": (["dense/kernel"], "b", "only a model can write a TensorFlow checkpoint"),
    "suffix": (["dense/kernel"], "b.pt", "no weight format is called .pt"),
    "header": (["__metadata__"], "b.safetensors", "in .safetensors no tensor can be called `__metadata__`"),
}


@pytest.mark.parametrize("name", BAD_NAMES)
def test_names_that_the_other_cannot_keep(tmp_path, convert, name):
    names, target, words = BAD_NAMES[name]
    with (tmp_path / "a.npz").open("wb") as file:
        _save(file, dict.fromkeys(names, np.ones(2)))
    before = sorted(tmp_path.iterdir())
    status, text = convert(tmp_path / "a.npz", tmp_path / target)
    assert status == 2
    assert words in text
    assert sorted(tmp_path.iterdir()) == before


def _save(file, arrays):
    """As `numpy.savez`, which takes no array called `file`."""
    import zipfile

    with zipfile.ZipFile(file, "w") as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w") as member:
                np.lib.format.write_array(member, array)


def test_an_order_that_the_source_does_not_keep(tmp_path, convert):
    """Sorted names may be in anybody's order, and Keras would put a bias into a kernel of the same shape."""
    save_file({"bn/gamma": np.ones(2), "bn/beta": np.zeros(2)}, tmp_path / "a.safetensors")
    status, text = convert(tmp_path / "a.safetensors", tmp_path / "b.h5")
    assert (status, "in the order of its weights, which a.safetensors does not keep" in text) == (2, True)


def test_more_names_than_an_attribute_takes(tmp_path, convert):
    np.savez(tmp_path / "a.npz", **{f"{'layer' * 40}_{i:04}/kernel": np.full(1, i) for i in range(700)})
    assert convert(tmp_path / "a.npz", tmp_path / "b.h5")[0] == 0
    assert list(tensors(tmp_path / "b.h5", tmp_path)) == list(np.load(tmp_path / "a.npz").files)


@pytest.mark.parametrize("shape", [(), (0,), (1, 3), (2, 0), (700_000,), (1, 3, 300_000)])
def test_every_shape_through_hdf5(tmp_path, convert, shape):
    value = np.arange(np.prod(shape), dtype="i4").reshape(shape)
    np.savez(tmp_path / "a.npz", **{"layers/dense/vars/0": value})
    assert convert(tmp_path / "a.npz", tmp_path / "b.weights.h5")[0] == 0
    (back,) = tensors(tmp_path / "b.weights.h5", tmp_path / "scratch").values()
    assert back.shape == shape


def test_an_old_file_is_replaced_only_when_told_to(npz, tmp_path, convert):
    target = tmp_path / "b.safetensors"
    target.write_bytes(b"old")
    status, text = convert(npz, target)
    assert (status, "is there already; --replace puts the new file in its place" in text) == (2, True)
    assert target.read_bytes() == b"old"
    assert convert(npz, target, "--replace")[0] == 0
    assert len(tensors(target, tmp_path / "scratch")) == 3


def test_a_failure_leaves_the_old_file(tmp_path, convert):
    save_file({"w": np.ones(2, ml_dtypes.bfloat16)}, tmp_path / "a.safetensors")
    (tmp_path / "b.npz").write_bytes(b"old")
    assert convert(tmp_path / "a.safetensors", tmp_path / "b.npz", "--replace")[0] == 2
    assert (tmp_path / "b.npz").read_bytes() == b"old"


def test_onto_itself(npz, convert):
    before = hashlib.sha256(npz.read_bytes()).digest()
    status, text = convert(npz, npz, "--replace")
    assert (status, "read from that very file" in text) == (2, True)
    assert hashlib.sha256(npz.read_bytes()).digest() == before


def test_onto_the_state_file_of_the_folder_that_is_read(tmp_path, convert):
    folder = shutil.copytree(DATA / "k2_ckpt_dir", tmp_path / "checkpoints")
    (tmp_path / "link.npz").symlink_to(folder / "checkpoint")
    before = (folder / "checkpoint").read_bytes()
    status, text = convert(folder, tmp_path / "link.npz", "--replace")
    assert (status, "read from that very file" in text) == (2, True)
    assert (folder / "checkpoint").read_bytes() == before


def test_a_target_of_two_lines_is_told_in_one(npz, tmp_path, convert):
    status, text = convert(npz, tmp_path / "b\nc.npz")
    assert (status, text.count("\n"), "b\\nc.npz (NumPy arrays)" in text) == (0, 2, True)


@pytest.mark.parametrize(
    ("source", "target", "words"),
    [("no.npz", "b.npz", "there is no such file"), ("a.npz", "no/b.npz", "There is no folder"), ("a.npz", "", "empty")],
)
def test_what_is_not_there(npz, tmp_path, convert, source, target, words):
    status, text = convert(tmp_path / source, target and tmp_path / target)
    assert (status, words in text) == (2, True)


IN_KERAS = """
import os, sys
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras, numpy as np
from reproviewer.cli import main

folder = sys.argv[1]
def build(seed, dtype):
    keras.backend.clear_session()
    keras.utils.set_random_seed(seed)
    layers = [keras.layers.Input((4, 3)), keras.layers.LSTM(3, name="lstm"), keras.layers.Dropout(0.5)]
    layers += [keras.layers.Dense(3, name="dense"), keras.layers.BatchNormalization(name="bn")]
    model = keras.Sequential(layers + [keras.layers.Dense(2, name="out", dtype=dtype)])
    model.set_weights([np.random.random(w.shape).astype(w.dtype) for w in model.weights])
    return model
def convert(*names):
    for source, target in zip(names, names[1:]):
        assert main(["convert", f"{folder}/{source}", f"{folder}/{target}"]) == 0
def check(model, target, dtype):
    other = build(2, dtype)
    assert not same(model, other)
    other.load_weights(f"{folder}/{target}")
    assert same(model, other)
def same(model, other):
    return all(np.asarray(a).tobytes() == np.asarray(b).tobytes() for a, b in zip(model.weights, other.weights))
model = build(1, "bfloat16")
model.save_weights(f"{folder}/k.weights.h5")
convert("k.weights.h5", "1.safetensors", "2.weights.h5")
check(model, "2.weights.h5", "bfloat16")
model = build(1, "float32")
np.savez(f"{folder}/n.npz", **{w.path.split("/", 1)[1]: w for w in model.weights})
convert("n.npz", "3.h5")
check(model, "3.h5", "float32")
"""


def test_keras_itself_loads_what_was_written(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", IN_KERAS, tmp_path],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(files.__file__).parents[2],
    )
    assert done.returncode == 0, done.stderr[-2000:]
