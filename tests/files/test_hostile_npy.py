"""Arrays of numpy whose headers lie, or say odd things that are true."""

import os
import struct

import numpy as np
import pytest

from reproviewer.core.weights import read_bits
from reproviewer.files import reader


def npy(header, data=bytes(20), version=1, length=None):
    header = header.encode() if isinstance(header, str) else header
    size = struct.pack("<H" if version == 1 else "<I", len(header) if length is None else length)
    return b"\x93NUMPY" + bytes([version, 0]) + size + header + data


def head(descr="'<f4'", fortran="False", shape="(5,)"):
    return f"{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape}}}"


HEADERS = {
    "length_of_all": (npy(head(), version=3, length=0xFFFFFFFF), "claims 4,294,967,295 bytes"),
    "long_and_there": (npy(head() + " " * (1 << 20), version=2), "claims 1,048,"),
    "none": (npy(""), "header of `w` is malformed"),
    "cut_off": (npy(head())[:20], "header of `w` is malformed"),
    "zeros": (npy(head() + "\0" * 9), "header of `w` is malformed"),
    "zero_in_between": (npy(head().replace("'shape'", "'sh\0ape'")), "header of `w` is malformed"),
    "not_utf8": (npy(b"{'descr': '\xff"), "header of `w` is malformed"),
    "extra_key": (npy(head()[:-1] + ", 'run': 1}"), "header of `w` is malformed"),
    "missing_key": (npy("{'descr': '<f4', 'shape': (5,)}"), "header of `w` is malformed"),
    "a_list": (npy("['<f4', False, (5,)]"), "header of `w` is malformed"),
    "product": (npy(head(shape="(1,) * 10**9")), "header of `w` is malformed"),
    "power": (npy(head(shape="(9**9**9,)")), "header of `w` is malformed"),
    "comprehension": (npy(head(shape="tuple(5 for _ in 'a')")), "header of `w` is malformed"),
    "lambda": (npy(head(shape="(lambda: 5)()")), "header of `w` is malformed"),
    "walrus": (npy(head(shape="(x := 5,)")), "header of `w` is malformed"),
    "text_with_code": (npy(head(shape="f'{open(0)}'")), "header of `w` is malformed"),
    "minuses": (npy(head(shape="(" + "-" * 9000 + "1,)")), "header of `w` is malformed"),
    "digits": (npy(head(shape=f"({'9' * 6000},)")), "header of `w` is malformed"),
    "float": (npy(head(shape="(5.0,)")), "header of `w` is malformed"),
    "infinite": (npy(head(shape="(1e999,)")), "header of `w` is malformed"),
    "no_text": (npy(head(fortran="1")), "header of `w` is malformed"),
    "dtype_is_bytes": (npy(head(descr="b'<f4'")), "not numbers"),
    "dtype_is_none": (npy(head(descr="None")), "not numbers"),
    "dtype_is_code": (npy(head(descr="'os.system'")), "not numbers"),
    "dtype_with_comma": (npy(head(descr="'f4,f4'")), "not numbers"),
    "dtype_with_shape": (npy(head(descr="'(2,)f4'")), "not numbers"),
    "dtype_of_many": (npy(head(descr="'9f4'")), "not numbers"),
    "timedelta": (npy(head(descr="'<m8'")), "not numbers"),
    "bytes": (npy(head(descr="'|S4'")), "not numbers"),
    "complex_256": (npy(head(descr="'<c32'")), "not numbers"),
    "void_2_of_records": (npy(head(descr="[('a', '|V2')]")), "not numbers"),
    "none_and_huge": (npy(head(shape="(0, 1 << 60)")), "header of `w` is malformed"),
    "none_and_beyond": (npy(head(shape=f"(0, {1 << 60})")), "impossible shape"),
    "fortran_beyond": (npy(head(fortran="True", shape=f"({1 << 20}, {1 << 20})")), "4.0 TiB, but 20 bytes"),
}


@pytest.mark.parametrize("name", HEADERS)
def test_a_header_that_lies(tmp_path, answer, name):
    content, words = HEADERS[name]
    (tmp_path / "w.npy").write_bytes(content)
    assert words in answer(tmp_path / "w.npy")


SOUND = {
    "no_line_end": (npy(head()), (5,), "float32"),
    "version_3": (npy(head(), version=3), (5,), "float32"),
    "a_long_header": (npy(head() + " " * 9000 + "\n", version=3), (5,), "float32"),
    "keys_in_another_order": (npy("{'shape': (5,), 'descr': '<f4', 'fortran_order': False}"), (5,), "float32"),
    "scalar": (npy(head(shape="()"), bytes(4)), (), "float32"),
    "scalar_of_fortran": (npy(head("'>f8'", "True", "()"), bytes(8)), (), "float64"),
    "no_numbers": (npy(head(fortran="True", shape=f"(0, {1 << 40})"), b""), (0, 1 << 40), "float32"),
    "all_dimensions": (npy(head(shape="(" + "1," * 32 + ")"), bytes(4)), (1,) * 32, "float32"),
    "native": (npy(head("'=f4'")), (5,), "float32"),
    "by_name": (npy(head("'float32'")), (5,), "float32"),
    "bool": (npy(head("'|b1'", shape="(20,)")), (20,), "bool"),
}


@pytest.mark.parametrize("name", SOUND)
def test_an_odd_header_that_is_true(tmp_path, accepted, name):
    content, shape, dtype = SOUND[name]
    (tmp_path / "w.npy").write_bytes(content)
    (tensor,) = accepted(tmp_path / "w.npy").weights.tensors
    expected = np.load(tmp_path / "w.npy", allow_pickle=False, max_header_size=20_000)
    assert (tensor.shape, tensor.dtype) == (shape, dtype) == (expected.shape, expected.dtype.name)
    if expected.size:
        assert read_bits(tensor).tobytes() == expected.astype(expected.dtype.newbyteorder("<")).tobytes()


@pytest.mark.parametrize("name", ["bool", "flags"])
def test_truth_values_keep_their_bits(tmp_path, accepted, name):
    """A byte of 2 is no truth value; it must not become one on the way."""
    descr, order = ("'|b1'", "False") if name == "bool" else ("'|b1'", "True")
    (tmp_path / "w.npy").write_bytes(npy(head(descr, order, "(2, 2)"), b"\0\1\2\xff"))
    (tensor,) = accepted(tmp_path / "w.npy").weights.tensors
    wanted = b"\0\1\2\xff" if name == "bool" else b"\0\2\1\xff"
    assert read_bits(tensor).view("u1").tobytes() == wanted


@pytest.mark.parametrize("descr", ["'<f4'", "'>f4'"])
def test_a_file_of_holes_is_not_written_out(tmp_path, refused, monkeypatch, descr):
    """1 TiB that takes one block of the disk."""
    path = tmp_path / "w.npy"
    content = npy(head(descr, str(descr == "'<f4'"), f"({1 << 19}, {1 << 19})"), b"")
    path.write_bytes(content)
    os.truncate(path, len(content) + (1 << 40))
    monkeypatch.setattr(reader, "BYTES_PER_SECOND", 1 << 40)
    monkeypatch.setattr(reader, "SECONDS", 2)
    refused(path, "its data would expand from ", " to 1.0 TiB")
