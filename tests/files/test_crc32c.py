"""The checksum of leveldb, against its definition."""

import numpy as np
import pytest

from reproviewer.files.crc32c import crc32c, mask


def bitwise(data, crc=0):
    crc ^= 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


@pytest.mark.parametrize(
    ("data", "crc"),
    [
        (b"123456789", 0xE3069283),
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (b"", 0),
    ],
)
def test_published_values(data, crc):
    """The vectors of RFC 3720, B.4."""
    assert crc32c(data) == crc


@pytest.mark.parametrize("size", [1, 8191, 16383, 16384, 16385, 40_000, 65_536])
def test_lanes_agree_with_the_definition(size):
    data = np.random.default_rng(size).bytes(size)
    assert crc32c(data) == bitwise(data)


def test_parts_join():
    data = np.random.default_rng(0).bytes(100_000)
    assert crc32c(data[30_001:], crc32c(data[:30_001])) == crc32c(data)


def test_mask():
    """As in leveldb's crc32c_test.cc: not the sum itself, nor its mask the same again."""
    crc = crc32c(b"foo")
    assert mask(crc) != crc
    assert mask(mask(crc)) != crc
    assert mask(0) == 0xA282EAD8
