"""The bits of one element in the groups that have a meaning: sign, exponent, mantissa."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from reproviewer.core import elements, float8

if TYPE_CHECKING:
    from reproviewer.core.elements import Array

BitMeaning = Literal["float", "complex", "exponent", "bytes", "raw"]

_COMPLEX_PARTS = {"complex64": "float32", "complex128": "float64"}
_EXPONENT_BITS = {
    "float16": 5,
    "bfloat16": 8,
    "float32": 8,
    "float64": 11,
    "float8_e4m3fn": 4,
    "float8_e4m3": 4,
    "float8_e4m3b11fnuz": 4,
    "float8_e4m3fnuz": 4,
    "float8_e5m2": 5,
    "float8_e5m2fnuz": 5,
}


def bit_groups(element: Array, dtype: str) -> tuple[str, ...]:
    """One stored element (an array of length 1) as 0 and 1, in the groups that `bit_meaning` names.

    Bytes that no number is known for are written in hexadecimal, in one group.

    >>> import numpy as np
    >>> bit_groups(np.array([1.0], "<f2"), "float16")
    ('0', '01111', '0000000000')
    """
    if bit_meaning(dtype) == "raw":
        return (elements.bits(element, dtype),)
    text = "".join(f"{byte:08b}" for byte in element.tobytes()[::-1])
    part = _COMPLEX_PARTS.get(dtype)
    if part is not None:
        half = len(text) // 2
        return _float_groups(text[half:], part) + _float_groups(text[:half], part)
    if dtype in _EXPONENT_BITS:
        return _float_groups(text, dtype)
    return tuple(text[i : i + 8] for i in range(0, len(text), 8))


def bit_meaning(dtype: str) -> BitMeaning:
    """What the groups are: sign, exponent and mantissa of a float; these of the real, then of the imaginary part.

    A float8_e8m0fnu is a bare exponent; of integers and truth values the groups are bytes, the highest first.
    """
    if dtype in _EXPONENT_BITS:
        return "float"
    if dtype in _COMPLEX_PARTS:
        return "complex"
    if dtype == float8.UNSIGNED:
        return "exponent"
    return "bytes" if elements.kind(dtype) in ("int", "bool") else "raw"


def _float_groups(text: str, dtype: str) -> tuple[str, str, str]:
    end = 1 + _EXPONENT_BITS[dtype]
    return text[0], text[1:end], text[end:]


def unlike(groups: tuple[str, ...], reference: tuple[str, ...]) -> tuple[str, ...]:
    """For each group a text of the same length, `^` where a bit is not the reference's, else a space."""
    if tuple(map(len, groups)) != tuple(map(len, reference)):
        return tuple(" " * len(group) for group in groups)
    return tuple(
        "".join(" " if x == y else "^" for x, y in zip(a, b, strict=True))
        for a, b in zip(groups, reference, strict=True)
    )
