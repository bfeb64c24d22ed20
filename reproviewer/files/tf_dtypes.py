"""TensorFlow's numbers for dtypes, as its files keep them.

https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/framework/types.proto
"""

from __future__ import annotations

from reproviewer.files.contents import Unreadable, quoted

STRING = 7
VARIANT = 21
DTYPES = {
    1: "float32",
    2: "float64",
    3: "int32",
    4: "uint8",
    5: "int16",
    6: "int8",
    8: "complex64",
    9: "int64",
    10: "bool",
    14: "bfloat16",
    17: "uint16",
    18: "complex128",
    19: "float16",
    22: "uint32",
    23: "uint64",
    24: "float8_e5m2",
    25: "float8_e4m3fn",
    26: "float8_e4m3fnuz",
    27: "float8_e4m3b11fnuz",
    28: "float8_e5m2fnuz",
}
_UNREAD = {
    11: "qint8",
    12: "quint8",
    13: "qint32",
    15: "qint16",
    16: "quint16",
    20: "resource",
    29: "int4",
    30: "uint4",
    31: "int2",
    32: "uint2",
    33: "float4_e2m1fn",
}


def dtype_of(name: str, number: int) -> str:
    """The dtype that TensorFlow's `number` stands for. Raises Unreadable when it is none that is read."""
    if number in _UNREAD:
        raise Unreadable("`{name}` holds {dtype}, which is not read", name=quoted(name), dtype=_UNREAD[number])
    if number not in DTYPES:
        raise Unreadable("`{name}` has the dtype number {dtype}, not one of numbers", name=quoted(name), dtype=number)
    return DTYPES[number]
