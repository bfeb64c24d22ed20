"""The pickle inside a PyTorch file, read as data: a small stack machine that knows a few names and calls nothing.

A pickle is a program. The few instructions that `torch.save` needs for tensors in dictionaries and lists are followed
here; the names it mentions stay names, and its calls become `Call`s for `files.pytorch` to make sense of. Any other
instruction, and any other name, ends the reading.
"""

from __future__ import annotations

import pickletools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reproviewer.files.contents import Unreadable, quoted

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_INSTRUCTIONS = 1_000_000
STORAGES = {
    "torch.BoolStorage": "bool",
    "torch.ByteStorage": "uint8",
    "torch.CharStorage": "int8",
    "torch.ShortStorage": "int16",
    "torch.IntStorage": "int32",
    "torch.LongStorage": "int64",
    "torch.HalfStorage": "float16",
    "torch.BFloat16Storage": "bfloat16",
    "torch.FloatStorage": "float32",
    "torch.DoubleStorage": "float64",
    "torch.ComplexFloatStorage": "complex64",
    "torch.ComplexDoubleStorage": "complex128",
    "torch.storage.UntypedStorage": "uint8",
}
DTYPES = {
    f"torch.{name}": name
    for name in (
        *("bool", "uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64"),
        *("float16", "bfloat16", "float32", "float64", "complex64", "complex128"),
        *("float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz", "float8_e8m0fnu"),
    )
}
TENSOR_2, TENSOR_3 = "torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor_v3"
PARAMETER = "torch._utils._rebuild_parameter"
_ORDERED, _SIZE, _DEVICE = "collections.OrderedDict", "torch.Size", "torch.device"
_CALLED = {TENSOR_2, TENSOR_3, PARAMETER, _ORDERED, _SIZE, _DEVICE}
_WITHOUT_BITS = {
    "torch._utils._rebuild_qtensor": "a quantised tensor",
    "torch._utils._rebuild_sparse_tensor": "a sparse tensor",
    "torch._utils._rebuild_sparse_csr_tensor": "a sparse tensor",
    "torch._utils._rebuild_nested_tensor": "a nested tensor",
    "torch._utils._rebuild_meta_tensor_no_storage": "a tensor without data",
}
_UNKNOWN_DTYPES = {"torch.complex32", "torch.float4_e2m1fn_x2"}
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_EMPTY: dict[str, Callable[[], Any]] = {"EMPTY_DICT": dict, "EMPTY_LIST": list, "EMPTY_TUPLE": tuple}
_VALUES = {
    *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"),
    *("UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "STRING", "SHORT_BINSTRING", "BINSTRING"),
    *("SHORT_BINBYTES", "BINBYTES", "BINBYTES8"),
}
_PUT = {"PUT", "BINPUT", "LONG_BINPUT"}
_GET = {"GET", "BINGET", "LONG_BINGET"}
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
_IGNORED = {"PROTO", "FRAME", "STOP"}
_KEYS = (str, int, float, bool, type(None))


@dataclass(frozen=True, eq=False)
class Name:
    """Something that the pickle mentions; nothing is imported."""

    path: str


@dataclass(frozen=True, eq=False)
class Call:
    """A call that the pickle asks for; nothing is called."""

    name: str
    args: tuple[Any, ...]


@dataclass(frozen=True, eq=False)
class Outside:
    """What the pickle keeps outside itself: the numbers of a tensor."""

    id: Any


class _Ordered(dict[Any, Any]):
    """An OrderedDict, which alone may be given attributes (a state_dict's `_metadata`, which is left alone)."""


def load(data: bytes) -> Any:
    """The data that a pickle describes: dicts, lists, tuples, text, numbers, `Name`s, `Call`s and `Outside`s.

    Containers may hold one another in circles, as in any pickle.

    Raises
    ------
    Unreadable
        It is damaged, too long, or asks for anything else.
    """
    machine = _Machine()
    try:
        for count, (instruction, argument, _) in enumerate(pickletools.genops(data)):
            if count >= MAX_INSTRUCTIONS:
                raise Unreadable("its pickle has more than {limit} instructions", limit=MAX_INSTRUCTIONS)
            machine.step(instruction.name, argument)
        return machine.result()
    except (ValueError, IndexError, KeyError, TypeError, AttributeError) as error:
        raise Unreadable("its pickle is damaged ({why})", why=quoted(f"{type(error).__name__}: {error}")) from None


class _Machine:
    """The stack and the memo of a pickle."""

    def __init__(self) -> None:
        self._stack: list[Any] = []
        self._outer: list[list[Any]] = []
        self._memo: dict[int, Any] = {}
        self._special: dict[str, Callable[[], None]] = {
            "MARK": self._mark,
            "MEMOIZE": lambda: self._put(len(self._memo)),
            "TUPLE": lambda: self._push(tuple(self._since_mark())),
            "LIST": lambda: self._push(self._since_mark()),
            "DICT": self._dict,
            "APPEND": lambda: self._extend([self._stack.pop()]),
            "APPENDS": lambda: self._extend(self._since_mark()),
            "SETITEM": lambda: self._set_items(self._pop(2)),
            "SETITEMS": lambda: self._set_items(self._since_mark()),
            "STACK_GLOBAL": lambda: self._name(".".join(self._pop(2))),
            "REDUCE": self._call,
            "BUILD": self._build,
            "BINPERSID": lambda: self._push(Outside(self._stack.pop())),
        }

    def step(self, name: str, argument: Any) -> None:
        """Follow one instruction."""
        if name in _VALUES:
            self._stack.append(argument)
        elif name in _PUT:
            self._put(argument)
        elif name in _GET:
            self._stack.append(self._memo[argument])
        elif name in self._special:
            self._special[name]()
        elif name in _TUPLES:
            self._stack.append(tuple(self._pop(_TUPLES[name])))
        elif name in _CONSTANTS:
            self._stack.append(_CONSTANTS[name])
        elif name in _EMPTY:
            self._stack.append(_EMPTY[name]())
        elif name == "GLOBAL":
            self._name(argument.replace(" ", ".", 1))
        elif name not in _IGNORED:
            raise Unreadable("its pickle uses the instruction {name}, which plain weights do not need", name=name)

    def result(self) -> Any:
        """What is left in the end."""
        if self._outer or len(self._stack) != 1:
            raise ValueError("something is left over")
        return self._stack[0]

    def _push(self, value: Any) -> None:
        self._stack.append(value)

    def _pop(self, count: int) -> list[Any]:
        values = self._stack[-count:]
        if len(values) < count:
            raise IndexError("nothing is left")
        del self._stack[-count:]
        return values

    def _put(self, number: int) -> None:
        self._memo[number] = self._stack[-1]

    def _mark(self) -> None:
        self._outer.append(self._stack)
        self._stack = []

    def _since_mark(self) -> list[Any]:
        values = self._stack
        self._stack = self._outer.pop()
        return values

    def _extend(self, values: list[Any]) -> None:
        if type(self._stack[-1]) is not list:
            raise TypeError("no list to append to")
        self._stack[-1].extend(values)

    def _dict(self) -> None:
        values = self._since_mark()
        self._stack.append({})
        self._set_items(values)

    def _set_items(self, values: list[Any]) -> None:
        if not isinstance(self._stack[-1], dict) or len(values) % 2:
            raise TypeError("no dictionary to fill")
        for key, value in zip(values[::2], values[1::2], strict=True):
            if type(key) not in _KEYS:
                raise Unreadable("it holds a dictionary whose keys are neither text nor numbers")
            self._stack[-1][key] = value

    def _name(self, path: str) -> None:
        if path in _WITHOUT_BITS:
            raise Unreadable("it holds {what}, which cannot be compared bit by bit", what=_WITHOUT_BITS[path])
        if path in _UNKNOWN_DTYPES:
            raise Unreadable("it holds a tensor of the dtype {dtype}, which is not known", dtype=path)
        if path not in _CALLED and path not in STORAGES and path not in DTYPES:
            raise Unreadable(
                "it refers to `{name}`, which would be run when it is loaded; save only `model.state_dict()` with "
                "PyTorch, or convert it to .safetensors",
                name=quoted(path),
            )
        self._stack.append(Name(path))

    def _call(self) -> None:
        called, args = self._pop(2)
        if type(called) is not Name or called.path not in _CALLED or type(args) is not tuple:
            raise Unreadable("its pickle calls what is no tensor")
        if called.path == _ORDERED and not args:
            self._stack.append(_Ordered())
        elif called.path == _SIZE and len(args) == 1 and type(args[0]) in (tuple, list):
            self._stack.append(tuple(args[0]))
        elif called.path == _DEVICE:
            self._stack.append(":".join(map(str, args[:2])) if all(type(a) in (str, int) for a in args) else "")
        elif called.path in (TENSOR_2, TENSOR_3, PARAMETER):
            self._stack.append(Call(called.path, args))
        else:
            raise TypeError(called.path)

    def _build(self) -> None:
        item, state = self._pop(2)
        if type(item) is not _Ordered or type(state) is not dict:
            raise Unreadable("its pickle gives attributes to what is no plain dictionary")
        self._stack.append(item)
