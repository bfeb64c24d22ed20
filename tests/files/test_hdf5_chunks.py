"""Chunks of HDF5 datasets that unpack to less than they should: HDF5 itself gives undefined bytes for the rest."""

import zlib

import h5py
import numpy as np
import pytest

from reproviewer.core.weights import read_bits

NUMBERS = np.arange(10 * 30, dtype="<i8").reshape(10, 30) * 3
WAYS = {
    "gzip": {"compression": "gzip"},
    "gzip, shuffle": {"compression": "gzip", "shuffle": True},
    "gzip, shuffle, fletcher32": {"compression": "gzip", "shuffle": True, "fletcher32": True},
    "lzf": {"compression": "lzf"},
    "lzf, shuffle, fletcher32": {"compression": "lzf", "shuffle": True, "fletcher32": True},
    "fletcher32": {"fletcher32": True},
    "nothing": {},
}


@pytest.fixture
def make(tmp_path):
    def make(numbers=NUMBERS, **how):
        with h5py.File(tmp_path / "a.h5", "w") as file:
            file.create_dataset("kernel", data=numbers, chunks=(4, 7), **how)
        return tmp_path / "a.h5"

    return make


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("numbers", [NUMBERS, np.zeros((10, 30)), np.random.default_rng(1).standard_normal((10, 30))])
def test_whole_chunks_are_read(make, read, way, numbers):
    (tensor,) = read(make(numbers, **WAYS[way])).weights.tensors
    assert read_bits(tensor).tobytes() == numbers.tobytes()


def test_a_chunk_that_was_stored_without_its_filters_is_read(make, read):
    path = make(compression="gzip")
    block = np.full((4, 7), 5, "<i8")
    with h5py.File(path, "r+") as file:
        file["kernel"].id.write_direct_chunk((0, 0), block.tobytes(), filter_mask=1)
    (tensor,) = read(path).weights.tensors
    assert read_bits(tensor)[:4, :7].tolist() == block.tolist()


@pytest.mark.parametrize("way", ["gzip", "gzip, shuffle", "lzf"])
@pytest.mark.parametrize("mask", [0, 0xFFFF])
def test_a_chunk_that_is_too_short_is_refused(make, refused, way, mask):
    path = make(**WAYS[way])
    short = np.arange(10, dtype="<i8").tobytes()
    stored = {"gzip": zlib.compress(short), "lzf": bytes([31]) + short[:32] + bytes([31]) + short[:32]}
    packed = stored.get(way.partition(",")[0], short) if not mask else short
    with h5py.File(path, "r+") as file:
        file["kernel"].id.write_direct_chunk((4, 7), packed, filter_mask=mask)
    refused(path, "a piece of `kernel` is not as long as it should be")


def much_lzf(path, mask):
    """Numbers that lzf could not make smaller: 66 MiB, stored as such (1), or as runs (0)."""
    plain = np.random.default_rng(1).integers(0, 256, (1 << 15, 32), "u1")
    runs = np.concatenate([np.full((1 << 15, 1), 31, "u1"), plain], axis=1)
    with h5py.File(path, "w") as file:
        kernel = file.create_dataset("kernel", (66, 1 << 20), "u1", chunks=(1, 1 << 20), compression="lzf")
        for row in range(66):
            kernel.id.write_direct_chunk((row, 0), (plain if mask else runs).tobytes(), filter_mask=mask)
    return plain.tobytes()


def test_more_lzf_than_can_be_checked_is_refused(tmp_path, refused):
    much_lzf(tmp_path / "a.h5", 0)
    refused(tmp_path / "a.h5", "`kernel` holds more than 64.0 MiB of lzf, too much to check")


def test_what_lzf_left_as_it_was_is_read_however_long_it_is(tmp_path, read):
    row = much_lzf(tmp_path / "a.h5", 1)
    (tensor,) = read(tmp_path / "a.h5").weights.tensors
    assert tensor.shape == (66, 1 << 20)
    assert read_bits(tensor)[65].tobytes() == row
