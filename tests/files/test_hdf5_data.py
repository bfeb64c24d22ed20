"""Sound numbers in HDF5 files: windows where they lie in order, unpacked where they do not."""

import os
import struct

import h5py
import numpy as np
import pytest

from reproviewer.core.weights import read_bits


@pytest.mark.parametrize(
    ("kind", "options", "is_window"),
    [
        ("f4", {}, True),
        (">f4", {}, False),
        (">i8", {}, False),
        ("f2", {}, True),
        ("bool", {}, True),
        ("c8", {}, True),
        (">c16", {}, False),
        ("c16", {"chunks": (2, 2), "compression": "gzip"}, False),
        ("u8", {"chunks": (2, 3)}, False),
        ("f8", {"chunks": (3, 2), "compression": "gzip"}, False),
        ("f4", {"chunks": (2, 2), "compression": "lzf", "shuffle": True, "fletcher32": True}, False),
    ],
)
@pytest.mark.parametrize("libver", ["earliest", "latest"])
def test_what_is_no_window_is_unpacked(tmp_path, read, scratch, kind, options, is_window, libver):
    values = (np.arange(35) % 2 if kind == "bool" else np.arange(35)).reshape(7, 5).astype(kind)
    path = tmp_path / "x.weights.h5"
    with h5py.File(path, "w", libver=libver) as root:
        root.create_dataset("vars/0", data=values, **options)
    (tensor,) = read(path).weights.tensors
    assert (tensor.path == str(path)) == is_window
    assert tensor.path == str(path) or os.path.dirname(tensor.path) == str(scratch)
    assert tensor.dtype == values.dtype.name
    assert (read_bits(tensor) == values).all()


def test_long_rows_are_unpacked_in_pieces(tmp_path, read, peak_memory):
    path = tmp_path / "x.weights.h5"
    values = np.arange(64 << 18, dtype="f4").reshape(1, 1, -1) // 1024
    with h5py.File(path, "w") as root:
        root.create_dataset("vars/0", data=values, chunks=(1, 1, 1 << 16), compression="gzip", compression_opts=1)
    (tensor,) = read(path).weights.tensors
    assert (read_bits(tensor) == values).all()
    assert peak_memory(path) < values.nbytes


def test_scalars_empty_arrays_compact_layout_and_nan(tmp_path, read):
    path = tmp_path / "x.weights.h5"
    odd = np.array([np.nan, -0.0, np.inf], "f4")
    odd[0] = struct.unpack("<f", b"\x01\x00\xc0\x7f")[0]
    with h5py.File(path, "w") as root:
        root["vars/0"] = np.float32(3)
        root["vars/1"] = np.zeros((0, 4), "f8")
        compact = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        compact.set_layout(h5py.h5d.COMPACT)
        space = h5py.h5s.create_simple((3,))
        h5py.h5d.create(root["vars"].id, b"2", h5py.h5t.IEEE_F32LE, space, compact).write(space, space, odd)
    scalar, empty, small = read(path).weights.tensors
    assert read_bits(scalar) == 3
    assert read_bits(empty).shape == (0, 4)
    assert read_bits(small).tobytes() == odd.tobytes()


def test_names_a_layer_chose_itself(tmp_path, read):
    path = tmp_path / "x.weights.h5"
    with h5py.File(path, "w") as root:
        root["layers/mine/vars/table"] = np.ones((1, 5), "f4")
        root["layers/mine/vars/0"] = np.zeros(5, "f4")
    assert [t.name for t in read(path).weights.tensors] == ["layers/mine/vars/0", "layers/mine/vars/table"]
