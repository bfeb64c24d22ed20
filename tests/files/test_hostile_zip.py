"""Zip files that lie, whatever is in them: one line each, nothing unpacked, nothing followed."""

import io
import stat
import struct
import zipfile
import zlib

import h5py
import numpy as np
import pytest

from reproviewer.core.weights import read_bits


def npy(value):
    stream = io.BytesIO()
    np.save(stream, value)
    return stream.getvalue()


W = npy(np.arange(5, dtype="f4"))
LOCAL, CENTRAL, END = b"PK\3\4", b"PK\1\2", b"PK\5\6"


def packed(*members, method=zipfile.ZIP_STORED):
    """The bytes of an archive; by default of one array `w`."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for member, content in members or [("w.npy", W)]:
            archive.writestr(member, content)
    return stream.getvalue()


def patched(content, signature, at, new, last=False):
    """An archive with bytes of one of its records replaced."""
    start = (content.rindex if last else content.index)(signature) + at
    return content[:start] + new + content[start + len(new) :]


def both(local, central, new, content=None):
    """As `patched`, in the header before a member and in the list."""
    content = packed() if content is None else content
    return patched(patched(content, LOCAL, local, new), CENTRAL, central, new)


def with_extra(extra, sizes=(0xFFFFFFFF, 0xFFFFFFFF)):
    """An archive whose list has an extra field, and sizes that refer to it."""
    content = patched(packed(), CENTRAL, 20, struct.pack("<II", *sizes))
    content = patched(content, CENTRAL, 30, struct.pack("<H", len(extra)))
    at = content.index(END)
    length = struct.unpack_from("<I", content, at + 12)[0] + len(extra)
    return patched(content[:at] + extra + content[at:], END, 12, struct.pack("<I", length))


def zip64(*numbers):
    return struct.pack(f"<HH{len(numbers)}Q", 1, 8 * len(numbers), *numbers)


def method(number):
    return both(8, 10, struct.pack("<H", number))


def flag(bit):
    return both(6, 8, struct.pack("<H", bit))


def overlapping():
    """The second member begins inside the first one's data, where a header stands."""
    inner = packed(("v.npy", W))
    content = packed(("w.npy", inner), ("v.npy", W))
    return patched(content, CENTRAL, 42, struct.pack("<I", content.index(LOCAL, 4)), last=True)


def linking():
    member = zipfile.ZipInfo("w.npy")
    member.external_attr = (stat.S_IFLNK | 0o777) << 16
    return packed((member, "../elsewhere/canary.weights.h5"))


def longer_than_told():
    """Deflated data that goes on after the size in the list."""
    content = packed(("w.npy", W + bytes(1 << 20)), method=zipfile.ZIP_DEFLATED)
    return both(22, 24, struct.pack("<I", len(W)), both(14, 16, struct.pack("<I", zlib.crc32(W)), content))


def without_end():
    content = packed(("w.npy", W), method=zipfile.ZIP_DEFLATED)
    at = content.index(b"w.npy") + 5
    return content[:at] + b"\xff" * 9 + content[at + 9 :]


BROKEN = {
    "half_overlap": (overlapping(), "overlaps another"),
    "zip64_sizes": (with_extra(zip64(1 << 60, 1 << 60)), "would expand", "overlaps"),
    "zip64_two_sizes": (with_extra(zip64(1 << 60, len(W))), "has two sizes"),
    "zip64_cut_off": (with_extra(zip64(1 << 60)[:7]), "damaged zip file"),
    "zip64_too_few": (with_extra(zip64(5)), "damaged zip file"),
    "zip64_missing": (with_extra(b""), "overlaps another"),
    "extra_longer_than_all": (with_extra(struct.pack("<HH", 1, 60000), (148, 148)), "damaged zip file"),
    **{
        f"method_{number}": (method(number), "is compressed in an unknown way")
        for number in (1, 6, 9, 12, 14, 93, 95, 99, 65535)
    },
    "strong_encryption": (flag(0x41), "encrypted"),
    "patch": (flag(0x20), "damaged zip file", "patched data"),
    "of_the_future": (patched(packed(), CENTRAL, 6, b"\xff"), "damaged zip file"),
    "other_name": (packed().replace(b"w.npy", b"v.npy", 1), "is not where the list says"),
    "not_utf8": (both(6, 8, b"\x00\x08").replace(b"w.npy", b"\xff.npy"), "damaged zip file"),
    "list_behind_the_end": (patched(packed(), END, 16, struct.pack("<I", 1 << 31)), "is not where the list says"),
    "list_too_long": (patched(packed(), END, 12, struct.pack("<I", 1 << 31)), "damaged zip file"),
    "several_disks": (packed()[:-22] + b"PK\6\7" + struct.pack("<IQI", 0, 0, 9) + packed()[-22:], "damaged zip file"),
    "no_zip64_end": (packed()[:-22] + b"PK\6\7" + struct.pack("<IQI", 0, 0, 1) + packed()[-22:], "damaged zip file"),
    "a_link": (linking(), "is not an array"),
    "a_zip_file": (packed(("w.npy", packed())), "is not an array"),
    "a_comment_like_an_end": (packed()[:-2] + struct.pack("<H", 22) + END + bytes(18), "without arrays"),
    "no_stream": (without_end(), "damaged zip file"),
    "65000_letters": (packed(("x" * 65000, W)), "impossible name, `xxx"),
    "surrogates": (both(6, 8, b"\x00\x08").replace(b"w.npy", b"\xed\xa0\x80py"), "damaged zip file"),
    "directory_with_data": (packed(("w/", W)), "without arrays"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_an_archive_that_lies(tmp_path, canary, answer, name):
    content, *words = BROKEN[name]
    (tmp_path / "a.npz").write_bytes(content)
    text = answer(tmp_path / "a.npz")
    assert any(word in text for word in words)


def weights(value=1):
    stream = io.BytesIO()
    with h5py.File(stream, "w") as root:
        root["layers/dense/vars/0"] = np.full(5, value, "f4")
    return stream.getvalue()


NO_MODELS = {
    "weights_are_a_folder": (packed(("model.weights.h5/", b"")), "without arrays"),
    "weights_are_a_zip_file": (packed(("model.weights.h5", packed())), "damaged"),
    "weights_are_text": (packed(("model.weights.h5", "../elsewhere/canary.weights.h5")), "damaged"),
    "two_configurations": (
        packed(("config.json", "{}"), ("config.jsoX", "{}"), ("model.weights.h5", weights())).replace(b"soX", b"son"),
        "it holds `config.json` twice",
    ),
    "list_of_files": (packed(("model.weights.json", '{"weight_map": {"/vars": "elsewhere/canary"}}')), "no weights"),
    "in_a_folder": (packed(("model/model.weights.h5", weights()), ("config.json", "{}")), "no weights"),
}


@pytest.mark.parametrize("name", NO_MODELS)
def test_a_model_that_is_none(tmp_path, canary, refused, name):
    content, words = NO_MODELS[name]
    (tmp_path / "a.keras").write_bytes(content)
    refused(tmp_path / "a.keras", words)


ODD = {
    "behind_a_program": b"#!/bin/sh\n" + packed(),
    "two_in_a_row": packed(("v.npy", npy(np.zeros(2)))) + packed(),
    "climbing": packed(("../../elsewhere/w.npy", W)),
    "absolute": packed(("/etc/w.npy", W)),
    "of_windows": packed(("C:\\w.npy", W)),
    "folders_too": packed(("d/", b""), ("d/w.npy", W)),
}


@pytest.mark.parametrize("name", ODD)
def test_an_odd_archive_is_read_and_nothing_unpacked(tmp_path, accepted, name):
    path = tmp_path / "a.npz"
    path.write_bytes(ODD[name])
    (tensor,) = accepted(path).weights.tensors
    assert (tensor.path, read_bits(tensor).tolist()) == (str(path), [0, 1, 2, 3, 4])


def test_data_that_goes_on_after_its_size_ends_there(tmp_path, accepted):
    """As for numpy; the checksum is that of the first part."""
    (tmp_path / "a.npz").write_bytes(longer_than_told())
    (tensor,) = accepted(tmp_path / "a.npz").weights.tensors
    assert read_bits(tensor).tolist() == np.load(tmp_path / "a.npz")["w"].tolist() == [0, 1, 2, 3, 4]


def test_the_weights_count_when_there_are_arrays_too(tmp_path, accepted):
    content = packed(("model.weights.npz", packed()), ("model.weights.h5", weights(7)), ("config.json/", b""))
    (tmp_path / "a.keras").write_bytes(content)
    (tensor,) = accepted(tmp_path / "a.keras").weights.tensors
    assert read_bits(tensor).tolist() == [7] * 5


@pytest.mark.parametrize("name", ["\x1b]0;x\x07", "\u202eyp.n"])
def test_names_that_nobody_can_read_are_kept_as_they_are(tmp_path, accepted, name):
    (tmp_path / "a.npz").write_bytes(packed((f"{name}.npy", W)))
    assert [t.name for t in accepted(tmp_path / "a.npz").weights.tensors] == [name]
