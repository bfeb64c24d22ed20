"""The eight-bit floating-point kinds, decoded by table.

Source: the definitions in ml_dtypes (https://github.com/jax-ml/ml_dtypes) and the OCP 8-bit floating point
specification.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np


@dataclass(frozen=True)
class _Kind:
    """`special` says what the largest codes mean.

    ieee: infinities and NaNs; fn: only the code of all ones is NaN; fnuz: only 0x80 is NaN and there is no -0.
    """

    exponent_bits: int
    bias: int
    special: str


_KINDS = {
    "float8_e4m3fn": _Kind(4, 7, "fn"),
    "float8_e5m2": _Kind(5, 15, "ieee"),
    "float8_e4m3": _Kind(4, 7, "ieee"),
    "float8_e4m3b11fnuz": _Kind(4, 11, "fnuz"),
    "float8_e4m3fnuz": _Kind(4, 8, "fnuz"),
    "float8_e5m2fnuz": _Kind(5, 16, "fnuz"),
}
UNSIGNED = "float8_e8m0fnu"
"""A bare exponent: 2**(code - 127), the code of all ones is NaN; no sign, no zero."""


def is_float8(dtype: str) -> bool:
    """Whether `dtype` is one of the kinds that this module decodes."""
    return dtype in _KINDS or dtype == UNSIGNED


@cache
def table(dtype: str) -> np.ndarray[Any, np.dtype[np.float32]]:
    """The 256 values of a kind, by code. All of them are exact in float32."""
    if dtype == UNSIGNED:
        values = [2.0 ** (code - 127) for code in range(255)] + [float("nan")]
    else:
        values = [_value(_KINDS[dtype], code) for code in range(256)]
    result = np.array(values, np.float32)
    result.flags.writeable = False
    return result


def _value(kind: _Kind, code: int) -> float:
    fraction_bits = 7 - kind.exponent_bits
    sign = -1.0 if code & 0x80 else 1.0
    exponent = (code & 0x7F) >> fraction_bits
    fraction = code & ((1 << fraction_bits) - 1)
    if kind.special == "fnuz" and code == 0x80:
        return float("nan")
    if kind.special == "fn" and code & 0x7F == 0x7F:
        return float("nan")
    if kind.special == "ieee" and exponent == (1 << kind.exponent_bits) - 1:
        return float("nan") if fraction else sign * float("inf")
    if exponent == 0:
        return sign * fraction * 2.0 ** (1 - kind.bias - fraction_bits)
    return sign * (1 + fraction / (1 << fraction_bits)) * 2.0 ** (exponent - kind.bias)
