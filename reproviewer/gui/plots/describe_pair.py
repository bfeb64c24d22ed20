"""The sentences and numbers of the plots of two whole tensors."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from reproviewer.core.distance_histogram import DistanceHistogram
from reproviewer.core.sentences import SIGNS
from reproviewer.core.verdict import Verdict
from reproviewer.gui.plots import describe
from reproviewer.gui.plots.load import DifferenceData
from reproviewer.gui.plots.panes import is_close
from reproviewer.gui.plots.texts import Title, count, number, tr

if TYPE_CHECKING:
    from reproviewer.core.scatter import Scatter
    from reproviewer.gui.plots.load_pair import Paired
    from reproviewer.gui.theme import Theme

Ink = Literal["identical", "equal", "different", "unmeasured"]
LAST_PLAIN = 1000
_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


@dataclass(frozen=True)
class Slot:
    """One bar: what is written below it, what it holds in words, how many elements, in which ink."""

    label: str
    words: str
    count: int
    ink: Ink


def why_not(data: Paired) -> str:
    """The sentence in place of the plot, or nothing."""
    if data.why_not == "alone":
        return tr("There is nothing to compare with: build it again, or open a weight file.")
    if data.why_not == "no numbers":
        return tr("The elements of this tensor are no numbers: there are no values to draw.")
    if data.focus is None or data.reference is None:
        return ""
    return describe.difference_note(DifferenceData(data.focus, data.reference, why_not=data.why_not))


def title(data: Paired) -> Title:
    """Which two are compared."""
    assert data.reference is not None
    assert data.focus is not None
    return Title(tr("{0} against {1}"), (data.focus.label, data.reference.label))


def ink(data: Paired, theme: Theme) -> str:
    """The colour of the line below the title."""
    found, focus, reference = data.found, data.focus, data.reference
    if found is None or focus is None or reference is None:
        return theme.muted
    if found.unequal:
        return describe.unlike_ink(is_close(focus), theme)
    two_dtypes = focus.tensor and reference.tensor and focus.tensor.dtype != reference.tensor.dtype
    other = found.equal if isinstance(found, DistanceHistogram) else found.other_bits
    return theme.between_ink if other or two_dtypes else theme.identical_ink


def distances_line(found: DistanceHistogram, close: bool) -> tuple[str, ...]:
    """How many elements are how, in full and shorter."""
    parts = []
    if found.unequal:
        parts.append(describe.differ(found.unequal, found.size, close)[0])
    if found.equal:
        parts.append(f"{SIGNS[Verdict.EQUAL]} {tr('{n} equal in other bits').format(n=count(found.equal))}")
    if found.identical:
        parts.append(f"{SIGNS[Verdict.IDENTICAL]} {tr('{n} identical').format(n=count(found.identical))}")
    full = list(parts)
    if found.unmeasured and found.unit != "none":
        full.append(tr("{n} without a finite distance").format(n=count(found.unmeasured)))
    return " · ".join(full), " · ".join(parts), parts[0] if parts else ""


def scatter_line(found: Scatter, close: bool, complex_numbers: bool) -> tuple[str, ...]:
    """How many elements lie on the diagonal and how many do not, in full and shorter."""
    size = int(found.on.sum()) + found.unplaced - found.unplaced_unequal + found.unequal
    parts = []
    if found.unequal:
        parts.append(describe.differ(found.unequal, size, close)[0])
    if found.other_bits:
        parts.append(f"{SIGNS[Verdict.EQUAL]} {tr('{n} equal in other bits').format(n=count(found.other_bits))}")
    same = size - found.unequal - found.other_bits
    if same:
        parts.append(f"{SIGNS[Verdict.IDENTICAL]} {tr('{n} the same').format(n=count(same))}")
    full = list(parts)
    if found.unplaced:
        full.append(_unplaced(found))
    if complex_numbers:
        full.append(tr("magnitudes"))
    return " · ".join(full), " · ".join(parts), parts[0] if parts else ""


def distances_axis(found: DistanceHistogram) -> str:
    """What the bars are."""
    if found.unit == "ulp":
        return tr("elements by distance in ULP; each bar goes up to the next number")
    if found.unit == "none":
        return tr("the elements are no numbers, so that no distance is known")
    return tr("elements by |Δ|; each bar goes up to the next number")


def scatter_axis(data: Paired) -> str:
    """What the two axes are."""
    assert data.reference is not None
    assert data.focus is not None
    return tr("→ {reference}   ↑ {run}   line: equal values").format(
        reference=data.reference.label, run=data.focus.label
    )


def slots(found: DistanceHistogram) -> tuple[Slot, ...]:
    """The bars, from the same bits to no distance at all."""
    made = [Slot("0", tr("identical"), found.identical, "identical")]
    if found.equal:
        made.append(Slot("≈0", tr("the same value in other bits, such as -0.0 and 0.0"), found.equal, "equal"))
    ends = zip(found.edges, found.edges[1:], found.counts, strict=False)
    powers = found.unit != "decades" and bool(found.edges) and found.edges[-1] > LAST_PLAIN
    made += [Slot(_edge(low, found, powers), _words(low, high, found), n, "different") for low, high, n in ends]
    if found.unmeasured:
        words = tr("different, and no number") if found.unit == "none" else tr("no finite distance: NaN or infinity")
        made.append(Slot("?" if found.unit == "none" else "∞", words, found.unmeasured, "unmeasured"))
    return tuple(made)


def slot_note(slot: Slot, size: int) -> str:
    """What one bar holds."""
    share = number(100 * slot.count / size, 3) if size else "0"
    return tr("{distance}: {n} of {total} ({share} %)").format(
        distance=slot.words, n=count(slot.count), total=count(size), share=share
    )


def cell_note(low: tuple[float, float], high: tuple[float, float], counts: tuple[int, int]) -> str:
    """What one cell of a scatter plot holds; `counts` are equal elements and elements that differ."""
    where = tr("{x0} to {x1}, {y0} to {y1}").format(
        x0=number(low[0]), x1=number(high[0]), y0=number(low[1]), y1=number(high[1])
    )
    return tr("{where}: {equal} equal, {differ} differ").format(
        where=where, equal=count(counts[0]), differ=count(counts[1])
    )


def _unplaced(found: Scatter) -> str:
    if not found.unplaced_unequal:
        return tr("{n} not drawn (NaN or infinite)").format(n=count(found.unplaced))
    return tr("{n} not drawn (NaN or infinite), of which {m} differ").format(
        n=count(found.unplaced), m=count(found.unplaced_unequal)
    )


def _edge(low: float, found: DistanceHistogram, powers: bool) -> str:
    """Where a bar begins; the powers of two all in one way of writing."""
    if found.unit == "decades":
        return "10" + str(math.floor(math.log10(low) + 1e-9)).translate(_RAISED)
    if not powers or low < 4:
        return str(int(low))
    return "2" + str(int(low).bit_length() - 1).translate(_RAISED)


def _words(low: float, high: float, found: DistanceHistogram) -> str:
    if found.unit == "decades":
        return tr("|Δ| from {low} to {high}").format(low=number(low), high=number(high))
    last = int(high) - 1
    text = count(int(low)) if last == low else tr("{low} to {high}").format(low=count(int(low)), high=count(last))
    return tr("{distance} ULP").format(distance=text) if found.unit == "ulp" else f"|Δ| {text}"
