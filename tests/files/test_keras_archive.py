"""`.keras` as a zip file and as a folder: real ones in `test_real_files`, and here those that lie or were damaged."""

import contextlib
import io
import json
import os
import struct
import zipfile

import h5py
import numpy as np
import pytest

from reproviewer.cli import main
from reproviewer.core.message import ReproError
from reproviewer.core.weights import read_bits

CANARY = "the canary sings"
KERNEL, BIAS = np.arange(5, dtype="f4").reshape(1, 5), np.ones(5, "f4")
CONFIG = {
    "class_name": "Sequential",
    "config": {
        "layers": [{"class_name": "Dense", "config": {"name": n}} for n in ("first", "second", "third")],
    },
}
CASES = {}


def case(*words):
    """Register a builder of a file that must be refused with these words."""

    def register(build):
        CASES[build.__name__] = (build, words)
        return build

    return register


def hdf5(fill=None):
    """The bytes of a `.weights.h5` with one layer."""
    stream = io.BytesIO()
    with h5py.File(stream, "w") as root:
        group = root.create_group("layers/dense/vars")
        group["0"], group["1"] = KERNEL, BIAS
        if fill is not None:
            fill(root)
    return stream.getvalue()


def archive(folder, members, method=zipfile.ZIP_STORED):
    path = folder / "x.keras"
    with zipfile.ZipFile(path, "w", method) as file:
        for name, content in members:
            file.writestr(name, content)
    return path


def weights(folder, content, method=zipfile.ZIP_STORED):
    return archive(folder, [("model.weights.h5", content)], method)


def patched(path, old, new):
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new))
    return path


@case("holds no model.weights.h5")
def no_weights(folder):
    return archive(folder, [("config.json", "{}"), ("metadata.json", "{}")])


@case("damaged zip file")
def cut_off(folder):
    path = weights(folder, hdf5())
    path.write_bytes(path.read_bytes()[:-30])
    return path


@case("it is encrypted")
def encrypted(folder):
    path = weights(folder, hdf5())
    content = bytearray(path.read_bytes())
    for signature, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + at] |= 1
    path.write_bytes(content)
    return path


@case("the checksum of its member `model.weights.h5` does not match")
def bad_checksum(folder):
    path = weights(folder, hdf5())
    return patched(path, BIAS.tobytes(), BIAS[::-1].tobytes()[:-1] + b"\x01")


@case("damaged zip file", "Bad CRC-32")
def bad_checksum_packed(folder):
    path = weights(folder, hdf5(), zipfile.ZIP_DEFLATED)
    crc = struct.pack("<I", zipfile.ZipFile(path).getinfo("model.weights.h5").CRC)
    return patched(path, crc, b"\1\2\3\4")


@case("it holds `model.weights.h5` twice")
def two_of_one_name(folder):
    path = archive(folder, [("model.weights.h5", hdf5()), ("model.weights.hX", hdf5())])
    return patched(path, b"model.weights.hX", b"model.weights.h5")


@case("is cut off")
def cut_off_inside(folder):
    return weights(folder, hdf5()[:-100])


@case("is damaged")
def no_hdf5_inside(folder):
    return weights(folder, b"nothing of the kind" * 100)


@case("is damaged")
def empty_inside(folder):
    return weights(folder, b"")


@case("would expand from")
def bomb(folder):
    def fill(root):
        root["layers/dense/vars/2"] = np.zeros(300 << 18, "f4")

    return weights(folder, hdf5(fill), zipfile.ZIP_DEFLATED)


@case("would expand from")
def bomb_of_a_size_that_lies(folder):
    path = weights(folder, hdf5(), zipfile.ZIP_DEFLATED)
    size = struct.pack("<I", zipfile.ZipFile(path).getinfo("model.weights.h5").file_size)
    return patched(path, size, struct.pack("<I", 0xFFFF0000))


@case("overlaps another")
def overlap(folder):
    path = archive(folder, [("config.json", "{}"), ("model.weights.h5", hdf5())])
    start = zipfile.ZipFile(path).getinfo("model.weights.h5").header_offset
    content = bytearray(path.read_bytes())
    entry = content.rindex(b"PK\x01\x02", 0, content.rindex(b"PK\x01\x02"))
    content[entry + 20 : entry + 28] = struct.pack("<II", start + 9, start + 9)
    path.write_bytes(content)
    return path


@case("is compressed in an unknown way")
def unknown_compression(folder):
    return weights(folder, hdf5(), zipfile.ZIP_BZIP2)


@case("link to another file")
def link_out(folder):
    return weights(
        folder, hdf5(lambda f: f.__setitem__("layers/b", h5py.ExternalLink("elsewhere/canary.weights.h5", "/")))
    )


@case("kept in another file")
def storage_outside(folder):
    (folder / "secret.txt").write_text(CANARY)

    def fill(root):
        root.create_dataset("vars/0", (4,), "f4", external=[(str(folder / "secret.txt"), 0, 16)])

    path = folder / "inner.h5"
    with h5py.File(path, "w") as root:
        fill(root)
    return weights(folder, path.read_bytes())


@case("virtual dataset")
def virtual(folder):
    layout = h5py.VirtualLayout((16,), "u1")
    layout[:] = h5py.VirtualSource(str(folder / "elsewhere/canary.weights.h5"), "layers/dense/vars/0", (16,))
    return weights(folder, hdf5(lambda f: f.create_virtual_dataset("vars/0", layout)))


@case("3.0 GiB")
def shape_bomb(folder):
    return weights(
        folder,
        hdf5(lambda f: f.create_dataset("vars/0", (805306368,), "f4", chunks=(1 << 20,), compression="gzip")),
    )


@case("model.weights.npz", "holds Python objects, which can run code", "save the model again")
def objects_in_npz(folder):
    stream = io.BytesIO()
    np.savez(stream, a=np.array([{}], object))
    return archive(folder, [("model.weights.npz", stream.getvalue())])


@case("model.weights.npz", "damaged zip file")
def npz_of_nothing(folder):
    return archive(folder, [("model.weights.npz", b"none")])


@case("more than 50,000 tensors")
def too_many_members(folder):
    """A list of 200,000 members that are not even there."""
    path = folder / "x.keras"
    names = [b"model.weights.h5", *(b"%d" % i for i in range(200_000))]
    entry = struct.pack("<4sHHHHHHIII", b"PK\1\2", 20, 20, 0, 0, 0, 33, 0, 0, 0)
    entries = b"".join(entry + struct.pack("<HHHHHII", len(name), 0, 0, 0, 0, 0, 0) + name for name in names)
    local = struct.pack("<4sHHHHHIIIHH", b"PK\3\4", 20, 0, 0, 0, 33, 0, 0, 0, len(names[0]), 0) + names[0]
    sizes = struct.pack("<QQQQ", len(names), len(names), len(entries), len(local))
    end_64 = struct.pack("<4sQHHII", b"PK\6\6", 44, 45, 45, 0, 0) + sizes
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, len(local) + len(entries), 1)
    end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 65535, 65535, (1 << 32) - 1, (1 << 32) - 1, 0)
    path.write_bytes(local + entries + end_64 + locator + end)
    return path


@pytest.mark.parametrize("name", CASES)
def test_refused_in_one_line(tmp_path, canary, refused, name):
    build, words = CASES[name]
    refused(build(tmp_path), *words)


@pytest.mark.parametrize("name", ["bomb", "shape_bomb", "bomb_of_a_size_that_lies"])
def test_bombs_take_little_memory(tmp_path, peak_memory, name):
    assert peak_memory(CASES[name][0](tmp_path)) < 150 << 20


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_weights_alone_are_enough(tmp_path, read, method):
    path = weights(tmp_path, hdf5(), method)
    contents = read(path)
    kernel, bias = contents.weights.tensors
    assert contents.format == "keras"
    assert contents.remarks == {"checksums": "all verified"}
    assert (kernel.path == str(path)) == (method == zipfile.ZIP_STORED)
    assert read_bits(kernel).tolist() == KERNEL.tolist()
    assert read_bits(bias).tolist() == BIAS.tolist()


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_an_archive_behind_other_bytes_with_a_user_block_inside(tmp_path, read, method):
    inner = tmp_path / "inner.h5"
    with h5py.File(inner, "w", userblock_size=512) as root:
        root["vars/0"] = KERNEL
        root.create_dataset("vars/1", data=BIAS, chunks=(2,), compression="gzip")
        root["vars/2"] = BIAS.astype(">f8")
    path = weights(tmp_path, inner.read_bytes(), method)
    path.write_bytes(b"#!/bin/sh\n" * 7 + path.read_bytes())
    kernel, packed, big = read(path).weights.tensors
    assert (kernel.path == str(path)) == (method == zipfile.ZIP_STORED)
    assert [read_bits(t).tolist() for t in (kernel, packed, big)] == [KERNEL.tolist(), BIAS.tolist(), BIAS.tolist()]


def three_layers(root):
    for number, name in enumerate(["dense", "dense_1", "dense_2", "dense_10"]):
        root[f"layers/{name}/vars/0" if name != "dense" else "layers/dense/vars/2"] = np.full(1, number, "f4")


def test_names_and_order_come_from_the_configuration(tmp_path, read):
    config = json.loads(json.dumps(CONFIG))
    config["config"]["layers"].insert(0, {"class_name": "PReLU", "config": {"name": "odd\nname"}})
    config["config"]["layers"].insert(2, {"class_name": "Zap", "config": 3})

    def fill(root):
        three_layers(root)
        root["layers/p_re_lu/vars/0"] = root["layers/zap/vars/0"] = np.ones(1)

    path = archive(tmp_path, [("config.json", json.dumps(config)), ("model.weights.h5", hdf5(fill))])
    contents = read(path)
    assert [(t.name, t.aliases) for t in contents.weights.tensors] == [
        ("layers/p_re_lu/vars/0", ()),
        ("layers/dense/vars/0", ("first/0",)),
        ("layers/dense/vars/1", ("first/1",)),
        ("layers/dense/vars/2", ("first/2",)),
        ("layers/zap/vars/0", ()),
        ("layers/dense_1/vars/0", ("second/0",)),
        ("layers/dense_2/vars/0", ("third/0",)),
        ("layers/dense_10/vars/0", ()),
    ]
    assert contents.remarks["layers"] == "first, second, third"


HARMLESS = {
    "lambda": json.dumps({"class_name": "Lambda", "config": {"function": ["4wEAAAA=", None, None]}, "module": "os"}),
    "module": json.dumps({"module": "no.such.module", "class_name": "Evil", "config": {"layers": 5}}),
    "path": json.dumps({"class_name": "StringLookup", "config": {"vocabulary": "/etc/passwd"}}),
    "deep": "[" * 100_000,
    "deep_objects": '{"class_name":"A","config":{"layers":' * 5000,
    "not_json": "{not json",
    "not_text": b"\xff\xfe\x00",
    "number": "17",
    "digits": "9" * 100_000,
    "twice": '{"config": 1, "config": 2}',
    "too_long": " " * (9 << 20),
    "list": json.dumps([CONFIG]),
    "odd": json.dumps({"class_name": "A", "config": {"layers": [1, None, [], {}, {"class_name": 3}]}}),
}


@pytest.mark.parametrize("name", HARMLESS)
def test_no_configuration_does_harm(tmp_path, read, name):
    members = [("config.json", HARMLESS[name]), ("metadata.json", HARMLESS[name]), ("model.weights.h5", hdf5())]
    contents = read(archive(tmp_path, members, zipfile.ZIP_DEFLATED))
    assert len(contents.weights.tensors) == 2
    assert contents.remarks["architecture"].startswith("stored in the file, not loaded")
    assert all(text.isprintable() for text in contents.remarks.values())


@pytest.mark.parametrize("filling", ["[],", '{"a":{}},', '{"class_name":"Aa"},'])
def test_a_large_configuration_takes_little_memory_and_time(tmp_path, peak_memory, filling):
    text = '{"class_name":"A","config":{"layers":[' + filling * ((6 << 20) // len(filling) - 20)
    text = text.rstrip(",") + "]}}"
    path = archive(tmp_path, [("config.json", text), ("model.weights.h5", hdf5())], zipfile.ZIP_DEFLATED)
    assert peak_memory(path) < 300 << 20


def test_metadata_is_shown_in_one_line(tmp_path, read, capsys):
    about = {"keras_version": "3\x1b[31m\n", "date_saved": ["no text"], "other": "left alone"}
    path = archive(tmp_path, [("metadata.json", json.dumps(about)), ("model.weights.h5", hdf5())])
    assert read(path).metadata == {"keras_version": "3\x1b[31m\n"}
    assert main(["inspect", str(path)]) == 0
    assert "    keras_version: 3\\x1b[31m\\n\n" in capsys.readouterr().out


def test_plain_arrays_in_npz(tmp_path, read):
    stream = io.BytesIO()
    np.savez(stream, **{"dense/kernel": KERNEL, "dense/bias": np.asfortranarray(BIAS.reshape(5, 1) * [[1, 2]])})
    path = archive(tmp_path, [("config.json", "{}"), ("model.weights.npz", stream.getvalue())])
    kernel, bias = read(path).weights.tensors
    assert kernel.path == str(path)
    assert (kernel.name, read_bits(kernel).tolist()) == ("dense/kernel", KERNEL.tolist())
    assert read_bits(bias)[:, 1].tolist() == [2.0] * 5


def test_what_keras_writes_into_npz_cannot_be_read(samples, refused):
    refused(samples / "k3_npz.keras", "holds Python objects, which can run code", "save the model again")


def test_what_keras_2_12_wrote(data, read, facts):
    told = json.loads((data / "k2_12.keras.json").read_text())["tensors"]
    contents = read(data / "k2_12.keras")
    weights = contents.weights.only("weight")
    assert facts(weights) == [{k: t[k] for k in ("dtype", "shape", "sha256")} for t in told]
    assert [t.aliases[0] for t in weights.tensors] == [
        *("left/0", "left/1", "right/0", "right/1", "norm/0", "norm/1", "norm/2", "norm/3"),
        *("dense/0", "dense/1", "last/0", "last/1"),
    ]
    assert [t.aliases[1] for t in weights.tensors[::2]] == [
        *("layers/dense/vars/0", "layers/dense_1/vars/0"),
        *("layers/batch_normalization/vars/0", "layers/batch_normalization/vars/2"),
        *("layers/sequential/layers/dense/vars/0", "layers/sequential/layers/dense_1/vars/0"),
    ]
    assert {t.name.partition("/")[0] for t in contents.weights.only("other").tensors} == {"metrics"}
    assert len(contents.weights.only("optimizer").tensors) == 11
    assert contents.metadata["keras_version"] == "2.12.0"


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "model.weights.h5").write_bytes(hdf5(three_layers))
    (folder / "config.json").write_text(json.dumps(CONFIG))
    (folder / "metadata.json").write_text('{"keras_version": "3.9.9"}')
    return folder


def test_a_folder(folder, read):
    contents = read(folder)
    assert contents.source == folder
    assert contents.metadata["keras_version"] == "3.9.9"
    assert [t.path for t in contents.weights.tensors] == [str(folder / "model.weights.h5")] * 6
    assert contents.weights.tensors[0].aliases == ("first/0",)


def test_links_inside_a_folder_are_followed(folder, read):
    (folder / "model.weights.h5").rename(folder / "blob")
    (folder / "model.weights.h5").symlink_to("blob")
    assert len(read(folder).weights.tensors) == 6


@pytest.mark.parametrize("name", ["model.weights.h5", "config.json", "metadata.json"])
def test_links_out_of_a_folder_are_not(folder, canary, refused, name):
    (folder / name).unlink()
    (folder / name).symlink_to(os.path.relpath(canary, folder))
    refused(folder, f"its `{name}` is a link to another folder; open that file itself")


def test_odd_things_in_a_folder(folder, refused):
    weights = folder / "model.weights.h5"
    weights.unlink()
    os.mkfifo(weights)
    refused(folder, "its `model.weights.h5` is not a regular file")
    weights.unlink()
    weights.symlink_to("model.weights.h5")
    refused(folder, "cannot be found")
    weights.unlink()
    weights.mkdir()
    refused(folder, "is not a regular file")
    weights.rmdir()
    weights.symlink_to("/dev/zero")
    refused(folder, "is a link to another folder")


def test_every_flipped_byte_is_read_or_refused_in_words(tmp_path, read):
    path = archive(tmp_path, [("config.json", json.dumps(CONFIG)), ("model.weights.h5", hdf5())])
    whole = path.read_bytes()
    for at in np.random.default_rng(3).integers(0, len(whole), 12):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        with contextlib.suppress(ReproError):
            read(path)


def test_a_large_one_is_opened_without_reading_its_data(tmp_path, read, peak_memory):
    """The data is a hole in the file: reading it would take no time of the disk, but of the processor, and memory."""
    path = tmp_path / "large.weights.h5"
    with h5py.File(path, "w") as root:
        data = root.create_dataset("vars/0", (3 << 28,), "f4")
        data[-1] = 1
    packed = tmp_path / "large.keras"
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("model.weights.h5", b"")
    sparse_member(packed, path)
    for one in (path, packed):
        (tensor,) = read(one).weights.tensors
        assert tensor.path == str(one)
        assert tensor.nbytes == 3 << 30
        assert peak_memory(one) < 100 << 20


def sparse_member(packed, member):
    """Write a zip file with `member` stored in it, holes and all."""
    size = member.stat().st_size
    name = b"model.weights.h5"
    local = struct.pack("<4sHHHHHIIIHH", b"PK\3\4", 20, 0, 0, 0, 33, 0, size, size, len(name), 0) + name
    entry = struct.pack(
        "<4sHHHHHHIIIHHHHHII", b"PK\1\2", 20, 20, 0, 0, 0, 33, 0, size, size, len(name), 0, 0, 0, 0, 0, 0
    )
    with packed.open("wb") as file, member.open("rb") as source:
        file.write(local)
        for start in data_parts(source, size):
            source.seek(start)
            file.seek(len(local) + start)
            file.write(source.read(min(1 << 20, size - start)))
        file.seek(len(local) + size)
        file.write(entry + name)
        file.write(struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 1, 1, len(entry + name), len(local) + size, 0))


def data_parts(source, size):
    """Starts of the MiB of a file that are no holes."""
    at = 0
    while at < size:
        try:
            at = os.lseek(source.fileno(), at, os.SEEK_DATA) >> 20 << 20
        except OSError:
            return
        yield at
        at += 1 << 20
