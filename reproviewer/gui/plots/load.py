"""Reads what the plots show. Runs off the window's thread; knows no widget."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reproviewer.core import elements, summary
from reproviewer.core.histogram import Bins, common_bins, histogram
from reproviewer.core.slices import Plane, plane_of
from reproviewer.core.weights import open_tensor
from reproviewer.gui.plots.load_pair import Paired, load_pair
from reproviewer.gui.plots.panes import (
    MAX_BARS,
    drawn_as,
    focus_pair,
    is_many,
    lead_plane,
    listed,
    ordered,
    same_values,
    side_by_side,
)

if TYPE_CHECKING:
    from reproviewer.core.plot_state import Pane, PlotKind, PlotState
    from reproviewer.core.slices import Region
    from reproviewer.core.summary import Array, Cancelled, Difference, Picture, Tally

DIFFERENCE_PX = 3
"""A cell of a difference is at least so many pixels wide and high, so that a single one is found."""


COARSE = (64, 64)
SMALL = 1 << 14
NOTHING = summary.Tally()


@dataclass(frozen=True, eq=False)
class RunData:
    """One run's slice: all `values` of a small one, the reduced `picture` of any.

    No plane: no such tensor. Neither values nor picture: no elements, or none that are numbers.
    """

    pane: Pane
    plane: Plane | None = None
    values: Array | None = None
    picture: Picture | None = None
    tally: Tally = NOTHING


@dataclass(frozen=True, eq=False)
class DifferenceData:
    """The focus minus the reference. `why_not` is "missing" or "shape" where there is no difference to show."""

    focus: Pane
    reference: Pane
    plane: Plane | None = None
    picture: Difference | None = None
    values: Array | None = None
    why_not: str = ""


@dataclass(frozen=True, eq=False)
class Thumbnails:
    """The small multiples of many runs, the reference first."""

    state: PlotState
    runs: tuple[RunData, ...]

    @property
    def limit(self) -> float:
        """The largest magnitude in all of them: one colour range for all."""
        return max((run.tally.limit for run in self.runs), default=0.0)


@dataclass(frozen=True, eq=False)
class Shown:
    """Everything the board paints for one state; `limit` is the largest magnitude in all runs."""

    state: PlotState
    kind: PlotKind
    runs: tuple[RunData, ...]
    difference: DifferenceData | None
    limit: float


@dataclass(frozen=True, eq=False)
class Histograms:
    """Every run's slice counted over common bins; `counts` are None where there is nothing to count."""

    state: PlotState
    bins: Bins
    runs: tuple[tuple[Pane, Array | None, Tally], ...]


@dataclass(frozen=True, eq=False)
class Listing:
    """The list of values; its rows are read when they are looked at. Without a plane no run has the tensor."""

    state: PlotState
    panes: tuple[Pane, ...]
    plane: Plane | None

    @property
    def focus(self) -> int | None:
        """The place of the focus among the panes."""
        ids = [pane.item_id for pane in self.panes]
        return ids.index(self.state.focus) if self.state.focus in ids[1:] else None


Loaded = Shown | Histograms | Listing | Paired


@dataclass(frozen=True, eq=False)
class Found:
    """What was read for one state: its plots and, of many runs, the small multiples."""

    plots: Loaded
    thumbs: Thumbnails | None


def load_any(
    state: PlotState,
    cells: tuple[int, int],
    thumb: tuple[int, int],
    known: Thumbnails | None,
    cancelled: Cancelled,
) -> Found:
    """Read what the state's kind of plot needs.

    `cells` and `thumb` (rows, columns) are how finely pictures are reduced. The thumbnails that are `known` serve again
    when only the kind of plot or the focus is another.
    """
    thumbs = None
    if is_many(state):
        runs = known.runs if known and _serves(known, state) else _thumbs(state, thumb, cancelled)
        thumbs = Thumbnails(state, runs)
    if state.kind == "histogram":
        return Found(_histograms(state, cancelled), thumbs)
    if state.kind == "values":
        return Found(Listing(state, listed(state), lead_plane(state)), thumbs)
    if state.kind in ("distances", "scatter"):
        return Found(load_pair(state, cancelled), thumbs)
    return Found(_shown(state, cells, thumbs.limit if thumbs else 0.0, cancelled), thumbs)


def _serves(known: Thumbnails, state: PlotState) -> bool:
    """Whether thumbnails can be shown again: what is asked for anew as it is, is wanted more finely."""
    if same_values(known.state, state) or (drawn_as(known.state) == "bars") != (drawn_as(state) == "bars"):
        return False
    return same_values(replace(known.state, kind=state.kind, focus=state.focus), state)


def _shown(state: PlotState, cells: tuple[int, int], limit: float, cancelled: Cancelled) -> Shown:
    kind = drawn_as(state)
    runs = tuple(_run(pane, state, cells, kind == "bars", cancelled) for pane in side_by_side(state))
    pair = focus_pair(state)
    found = _difference(*pair, state, cells, kind == "bars", cancelled) if pair else None
    return Shown(state, kind, runs, found, max([limit, *(run.tally.limit for run in runs)]))


def load_detail(
    shown: Shown, region: Region, cells: tuple[int, int], cancelled: Cancelled
) -> tuple[dict[str, Picture], Difference | None]:
    """Read a region of each picture anew: by the runs' ids, and the difference."""
    pictures = {}
    for run in shown.runs:
        if run.plane and run.pane.tensor and run.plane.size and within(region, run.plane):
            pictures[run.pane.item_id] = summary.picture(run.pane.tensor, run.plane, region, cells, cancelled)
    found = shown.difference
    if found is None or found.picture is None or found.plane is None:
        return pictures, None
    a, b = found.reference.tensor, found.focus.tensor
    assert a is not None
    assert b is not None
    return pictures, summary.difference(a, b, found.plane, region, coarser(cells), cancelled)


def coarser(pixels: tuple[int, int]) -> tuple[int, int]:
    """How many cells (rows, columns) of a difference have room on so many pixels."""
    return max(1, pixels[0] // DIFFERENCE_PX), max(1, pixels[1] // DIFFERENCE_PX)


def within(region: Region, plane: Plane) -> bool:
    """Whether the plane has all of the region."""
    return region.bottom <= plane.rows and region.right <= plane.cols


def read_element(pane: Pane, index: tuple[int, ...]) -> Array | None:
    """The stored element at an index, as an array of one; None where the run has none."""
    if pane.tensor is None:
        return None
    plane = plane_of(pane.tensor.shape, index[:-2])
    cell = plane.cell(index)
    if cell is None or not plane.size:
        return None
    with open_tensor(pane.tensor) as reader:
        return reader.elements(plane.start + cell[0] * plane.cols + cell[1], 1)


def _run(pane: Pane, state: PlotState, cells: tuple[int, int], whole: bool, cancelled: Cancelled) -> RunData:
    if pane.tensor is None:
        return RunData(pane)
    plane = plane_of(pane.tensor.shape, state.slice_index)
    if plane.size == 0 or elements.kind(pane.tensor.dtype) == "raw":
        return RunData(pane, plane)
    if whole and plane.size <= MAX_BARS:
        values = summary.plane_values(pane.tensor, plane)
        return RunData(pane, plane, values, None, summary.tally_of(values))
    picture = summary.picture(pane.tensor, plane, plane.region, cells, cancelled)
    return RunData(pane, plane, None, picture, picture.tally)


def _histograms(state: PlotState, cancelled: Cancelled) -> Histograms:
    runs = [_run(pane, state, COARSE, False, cancelled) for pane in ordered(state)]
    whole = all(elements.kind(pane.tensor.dtype) in ("int", "bool") for pane in state.panes if pane.tensor)
    bins = common_bins([run.tally for run in runs], whole)
    counts = [_counts(run, bins, cancelled) for run in runs]
    return Histograms(state, bins, tuple((r.pane, c, r.tally) for r, c in zip(runs, counts, strict=True)))


def _thumbs(state: PlotState, cells: tuple[int, int], cancelled: Cancelled) -> tuple[RunData, ...]:
    """The small multiples; small tensors that are alike are reduced together."""
    panes, plane, whole = ordered(state), lead_plane(state), drawn_as(state) == "bars"
    first = next((pane.tensor for pane in panes if pane.tensor), None)
    if whole or first is None or plane is None or not 0 < plane.size <= SMALL or elements.kind(first.dtype) == "raw":
        return tuple(_run(pane, state, cells, whole, cancelled) for pane in panes)
    alike = [
        pane for pane in panes if pane.tensor and (pane.tensor.shape, pane.tensor.dtype) == (first.shape, first.dtype)
    ]
    found = summary.small_pictures([pane.tensor for pane in alike if pane.tensor], plane, cells)
    done = {pane.item_id: RunData(pane, plane, None, p, p.tally) for pane, p in zip(alike, found, strict=True)}
    return tuple(done.get(pane.item_id) or _run(pane, state, cells, whole, cancelled) for pane in panes)


def _counts(run: RunData, bins: Bins, cancelled: Cancelled) -> Array | None:
    if run.pane.tensor is None or run.plane is None or not run.tally.finite:
        return None
    return histogram(run.pane.tensor, run.plane, bins, cancelled)


def _difference(
    reference: Pane, focus: Pane, state: PlotState, cells: tuple[int, int], whole: bool, cancelled: Cancelled
) -> DifferenceData:
    a, b = reference.tensor, focus.tensor
    if a is None or b is None:
        return DifferenceData(focus, reference, why_not="missing")
    if a.shape != b.shape:
        return DifferenceData(focus, reference, why_not="shape")
    plane = plane_of(a.shape, state.slice_index)
    if plane.size == 0:
        return DifferenceData(focus, reference, plane)
    fine = (plane.rows, plane.cols) if whole else coarser(cells)
    picture = summary.difference(a, b, plane, plane.region, fine, cancelled)
    values = _signed(reference, focus, plane) if whole else None
    return DifferenceData(focus, reference, plane, picture, values)


def _signed(reference: Pane, focus: Pane, plane: Plane) -> Array:
    assert reference.tensor is not None
    assert focus.tensor is not None
    a, b = summary.plane_bits(reference.tensor, plane), summary.plane_bits(focus.tensor, plane)
    return summary.signed_difference(a, b, (reference.tensor.dtype, focus.tensor.dtype))
