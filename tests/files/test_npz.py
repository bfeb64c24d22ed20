"""NumPy's archives: good ones by numpy itself, and hand-made ones that lie."""

import io
import struct
import zipfile

import ml_dtypes
import numpy as np
import pytest

from reproviewer.core.weights import read_bits

ARRAYS = {
    "dense/kernel": np.arange(6, dtype="f4").reshape(2, 3),
    "big_endian": np.arange(3, dtype=">i4"),
    "fortran": np.asfortranarray(np.arange(24.0).reshape(2, 3, 4)),
    "both": np.asfortranarray(np.arange(6, dtype=">f8").reshape(2, 3)),
    "scalar": np.float64(3),
    "empty": np.zeros((0, 3)),
    "bool": np.array([True, False]),
    "half": np.array([np.nan, -0.0], "f2"),
    "complex": np.array([1 + 2j, complex(np.nan, -0.0)], "c8"),
    "complex_big_endian": np.array([[1 - 2j]], ">c16"),
    "long": np.asfortranarray(np.arange(3 << 18, dtype="i8").reshape(3, -1)),
}


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_order_names_and_bits(tmp_path, read, save):
    path = tmp_path / "a.npz"
    save(path, **ARRAYS)
    contents = read(path)
    assert contents.format == "npz"
    assert contents.remarks == {"checksums": "all verified"}
    assert [t.name for t in contents.weights.tensors] == list(ARRAYS)
    for tensor, value in zip(contents.weights.tensors, ARRAYS.values(), strict=True):
        assert tensor.dtype == value.dtype.name
        assert read_bits(tensor).tobytes() == value.astype(value.dtype.newbyteorder("<")).tobytes()
        assert tensor.shape == value.shape


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_bfloat16_without_a_mark_is_an_assumption(tmp_path, read, save):
    path = tmp_path / "a.npz"
    value = np.array([[1, -2.5], [np.nan, 3]], ml_dtypes.bfloat16)
    save(path, w=value)
    contents = read(path)
    (tensor,) = contents.weights.tensors
    assert (tensor.dtype, tensor.shape) == ("bfloat16", (2, 2))
    assert read_bits(tensor).tobytes() == value.tobytes()
    assert "bfloat16" in contents.remarks["assumed"]


def test_stored_members_are_windows(tmp_path, read):
    path = tmp_path / "a.npz"
    np.savez(path, **ARRAYS)
    windows = {t.name for t in read(path).weights.tensors if t.path == str(path)}
    assert windows == {"dense/kernel", "scalar", "empty", "bool", "half", "complex"}


def npy(descr="'<f4'", shape="(5,)", data=bytes(20), fortran="False", version=1, length=None):
    header = f"{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape}, }}".encode()
    size = struct.pack("<H" if version == 1 else "<I", len(header) if length is None else length)
    return b"\x93NUMPY" + bytes([version, 0]) + size + header + data


def pickled():
    stream = io.BytesIO()
    np.save(stream, np.array([{}], object), allow_pickle=True)
    return stream.getvalue()


MEMBERS = {
    "object": (pickled(), "Python objects, which can run code"),
    "huge": (npy(shape=f"({1 << 40},)"), "4.0 TiB, but 20 bytes"),
    "beyond": (npy(shape=f"({1 << 60}, {1 << 60})"), "impossible shape"),
    "rank": (npy(shape="(" + "1," * 40 + ")"), "declares 40 dimensions"),
    "three_gib": (npy(shape=f"({3 << 28},)", data=b""), "3.0 GiB, but 0 bytes"),
    "negative": (npy(shape="(-5,)"), "impossible shape, (-5)"),
    "short": (npy(data=bytes(19)), "20 bytes, but 19 bytes"),
    "long": (npy(data=bytes(21)), "20 bytes, but 21 bytes"),
    "shape_text": (npy(shape="('a',)"), "header of `w` is malformed"),
    "shape_bool": (npy(shape="(True,)", data=bytes(4)), "header of `w` is malformed"),
    "shape_list": (npy(shape="[5]"), "header of `w` is malformed"),
    "order_number": (npy(fortran="3"), "header of `w` is malformed"),
    "call": (npy(shape="(__import__('os').getpid(),)"), "header of `w` is malformed"),
    "nested": (npy(shape="(" * 4000), "header of `w` is malformed"),
    "header_lie": (npy(version=2, length=1 << 31), "claims 2,147,483,648 bytes"),
    "version": (npy(version=9), "is not an array"),
    "empty": (b"", "is not an array"),
    "text": (npy("'<U5'"), "holds '<U5', not numbers"),
    "struct": (npy("[('a', '<f4'), ('b', '<f4')]"), "not numbers"),
    "void": (npy("'|V1'", data=bytes(5)), "not numbers"),
    "dates": (npy("'<M8[s]'", data=bytes(40)), "not numbers"),
    "long_double": (npy("'<f16'", data=bytes(80)), "not numbers"),
    "nonsense": (npy("'<q9'"), "not numbers"),
}


@pytest.mark.parametrize(
    ("name", "method"),
    [(name, zipfile.ZIP_STORED) for name in MEMBERS]
    + [(name, zipfile.ZIP_DEFLATED) for name in ("object", "three_gib", "short", "long", "empty")],
)
def test_a_member_that_lies(tmp_path, refused, name, method):
    member, words = MEMBERS[name]
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("w.npy", member)
    refused(path, words)


def archive_of(path, members, method=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, member in members:
            archive.writestr(name, member)
    return path


def test_a_member_that_is_no_array(tmp_path, refused):
    refused(archive_of(tmp_path / "a.npz", [("w.npy", npy()), ("readme.txt", b"hi")]), "`readme.txt` is not an array")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_members_of_one_name(tmp_path, refused):
    refused(archive_of(tmp_path / "a.npz", [("w.npy", npy()), ("w.npy", npy())]), "`w.npy` twice")


@pytest.mark.parametrize("name", ["../up.npy", "/abs.npy", "a\tb.npy", ".npy"])
def test_odd_names_stay_names(tmp_path, scratch, name):
    from reproviewer import files
    from reproviewer.core.message import ReproError

    path = archive_of(tmp_path / "a.npz", [(name, npy())])
    try:
        (tensor,) = files.read(path, scratch).weights.tensors
    except ReproError as error:
        assert str(error).isprintable()  # noqa: PT017
    else:
        assert tensor.path == str(path)


def test_unknown_compression(tmp_path, refused):
    refused(archive_of(tmp_path / "a.npz", [("w.npy", npy())], zipfile.ZIP_LZMA), "compressed in an unknown way")


def test_a_bomb(tmp_path, refused, peak_memory):
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("w.npy", "w") as member:
        member.write(npy(shape=f"({300 << 18},)", data=b""))
        for _ in range(300):
            member.write(bytes(1 << 20))
    refused(path, "would expand from 298", "to 300.0 MiB")
    assert peak_memory(path) < 60 << 20


def patched(path, old, new, count=-1):
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new, count))
    return path


def test_a_flipped_bit(tmp_path, refused):
    path = archive_of(tmp_path / "a.npz", [("w.npy", npy(data=b"x" * 20))])
    refused(patched(path, b"x" * 20, b"x" * 19 + b"y"), "the checksum of its member `w.npy` does not match")


def test_a_flipped_bit_in_compressed_data(tmp_path, refused):
    noise = np.random.default_rng(0).bytes(4000)
    path = archive_of(tmp_path / "a.npz", [("w.npy", npy(shape="(1000,)", data=noise))], zipfile.ZIP_DEFLATED)
    refused(patched(path, noise[2000:2010], bytes(10)), "damaged")


def test_a_list_said_to_lie_further_back(tmp_path, refused):
    """`zipfile` then takes the members to begin before the file."""
    path = archive_of(tmp_path / "a.npz", [("w.npy", npy())])
    data = bytearray(path.read_bytes())
    data[-6:-2] = struct.pack("<I", struct.unpack("<I", data[-6:-2])[0] + 1)
    path.write_bytes(data)
    refused(path, "its member `w.npy` is not where the list says")


def test_a_member_without_a_name(tmp_path, refused):
    """`zipfile` ends a name at a zero."""
    path = archive_of(tmp_path / "a.npz", [("w.npy", npy())])
    refused(patched(path, b"w.npy", b"\0.npy"), "it holds a member without a name")


def test_encrypted(tmp_path, refused):
    path = archive_of(tmp_path / "a.npz", [("w.npy", npy())])
    refused(patched(path, b"PK\x01\x02\x14\x03\x14\x00\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01\x00"), "encrypted")


def test_members_that_share_bytes(tmp_path, refused):
    """Two entries of the list point to one member (CVE-2024-0450)."""
    path = archive_of(tmp_path / "a.npz", [("w.npy", npy()), ("v.npy", npy())])
    data = bytearray(path.read_bytes())
    second = data.rindex(b"PK\x01\x02")
    data[second + 42 : second + 46] = bytes(4)
    path.write_bytes(data)
    refused(path, "overlaps another")


def test_a_list_that_points_elsewhere(tmp_path, refused):
    path = archive_of(tmp_path / "a.npz", [("w.npy", npy())])
    data = bytearray(path.read_bytes())
    entry = data.rindex(b"PK\x01\x02")
    data[entry + 42 : entry + 46] = struct.pack("<I", 7)
    path.write_bytes(data)
    refused(path, "is not where the list says")


def test_sizes_that_differ(tmp_path, refused):
    path = archive_of(tmp_path / "a.npz", [("w.npy", npy())])
    data = bytearray(path.read_bytes())
    entry = data.rindex(b"PK\x01\x02")
    data[entry + 24 : entry + 28] = struct.pack("<I", 1 << 30)
    path.write_bytes(data)
    refused(path, "has two sizes")


@pytest.mark.parametrize("keep", [3, 30, 100, 190])
def test_cut_off(tmp_path, refused, keep):
    path = archive_of(tmp_path / "a.npz", [("w.npy", npy())])
    path.write_bytes(path.read_bytes()[:keep])
    refused(path)


def test_an_empty_archive(tmp_path, refused):
    refused(archive_of(tmp_path / "a.npz", []), "a zip file without arrays")


def good(value):
    stream = io.BytesIO()
    np.save(stream, value, allow_pickle=False)
    return stream.getvalue()


def test_names_as_other_programs_give_them(tmp_path, read):
    """Without the suffix, in folders, with entries for the folders themselves; numpy reads all of these too."""
    members = [("bare", good(np.ones(2))), ("in/", b""), ("in/a folder/w.npy", good(np.zeros(3, ">f4")))]
    path = archive_of(tmp_path / "a.npz", members)
    contents = read(path)
    assert [t.name for t in contents.weights.tensors] == ["bare", "in/a folder/w"]
    with np.load(path, allow_pickle=False) as archive:
        for tensor in contents.weights.tensors:
            assert read_bits(tensor).tolist() == archive[tensor.name].tolist()


def test_a_folder_with_content_is_an_array(tmp_path, read, refused):
    """As for numpy; left out, files that differ in it alone would be identical."""
    members = [("w.npy", good(np.zeros(2))), ("in/", good(np.ones(2)))]
    contents = read(archive_of(tmp_path / "a.npz", members))
    assert read_bits(contents.weights.by_name["in/"]).tolist() == np.load(tmp_path / "a.npz")["in/"].tolist() == [1, 1]
    refused(archive_of(tmp_path / "b.npz", [*members, ("in/.npy", good(np.zeros(2)))]), "it holds `in/` twice")


def test_a_name_with_and_without_the_suffix(tmp_path, refused):
    path = archive_of(tmp_path / "a.npz", [("w.npy", good(np.ones(2))), ("w", good(np.ones(2)))])
    refused(path, "it holds `w` twice")


def test_more_members_than_any_model_has(tmp_path, refused):
    path = archive_of(tmp_path / "a.npz", [(f"{i}.npy", b"") for i in range(70_000)])
    refused(path, "more than 50,000 tensors")


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_all_versions_of_the_header(tmp_path, read, version):
    value = np.asfortranarray(np.arange(6, dtype="<i2").reshape(2, 3))
    with (tmp_path / "w.npy").open("wb") as file:
        np.lib.format.write_array(file, value, version)
    (tensor,) = read(tmp_path / "w.npy").weights.tensors
    assert (tensor.name, tensor.dtype) == ("w", "int16")
    assert read_bits(tensor).tolist() == value.tolist()


@pytest.mark.parametrize("shape", [(), (0,), (3, 0, 2), (1,), (1, 1, 4), (3, 4, 5)])
@pytest.mark.parametrize("kind", ["<f4", ">f8", ">u2", "|b1", "|i1"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_every_shape_byte_order_and_memory_order(tmp_path, shape, kind, order):
    """As numpy reads it; in this process, which is quicker."""
    from reproviewer.files import npy
    from reproviewer.files.spill import Spill

    value = np.asarray(np.arange(np.prod(shape)).reshape(shape) % 2, dtype=kind, order=order)
    np.save(tmp_path / "w.npy", value)
    spill = Spill(tmp_path / "spill")
    (tensor,) = npy.read(tmp_path / "w.npy", spill).tensors
    spill.close()
    assert (tensor.shape, tensor.dtype) == (value.shape, value.dtype.name)
    if value.size:
        assert read_bits(tensor).tobytes() == value.astype(value.dtype.newbyteorder("<")).tobytes()
