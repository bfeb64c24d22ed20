"""HDF5 files that lie, loop, reach for other files or are broken: one line each, at once, nothing read elsewhere."""

import contextlib

import h5py
import numpy as np
import pytest

from reproviewer.core.message import ReproError
from reproviewer.core.weights import read_bits
from reproviewer.files import reader
from tests.files.hdf5_cases import BUILDERS, B, K, legacy, other_file, weights


@pytest.mark.parametrize("name", BUILDERS)
def test_refused_in_one_line(tmp_path, refused, name):
    build, words = BUILDERS[name]
    refused(build(tmp_path), *words)


@pytest.mark.parametrize("name", ["shape_bomb_3g", "gzip_bomb", "gzip_one_chunk", "dag40", "shape_bomb_legacy"])
def test_bombs_take_little_memory(tmp_path, peak_memory, name):
    assert peak_memory(BUILDERS[name][0](tmp_path)) < 150 << 20


def good(folder):
    def fill(_, group):
        group["0"], group["1"] = K, B

    return weights(folder, fill)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_cut_off(tmp_path, refused, share):
    path = good(tmp_path)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    refused(path, "cut off")


def test_a_damaged_list_of_names_that_never_ends(data, tmp_path, refused, peak_memory):
    """The heap of names has an entry of size zero, on which HDF5 runs in circles."""
    whole = bytearray((data / "k2_test.h5").read_bytes())
    at = whole.index(b"GCOL") + 168
    whole[at : at + 2] = bytes(2)
    path = tmp_path / "x.h5"
    path.write_bytes(whole)
    refused(path, "HDF5 comes to no end with it", dies=True)
    assert peak_memory(path) < 300 << 20


def test_every_flipped_byte_is_read_or_refused_in_words(tmp_path, read):
    """Many copies of one file, each with another byte damaged; the parser may accept it but must never die unseen."""
    path = good(tmp_path)
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    for at in rng.integers(0, len(whole), 20):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        with contextlib.suppress(ReproError):
            read(path)


def test_junk_behind_the_end_and_a_user_block_in_front_do_no_harm(tmp_path, read):
    path = tmp_path / "u.weights.h5"
    with h5py.File(path, "w", userblock_size=512) as root:
        root["vars/0"] = np.arange(5, dtype="f4")
    with path.open("ab") as file:
        file.write(b"junk" * 100)
    (tensor,) = read(path).weights.tensors
    assert tensor.path == str(path)
    assert read_bits(tensor).tolist() == [0, 1, 2, 3, 4]


def test_a_dataset_that_is_linked_twice_is_two_tensors(tmp_path, read):
    def fill(root, group):
        group["0"] = K
        root["shared"] = group["0"]

    tensors = read(weights(tmp_path, fill)).weights.tensors
    assert {t.name for t in tensors} == {"layers/dense/vars/0", "shared"}
    assert len({t.offset for t in tensors}) == 1


def test_a_layer_list_of_one_text(tmp_path, read):
    assert len(read(legacy(tmp_path, "dense", ["k", "b"])).weights.tensors) == 2


def test_numbers_that_were_never_written_are_not_written_out(tmp_path, refused, monkeypatch):
    """1 TiB of big-endian numbers: holes in the file."""
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    properties.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    with h5py.File(tmp_path / "x.h5", "w") as root:
        space = h5py.h5s.create_simple((1 << 19, 1 << 19))
        h5py.h5d.create(root.id, b"w", h5py.h5t.IEEE_F32BE, space, properties)
    monkeypatch.setattr(reader, "BYTES_PER_SECOND", 1 << 40)
    monkeypatch.setattr(reader, "SECONDS", 2)
    refused(tmp_path / "x.h5", "its data would expand from ", " to 1.0 TiB")


@pytest.mark.parametrize("depth", [20, 3000])
def test_what_lies_beside_the_listed_weights_is_looked_at_with_care(tmp_path, refused, accepted, depth):
    path = legacy(tmp_path, [b"dense"], [b"k", b"b"])
    with h5py.File(path, "r+") as root:
        root["outside"], root["soft"] = h5py.ExternalLink(other_file(tmp_path), "/k"), h5py.SoftLink("/nowhere")
        root["dense/loop"] = root["/"]
        group = root.create_group("deep")
        for _ in range(depth):
            group = group.create_group("g")
    if depth > 64:
        refused(path, "its groups are nested more than 64 deep")
    else:
        assert "left out" not in accepted(path).remarks
