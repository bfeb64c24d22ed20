"""Safetensors: good files by the real library, and headers that lie."""

import json
import os
import struct

import ml_dtypes
import numpy as np
import pytest
from safetensors.numpy import save_file

from reproviewer.core.weights import read_bits


def test_names_dtypes_bits_and_metadata(tmp_path, read):
    path = tmp_path / "a.safetensors"
    arrays = {
        "layer.10.w": np.arange(6, dtype="f4").reshape(2, 3),
        "layer.2.w": np.ones((2, 3), ml_dtypes.bfloat16),
        "count": np.array(3),
        "flags": np.array([True, False]),
        "complex": np.array([1 + 2j, complex(np.nan, -0.0)], "c8"),
        "none": np.zeros((0, 2), "f2"),
        "tiny": np.array([1, 2], ml_dtypes.float8_e4m3fn),
        "tiny_1": np.array([1, 2], ml_dtypes.float8_e4m3fnuz),
        "tiny_2": np.array([1, 2], ml_dtypes.float8_e5m2fnuz),
        "tiny_3": np.array([1, 2], ml_dtypes.float8_e5m2),
        "tiny_4": np.array([1, 2], ml_dtypes.float8_e8m0fnu),
    }
    save_file(arrays, path, {"made by": "a test"})
    contents = read(path)
    assert contents.metadata == {"made by": "a test"}
    assert [t.name for t in contents.weights.tensors] == [
        *("complex", "count", "flags", "layer.2.w", "layer.10.w", "none"),
        *("tiny", "tiny_1", "tiny_2", "tiny_3", "tiny_4"),
    ]
    for tensor in contents.weights.tensors:
        assert tensor.dtype == arrays[tensor.name].dtype.name
        assert tensor.path == str(path)
        assert read_bits(tensor).tobytes() == arrays[tensor.name].tobytes()


@pytest.mark.parametrize(
    ("order", "names"),
    [
        ('["b", "a"]', ["b", "a"]),
        ('["b"]', ["a", "b"]),
        ('["a", "a", "b"]', ["a", "b"]),
        ("[" * 100_000, ["a", "b"]),
        ("{", ["a", "b"]),
        ("[1, 2]", ["a", "b"]),
    ],
)
def test_the_order_in_the_metadata_counts_when_it_is_one(tmp_path, read, order, names):
    path = tmp_path / "a.safetensors"
    save_file({"a": np.ones(2), "b": np.ones(3)}, path, {"reproviewer/order": order})
    assert [t.name for t in read(path).weights.tensors] == names


def entry(dtype="F32", shape=(5,), span=(0, 20)):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(span)}


def lying(header, data=bytes(20), length=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


W = entry()
CASES = {
    "length": (lying({"w": W}, length=1 << 50), "its header claims"),
    "length_just_over": (lying({"w": W}, b"", 1000), "its header claims"),
    "not_json": (lying(b"{not json"), "its JSON text is not valid"),
    "not_utf8": (lying(b'{"\xff": 1}'), "its JSON text is not valid"),
    "deep": (lying(b'{"__metadata__":' + b"[" * 200_000), "nested too deep"),
    "digits": (lying(b'{"w": ' + b"9" * 10_000 + b"}"), "its JSON text is not valid"),
    "metadata": (lying({"__metadata__": {"a": 1}, "w": W}), "metadata is not text"),
    "metadata_list": (lying({"__metadata__": [], "w": W}), "metadata is not text"),
    "overlap": (lying({"v": W, "w": entry(span=(4, 24))}, bytes(24)), "overlaps another or leaves a gap"),
    "same": (lying({"v": W, "w": W}), "overlaps another or leaves a gap"),
    "hole": (lying({"v": W, "w": entry(span=(24, 44))}, bytes(44)), "overlaps another or leaves a gap"),
    "short": (lying({"w": W}, bytes(19)), "should end at byte"),
    "trailing": (lying({"w": W}, bytes(21)), "should end at byte"),
    "size_lie": (lying({"w": entry(shape=(6,))}), "24 bytes, but 20 bytes are stored"),
    "bomb": (lying({"w": entry(shape=(1 << 40,))}), "4.0 TiB, but 20 bytes are stored"),
    "dtype": (lying({"w": entry("F99")}), "the dtype F99, which is not known"),
    "four_bits": (lying({"w": entry("F4")}), "the dtype F4, whose numbers are smaller than a byte"),
    "six_bits": (lying({"w": entry("F6_E2M3")}), "the dtype F6_E2M3, whose numbers are smaller than a byte"),
    "dtype_number": (lying({"w": entry(3)}), "the dtype 3, which is not known"),
    "twice": (lying(b'{"w": 1, "w": 2}'), "the key `w` twice"),
    "overflow": (lying({"w": entry(shape=(1 << 32, 1 << 32))}), "but 20 bytes are stored"),
    "beyond": (lying({"w": entry(shape=(1 << 80,))}), "impossible shape"),
    "negative": (lying({"w": entry(shape=(-5,))}), "malformed"),
    "negative_span": (lying({"w": entry(span=(20, 0))}), "malformed"),
    "floats": (lying({"w": entry(shape=(5.0,))}), "malformed"),
    "bools": (lying({"w": entry(shape=(True, 5))}), "malformed"),
    "keys": (lying({"w": W | {"extra": 1}}), "malformed"),
    "no_object": (lying({"w": 3}), "malformed"),
    "no_name": (lying({"": W}), "without a name"),
    "zero_byte": (lying({"a\0b": W}), "impossible name, `a\\x00b`"),
    "surrogate": (lying(b'{"\\ud800": ' + json.dumps(W).encode() + b"}"), "impossible name"),
    "long_name": (lying({"x" * 5000: W}), "impossible name"),
    "no_header": (lying(b"", b"{"), "no known kind"),
    "huge_length": (struct.pack("<Q", (1 << 64) - 1) + b"{}", "its header claims 18,446,744,073,709,551,615 bytes"),
    "utf_16": (lying('{"w": 1}'.encode("utf-16")), "no known kind"),
    "bom": (lying(b"{\xef\xbb\xbf}"), "its JSON text is not valid"),
    "nan": (lying(b'{"w": {"dtype": "F32", "shape": [NaN], "data_offsets": [0, 20]}}'), "malformed"),
    "infinity": (lying(b'{"w": {"dtype": "F32", "shape": [5], "data_offsets": [0, 1e999]}}'), "malformed"),
    "minus_zero": (lying(b'{"w": {"dtype": "F32", "shape": [5], "data_offsets": [-0.0, 20]}}'), "malformed"),
    "dtype_twice": (lying(b'{"w": {"dtype": "F32", "dtype": "F16"}}'), "the key `dtype` twice"),
    "metadata_twice": (lying(b'{"__metadata__": {}, "__metadata__": {}}'), "the key `__metadata__` twice"),
    "metadata_of_lists": (lying({"__metadata__": {"order": ["w"]}, "w": W}), "metadata is not text"),
    "metadata_none": (lying({"__metadata__": None, "w": W}), "metadata is not text"),
    "metadata_crowd": (lying({"__metadata__": {str(i): "" for i in range(700_000)}, "w": W}), "more than the 6.0 MiB"),
    "comment": (lying(b'{"w": 1 /* one */}'), "its JSON text is not valid"),
    "two_objects": (lying(b'{"w": 1} {"w": 1}'), "its JSON text is not valid"),
    "nul": (lying({"w\0": W}), "impossible name, `w\\x00`"),
    "100000_letters": (lying({"x" * 100_000: W}), "impossible name"),
    "none_but_huge": (lying({"w": entry(shape=(0, 1 << 62), span=(0, 0))}, b""), "impossible shape"),
    "empty_in_the_midst": (lying({"v": W, "w": entry(shape=(0,), span=(7, 7))}), "overlaps another or leaves a gap"),
    "empty_far_away": (lying({"v": W, "w": entry(shape=(0,), span=(1 << 60, 1 << 60))}), "leaves a gap"),
    "crowd": (
        lying({f"{i:x}": entry(shape=(0,), span=(0, 0)) for i in range(60_000)}, b""),
        "more than 50,000 tensors",
    ),
    "rank": (lying({"w": entry(shape=(1,) * 40, span=(0, 4))}, bytes(4)), "declares 40 dimensions"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_header_that_lies(tmp_path, answer, name):
    content, words = CASES[name]
    path = tmp_path / "a.safetensors"
    path.write_bytes(content)
    assert words in answer(path)


def test_a_terabyte_of_holes_is_opened_at_once(tmp_path, accepted):
    path = tmp_path / "a.safetensors"
    path.write_bytes(lying({"w": entry(shape=(1 << 38,), span=(0, 1 << 40))}, b""))
    os.truncate(path, path.stat().st_size + (1 << 40))
    (tensor,) = accepted(path).weights.tensors
    assert tensor.nbytes == 1 << 40


def test_odd_names_and_metadata_are_kept_word_for_word(tmp_path, accepted):
    path = tmp_path / "a.safetensors"
    path.write_bytes(lying({"__metadata__": {"a\x1b\u202e": "\n" + "x" * 1000}, "\u202ew\x07": W}))
    contents = accepted(path)
    assert contents.metadata == {"a\x1b\u202e": "\n" + "x" * 1000}
    assert [t.name for t in contents.weights.tensors] == ["\u202ew\x07"]


def test_hundreds_of_thousands_of_empty_tensors(tmp_path, refused, peak_memory):
    path = tmp_path / "a.safetensors"
    path.write_bytes(lying({str(i): entry(shape=(0,), span=(0, 0)) for i in range(200_000)}, b""))
    refused(path, "more than the 6.0 MiB that are read")
    assert peak_memory(path) < 300 << 20
