"""Nothing is written over what is read, nor in the place of a folder, a device or a pipe."""

import csv
import hashlib
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from reproviewer import files
from reproviewer.cli import main
from reproviewer.core.experiment import Experiment, dumps
from reproviewer.core.message import ReproError
from reproviewer.files.save import check_target, replace_bytes, replace_text, replacing, save, write_npz

CHECKPOINT = Path(__file__).parents[1] / "files" / "data" / "k2_ckpt_dir"
VERY_FILE = "something is read from that very file; choose another name.\n"


@pytest.fixture
def pair(tmp_path):
    """Weight files whose names are those of a report and of a picture."""
    for name, value in (("w.csv", 1), ("w.png", 2), ("b.npz", 3)):
        with (tmp_path / name).open("wb") as file:
            np.savez_compressed(file, w=np.full(3, value))
    return tmp_path


def state(folder):
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.rglob("*") if p.is_file()}


def refused(capsys, folder, *argv):
    """What is said; nothing was done."""
    before = state(folder)
    assert main([str(a) for a in argv]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert state(folder) == before
    return err


@pytest.mark.parametrize("how", ["itself", "symlink", "hardlink", "dots"])
def test_a_report_never_replaces_what_is_compared(pair, capsys, how):
    target = pair / "r.csv"
    if how == "symlink":
        target.symlink_to("w.csv")
    elif how == "hardlink":
        os.link(pair / "w.csv", target)
    else:
        target = pair / "w.csv" if how == "itself" else pair / ".." / pair.name / "w.csv"
    for files_ in (("w.csv", "b.npz"), ("b.npz", "w.csv")):
        line = refused(capsys, pair, "compare", *(pair / f for f in files_), "--report", target)
        assert line == f"reproviewer: {target.name} was not saved: {VERY_FILE}"


def test_nor_a_picture(pair, capsys):
    line = refused(capsys, pair, "picture", pair / "w.png", pair / "b.npz", "-o", pair / "w.png")
    assert line == f"reproviewer: w.png was not saved: {VERY_FILE}"
    (pair / "e.json").write_text(dumps(Experiment("Dense(1)")))
    (pair / "e.svg").symlink_to("e.json")
    assert VERY_FILE in refused(capsys, pair, "picture", pair / "e.json", "-o", pair / "e.svg")


def test_nor_a_conversion(pair, capsys):
    shutil.copy(pair / "b.npz", pair / "c.npz")
    (pair / "d.npz").symlink_to("c.npz")
    assert VERY_FILE in refused(capsys, pair, "convert", pair / "c.npz", pair / "d.npz", "--replace")


def test_every_part_of_an_input_is_one(tmp_path, capsys):
    """The list of shards, a shard of which nothing is shown in place, the index and the data of a checkpoint."""
    where = {name: f"{name}.safetensors" for name in "ab"}
    for name, part in where.items():
        save_file({name: np.ones(2)}, tmp_path / part)
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": where}))
    shutil.copytree(CHECKPOINT, tmp_path / "ckpt")
    prefix = tmp_path / "ckpt" / "record_weight"
    parts = [index, *(tmp_path / part for part in where.values())]
    of_checkpoint = [Path(f"{prefix}{suffix}") for suffix in (".index", ".data-00000-of-00001")]
    for source in (index, tmp_path, prefix, tmp_path / "ckpt"):
        for part in parts if source in (index, tmp_path) else of_checkpoint:
            link = tmp_path / "ckpt" / "link.html"
            link.symlink_to(part)
            assert VERY_FILE in refused(capsys, tmp_path, "compare", source, source, "--report", link)
            link.unlink()


def test_every_file_of_a_folder_is_a_part(tmp_path):
    import h5py

    folder = tmp_path / "m.keras"
    folder.mkdir()
    with h5py.File(folder / "model.weights.h5", "w") as file:
        file["layers/dense/vars/0"] = np.ones(3)
    for name in ("config.json", "metadata.json"):
        (folder / name).write_text("{}")
    found = files.read(folder, tmp_path / "scratch")
    assert {Path(path).name for path in found.stamps} == {"model.weights.h5", "config.json", "metadata.json"}


@pytest.fixture
def odd(tmp_path):
    """What is no regular file: a pipe, a link to a device, and a folder."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "device").symlink_to("/dev/full")
    (tmp_path / "folder").mkdir()
    return [tmp_path / name for name in ("pipe", "device", "folder")]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names")
def test_every_writer_refuses_what_is_no_regular_file(odd, tmp_path):
    np.savez(tmp_path / "a.npz", w=np.ones(2))
    weights = files.read(tmp_path / "a.npz", tmp_path / "scratch").weights
    writers = [
        check_target,
        lambda path: replace_text(path, "x"),
        lambda path: replace_bytes(path, b"x"),
        lambda path: save(path, "npz", weights, lambda fresh: write_npz(weights, fresh), tmp_path / "scratch"),
    ]
    kinds = [os.lstat(path).st_mode for path in odd]
    for path in odd:
        for write in writers:
            with pytest.raises(ReproError, match=r" was not saved: \w+ is (not a regular file|a folder)\."):
                write(path)
    assert [os.lstat(path).st_mode for path in odd] == kinds


def test_a_report_and_a_picture_refuse_a_device(pair, capsys):
    for name in ("r.html", "r.png"):
        (pair / name).symlink_to("/dev/null")
    for argv in (["compare", "w.csv", "b.npz", "--report", "r.html"], ["picture", "b.npz", "-o", "r.png"]):
        line = refused(capsys, pair, *(pair / a if "." in a else a for a in argv))
        assert "is not a regular file" in line
    assert all((pair / name).is_symlink() for name in ("r.html", "r.png"))


def test_a_link_to_a_plain_file_is_followed(tmp_path):
    (tmp_path / "real.csv").write_text("old")
    (tmp_path / "link.csv").symlink_to("real.csv")
    replace_text(tmp_path / "link.csv", "new")
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "real.csv").read_text() == "new"


def test_what_fails_half_way_leaves_the_old_file(tmp_path):
    (tmp_path / "a.csv").write_text("old")
    with pytest.raises(csv.Error), replacing(tmp_path / "a.csv") as fresh, fresh.open("w") as file:
        csv.writer(file).writerows(["new", None])
    assert state(tmp_path) == {"a.csv": hashlib.sha256(b"old").hexdigest()}
