"""Checkpoints that are broken or lie. TensorFlow's own reader aborts the process on several of these."""

import os
import shutil

import pytest

from reproviewer import files
from reproviewer.core.message import ReproError
from reproviewer.core.weights import read_bits
from reproviewer.files import checkpoint as reader
from reproviewer.files.crc32c import crc32c, mask
from reproviewer.files.tensor_slices import slice_key
from tests.files.bundles import DATA, checkpoint, chunk, entry, header, number


def test_a_good_one_made_here(tmp_path, read):
    (tensor,) = read(checkpoint(tmp_path, (b"kernel", entry()))).weights.tensors
    assert read_bits(tensor).tolist() == [0, 1, 2, 3, 4]


ENTRIES = {
    "dtype_99": (entry(dtype=99), "dtype number 99"),
    "int4": (entry(dtype=29), "holds int4, which is not read"),
    "quantised": (entry(dtype=11), "holds qint8, which is not read"),
    "dtype_0": (entry(dtype=0), "dtype number 0"),
    "dtype_minus": (entry(dtype=-1), "dtype number"),
    "dtype_ref": (entry(dtype=101), "dtype number 101"),
    "resource": (entry(dtype=20), "holds resource, which is not read"),
    "dim_minus": (entry(dims=(-1,)), "impossible shape, (-1)"),
    "dims_huge": (entry(dims=(1 << 40, 1 << 40)), "but 20 bytes are stored"),
    "dims_beyond": (entry(dims=(1 << 62, 1 << 62)), "impossible shape"),
    "rank_300": (entry(dims=(1,) * 300), "declares 300 dimensions"),
    "size_lie": (entry(size=16), "20 bytes, but 16 bytes are stored"),
    "shape_lie": (entry(dims=(6,)), "24 bytes, but 20 bytes are stored"),
    "shard_5": (entry(shard=5), "w.data-00005-of-00001 is missing"),
    "shard_minus": (entry(shard=-1), "lies outside the data"),
    "offset_far": (entry(offset=1 << 40), "too short for `kernel`"),
    "offset_minus": (entry(offset=-8), "lies outside the data"),
    "size_minus": (entry(size=-20), "lies outside the data"),
    "crc": (entry(crc=1), "the checksum of `kernel` does not match"),
    "sliced": (entry(extra=chunk(7, b"")), "a slice of `kernel` is missing"),
    "many_parts": (entry(extra=number(9, 0) * 200_000), "too many parts"),
    "many_slices": (entry(extra=chunk(7, b"") * 90_000), "a slice of `kernel` is missing"),
    "broken": (b"\x0a\xff", "damaged"),
    "group": (b"\x0b", "damaged"),
    "endless": (b"\xff" * 20, "damaged"),
    "kinds": (chunk(1, b"x"), "damaged"),
    "shape_number": (number(2, 3), "damaged"),
}


@pytest.mark.parametrize("name", ENTRIES)
def test_an_entry_that_lies(tmp_path, refused, name):
    data, words = ENTRIES[name]
    refused(checkpoint(tmp_path, (b"kernel", data)), words)


def test_a_million_shards(tmp_path, refused):
    refused(checkpoint(tmp_path, (b"kernel", entry()), head=header(10**6)), "declares 1,000,000 data files")


def test_no_shards(tmp_path, refused):
    refused(checkpoint(tmp_path, (b"kernel", entry()), head=b""), "declares 0 data files")


def test_big_endian(tmp_path, refused):
    refused(checkpoint(tmp_path, (b"kernel", entry()), head=header(1, 1)), "big-endian")


def test_a_key_twice(tmp_path, refused):
    refused(checkpoint(tmp_path, (b"k", entry()), (b"k", entry())), "keys are not in order")


def test_a_compressed_index(tmp_path, refused):
    refused(checkpoint(tmp_path, (b"k", entry()), kind=1), "compressed")


def test_restarts_beyond_the_block(tmp_path, refused):
    refused(checkpoint(tmp_path, (b"k", entry()), restarts=1 << 30), "a block is too short")


@pytest.mark.parametrize("name", [b"a\0b", b"\xff\xfe", b"x" * 2000])
def test_odd_names(tmp_path, refused, name):
    refused(checkpoint(tmp_path, (name, entry())))


@pytest.fixture
def copied(data, tmp_path):
    shutil.copytree(data / "k2_ckpt_dir", tmp_path / "copy")
    return tmp_path / "copy"


def flip(path, at):
    content = bytearray(path.read_bytes())
    content[at] ^= 4
    path.write_bytes(content)


def test_missing_data(copied, refused):
    (copied / "record_weight.data-00000-of-00001").unlink()
    refused(copied / "record_weight", "its data file record_weight.data-00000-of-00001 is missing")


def test_missing_index(copied, refused):
    (copied / "record_weight.index").unlink()
    refused(copied / "record_weight", "there is no such file")
    refused(copied / "record_weight.data-00000-of-00001", "its index record_weight.index is missing")
    refused(copied, "a folder without a checkpoint")


def test_short_data(copied, refused):
    path = copied / "record_weight.data-00000-of-00001"
    path.write_bytes(path.read_bytes()[:30])
    refused(copied / "record_weight", "too short for")


def test_flipped_data(copied, refused):
    flip(copied / "record_weight.data-00000-of-00001", 25)
    refused(copied / "record_weight", "the checksum of `layer_with_weights-0/bias` does not match")


def test_every_flipped_byte_of_an_index_is_noticed(copied, scratch):
    """A sample of bytes; only the unused padding of the footer may differ unnoticed."""
    index = copied / "record_weight.index"
    whole = index.read_bytes()
    for at in range(0, len(whole), 17):
        flip(index, at)
        if not len(whole) - 48 <= at < len(whole) - 8:
            with pytest.raises(ReproError, match=r"record_weight"):
                files.read(copied / "record_weight", scratch)
        index.write_bytes(whole)


@pytest.mark.parametrize("keep", [0, 1, 40, 100, 270])
def test_short_index(copied, refused, keep):
    index = copied / "record_weight.index"
    index.write_bytes(index.read_bytes()[:keep])
    refused(copied / "record_weight", "cut off or damaged")


def test_a_state_file_that_names_another_folder(copied, refused):
    (copied / "checkpoint").write_text('model_checkpoint_path: "../../other"\n')
    refused(copied, "names a checkpoint of another folder, `../../other`")


@pytest.mark.parametrize(
    "text", ["", "nonsense", 'model_checkpoint_path: "gone"', "\0" * 100, 'model_checkpoint_path: ""']
)
def test_a_useless_state_file_does_no_harm(copied, read, text):
    (copied / "checkpoint").write_text(text)
    assert len(read(copied).weights.tensors) == 2


def test_a_folder_that_was_moved(copied, read):
    (copied / "checkpoint").write_text('model_checkpoint_path: "/elsewhere/then/record_weight"\n')
    assert read(copied).source == copied / "record_weight"


def test_several_checkpoints_in_a_folder(copied, refused, read):
    for part in ("index", "data-00000-of-00001"):
        shutil.copy(copied / f"record_weight.{part}", copied / f"other.{part}")
    contents = read(copied)
    assert (contents.source, contents.remarks["beside it"]) == (copied / "record_weight", "other")
    (copied / "checkpoint").unlink()
    refused(copied, "2 checkpoints (other, record_weight); choose the .index file of one")


def test_data_that_is_no_regular_file(copied, refused):
    path = copied / "record_weight.data-00000-of-00001"
    path.unlink()
    os.mkfifo(path)
    refused(copied / "record_weight", "is missing")


def test_many_keys_in_a_large_index(tmp_path, refused):
    rows = [(f"k{i:06d}".encode(), entry(dims=(0,), size=0, crc=0)) for i in range(60_000)]
    refused(checkpoint(tmp_path, *rows))


@pytest.mark.parametrize("rest", ["/x" * 140, "x1" * 140], ids=["parts", "numbers"])
def test_names_that_would_be_long_to_sort(tmp_path, answer, rest):
    rows = [(f"{i:05d}{rest}".encode(), entry(dims=(0,), size=0, crc=mask(0))) for i in range(10_000)]
    answer(checkpoint(tmp_path, *rows, (b"x", entry(crc=1))))


@pytest.mark.parametrize("offset", [0, 4, 19])
def test_two_tensors_in_the_same_bytes(tmp_path, refused, offset):
    whole = mask(crc32c((DATA + DATA)[offset : offset + 20]))
    rows = [(b"a", entry()), (b"b", entry(offset=offset, crc=whole))]
    refused(checkpoint(tmp_path, *rows, data=DATA + DATA), "`a` and `b` share bytes")


def test_a_slice_of_no_tensor_is_left_out_and_told(tmp_path, read):
    contents = read(
        checkpoint(tmp_path, (slice_key("gone", ((0, 5),)), entry()), (b"k", entry(dims=(0,), size=0, crc=mask(0))))
    )
    assert (len(contents.weights.tensors), contents.remarks["left out"]) == (1, "1 slices of what is no tensor")


def test_empty_tensors_share_nothing(tmp_path, read):
    rows = [(key, entry(dims=(0, 3), size=0, offset=4, crc=mask(0))) for key in (b"a", b"b")]
    assert len(read(checkpoint(tmp_path, *rows, (b"k", entry()))).weights.tensors) == 3


@pytest.fixture
def elsewhere(copied, tmp_path):
    """A place outside the folder of the checkpoint."""
    (tmp_path / "elsewhere").mkdir()
    return tmp_path / "elsewhere"


def test_data_that_is_a_link_to_another_place(copied, elsewhere, refused):
    path = copied / "record_weight.data-00000-of-00001"
    path.rename(elsewhere / "secret")
    path.symlink_to(elsewhere / "secret")
    refused(copied, "is a link to another place")
    path.unlink()
    path.symlink_to(path.name)
    refused(copied / "record_weight", "is missing")


def test_links_within_the_folder(copied, read):
    path = copied / "record_weight.data-00000-of-00001"
    path.rename(copied / "blob")
    path.symlink_to("blob")
    assert len(read(copied).weights.tensors) == 2


def test_a_download_cache_of_links(copied, elsewhere, read):
    """All parts are links into one other folder, under other names there."""
    for part in ("index", "data-00000-of-00001"):
        path = copied / f"record_weight.{part}"
        path.rename(elsewhere / f"blob{len(part)}")
        path.symlink_to(elsewhere / f"blob{len(part)}")
    assert len(read(copied / "record_weight").weights.tensors) == 2


def test_variables_that_are_a_link_to_another_place(copied, tmp_path, refused):
    for part in ("index", "data-00000-of-00001"):
        (copied / f"record_weight.{part}").rename(copied / f"variables.{part}")
    (tmp_path / "model").mkdir()
    (tmp_path / "model/saved_model.pb").write_bytes(b"")
    (tmp_path / "model/variables").symlink_to(copied)
    refused(tmp_path / "model", "its folder of variables is a link to another place")


@pytest.mark.parametrize("name", ["checkpoint", "..", "gone-?????-of-00001"])
def test_a_state_file_that_names_itself(copied, read, name):
    (copied / "checkpoint").write_text(f'model_checkpoint_path: "{name}"\n')
    assert read(copied / "checkpoint").source == copied / "record_weight"


@pytest.mark.parametrize("part", ["index", "data-00000-of-00001"])
def test_a_part_that_is_replaced_while_the_other_is_read(copied, answer, monkeypatch, part):
    """A program that trains a model writes its checkpoint anew, one file after another."""
    path, fresh = copied / f"record_weight.{part}", copied / "fresh"
    shutil.copy(path, fresh)
    monkeypatch.setattr(reader, "verify", lambda *_: not os.replace(fresh, path))
    assert answer(copied / "record_weight").endswith("it changed while it was read.")
