"""Checkpoints that are broken or lie. TensorFlow's own reader aborts the process on several of these."""

import os
import shutil
import struct

import numpy as np
import pytest

from reproviewer import files
from reproviewer.core.message import ReproError
from reproviewer.core.weights import read_bits
from reproviewer.files.crc32c import crc32c, mask

MAGIC = struct.pack("<Q", 0xDB4775248B80FB57)
DATA = np.arange(5, dtype="<f4").tobytes()


def varint(value):
    value &= (1 << 64) - 1
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def number(field, value):
    return varint(field << 3) + varint(value)


def chunk(field, data):
    return varint(field << 3 | 2) + varint(len(data)) + data


def fixed(field, value):
    return varint(field << 3 | 5) + struct.pack("<I", value)


def shape(*dims):
    return b"".join(chunk(2, number(1, d)) for d in dims)


def entry(dtype=1, dims=(5,), shard=0, offset=0, size=20, crc=None, extra=b""):
    crc = mask(crc32c(DATA)) if crc is None else crc
    return (
        number(1, dtype)
        + chunk(2, shape(*dims))
        + number(3, shard)
        + number(4, offset)
        + number(5, size)
        + fixed(6, crc)
        + extra
    )


def block(pairs, kind=0, restarts=None):
    body = b"".join(varint(0) + varint(len(k)) + varint(len(v)) + k + v for k, v in pairs)
    body += struct.pack("<II", 0, 1 if restarts is None else restarts)
    return body, body + bytes([kind]) + struct.pack("<I", mask(crc32c(body + bytes([kind]))))


def table(pairs, **options):
    body, stored = block(pairs, **options)
    handle = varint(0) + varint(len(body))
    index, index_stored = block([(pairs[-1][0] if pairs else b"", handle)])
    about, about_stored = block([])
    footer = varint(len(stored)) + varint(len(about)) + varint(len(stored + about_stored)) + varint(len(index))
    return stored + about_stored + index_stored + footer.ljust(40, b"\0") + MAGIC


def header(shards=1, endian=0):
    return number(1, shards) + number(2, endian)


def checkpoint(folder, *pairs, head=None, data=DATA, **options):
    rows = [(b"", header() if head is None else head), *pairs]
    (folder / "w.index").write_bytes(table(rows, **options))
    (folder / "w.data-00000-of-00001").write_bytes(data)
    return folder / "w"


def test_a_good_one_made_here(tmp_path, read):
    (tensor,) = read(checkpoint(tmp_path, (b"kernel", entry()))).weights.tensors
    assert read_bits(tensor).tolist() == [0, 1, 2, 3, 4]


ENTRIES = {
    "dtype_99": (entry(dtype=99), "dtype number 99"),
    "dtype_0": (entry(dtype=0), "dtype number 0"),
    "dtype_minus": (entry(dtype=-1), "dtype number"),
    "dtype_ref": (entry(dtype=101), "dtype number 101"),
    "resource": (entry(dtype=20), "dtype number 20"),
    "variant": (entry(dtype=21), "dtype number 21"),
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
    "sliced": (entry(extra=chunk(7, b"")), "in slices"),
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


@pytest.mark.parametrize("name", [b"a\nb", b"\xff\xfe", b"x" * 2000])
def test_odd_names(tmp_path, refused, name):
    refused(checkpoint(tmp_path, (name, entry())))


def graph_entry(graph, crc=None):
    size = varint(len(graph))
    lengths = struct.pack("<I", len(graph))
    sums = struct.pack("<I", mask(crc32c(lengths)))
    return size + sums + graph, mask(crc32c(lengths + sums + graph)) if crc is None else crc


@pytest.mark.parametrize(
    ("graph", "words"),
    [
        (chunk(1, chunk(1, number(1, 99) + chunk(2, b"a"))), "object graph is damaged"),
        (chunk(1, chunk(1, number(1, -1) + chunk(2, b"a"))), "object graph is damaged"),
        (b"\xff\xff", "damaged"),
        (number(1, 3), "damaged"),
        (chunk(1, chunk(1, chunk(2, b"\xff"))), "not UTF-8"),
    ],
)
def test_an_object_graph_that_lies(tmp_path, refused, graph, words):
    stored, crc = graph_entry(graph)
    row = (b"_CHECKPOINTABLE_OBJECT_GRAPH", entry(7, (), offset=20, size=len(stored), crc=crc))
    refused(checkpoint(tmp_path, row, (b"kernel", entry()), data=DATA + stored), words)


def test_an_object_graph_with_loops(tmp_path, read):
    here = chunk(2, chunk(1, b"VARIABLE_VALUE") + chunk(2, b"dense/kernel") + chunk(3, b"kernel"))
    child = chunk(1, number(1, 1) + chunk(2, b"a")) + chunk(1, number(1, 0) + chunk(2, b"b"))
    stored, crc = graph_entry(chunk(1, child) + chunk(1, child + here))
    row = (b"_CHECKPOINTABLE_OBJECT_GRAPH", entry(7, (), offset=20, size=len(stored), crc=crc))
    (tensor,) = read(checkpoint(tmp_path, row, (b"kernel", entry()), data=DATA + stored)).weights.tensors
    assert (tensor.name, tensor.role, tensor.aliases) == ("kernel", "weight", ("dense/kernel",))


def test_the_graph_checksum_counts(tmp_path, refused):
    stored, _ = graph_entry(b"")
    row = (b"_CHECKPOINTABLE_OBJECT_GRAPH", entry(7, (), offset=20, size=len(stored), crc=1))
    refused(checkpoint(tmp_path, row, data=DATA + stored), "checksum of its object graph")


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
    assert read(copied).source == copied / "record_weight"
    (copied / "checkpoint").unlink()
    refused(copied, "2 checkpoints; choose the .index file of one")


def test_data_that_is_no_regular_file(copied, refused):
    path = copied / "record_weight.data-00000-of-00001"
    path.unlink()
    os.mkfifo(path)
    refused(copied / "record_weight", "is missing")


def test_many_keys_in_a_large_index(tmp_path, refused):
    rows = [(f"k{i:06d}".encode(), entry(dims=(0,), size=0, crc=0)) for i in range(60_000)]
    refused(checkpoint(tmp_path, *rows))
