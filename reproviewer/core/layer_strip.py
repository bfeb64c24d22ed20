"""The model as a strip of cells, one for each tensor in order: where in the model the differences are."""

from __future__ import annotations

import math
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from reproviewer.core.message import message
from reproviewer.core.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reproviewer.core.message import Message
    from reproviewer.core.tensor_rows import TensorRow

MIN_PX = 2
"""No cell is narrower: where there are more tensors than room, neighbours share one."""


class Cell(NamedTuple):
    """The lines from `first` to `last`, drawn from `left` over `width` pixels; their worst verdict and whose it is."""

    first: int
    last: int
    left: int
    width: int
    verdict: Verdict | None
    worst: int


class Strip(NamedTuple):
    """What a strip of any width shows: of each tensor that is compared its line and its weight; two sentences."""

    rows: Sequence[TensorRow] = ()
    places: Sequence[int] = ()
    weights: Sequence[float] = ()
    caption: Message = message("")
    summary: Message = message("")


def strip(rows: Sequence[TensorRow]) -> Strip:
    """The strip of these lines: a tensor counts by the logarithm of its size."""
    if not rows:
        return Strip()
    places = [at for at, row in enumerate(rows) if row.role in ("weight", "draw")]
    return Strip(rows, places, [math.log2(rows[at].size + 2) for at in places], caption(rows), summary(rows))


def cells(strip: Strip, width: int) -> tuple[Cell, ...]:
    """Share `width` pixels among the tensors, each by its weight, none left out."""
    places = strip.places
    if not places or width < MIN_PX:
        return ()
    room = max(0, width - MIN_PX * len(places))
    scale = room / sum(strip.weights)
    base = min(MIN_PX, width / len(places))
    found, start, left, last = [], 0, 0, len(places) - 1
    for place, end in enumerate(accumulate(base + weight * scale for weight in strip.weights)):
        right = width if place == last else round(end)
        if right - left < MIN_PX or (width - right < MIN_PX and place != last):
            continue
        found.append(_cell(strip.rows, places[start : place + 1], left, right - left))
        start, left = place + 1, right
    return tuple(found)


def cell_of(found: Sequence[Cell], row: int | None) -> int | None:
    """The place of the cell in which a line is."""
    return next((at for at, c in enumerate(found) if row is not None and c.first <= row <= c.last), None)


def caption(rows: Sequence[TensorRow]) -> Message:
    """How many tensors are not identical."""
    compared = [row for row in rows if row.verdict is not None]
    unlike = sum(row.is_unlike for row in compared)
    total = len(compared) or sum(row.role in ("weight", "draw") for row in rows)
    if not unlike:
        return message("1 tensor") if total == 1 else message("{total} tensors", total=total)
    return message("{n} of {total} tensors not identical", n=unlike, total=total)


def summary(rows: Sequence[TensorRow]) -> Message:
    """How many tensors are not identical, and the first of them."""
    first = next((row.label for row in rows if row.is_unlike), None)
    if first is None and not any(row.verdict for row in rows):
        return caption(rows)
    if first is None:
        return message("{count}, all identical", count=caption(rows))
    return message("{count}, first {first}", count=caption(rows), first=first)


def _cell(rows: Sequence[TensorRow], places: Sequence[int], left: int, width: int) -> Cell:
    worst = max(places, key=lambda at: _severity(rows[at]))
    return Cell(places[0], places[-1], left, width, rows[worst].verdict, worst)


def _severity(row: TensorRow) -> int:
    return -1 if row.verdict is None else _SEVERITY[row.verdict]


_SEVERITY = {verdict: severity for severity, verdict in enumerate(Verdict)}
