"""The names that tensors carry: all of them, the short ones to show, and in which order they count."""

from __future__ import annotations

import re
from itertools import takewhile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reproviewer.core.weights import Tensor

_DIGITS = re.compile(r"(\d+)")


def common_parts(names: Sequence[str]) -> int:
    """With how many parts all names begin (`sequential/dense/kernel`: 1); two of each name remain its own."""
    if len(names) < 2:
        return 0
    first, last = min(names).split("/"), max(names).split("/")  # what these two begin with, all between them do
    common = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False)))
    return max(0, min(common, min(name.count("/") for name in names) - 1))


def without_parts(name: str, parts: int) -> str:
    """A name without its first parts and without `:0`."""
    return name.removesuffix(":0").split("/", parts)[-1]


def natural(name: str) -> list[tuple[int, str]]:
    """Sorts digits as numbers."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in _DIGITS.split(name)]


def every_name(tensor: Tensor) -> tuple[str, ...]:
    """All names by which a tensor may be found, its own first."""
    return tuple(dict.fromkeys(name.removesuffix(":0") for name in (tensor.name, *tensor.aliases)))
