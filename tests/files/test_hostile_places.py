"""Places that are no weight files: devices, sockets, links, folders, names; and files that change meanwhile."""

import json
import os
import shutil
import socket
from pathlib import Path

import h5py
import numpy as np
import pytest
from safetensors.numpy import save_file

from reproviewer import files
from reproviewer.core.message import ReproError
from reproviewer.files import registry
from tests.files.bundles import checkpoint, chunk, entry

ONES = np.ones(5, "f4")


def text(path):
    path.write_text("no weights")


def a_socket(path):
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(os.path.relpath(path))


def link(target):
    return lambda path: path.symlink_to(target)


PLACES = {
    "socket": (a_socket, "it is not a regular file"),
    "link_to_a_device": (link("/dev/zero"), "it is not a regular file"),
    "link_to_a_terminal": (link("/dev/tty"), "it is not a regular file"),
    "link_to_nothing": (link("nowhere"), "there is no such file"),
    "link_to_itself": (link("x"), "Too many levels of symbolic links"),
    "link_to_its_folder": (link("."), "a folder without a checkpoint"),
    "memory_of_a_process": (link("/proc/self/mem"), "Input/output error"),
    "environment": (link("/proc/self/environ"), "it is empty"),
    "hole": (lambda path: (text(path), os.truncate(path, 1 << 40)), "no known kind"),
    "hole_after_hdf5": (lambda p: (p.write_bytes(b"\x89HDF\r\n\x1a\n"), os.truncate(p, 1 << 40)), "it is damaged"),
    "hole_after_zip": (lambda p: (p.write_bytes(b"PK\3\4"), os.truncate(p, 1 << 40)), "damaged zip file"),
    "hole_after_json": (
        lambda p: (p.write_bytes(b'{"a":' + b" " * 99), os.truncate(p, 1 << 40)),
        "more than the 6.0 MiB",
    ),
    "hole_after_table": (lambda p: (p.write_bytes(b"\0\0"), os.truncate(p, 1 << 40)), "no known kind"),
}


@pytest.mark.parametrize("name", PLACES)
def test_no_weights_here(tmp_path, refused, monkeypatch, name):
    make, words = PLACES[name]
    monkeypatch.chdir(tmp_path)
    make(tmp_path / "x")
    refused(tmp_path / "x", words, dies="regular" in words)


NAMES = {
    "backwards": ("\u202e5h.x", "\\u202e5h.x cannot"),
    "colours": ("\x1b[31mx\x1b[0m", "\\x1b[31mx\\x1b[0m cannot"),
    "lines": ("a\r\nb\n", "a\\r\\nb\\n cannot"),
    "bytes": (os.fsdecode(b"\xff\xfe"), "\\udcff\\udcfe cannot"),
    "blanks": ("   ", "    cannot"),
    "an_option": ("--help", "--help cannot"),
    "a_template": ("{file}{why!r:>99}", "{file}{why!r:>99} cannot"),
    "emoji": ("👩‍💻" * 10, "cannot"),
    "most_letters": ("\x01" * 255, "\\x01 cannot"),
}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_stays_in_one_line(tmp_path, refused, name):
    file, words = NAMES[name]
    text(tmp_path / file)
    assert words in refused(tmp_path / file, "no known kind")


@pytest.fixture
def saved(tmp_path):
    """A checkpoint as a SavedModel keeps it."""
    (tmp_path / "model/variables").mkdir(parents=True)
    made = checkpoint(tmp_path / "model/variables", (b"kernel", entry()))
    for part in (".index", ".data-00000-of-00001"):
        made.with_name(f"w{part}").rename(made.with_name(f"variables{part}"))
    (tmp_path / "model/saved_model.pb").write_bytes(b"")
    return tmp_path / "model"


def gone(path):
    shutil.rmtree(path) if path.is_dir() else path.unlink()


def instead(make):
    return lambda path: (gone(path), make(path))


PARTS = {
    "no_variables": ("variables", gone, "a SavedModel without variables"),
    "variables_are_a_file": ("variables", instead(text), "a SavedModel without variables"),
    "no_index": ("variables/variables.index", gone, "a SavedModel without variables"),
    "index_is_a_folder": ("variables/variables.index", instead(os.mkdir), "a SavedModel without variables"),
    "index_is_a_fifo": ("variables/variables.index", instead(os.mkfifo), "a SavedModel without variables"),
    "index_is_a_device": ("variables/variables.index", instead(link("/dev/zero")), "a SavedModel without variables"),
    "index_is_huge": ("variables/variables.index", lambda p: os.truncate(p, 17 << 20), "larger than 16,777,216 bytes"),
    "data_is_a_folder": ("variables/variables.data-00000-of-00001", instead(os.mkdir), "is missing"),
    "data_is_a_device": ("variables/variables.data-00000-of-00001", instead(link("/dev/zero")), "is missing"),
    "data_is_a_canary": ("variables/variables.data-00000-of-00001", "canary", "is a link to another place"),
    "model_is_a_folder": ("saved_model.pb", instead(os.mkdir), "a folder without a checkpoint"),
}


@pytest.mark.parametrize("name", PARTS)
def test_a_saved_model_in_pieces(saved, canary, refused, name):
    part, change, words = PARTS[name]
    (instead(link(canary)) if change == "canary" else change)(saved / part)
    refused(saved, words)


@pytest.mark.parametrize("part", ["saved_model.pb", "keras_metadata.pb"])
def test_what_tells_of_a_saved_model_is_not_followed_elsewhere(saved, canary, accepted, part):
    (saved / part).unlink(missing_ok=True)
    (saved / part).symlink_to(canary)
    assert len(accepted(saved).weights.tensors) == 1


def test_what_tells_of_a_saved_model_takes_little_memory(saved, accepted):
    (saved / "keras_metadata.pb").write_bytes(chunk(1, chunk(5, b"[" + b"[]," * (5 << 20) + b"0]")))
    assert "keras_version" not in accepted(saved).metadata


STATES = {
    "climbing": "../elsewhere/canary",
    "deeper": "elsewhere/w",
    "long": "x" * 70_000,
    "control_codes": "\x1b[2J/w",
}


@pytest.mark.parametrize("name", STATES)
def test_a_state_file_that_leads_away(tmp_path, canary, refused, name):
    folder = tmp_path / "two"
    folder.mkdir()
    for key in ("w", "v"):
        checkpoint(folder, (key.encode(), entry()))
        for part in (".index", ".data-00000-of-00001"):
            shutil.copy(folder / f"w{part}", folder / f"v{part}")
    (folder / "checkpoint").write_text(f'model_checkpoint_path: "{STATES[name]}"\n')
    refused(folder, "another folder" if "/" in STATES[name] else "2 checkpoints")


@pytest.mark.parametrize("target", ["canary", "/dev/zero"])
def test_a_state_file_that_is_elsewhere(tmp_path, canary, accepted, target):
    folder = tmp_path / "folder"
    folder.mkdir()
    made = checkpoint(folder, (b"kernel", entry()))
    (folder / "checkpoint").symlink_to(canary if target == "canary" else target)
    assert accepted(folder).source == made


def shards(folder, name):
    (folder / "x.weights.json").write_text(json.dumps({"weight_map": {"/vars": [name]}}))
    return folder / "x.weights.json"


def parts(folder, name):
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"w": name}}))
    return folder / "model.safetensors.index.json"


SHARDS = {
    "device": (link("/dev/zero"), "is a link to another folder"),
    "socket": (a_socket, "is not a regular file"),
    "folder": (os.mkdir, "is not a regular file"),
    "loop": (link("part.safetensors"), "cannot be found", "is missing"),
    "dangling": (link("gone"), "is missing"),
    "list": (link("model.safetensors.index.json"), "its header claims", "is damaged", "is missing"),
}


@pytest.mark.parametrize("listing", [shards, parts])
@pytest.mark.parametrize("name", SHARDS)
def test_a_list_of_what_is_no_file(tmp_path, refused, monkeypatch, name, listing):
    monkeypatch.chdir(tmp_path)
    make, *words = SHARDS[name]
    make(tmp_path / "part.safetensors")
    told = refused(listing(tmp_path, "part.safetensors"))
    assert any(word in told for word in words), told


@pytest.mark.parametrize("name", ["\u202eh5", "\x1b[2J", "a\nb", "x" * 100_000, "\ud800", "CON", "a:b", "*"])
@pytest.mark.parametrize("listing", [shards, parts])
def test_a_list_with_a_name_of_no_file(tmp_path, answer, name, listing):
    assert "cannot be read" in answer(listing(tmp_path, name))


def test_one_file_under_two_names(tmp_path, refused):
    with h5py.File(tmp_path / "a.h5", "w") as root:
        root["vars/0"] = ONES
    os.link(tmp_path / "a.h5", tmp_path / "b.h5")
    (tmp_path / "x.weights.json").write_text('{"weight_map": {"/vars": ["a.h5", "b.h5"]}}')
    refused(tmp_path / "x.weights.json", "it holds `vars/0` twice")
    save_file({"w": ONES}, tmp_path / "a.safetensors")
    os.link(tmp_path / "a.safetensors", tmp_path / "b.safetensors")
    where = {"w": "a.safetensors", "v": "b.safetensors"}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": where}))
    refused(tmp_path / "model.safetensors.index.json", "`w` is in two of its parts")


def hdf5(path):
    with h5py.File(path, "w") as root:
        root["vars/0"] = ONES


def npz(path):
    with path.open("wb") as file:
        np.savez(file, w=ONES)


def npy(path):
    with path.open("wb") as file:
        np.save(file, ONES)


def safetensors(path):
    header = json.dumps({"w": {"dtype": "F32", "shape": [5], "data_offsets": [0, 20]}}).encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header + ONES.tobytes())


KINDS = {"hdf5": hdf5, "npz": npz, "npy": npy, "safetensors": safetensors}
CHANGES = KINDS | {
    "text": text,
    "nothing": lambda path: None,
    "folder": os.mkdir,
    "shorter": lambda path: path.write_bytes(b""),
}


@pytest.mark.parametrize("before", KINDS)
@pytest.mark.parametrize("after", CHANGES)
def test_a_file_that_becomes_another_while_it_is_read(tmp_path, answer, monkeypatch, before, after):
    """Between the moment when its kind is told and the one when it is read."""
    path, detect = tmp_path / "x", registry.detect

    def change(path):
        found = detect(path)
        gone(path)
        CHANGES[after](path)
        return found

    KINDS[before](path)
    monkeypatch.setattr(registry, "detect", change)
    told = answer(path)
    assert "it changed while it was read" in told or before != after


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_changes_after_its_index_was_read(tmp_path, answer, monkeypatch, kind):
    path, closing = tmp_path / "x", registry.closing

    def change(spill):
        with path.open("ab") as file:
            file.write(b"more")
        return closing(spill)

    KINDS[kind](path)
    monkeypatch.setattr(registry, "closing", change)
    assert answer(path)


def test_a_name_that_no_system_takes(scratch):
    for name in ("x\0y", "x" * 100_000, "/".join(["x"] * 50_000)):
        with pytest.raises(ReproError, match="cannot be read") as caught:
            files.read(Path(name), scratch)
        assert str(caught.value).isprintable()
