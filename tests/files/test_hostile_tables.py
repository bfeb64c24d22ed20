"""Tables whose blocks and records lie, and slices that do not fit."""

import struct

import pytest

from reproviewer import files
from reproviewer.core.message import ReproError
from reproviewer.core.weights import read_bits
from reproviewer.files.crc32c import crc32c, mask
from reproviewer.files.tensor_slices import slice_key
from tests.files.bundles import DATA, MAGIC, block, checkpoint, chunk, entry, header, number, shape, table, varint


def raw_table(block_bytes, handle=None):
    """A table of one block whose bytes are given."""
    stored = block_bytes + b"\0" + struct.pack("<I", mask(crc32c(block_bytes + b"\0")))
    index, index_stored = block([(b"z", handle or varint(0) + varint(len(block_bytes)))])
    footer = varint(len(stored + index_stored)) + varint(8)
    about = struct.pack("<II", 0, 1)
    about += b"\0" + struct.pack("<I", mask(crc32c(about + b"\0")))
    footer += varint(len(stored)) + varint(len(index))
    return stored + index_stored + about + footer.ljust(40, b"\0") + MAGIC


@pytest.mark.parametrize(
    ("records", "words"),
    [
        (varint(1) + varint(0) + varint(2) + b"ab", "outside its block"),
        (varint(0) + varint(9) + varint(0) + b"ab", "outside its block"),
        (varint(0) + varint(0) + varint(1 << 40), "outside its block"),
        (b"\xff" * 30, "a number without an end"),
        (varint(0) + varint(1), "a number without an end"),
    ],
)
def test_records_that_lie(tmp_path, refused, records, words):
    (tmp_path / "w.index").write_bytes(raw_table(records + struct.pack("<II", 0, 1)))
    refused(tmp_path / "w", words)


@pytest.mark.parametrize(
    "handle", [varint(1 << 40) + varint(9), varint(0) + varint(1 << 62), varint(0) + varint(0), b""]
)
def test_blocks_that_are_elsewhere(tmp_path, refused, handle):
    (tmp_path / "w.index").write_bytes(raw_table(struct.pack("<II", 0, 1), handle or b"\xff"))
    refused(tmp_path / "w", "damaged")


def test_blocks_that_overlap(tmp_path, refused):
    body, stored = block([(b"", header())])
    index, index_stored = block([(key, varint(0) + varint(len(body))) for key in (b"a", b"b")])
    footer = varint(0) + varint(len(body)) + varint(len(stored)) + varint(len(index))
    (tmp_path / "w.index").write_bytes(stored + index_stored + footer.ljust(40, b"\0") + MAGIC)
    refused(tmp_path / "w", "blocks overlap")


def part(*extents):
    return b"".join(chunk(1, number(1, start) + number(2, length)) for start, length in extents)


def sliced(*slices, whole=(5,)):
    """The entry of a variable in slices, and those of the slices that are there: (start, length, entry)."""
    parts = b"".join(chunk(7, part((start, length))) for start, length, _ in slices)
    main = number(1, 1) + chunk(2, shape(*whole)) + parts
    rows = {slice_key("kernel", ((start, length),)): data for start, length, data in slices if data}
    return [*sorted(rows.items()), (b"kernel", main)]


def piece(start, length, **options):
    crc = mask(crc32c(DATA[4 * start : 4 * (start + length)]))
    return start, length, entry(dims=(length,), offset=4 * start, size=4 * length, crc=crc, **options)


def test_slices_made_here(tmp_path, read):
    contents = read(checkpoint(tmp_path, *sliced(piece(3, 2), piece(0, 3))))
    assert read_bits(contents.weights.tensors[0]).tolist() == [0, 1, 2, 3, 4]
    assert contents.remarks["checksums"] == "all verified"


SLICES = {
    "gap": (sliced(piece(0, 2), piece(3, 2)), "gaps or overlap"),
    "overlap": (sliced(piece(0, 3), piece(2, 3)), "share bytes"),
    "twice": (sliced(piece(0, 5), piece(0, 5)), "share bytes"),
    "short": (sliced(piece(0, 3)), "gaps or overlap"),
    "missing": (sliced(piece(0, 3), (3, 2, None)), "a slice of `kernel` is missing"),
    "dtype": (sliced(piece(0, 3), piece(3, 2, dtype=3)), "a slice of `kernel` is damaged"),
    "nested": (sliced(piece(0, 3), piece(3, 2, extra=chunk(7, b""))), "a slice of `kernel` is damaged"),
    "rank": (sliced(piece(0, 5), whole=(5, 1)), "another rank"),
    "size": (sliced((0, 5, entry(dims=(4,), size=16, crc=mask(crc32c(DATA[:16]))))), "another size"),
    "before": (sliced((-2, 5, entry()), (3, 2, None)), "is missing"),
    "huge": (sliced((0, 1 << 60, entry()), whole=(1 << 60,)), "impossible shape"),
    "crc": (sliced((0, 5, entry(crc=1))), "the checksum of `kernel` does not match"),
}


@pytest.mark.parametrize("name", SLICES)
def test_slices_that_lie(tmp_path, refused, name):
    rows, words = SLICES[name]
    refused(checkpoint(tmp_path, *rows), words)


def old_checkpoint(folder, *tensors, slices=None):
    """A checkpoint of the first format: name, dtype number, shape, and the fields of its `TensorProto`."""
    whole = {name: b"".join(chunk(1, b"") for _ in dims) for name, _, dims, _ in tensors}
    listed = b"".join(
        chunk(1, chunk(1, name) + chunk(2, shape(*dims)) + number(3, dtype) + chunk(4, whole[name]))
        for name, dtype, dims, _ in tensors
    )
    rows = [(b"", chunk(1, listed))]
    for i, (name, _, _, proto) in enumerate(tensors):
        rows.append((b"\0%d" % i, chunk(2, chunk(1, name) + chunk(2, whole[name]) + chunk(3, proto))))
    (folder / "old").write_bytes(table(rows[: None if slices is None else slices + 1]))
    return folder / "old"


def test_an_old_checkpoint_made_here(tmp_path, read):
    path = old_checkpoint(
        tmp_path, (b"k", 1, (5,), chunk(5, DATA)), (b"n", 9, (2,), chunk(10, varint(-1) + varint(300)))
    )
    found = {t.name: read_bits(t).tolist() for t in read(path).weights.tensors}
    assert found == {"k": [0, 1, 2, 3, 4], "n": [-1, 300]}


OLD = {
    "short": ((b"k", 1, (6,), chunk(5, DATA)), "another size"),
    "long": ((b"k", 1, (4,), chunk(5, DATA)), "another size"),
    "empty": ((b"k", 1, (4,), b""), "another size"),
    "other_field": ((b"k", 1, (5,), chunk(6, DATA)), "another size"),
    "huge": ((b"k", 1, (1 << 40, 1 << 40), chunk(5, DATA)), "another size"),
    "beyond": ((b"k", 1, (1 << 60,), chunk(5, DATA)), "impossible shape"),
    "number": ((b"k", 1, (5,), number(5, 3)), "a number where bytes belong"),
    "varint_cut": ((b"k", 3, (1,), chunk(7, b"\xff")), "a number without an end"),
    "varint_long": ((b"k", 3, (1,), chunk(7, b"\xff" * 11 + b"\1")), "a number without an end"),
    "count": ((b"k", 3, (2,), chunk(7, b"\1")), "another size"),
    "dtype": ((b"k", 14, (1,), chunk(13, b"\1")), "holds bfloat16, which this format cannot"),
    "dtype_99": ((b"k", 99, (1,), chunk(13, b"\1")), "dtype number 99"),
    "name": ((b"\xff", 1, (5,), chunk(5, DATA)), "not UTF-8"),
    "no_name": ((b"", 1, (5,), chunk(5, DATA)), "without a name"),
}


@pytest.mark.parametrize("name", OLD)
def test_an_old_checkpoint_that_lies(tmp_path, refused, name):
    tensor, words = OLD[name]
    refused(old_checkpoint(tmp_path, tensor), words)


def test_an_old_checkpoint_without_its_tensors(tmp_path, refused):
    refused(old_checkpoint(tmp_path, (b"k", 1, (5,), chunk(5, DATA)), slices=0), "a slice of `k` is missing")


def test_an_old_checkpoint_with_a_name_twice(tmp_path, refused):
    same = (b"k", 1, (5,), chunk(5, DATA))
    refused(old_checkpoint(tmp_path, same, same), "it holds `k` twice")


def test_every_flipped_byte_of_an_old_checkpoint_is_noticed(tmp_path, scratch, data):
    whole = (data / "tf1_v1/model.ckpt-7").read_bytes()
    for at in range(0, len(whole) - 48, 997):
        (tmp_path / "old").write_bytes(whole[:at] + bytes([whole[at] ^ 16]) + whole[at + 1 :])
        with pytest.raises(ReproError, match="old cannot be read"):
            files.read(tmp_path / "old", scratch)
