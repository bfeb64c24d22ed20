"""What can be inside of an HDF5 file: kinds of data, of attributes, of storage and of names that no weights have."""

import os
import struct
import subprocess
import sys

import h5py
import numpy as np
import pytest

from reproviewer.core.weights import read_bits

K = np.arange(5, dtype="f4")
NAME = "layers/dense/vars/0"
CREATE = h5py.h5p.DATASET_CREATE


def low(root, kind, shape=(5,), data=None, properties=None, name=b"0"):
    """A dataset of any kind of HDF5's own, in the `vars` of a layer."""
    group = root.require_group("layers/dense/vars")
    space = h5py.h5s.create_simple(shape)
    made = h5py.h5d.create(group.id, name, kind, space, properties)
    if data is not None:
        made.write(h5py.h5s.ALL, h5py.h5s.ALL, data, kind)
    return made


def properties(*filters, chunk=(5,)):
    made = h5py.h5p.create(CREATE)
    made.set_chunk(chunk)
    for code, values in filters:
        made.set_filter(code, h5py.h5z.FLAG_OPTIONAL, values)
    return made


def opaque(size, tag=b"anything"):
    kind = h5py.h5t.create(h5py.h5t.OPAQUE, size)
    kind.set_tag(tag)
    return kind


def records(**fields):
    return np.dtype(list(fields.items()))


def integer(bits):
    kind = h5py.h5t.STD_I32LE.copy()
    kind.set_precision(bits)
    return kind


def commit(root):
    h5py.h5t.STD_I32LE.copy().commit(root.require_group("layers/dense/vars").id, b"0")


def region(root):
    root["real"] = K
    root.create_dataset(NAME, (1,), h5py.regionref_dtype)[0] = root["real"].regionref[1:3]


KINDS = {
    "bits": (lambda f: low(f, h5py.h5t.STD_B8LE), "not numbers"),
    "opaque_of_one": (lambda f: low(f, opaque(1)), "not numbers"),
    "opaque_of_a_gibibyte": (lambda f: low(f, opaque(1 << 30)), "not numbers"),
    "opaque_that_says_numpy": (lambda f: low(f, opaque(8, b"NUMPY:datetime64[s]")), "not numbers"),
    "python_objects": (lambda f: low(f, opaque(8, b"NUMPY:|O")), "not numbers"),
    "lists": (lambda f: f.create_dataset(NAME, (1,), h5py.vlen_dtype("f4")), "not numbers"),
    "regions": (region, "not numbers"),
    "a_kind_itself": (commit, "`layers/dense/vars/0` is not a dataset"),
    "texts_of_two_letters": (lambda f: f.create_dataset(NAME, data=np.array([b"ab"])), "not numbers"),
    "texts_of_a_gibibyte": (lambda f: f.create_dataset(NAME, (1,), f"S{1 << 30}"), "not numbers"),
    "records_like_complex": (lambda f: f.create_dataset(NAME, (2,), records(x="f4", y="f4")), "not numbers"),
    "complex_of_integers": (lambda f: f.create_dataset(NAME, (2,), records(r="i4", i="i4")), "not numbers"),
    "records_of_two_bytes": (lambda f: f.create_dataset(NAME, (2,), records(a="i1", b="i1")), "not numbers"),
    "truth_of_three": (
        lambda f: f.create_dataset(NAME, (2,), h5py.enum_dtype({"FALSE": 0, "TRUE": 1, "MAYBE": 2}, "i1")),
        "not numbers",
    ),
    "integers_of_three_bytes": (lambda f: low(f, integer(24)), "not numbers"),
    "quadruple": (lambda f: f.create_dataset(NAME, (2,), np.longdouble), "not numbers"),
    "vax": (lambda f: low(f, h5py.h5t.VAX_F32) if hasattr(h5py.h5t, "VAX_F32") else low(f, opaque(4)), "not numbers"),
}


def family(folder):
    """The first file of several that HDF5 can take for one; it names the size of the others."""
    with h5py.File(folder / "x%d.h5", "w", driver="family", memb_size=4096) as root:
        root[NAME] = np.zeros(5000)
    os.rename(folder / "x0.h5", folder / "x.h5")


def unwritten(folder):
    """Chunked, and never filled: HDF5 makes up its values."""
    with h5py.File(folder / "x.h5", "w") as root:
        root.create_dataset(NAME, (5,), "f4", chunks=(5,), fillvalue=7)


def half_written(folder):
    with h5py.File(folder / "x.h5", "w") as root:
        root.create_dataset(NAME, (4096,), "f4", chunks=(1024,), fillvalue=7)[:1024] = 1


def checksum_of_a_chunk(folder):
    with h5py.File(folder / "x.h5", "w") as root:
        root.create_dataset(NAME, data=np.full(5, 3, "f4"), chunks=(5,), fletcher32=True)
    content = (folder / "x.h5").read_bytes()
    old = np.full(5, 3, "f4").tobytes()
    assert old in content
    (folder / "x.h5").write_bytes(content.replace(old, old[:-1] + b"\x41"))


def still_open(folder):
    """A program that wrote it died before it had closed the file."""
    code = f"""import os, h5py
file = h5py.File({str(folder / "x.h5")!r}, "w", libver="latest")
file[{NAME!r}] = [1.0]
file.flush()
os._exit(0)"""
    subprocess.run([sys.executable, "-c", code], check=True)


def endless_name(folder):
    """A name that says it is 700 MB long."""
    path = folder / "x.h5"
    with h5py.File(path, "w") as root:
        root.attrs["layer_names"] = ["d" * 37]
    content = path.read_bytes()
    place = struct.pack("<QI", content.index(b"GCOL"), 1)
    assert content.count(place) == 1
    path.write_bytes(content.replace(struct.pack("<I", 37) + place, struct.pack("<I", 700_000_000) + place))
    return path


def crowd(count):
    """A group with links that lead nowhere, and that nobody should look at one by one."""

    def build(folder):
        with h5py.File(folder / "x.h5", "w", libver="latest") as root:
            group = root.create_group("layers/dense/vars")
            for i in range(count):
                group.id.links.create_soft(b"%d" % i, b"/nowhere")

    return build


def named(*names, value=K):
    def build(folder):
        with h5py.File(folder / "x.h5", "w") as root:
            group = root.create_group("layers/dense/vars")
            for name in names:
                low(root, h5py.h5t.IEEE_F32LE, data=value, name=name)
            assert len(group) == len(names)

    return build


def layer_names(value, libver="earliest"):
    def build(folder):
        with h5py.File(folder / "x.h5", "w", libver=libver) as root:
            root.attrs["layer_names"] = value
            root.create_group("dense").attrs["weight_names"] = [b"k"]
            root["dense/k"] = K

    return build


BUILDERS = {
    "family": (family, "it is cut off", "it is damaged"),
    "unwritten": (unwritten, "20 bytes, but 0 bytes are stored"),
    "half_written": (half_written, "16.0 KiB, but 4.0 KiB are stored"),
    "checksum_of_a_chunk": (checksum_of_a_chunk, "it is damaged"),
    "still_open": (still_open, "another program writes to it, or died while it did"),
    "crowd_of_links": (crowd(20_000), "soft link"),
    "larger_crowd": (crowd(51_000), "contains a soft link"),
    "name_of_dots": (named(b".."), "outside its group, `layers/dense/vars/..`"),
    "name_of_100000": (named(b"x" * 60_000), "impossible name"),
    "name_of_a_surrogate": (named(b"\xed\xa0\x80"), "not UTF-8 text"),
    "names_2d": (layer_names(np.array([[b"dense"], [b"other"]])), "names `other` but does not hold it"),
    "names_reference": (layer_names(h5py.Reference()), "`layer_names` is not a list of names"),
    "names_huge": (layer_names(np.full(600, "x" * 30_000, "S30000"), "latest"), "is not a list of names"),
    "names_endless": (endless_name, "it is damaged"),
    "names_long": (layer_names([b"x" * 60_000]), "names `xxx"),
    "names_of_lists": (layer_names(np.array([1.5])), "`layer_names` is not a list of names"),
    **{
        f"filter_{code}": (
            lambda folder, code=code, values=values: with_filter(folder, code, values),
            f"unknown filter {code}",
        )
        for code, values in {4: (4, 8), 5: (), 6: (0, 2), 305: (), 32001: (2,), 32008: (), 65535: (1,) * 20}.items()
    },
}


def with_filter(folder, code, values):
    with h5py.File(folder / "x.h5", "w") as root:
        made = low(root, h5py.h5t.IEEE_F32LE, properties=properties((code, values)) if code > 6 else own_filter(code))
        if code > 6:
            made.write_direct_chunk((0,), K.tobytes(), 1)


def own_filter(code):
    """One that the library itself brings, and that is not read."""
    made = h5py.h5p.create(CREATE)
    made.set_chunk((5,))
    if code == 6:
        made.set_scaleoffset(h5py.h5z.SO_FLOAT_DSCALE, 2)
    else:
        made.set_filter(code, h5py.h5z.FLAG_OPTIONAL, ())
    return made


def of_kind(fill):
    def build(folder):
        with h5py.File(folder / "x.h5", "w") as root:
            fill(root)

    return build


CASES = BUILDERS | {name: (of_kind(fill), *words) for name, (fill, *words) in KINDS.items()}


@pytest.mark.parametrize("name", CASES)
def test_refused_in_one_line(tmp_path, refused, name):
    build, *words = CASES[name]
    build(tmp_path)
    text = refused(tmp_path / "x.h5")
    assert any(word in text for word in words), text


def test_a_file_that_is_being_written(tmp_path, refused, real_readers):
    with h5py.File(tmp_path / "x.h5", "w") as root:
        root[NAME] = K
        root.flush()
        refused(tmp_path / "x.h5", "another program writes to it, or died while it did")


def committed(root):
    kind = h5py.h5t.IEEE_F32LE.copy()
    kind.commit(root.id, b"kind")
    low(root, kind, data=K)
    del root["kind"]


def twice(root):
    root["layers/dense/vars/1"] = root[NAME] = K


def half_said(root):
    """Attributes that are no text, or odd text, beside good weights."""
    root[NAME] = K
    root["layers/dense/vars"].attrs["name"] = "a\x1b[2J\u202eb"
    root[NAME].attrs["dtype"] = 16
    root.attrs["keras_version"] = np.full((2, 2), 3)
    root.attrs["backend"] = root.ref


def a_crowd_of_attributes(root):
    root[NAME] = K
    for i in range(2000):
        root["layers/dense/vars"].attrs[f"a{i}"] = i


SOUND = {
    "committed_kind": (committed, {}),
    "user_block": (lambda f: f.create_dataset(NAME, data=K), {"userblock_size": 1 << 20}),
    "pages": (lambda f: f.create_dataset(NAME, data=K), {"fs_strategy": "page", "fs_persist": True}),
    "linked_twice": (twice, {}),
    "half_said": (half_said, {}),
    "attributes": (a_crowd_of_attributes, {"libver": "latest"}),
    "tracked": (lambda f: f.create_dataset(NAME, data=K, track_times=True, track_order=True), {"track_order": True}),
    **{
        f"chunks_{name}": (lambda f, options=options: f.create_dataset(NAME, data=K, **options), {"libver": "latest"})
        for name, options in {
            "single": {"chunks": (5,)},
            "fixed": {"chunks": (2,)},
            "growing": {"chunks": (2,), "maxshape": (None,)},
            "shuffled": {"chunks": (3,), "shuffle": True, "compression": "gzip", "fletcher32": True},
        }.items()
    },
}


@pytest.mark.parametrize("name", SOUND)
def test_odd_and_yet_sound(tmp_path, accepted, name):
    fill, options = SOUND[name]
    with h5py.File(tmp_path / "x.h5", "w", **options) as root:
        fill(root)
    for tensor in accepted(tmp_path / "x.h5").weights.tensors:
        assert read_bits(tensor).tolist() == K.tolist()


def test_names_kept_apart_from_their_group(tmp_path, accepted):
    """More than 64 kB in one attribute, which only the newer forms of the file can hold."""
    names = [b"%02d" % i + b"x" * 900 for i in range(80)]
    layer_names(names, "latest")(tmp_path)
    with h5py.File(tmp_path / "x.h5", "a", libver="latest") as root:
        for name in names:
            root.create_group(name).attrs["weight_names"] = [b"k"]
            root[name + b"/k"] = K
    assert len(accepted(tmp_path / "x.h5").weights.tensors) == 80
