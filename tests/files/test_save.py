"""Saving: what is on the disk afterwards is the old file or the new one, whole, and nothing else."""

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

from reproviewer import files
from reproviewer.core.message import ReproError
from reproviewer.core.weights import WeightSet, read_bits, tensor_sha256
from reproviewer.files import writers
from reproviewer.files.save import replace_text, save, write_npz, write_safetensors

ARRAYS = {
    "dense/kernel": np.arange(6, dtype="f4").reshape(2, 3),
    "dense/bias": np.array([np.nan, -0.0, 1], "f4"),
    "a/count": np.array(3),
    "none": np.zeros((0, 2), "f8"),
}
WRITERS = {"npz": write_npz, "safetensors": write_safetensors}
NAMES = {"npz": "a.npz", "safetensors": "a.safetensors"}


def written(key, weights):
    return lambda path: WRITERS[key](weights, path)


def save_one(target, weights, scratch, key="npz"):
    save(target, key, weights, written(key, weights), scratch)


@pytest.fixture
def out(tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


def names(folder):
    return sorted(p.name for p in folder.iterdir())


@pytest.mark.parametrize("key", WRITERS)
def test_what_is_read_back_is_what_was_saved(out, scratch, weight_set, read, key):
    weights = weight_set(ARRAYS)
    save_one(out / NAMES[key], weights, scratch, key)
    back = read(out / NAMES[key])
    assert back.format == key
    assert [(t.name, t.dtype, t.shape, tensor_sha256(t)) for t in back.weights.tensors] == [
        (t.name, t.dtype, t.shape, tensor_sha256(t)) for t in weights.tensors
    ]
    assert names(out) == [NAMES[key]]
    assert list(scratch.iterdir()) == []


def test_the_real_libraries_read_what_was_saved(out, scratch, weight_set):
    from safetensors import safe_open

    weights = weight_set(ARRAYS)
    save_one(out / "a.npz", weights, scratch)
    with np.load(out / "a.npz", allow_pickle=False) as archive:
        assert archive.files == list(ARRAYS)
        assert all(archive[n].tobytes() == v.tobytes() for n, v in ARRAYS.items())
    save_one(out / "a.safetensors", weights, scratch, "safetensors")
    with safe_open(out / "a.safetensors", "numpy") as archive:
        assert archive.metadata()["reproviewer/version"]
        assert all(archive.get_tensor(n).tobytes() == v.tobytes() for n, v in ARRAYS.items())


@pytest.mark.parametrize("kind", ["bfloat16", "float8_e4m3fn", "float8_e5m2", "float8_e8m0fnu"])
def test_kinds_without_a_numpy_dtype(out, scratch, weight_set, read, kind):
    values = np.array([[1, 2]], getattr(ml_dtypes, kind))
    weights = weight_set({"w": values}, {"w": kind})
    save_one(out / "a.safetensors", weights, scratch, "safetensors")
    (tensor,) = read(out / "a.safetensors").weights.tensors
    assert tensor.dtype == kind
    assert read_bits(tensor).tobytes() == values.tobytes()
    with pytest.raises(ReproError, match=f"a.npz was not saved: .npz has no mark for {kind}, which `w` holds"):
        save_one(out / "a.npz", weights, scratch)
    assert names(out) == ["a.safetensors"]


def test_kinds_that_safetensors_lacks(out, scratch, weight_set):
    weights = weight_set({"w": np.ones(2, ml_dtypes.float8_e4m3b11fnuz)}, {"w": "float8_e4m3b11fnuz"})
    with pytest.raises(ReproError, match=r"\.safetensors has no mark for float8_e4m3b11fnuz"):
        save_one(out / "a.safetensors", weights, scratch, "safetensors")


@pytest.mark.parametrize("key", WRITERS)
def test_two_tensors_of_one_name(out, scratch, weight_set, key):
    weights = weight_set({"w": np.ones(2)})
    twice = WeightSet(weights.tensors * 2)
    with pytest.raises(ReproError, match="two tensors are called `w`"):
        save_one(out / NAMES[key], twice, scratch, key)


@pytest.mark.parametrize("name", ["file", "allow_pickle"])
def test_names_that_numpy_swallows(out, scratch, weight_set, name):
    with pytest.raises(ReproError, match=f"no array can be called `{name}`"):
        save_one(out / "a.npz", weight_set({name: np.ones(2)}), scratch)


@pytest.mark.parametrize("name", ["k2.h5", "k2.weights.h5", "k3.weights.h5", "k3_many.h5"])
def test_files_that_keras_wrote_pass_as_the_weights_they_hold(samples, read, out, scratch, name):
    contents = read(samples / name)
    model = contents.weights.only("weight")
    save(out / "new.h5", contents.format, model, lambda path: shutil.copy(samples / name, path), scratch)
    assert (out / "new.h5").read_bytes() == (samples / name).read_bytes()


def test_weights_are_found_by_their_other_names(samples, told, weight_set, out, scratch):
    """The run calls a weight `first/kernel`; the file `layers/dense/vars/0`, which the run knows as an alias."""
    import h5py

    with h5py.File(samples / "k3_bf16.weights.h5") as file:
        kernel, bias = (file[f"layers/dense/vars/{i}"][()].view("u2") for i in (0, 1))
    kinds = {"d/bias": "bfloat16", "d/kernel": "bfloat16"}
    aliases = {"d/bias": ("layers/dense/vars/1",), "d/kernel": ("layers/dense/vars/0",)}
    weights = weight_set({"d/bias": bias, "d/kernel": kernel}, kinds, aliases)
    source = samples / "k3_bf16.weights.h5"
    save(out / "x.weights.h5", "keras-weights", weights, lambda p: shutil.copy(source, p), scratch)
    swapped = WeightSet(tuple(reversed(weight_set({"d/bias": bias + 1, "d/kernel": kernel}, kinds, aliases).tensors)))
    with pytest.raises(ReproError, match="does not hold the same weights \\(the values of `d/bias` differ\\)"):
        save(out / "x.weights.h5", "keras-weights", swapped, lambda p: shutil.copy(source, p), scratch)


def checkpoint_writer(data):
    def write(prefix):
        for part in ("index", "data-00000-of-00001"):
            shutil.copy(data / f"k2_ckpt_dir/record_weight.{part}", f"{prefix}.{part}")
        prefix.with_name("checkpoint").write_text(f'model_checkpoint_path: "{prefix.name}"\n')

    return write


PARTS = ["checkpoint", "record_weight.data-00000-of-00001", "record_weight.index"]


def test_a_checkpoint_makes_its_folder(data, read, out, scratch):
    model = read(data / "k2_ckpt_dir").weights
    save(out / "your_dir" / "deep" / "record_weight", "tf-checkpoint", model, checkpoint_writer(data), scratch)
    assert names(out / "your_dir" / "deep") == PARTS
    assert len(read(out / "your_dir" / "deep").weights.tensors) == 2


def test_a_folder_made_for_nothing_is_removed(data, read, out, scratch):
    model = WeightSet(read(data / "k2_ckpt_dir").weights.tensors[:1])
    with pytest.raises(ReproError, match="it holds 2 tensors, not 1"):
        save(out / "your_dir" / "deep" / "w", "tf-checkpoint", model, checkpoint_writer(data), scratch)
    assert names(out) == []


def old_checkpoint(out):
    old = {name: f"old {name}".encode() for name in PARTS}
    for name, content in old.items():
        (out / name).write_bytes(content)
    return old


def contents_of(folder):
    return {p.name: p.read_bytes() for p in folder.iterdir()}


def test_a_checkpoint_replaces_the_old_one(data, read, out, scratch):
    old = old_checkpoint(out)
    model = read(data / "k2_ckpt_dir").weights
    save(out / "record_weight", "tf-checkpoint", model, checkpoint_writer(data), scratch)
    assert names(out) == PARTS
    assert contents_of(out).items().isdisjoint(old.items())


@pytest.mark.parametrize("failing", [1, 2, 3])
@pytest.mark.parametrize("had_old", [True, False])
def test_a_failure_between_the_parts_puts_the_old_ones_back(data, read, out, scratch, monkeypatch, failing, had_old):
    old = old_checkpoint(out) if had_old else {}
    model = read(data / "k2_ckpt_dir").weights
    calls = []
    real = os.replace

    def replace(source, target):
        calls.append(source)
        if len(calls) == failing:
            raise OSError(5, "Input/output error")
        real(source, target)

    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(ReproError, match="record_weight was not saved: Input/output error"):
        save(out / "record_weight", "tf-checkpoint", model, checkpoint_writer(data), scratch)
    assert contents_of(out) == old


def test_any_part_may_be_chosen_as_the_target(data, read, out, scratch):
    model = read(data / "k2_ckpt_dir").weights
    save(out / "record_weight.index", "tf-checkpoint", model, checkpoint_writer(data), scratch)
    assert names(out) == PARTS


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"dense/kernel": ARRAYS["dense/kernel"] + 1}, "the values of `dense/kernel` differ"),
        ({"dense/bias": np.array([np.nan, 0.0, 1], "f4")}, "the values of `dense/bias` differ"),
        ({"dense/kernel": ARRAYS["dense/kernel"].reshape(3, 2)}, r"`dense/kernel` has the shape \(3, 2\) there"),
        ({"a/count": np.array(3, "i4")}, "`a/count` is int32 there, not int64"),
        ({"more": np.ones(2)}, "it holds 5 tensors, not 4"),
    ],
)
@pytest.mark.parametrize("key", WRITERS)
def test_a_writer_that_writes_something_else(out, scratch, weight_set, key, change, words):
    target = out / NAMES[key]
    target.write_bytes(b"old")
    with pytest.raises(ReproError, match=f"was not saved: what was written does not hold the same weights .{words}"):
        save(target, key, weight_set(ARRAYS), written(key, weight_set(ARRAYS | change)), scratch)
    assert contents_of(out) == {NAMES[key]: b"old"}


def test_other_names_are_other_weights(out, scratch, weight_set):
    renamed = weight_set({f"x{n}": v for n, v in ARRAYS.items()})
    with pytest.raises(ReproError, match="its tensors have other names"):
        save(out / "a.safetensors", "safetensors", weight_set(ARRAYS), written("safetensors", renamed), scratch)


def test_another_format_is_noticed(out, scratch, weight_set):
    weights = weight_set(ARRAYS)
    with pytest.raises(ReproError, match="it has the format npz"):
        save(out / "a.safetensors", "safetensors", weights, written("npz", weights), scratch)


def test_a_writer_that_writes_nothing(out, scratch, weight_set):
    (out / "a.npz").write_bytes(b"old")
    with pytest.raises(ReproError, match="there is no such file"):
        save(out / "a.npz", "npz", weight_set(ARRAYS), lambda path: None, scratch)
    assert contents_of(out) == {"a.npz": b"old"}


def test_a_writer_that_fails(out, scratch, weight_set):
    (out / "a.npz").write_bytes(b"old")

    def write(path):
        path.write_bytes(b"half")
        raise ReproError("The worker died.")

    with pytest.raises(ReproError, match=r"^The worker died\.$"):
        save(out / "a.npz", "npz", weight_set(ARRAYS), write, scratch)
    assert contents_of(out) == {"a.npz": b"old"}


def test_a_target_that_is_a_folder(out, scratch, weight_set, data, read):
    (out / "a.npz").mkdir()
    with pytest.raises(ReproError, match=r"a\.npz was not saved: a\.npz is a folder"):
        save_one(out / "a.npz", weight_set(ARRAYS), scratch)
    (out / "w.index").mkdir()
    with pytest.raises(ReproError, match=r"w was not saved: w\.index is a folder"):
        save(out / "w", "tf-checkpoint", read(data / "k2_ckpt_dir").weights, checkpoint_writer(data), scratch)
    assert names(out) == ["a.npz", "w.index"]


def test_a_target_below_a_file(out, scratch, weight_set):
    (out / "file").write_bytes(b"old")
    with pytest.raises(ReproError, match=r"a\.npz was not saved: "):
        save_one(out / "file" / "a.npz", weight_set(ARRAYS), scratch)
    assert contents_of(out) == {"file": b"old"}


@pytest.mark.parametrize("target", ["/proc/a.npz", "/proc/new/a.npz"])
def test_folders_where_nothing_can_be_written(target, scratch, weight_set):
    with pytest.raises(ReproError, match=r"a\.npz was not saved: ") as caught:
        save_one(Path(target), weight_set(ARRAYS), scratch)
    assert "\n" not in str(caught.value)


def test_the_source_of_the_weights_is_not_overwritten(out, scratch, weight_set, read):
    save_one(out / "a.npz", weight_set(ARRAYS), scratch)
    before = contents_of(out)
    with pytest.raises(ReproError, match="read from that very file"):
        save_one(out / "a.npz", read(out / "a.npz").weights, scratch)
    assert contents_of(out) == before


def test_a_link_stays_a_link_and_permissions_stay(out, scratch, weight_set):
    (out / "real.npz").write_bytes(b"old")
    (out / "real.npz").chmod(0o640)
    (out / "a.npz").symlink_to("real.npz")
    save_one(out / "a.npz", weight_set(ARRAYS), scratch)
    assert (out / "a.npz").is_symlink()
    assert (out / "real.npz").read_bytes() != b"old"
    assert stat.S_IMODE((out / "real.npz").stat().st_mode) == 0o640


def test_a_new_file_has_ordinary_permissions(out, scratch, weight_set):
    mask = os.umask(0o022)
    try:
        save_one(out / "a.npz", weight_set(ARRAYS), scratch)
        save_one(out / "a.safetensors", weight_set(ARRAYS), scratch, "safetensors")
    finally:
        os.umask(mask)
    assert stat.S_IMODE((out / "a.npz").stat().st_mode) == 0o644
    assert stat.S_IMODE((out / "a.safetensors").stat().st_mode) == 0o644


def test_replace_text(out):
    replace_text(out / "new" / "a.json", "ä\n")
    replace_text(out / "new" / "a.json", "b\n")
    assert contents_of(out / "new") == {"a.json": b"b\n"}
    with pytest.raises(ReproError, match="is a folder"):
        replace_text(out / "new", "b")


SCRIPT = """
import os, resource, signal, sys
from pathlib import Path
import numpy as np
from reproviewer.core.message import ReproError
from reproviewer.core.weights import Tensor, WeightSet
from reproviewer.files.save import save, write_npz, write_safetensors

folder, key, how = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
run = folder.parent / "big.bin"
run.write_bytes(bytes(300_000))
weights = WeightSet((Tensor("w", "float32", (75_000,), str(run), 0),))

def write(path):
    {"npz": write_npz, "safetensors": write_safetensors}[key](weights, path)
    if how == "kill while writing":
        os.kill(os.getpid(), signal.SIGKILL)

if how == "limit":
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
if how == "kill while replacing":
    os.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
try:
    save(folder / f"a.{key}", key, weights, write, folder.parent / "scratch")
except ReproError as error:
    sys.exit(str(error))
"""


def in_a_process(folder, key, how):
    command = [sys.executable, "-c", SCRIPT, str(folder), key, how]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(files.__file__).parents[2])


@pytest.mark.parametrize("key", WRITERS)
def test_a_file_size_limit(out, key):
    (out / f"a.{key}").write_bytes(b"old")
    done = in_a_process(out, key, "limit")
    assert done.stderr.strip() == f"a.{key} was not saved: the disk is full."
    assert contents_of(out) == {f"a.{key}": b"old"}


@pytest.mark.parametrize("key", WRITERS)
@pytest.mark.parametrize("how", ["kill while writing", "kill while replacing"])
def test_a_killed_process(out, scratch, weight_set, key, how):
    (out / f"a.{key}").write_bytes(b"old")
    assert in_a_process(out, key, how).returncode == -9
    assert (out / f"a.{key}").read_bytes() == b"old"
    assert len(names(out)) == 2
    save_one(out / "other.npz", weight_set(ARRAYS), scratch)
    assert names(out) == sorted([f"a.{key}", "other.npz"])


@pytest.fixture
def small_disk(tmp_path):
    """A disk of its own for whoever may mount one, else a folder."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder]
    is_mounted = subprocess.run(mount, check=False, capture_output=True).returncode == 0
    yield folder
    if is_mounted:
        subprocess.run(["umount", folder], check=True)


@pytest.mark.parametrize("key", WRITERS)
def test_a_full_disk(small_disk, key):
    (small_disk / f"a.{key}").write_bytes(b"old")
    done = in_a_process(small_disk, key, "" if small_disk.is_mount() else "limit")
    assert done.stderr.strip() == f"a.{key} was not saved: the disk is full."
    assert contents_of(small_disk) == {f"a.{key}": b"old"}


def test_a_disk_that_cannot_be_written(small_disk, scratch, weight_set):
    (small_disk / "a.npz").write_bytes(b"old")
    if small_disk.is_mount():
        subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    else:
        small_disk.chmod(0o500)
    with pytest.raises(ReproError, match=r"a.npz was not saved: the folder .*disk cannot be written to"):
        save_one(small_disk / "a.npz", weight_set(ARRAYS), scratch)
    assert contents_of(small_disk) == {"a.npz": b"old"}


def test_numpy_reads_one_tensor_at_a_time(monkeypatch, out, weight_set):
    alive = []
    real = writers.read_bits
    monkeypatch.setattr(writers, "read_bits", lambda t: alive.append(t.name) or real(t))
    write_npz(weight_set(ARRAYS), out / "a.npz")
    assert alive == list(ARRAYS)
