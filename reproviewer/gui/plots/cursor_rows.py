"""What the cursor's table says of one element in every run. Knows no widget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reproviewer.core import elements, summary
from reproviewer.core.bit_groups import BitMeaning, bit_groups, bit_meaning, unlike
from reproviewer.gui.plots import texts
from reproviewer.gui.plots.load import read_element
from reproviewer.gui.plots.panes import is_close, is_unpaired, listed

if TYPE_CHECKING:
    from reproviewer.core.elements import Array
    from reproviewer.core.plot_state import Pane, PlotState
    from reproviewer.core.summary import Cancelled


@dataclass(frozen=True)
class CursorRow:
    """One run's element: value that reads back, bits in groups, which bits differ (`^`), distances in words.

    `unequal`: its value is another, and not all of its tensor is within the tolerance.
    """

    label: str
    colour: int
    value: str
    groups: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    hexadecimal: str = ""
    hexadecimal_marks: str = ""
    distance: str = ""
    ulp: str = ""
    differs: bool = False
    unequal: bool = False
    meaning: str = ""


EXACT_ULP = 10**10
"""Larger distances are written as a power of ten."""
FIRST_ROWS = 8
"""So many rows are read before all others: those in sight."""


def cursor_rows(state: PlotState, index: tuple[int, ...], limit: int, cancelled: Cancelled) -> tuple[CursorRow, ...]:
    """Read the element at `index` in every run, the reference first and the focus next.

    After `limit` runs the rows have only their names.
    """
    panes = listed(state)
    first = read_element(panes[0], index) if panes else None
    rows = []
    for place, pane in enumerate(panes):
        if cancelled():
            raise summary.Stopped
        if place >= limit:
            rows.append(CursorRow(pane.label, pane.colour, ""))
            continue
        found = first if pane is panes[0] else read_element(pane, index)
        if found is None and is_unpaired(pane, state):
            rows.append(CursorRow(pane.label, pane.colour, texts.tr("not paired")))
        else:
            rows.append(_row(pane, found, panes[0], first))
    return tuple(rows)


def _row(pane: Pane, found: Array | None, reference: Pane, first: Array | None) -> CursorRow:
    if found is None or pane.tensor is None:
        return CursorRow(pane.label, pane.colour, texts.tr("no such element"))
    dtype = pane.tensor.dtype
    groups, code = bit_groups(found, dtype), elements.bits(found, dtype)
    value, meaning = elements.text(found, dtype), meaning_text(bit_meaning(dtype))
    if pane is reference or first is None or reference.tensor is None or reference.tensor.shape != pane.tensor.shape:
        return CursorRow(pane.label, pane.colour, value, groups, (), code, meaning=meaning)
    other = reference.tensor.dtype
    distance, ulp, differs, unequal = _apart(first, found, (other, dtype))
    unequal = unequal and not is_close(pane)
    marks = unlike(groups, bit_groups(first, other)) if other == dtype else ()
    code_marks = unlike((code,), (elements.bits(first, other),))[0] if other == dtype else ""
    return CursorRow(
        pane.label, pane.colour, value, groups, marks, code, code_marks, distance, ulp, differs, unequal, meaning
    )


def meaning_text(meaning: BitMeaning) -> str:
    """What the groups of bits are, from the left."""
    return {
        "float": texts.tr("Bits: sign, exponent, mantissa"),
        "complex": texts.tr("Bits: sign, exponent, mantissa of the real and of the imaginary part"),
        "exponent": texts.tr("Bits: exponent"),
        "bytes": texts.tr("Bits, the highest first"),
        "raw": texts.tr("Bytes"),
    }[meaning]


def _apart(a: Array, b: Array, dtypes: tuple[str, str]) -> tuple[str, str, bool, bool]:
    found, far = elements.distances(a, b, dtypes), summary.distances(a, b, dtypes)[0]
    distance = "" if "raw" in map(elements.kind, dtypes) else texts.distance(float(far[0]), 4)
    ulp = ""
    if found.ulp is not None and found.has_ulp is not None and found.has_ulp[0]:
        ulp = texts.count(int(found.ulp[0])) if found.ulp[0] < EXACT_ULP else texts.number(float(found.ulp[0]), 4)
    differs = elements.differing(a, b) if dtypes[0] == dtypes[1] else found.unequal
    return distance, ulp, bool(differs[0]), bool(found.unequal[0])
