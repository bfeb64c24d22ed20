"""The bits of one element in the groups that have a meaning: sign, exponent, mantissa."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reproviewer.core import elements

if TYPE_CHECKING:
    from reproviewer.core.elements import Array

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
    """Sign, exponent and mantissa of a float as 0 and 1; anything else in hexadecimal, one group.

    >>> import numpy as np
    >>> bit_groups(np.array([1.0], "<f2"), "float16")
    ('0', '01111', '0000000000')
    """
    exponent = _EXPONENT_BITS.get(dtype)
    if exponent is None:
        return (elements.bits(element, dtype),)
    text = "".join(f"{byte:08b}" for byte in element.tobytes()[::-1])
    return text[0], text[1 : 1 + exponent], text[1 + exponent :]


def unlike(groups: tuple[str, ...], reference: tuple[str, ...]) -> tuple[str, ...]:
    """For each group a text of the same length, `^` where a bit is not the reference's, else a space."""
    if tuple(map(len, groups)) != tuple(map(len, reference)):
        return tuple(" " * len(group) for group in groups)
    return tuple(
        "".join(" " if x == y else "^" for x, y in zip(a, b, strict=True))
        for a, b in zip(groups, reference, strict=True)
    )
