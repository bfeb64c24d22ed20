"""The names that a weight carries in files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, List, Tuple

from . import tensors

if TYPE_CHECKING:
    from .stack import Stack

Found = List[Tuple[str, ...]]
_KNOWN: dict[str, Found] = {}
MOST_KNOWN = 64


def of(stack: Stack, model: Any, key: str) -> Found:
    """Aliases of every variable of `model`, in the order of `tensors.variables`; found once for each `key`."""
    if key not in _KNOWN:
        if len(_KNOWN) >= MOST_KNOWN:
            _KNOWN.clear()
        _KNOWN[key] = [() for _ in tensors.variables(model)]
    return _KNOWN[key]
