"""PyTorch files made by hand, instruction by instruction: none of what they ask for is run, and none is believed."""

import contextlib
import os
import pickle
import struct
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reproviewer.core.weights import read_values
from reproviewer.files import child, reader, torch_pickle
from reproviewer.files.contents import Unreadable

TENSOR = b"ctorch._utils\n_rebuild_tensor_v2\n"
ORDERED = b"ccollections\nOrderedDict\n)R"
MARK, TUPLE, REDUCE, STOP = b"(", b"t", b"R", b"."


class Raw(bytes):
    """Instructions that leave one value on the stack."""


def code(value):
    """The instructions for plain data, the way `torch.save` writes them."""
    if isinstance(value, Raw):
        return bytes(value)
    if value is None or isinstance(value, bool):
        return {None: b"N", True: b"\x88", False: b"\x89"}[value]
    if isinstance(value, int):
        size = value.bit_length() // 8 + 1
        return b"\x8a" + bytes([size]) + value.to_bytes(size, "little", signed=True)
    if isinstance(value, float):
        return b"G" + struct.pack(">d", value)
    if isinstance(value, str):
        return b"X" + struct.pack("<I", len(value.encode())) + value.encode()
    if isinstance(value, tuple):
        return MARK + b"".join(map(code, value)) + TUPLE
    if isinstance(value, list):
        return b"](" + b"".join(map(code, value)) + b"e"
    return b"}(" + b"".join(code(k) + code(v) for k, v in value.items()) + b"u"


def dump(value):
    return b"\x80\x02" + code(value) + STOP


def storage(kind="FloatStorage", key="0", count=5, label="storage"):
    return Raw(code((label, Raw(b"ctorch\n" + kind.encode() + b"\n"), key, "cpu", count)) + b"Q")


def tensor(held=None, offset=0, shape=(5,), stride=(1,), more=(), **about):
    args = (held or storage(**about), offset, shape, stride, False, Raw(ORDERED), *more)
    return Raw(TENSOR + code(args) + REDUCE)


def archive(path, data, numbers=bytes(20), order=None, members=()):
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("a/data.pkl", data)
        if order is not None:
            file.writestr("a/byteorder", order)
        if numbers is not None:
            file.writestr("a/data/0", numbers)
        for name, content in members:
            file.writestr(name, content)
    return path


def test_the_hand_made_file_is_good_when_nothing_is_wrong_with_it(tmp_path, read):
    values = np.arange(5, dtype="f4")
    path = archive(tmp_path / "a.pt", dump({"w": tensor(), "part": tensor(offset=3, shape=(2,))}), values.tobytes())
    contents = read(path)
    assert [read_values(t).tolist() for t in contents.weights.tensors] == [[0, 1, 2, 3, 4], [3, 4]]


def test_big_endian(tmp_path, read):
    values = np.array([[1, -2.5, np.inf]], ">f4")
    data = dump({"w": tensor(shape=(1, 3), stride=(3, 1), count=3)})
    (found,) = read(archive(tmp_path / "a.pt", data, values.tobytes(), "big")).weights.tensors
    assert read_values(found).tolist() == [[1, -2.5, np.inf]]


def test_an_optimizer_alone_is_told_by_its_form(tmp_path, read):
    content = {"state": {0: {"exp_avg": tensor()}}, "param_groups": [{"lr": 0.1}]}
    (found,) = read(archive(tmp_path / "a.pt", dump(content))).weights.tensors
    assert (found.name, found.role) == ("state/0/exp_avg", "optimizer")


def test_a_storage_without_a_tensor_is_left_out_and_told(tmp_path, read):
    content = {"w": tensor(), "bare": storage(), "deep": {"bare": storage()}, "epoch": 3}
    contents = read(archive(tmp_path / "a.pt", dump(content)))
    assert [t.name for t in contents.weights.tensors] == ["w"]
    assert contents.metadata == {"epoch": "3"}
    assert contents.remarks["left out"] == "numbers without a shape in bare, deep/bare"


class Runs:
    """What `pickle.load` would run."""

    def __init__(self, call, *args):
        self.reduced = (call, args)

    def __reduce__(self):
        return self.reduced


@pytest.mark.parametrize("protocol", range(6))
def test_no_call_is_made(tmp_path, refused, protocol):
    canary = tmp_path / "canary"
    data = pickle.dumps({"w": Runs(os.system, f"touch {canary}")}, protocol)
    path = archive(tmp_path / "a.pt", data)
    refused(path, f"it refers to `{os.system.__module__}.system`, which would be run when it is loaded; save only")
    assert not canary.exists()
    pickle.loads(data)
    assert canary.exists()


def g(module, name):
    return module.encode() + b"\n" + name.encode() + b"\n"


NAMES = {
    "eval": (b"c" + g("builtins", "eval"), "`builtins.eval`"),
    "getattr": (b"c" + g("builtins", "getattr"), "`builtins.getattr`"),
    "torch_load": (b"c" + g("torch", "load"), "`torch.load`"),
    "hub": (b"c" + g("torch.hub", "load"), "`torch.hub.load`"),
    "dots": (b"c" + g("torch", "FloatStorage.__reduce__"), "`torch.FloatStorage.__reduce__`"),
    "dots_in_the_module": (b"c" + g("torch._utils._rebuild_tensor_v2", "__globals__"), "__globals__`"),
    "stack": (b"\x8c\x02os\x8c\x06system\x93", "`os.system`"),
    "numpy": (b"c" + g("numpy._core.multiarray", "_reconstruct"), "`numpy._core.multiarray._reconstruct`"),
    "encode": (b"c" + g("_codecs", "encode"), "`_codecs.encode`"),
    "not_text": (b"c" + g("os", "\x07\x1b[2J"), "`os.\\x07\\x1b[2J`"),
    "long": (b"c" + g("os", "x" * 50_000), "xxx...xxx"),
    "attributes": (b"c" + g("torch._utils", "_rebuild_parameter_with_state"), "_rebuild_parameter_with_state`"),
}
INSTRUCTIONS = {
    "inst": (b"(i" + g("os", "system"), "the instruction INST"),
    "obj": (b"(c" + g("torch", "FloatStorage") + b"o", "the instruction OBJ"),
    "newobj": (b"c" + g("torch", "FloatStorage") + b")\x81", "the instruction NEWOBJ"),
    "newobj_ex": (b"c" + g("torch", "FloatStorage") + b")}\x92", "the instruction NEWOBJ_EX"),
    "ext": (b"\x82\x01", "the instruction EXT1"),
    "ext4": (b"\x84\x01\x00\x00\x00", "the instruction EXT4"),
    "persid": (b"Pos.system\n", "the instruction PERSID"),
    "buffer": (b"\x97", "the instruction NEXT_BUFFER"),
    "call_of_text": (code("os.system") + b")R", "its pickle calls what is no tensor"),
    "call_of_a_storage": (b"c" + g("torch", "FloatStorage") + b")R", "its pickle calls what is no tensor"),
    "call_of_a_call": (bytes(tensor()) + b")R", "its pickle calls what is no tensor"),
    "list_of_pairs": (b"c" + g("collections", "OrderedDict") + code(([],)) + REDUCE, "damaged"),
    "build_on_a_tensor": (bytes(tensor()) + b"}b", "gives attributes to what is no plain dictionary"),
    "build_on_a_dict": (b"}}b", "gives attributes to what is no plain dictionary"),
    "build_with_a_name": (ORDERED + b"c" + g("torch", "float32") + b"b", "gives attributes to what"),
    "key": (b"}(" + code((1, 2)) + b"Nu", "whose keys are neither text nor numbers"),
    "empty_stack": (b"R", "damaged"),
    "no_mark": (b"Nt", "damaged"),
    "no_memo": (b"h\x07", "damaged"),
    "left_over": (b"NN", "damaged"),
    "open_mark": (b"N(", "damaged"),
    "append_to_none": (b"NNa", "damaged"),
    "unknown": (b"\xff", "damaged"),
    "cut_off": (b"X\xff\xff\xff\x7f", "damaged"),
    "digits": (b"L" + b"9" * 100_000 + b"L\n", "damaged"),
    "nothing": (b"", "damaged"),
    "long_number": (b"\x8b" + struct.pack("<i", -5), "damaged"),
    "not_utf8": (b"X\x01\x00\x00\x00\xff", "damaged"),
}


@pytest.mark.parametrize("name", NAMES | INSTRUCTIONS)
def test_what_no_tensor_needs_ends_the_reading(tmp_path, answer, name):
    data, words = (NAMES | INSTRUCTIONS)[name]
    assert words in answer(archive(tmp_path / "a.pt", b"\x80\x04" + data + STOP))


def parameter(held):
    return Raw(b"ctorch._utils\n_rebuild_parameter\n" + code((held, True, Raw(ORDERED))) + REDUCE)


def third(dtype="torch\nuint16", **about):
    held = storage("storage\nUntypedStorage".replace("storage\n", "", 1), **about)
    held = Raw(bytes(held).replace(b"ctorch\nUntyped", b"ctorch.storage\nUntyped"))
    args = (held, 0, (5,), (1,), False, Raw(ORDERED), Raw(b"c" + dtype.encode() + b"\n"))
    return Raw(b"ctorch._utils\n_rebuild_tensor_v3\n" + code(args) + REDUCE)


TENSORS = {
    "beyond": (tensor(shape=(6,)), "24 bytes, but 20 bytes are stored"),
    "offset": (tensor(offset=1), "24 bytes, but 20 bytes"),
    "far": (tensor(offset=1 << 61), "but 20 bytes"),
    "negative_offset": (tensor(offset=-1), "description of `w` is malformed"),
    "stride": (tensor(shape=(2,), stride=(5,)), "24 bytes, but 20 bytes"),
    "negative_stride": (tensor(offset=4, stride=(-1,)), "description of `w` is malformed"),
    "rank": (tensor(shape=(1,) * 40, stride=(1,) * 40), "declares 40 dimensions"),
    "ranks": (tensor(shape=(1, 5)), "description of `w` is malformed"),
    "bomb": (tensor(shape=(1 << 40,), stride=(0,)), "would expand from"),
    "bomb_in_two": (tensor(shape=(1 << 30, 1 << 30), stride=(0, 0)), "would expand from"),
    "huge": (tensor(shape=(1 << 50,)), "impossible shape"),
    "contiguous_bomb": (tensor(shape=(1 << 40,)), "4.0 TiB, but 20 bytes"),
    "count": (tensor(count=6), "24 bytes, but 20 bytes"),
    "count_less": (tensor(count=4, shape=(4,)), "16 bytes, but 20 bytes"),
    "count_text": (tensor(count="5"), "description of `w` is malformed"),
    "bool_shape": (tensor(shape=(True,)), "description of `w` is malformed"),
    "list_shape": (tensor(shape=[5]), "description of `w` is malformed"),
    "no_such_member": (tensor(key="7"), "the data of `w` is missing"),
    "climbing": (tensor(key="../data.pkl"), "the data of `w` is missing"),
    "number_key": (tensor(key=0), "description of `w` is malformed"),
    "other_id": (tensor(label="module"), "description of `w` is malformed"),
    "id_is_text": (tensor(Raw(code("storage") + b"Q")), "description of `w` is malformed"),
    "id_too_long": (tensor(Raw(code(("storage",) * 6) + b"Q")), "description of `w` is malformed"),
    "storage_is_a_dtype": (tensor(kind="float32"), "description of `w` is malformed"),
    "untyped_without_a_dtype": (tensor(Raw(bytes(storage()).replace(b"ctorch\nF", b"ctorch.storage\nF"))), "refers to"),
    "storage_is_a_number": (tensor(Raw(code(3))), "description of `w` is malformed"),
    "no_arguments": (Raw(TENSOR + b")R"), "description of `w` is malformed"),
    "too_many": (tensor(more=(None, None)), "description of `w` is malformed"),
    "negated": (tensor(more=({"neg": True},)), "conjugated or negated"),
    "parameter_of_none": (parameter(None), "description of `w` is malformed"),
    "parameter_of_itself": (parameter(parameter(tensor())), "description of `w` is malformed"),
    "third_of_another_size": (third(count=10), "10 bytes, but 20 bytes"),
    "third_as_text": (third("torch\nSize", count=20), "description of `w` is malformed"),
    **{
        name: (Raw(b"ctorch._utils\n_rebuild_" + name.encode() + b"\n"), words)
        for name, words in {
            "qtensor": "a quantised tensor",
            "sparse_tensor": "a sparse tensor",
            "sparse_csr_tensor": "a sparse tensor",
            "nested_tensor": "a nested tensor",
            "meta_tensor_no_storage": "a tensor without data",
            "device_tensor_from_numpy": "which would be run when it is loaded",
            "wrapper_subclass": "which would be run when it is loaded",
        }.items()
    },
    "complex_of_halves": (third("torch\ncomplex32", count=20), "torch.complex32"),
    "bits": (third("torch\nbits8", count=20), "`torch.bits8`"),
    "quantised_storage": (tensor(kind="QInt8Storage"), "`torch.QInt8Storage`"),
    "negative_shape": (tensor(shape=(-5,)), "description of `w` is malformed"),
    "none_but_far": (tensor(offset=1 << 61, shape=(0,)), "but 20 bytes"),
    "hidden_overflow": (tensor(shape=(2,), stride=((1 << 62) - 1,)), "but 20 bytes"),
}


@pytest.mark.parametrize("name", TENSORS)
def test_a_tensor_that_lies(tmp_path, answer, name):
    value, words = TENSORS[name]
    assert words in answer(archive(tmp_path / "a.pt", dump({"w": value})))


def laughs(levels):
    """Lists of which each holds the one before it twice."""
    first = code(0) + b"]q\x00"
    rest = b"".join(
        code(i) + b"](h" + bytes([i - 1]) + b"h" + bytes([i - 1]) + b"eq" + bytes([i]) for i in range(1, levels)
    )
    return b"\x80\x02}(" + first + rest + b"u" + STOP


WHOLES = {
    "no_tensors": (dump({"epoch": 3}), "it holds no tensors"),
    "only_text": (dump("text"), "it holds no tensors"),
    "circle": (b"\x80\x02}q\x00" + code("a") + b"h\x00s.", "nested more than 64 deep"),
    "deep": (b"\x80\x02" + b"](" * 3000 + b"N" + b"e" * 3000 + STOP, "nested more than 64 deep"),
    "laughs": (laughs(40), "more than 500,000 values"),
    "empty_name": (dump({"": tensor()}), "a tensor without a name"),
    "odd_name": (dump({"a\0b": tensor()}), "impossible name, `a\\x00b`"),
    "long_name": (dump({"x" * 5000: tensor()}), "impossible name"),
    "two_of_one_name": (dump({"a/b": tensor(), "a": {"b": tensor()}}), "`a/b` twice"),
    "number_and_text": (dump({1: tensor(), "1": tensor()}), "`1` twice"),
    "order": (dump({"w": tensor()}), "byte order"),
}


@pytest.mark.parametrize("name", WHOLES)
def test_content_that_lies(tmp_path, answer, name):
    data, words = WHOLES[name]
    assert words in answer(archive(tmp_path / "a.pt", data, order="middle" if name == "order" else None))


def legacy(data):
    """As `torch.save` wrote before 1.6: a number, a version, the system, and then a pickle of the content."""
    number, system = (119547037146038801333356).to_bytes(10, "little"), code({"little_endian": True})
    return b"\x80\x02\x8a\n" + number + b".\x80\x02M\xe9\x03.\x80\x02" + system + b"." + data


@pytest.mark.parametrize("wrap", [legacy, bytes, lambda data: b"\x80\x04\x95" + bytes(8) + data[2:]])
def test_a_pickle_outside_of_a_zip_file_is_not_run_either(tmp_path, refused, wrap):
    canary = tmp_path / "canary"
    (tmp_path / "a.pt").write_bytes(wrap(pickle.dumps(Runs(os.system, f"touch {canary}"), 2)))
    refused(tmp_path / "a.pt", "a pickle, which can run code")
    assert not canary.exists()


@pytest.mark.parametrize("name", ["code/__torch__.py", "constants.pkl"])
def test_a_program_is_not_run(tmp_path, refused, name):
    members = [(f"a/{name}", "import os; os.abort()")]
    refused(archive(tmp_path / "a.pt", dump({"w": tensor()}), members=members), "it is a TorchScript program")


def test_a_pickle_that_expands(tmp_path, refused):
    with zipfile.ZipFile(tmp_path / "a.pt", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a/data.pkl", bytes(65 << 20))
    refused(tmp_path / "a.pt", "its member `data.pkl` is larger than 67,108,864 bytes")


def test_odd_members_beside_the_tensors_are_left_alone(tmp_path, accepted):
    odd = [("a/version", "\x1b"), ("a/.data/serialization_id", b"\xff" * 99), ("a/data/../0", b"x"), ("a/data/1", b"")]
    (found,) = accepted(archive(tmp_path / "a.pt", dump({"w": tensor()}), members=odd)).weights.tensors
    assert read_values(found).tolist() == [0] * 5


def test_millions_of_instructions(tmp_path, refused, peak_memory):
    path = archive(tmp_path / "a.pt", b"\x80\x02" + b"N" * 1_100_000 + STOP)
    refused(path, "more than")
    assert peak_memory(path) < 300 << 20


def test_two_pickles(tmp_path, refused):
    path = archive(tmp_path / "a.pt", dump({"w": tensor()}), members=[("b/data.pkl", b"N.")])
    refused(path, "it holds 2 pickles, not one")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_members_of_one_name(tmp_path, refused):
    refused(archive(tmp_path / "a.pt", dump({"w": tensor()}), members=[("a/data/0", bytes(20))]), "`a/data/0` twice")


@pytest.mark.parametrize("old", [b"x" * 20, b"_rebuild_tensor_v2"])
def test_a_flipped_bit(tmp_path, refused, old):
    path = archive(tmp_path / "a.pt", dump({"w": tensor()}), b"x" * 20)
    content = path.read_bytes()
    path.write_bytes(content.replace(old, old[:-1] + bytes([old[-1] ^ 1])))
    refused(path, "the checksum of its member")


def test_a_pickle_of_another_name_is_no_weights(tmp_path, refused):
    with zipfile.ZipFile(tmp_path / "a.pt", "w") as file:
        file.writestr("mydata.pkl", b"N.")
    refused(tmp_path / "a.pt", "a zip file without arrays")


@settings(max_examples=150, deadline=None)
@given(draws=st.data())
def test_any_flipped_bit_is_found_or_changes_nothing(data, draws):
    """Checksums cover every member; what lies between them means nothing."""
    content = bytearray((data / "torch" / "tensor.pt").read_bytes())
    bit = draws.draw(st.integers(0, len(content) * 8 - 1))
    content[bit // 8] ^= 1 << bit % 8
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tensor.pt"
        path.write_bytes(content)
        answered = child.answer(path, Path(folder) / "unpacked.bin")
        if "error" not in answered:
            (found,) = reader._contents(answered).weights.tensors
            assert (found.dtype, read_values(found).tolist()) == ("float32", [[0, 1, 2], [3, 4, 5]])


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_pickle_of_any_instructions_gets_an_answer_in_words(draws):
    """No exception but `Unreadable` comes out, whatever the instructions are."""
    pieces = [bytes([op]) for op in b"()]}laspbtRQcq0eui2NJ"] + [b"h\x00", b"q\x00", b"\x85", b"\x86", b"\x93", ORDERED]
    pieces += [code(v) for v in (1, -1, 2.5, "a", None, (1,), [1], {"a": 1})] + [tensor(), storage(), TENSOR]
    body = b"".join(draws.draw(st.lists(st.sampled_from(pieces), max_size=30)))
    with contextlib.suppress(Unreadable):
        torch_pickle.load(b"\x80\x02" + body + STOP)
