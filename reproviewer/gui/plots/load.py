"""Reads what the plots show. Runs off the window's thread; knows no widget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reproviewer.core import elements, summary
from reproviewer.core.histogram import Bins, common_bins, histogram
from reproviewer.core.slices import Plane, plane_of
from reproviewer.core.weights import open_tensor

if TYPE_CHECKING:
    from reproviewer.core.plot_state import Pane, PlotKind, PlotState
    from reproviewer.core.slices import Region
    from reproviewer.core.summary import Array, Cancelled, Difference, Picture, Tally

MAX_BARS = 4096
"""Slices up to this size can be drawn as bars; larger ones are drawn as a heat map."""
MAX_PANELS = 6
"""Up to so many runs are drawn side by side; more as small multiples."""
DIFFERENCE_PX = 3
"""A cell of a difference is at least so many pixels wide and high, so that a single one is found."""


COARSE = (64, 64)
SMALL = 1 << 14
NOTHING = summary.Tally()


@dataclass(frozen=True, eq=False)
class RunData:
    """One run's slice: all `values` of a small one, the reduced `picture` of any. No plane: no such tensor."""

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
class Shown:
    """Everything the board paints for one state."""

    state: PlotState
    kind: PlotKind
    runs: tuple[RunData, ...]
    difference: DifferenceData | None
    thumbs: tuple[RunData, ...] = ()

    @property
    def limit(self) -> float:
        """The largest magnitude in all runs: one colour range for all."""
        return max((run.tally.limit for run in self.runs + self.thumbs), default=0.0)


def ordered(state: PlotState) -> tuple[Pane, ...]:
    """The panes with the reference first."""
    return tuple(sorted(state.panes, key=lambda pane: pane.item_id != state.reference))


def side_by_side(state: PlotState) -> tuple[Pane, ...]:
    """The panes that get a full plot: all of a few, of many the reference and the focus."""
    panes = ordered(state)
    if not is_many(state):
        return panes
    return tuple(pane for pane in panes if pane.item_id in (state.reference, state.focus))


def focus_pair(state: PlotState) -> tuple[Pane, Pane] | None:
    """The reference and the focus; None when there is only one run."""
    by_id = {pane.item_id: pane for pane in state.panes}
    reference, focus = by_id.get(state.reference), by_id.get(state.focus or "")
    if reference is None or focus is None or reference is focus:
        return None
    return reference, focus


def lead_plane(state: PlotState) -> Plane | None:
    """The plane of the first pane that has the tensor: its slice chooser and index count."""
    tensor = next((pane.tensor for pane in ordered(state) if pane.tensor is not None), None)
    return plane_of(tensor.shape, state.slice_index) if tensor else None


def drawn_as(state: PlotState) -> PlotKind:
    """The kind that is drawn: too many bars become a heat map."""
    plane = lead_plane(state)
    return "heatmap" if state.kind == "bars" and plane is not None and plane.size > MAX_BARS else state.kind


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


Loaded = Shown | Histograms | Listing


def load_any(state: PlotState, cells: tuple[int, int], thumb: tuple[int, int], cancelled: Cancelled) -> Loaded:
    """Read what the state's kind of plot needs."""
    if state.kind == "histogram":
        return _histograms(state, cancelled)
    if state.kind == "values":
        return Listing(state, listed(state), lead_plane(state))
    return load(state, cells, thumb, cancelled)


def listed(state: PlotState) -> tuple[Pane, ...]:
    """The panes with the reference first and the focus next."""
    first = (state.reference, state.focus)
    return tuple(sorted(state.panes, key=lambda p: first.index(p.item_id) if p.item_id in first else len(first)))


def load(state: PlotState, cells: tuple[int, int], thumb: tuple[int, int], cancelled: Cancelled) -> Shown:
    """Read the plots of a state; `cells` and `thumb` (rows, columns) are how finely pictures are reduced."""
    kind = drawn_as(state)
    runs = tuple(_run(pane, state, cells, kind == "bars", cancelled) for pane in side_by_side(state))
    pair = focus_pair(state)
    found = _difference(*pair, state, cells, kind == "bars", cancelled) if pair else None
    thumbs = _thumbs(state, thumb, kind == "bars", cancelled) if is_many(state) else ()
    return Shown(state, kind, runs, found, thumbs)


def is_many(state: PlotState) -> bool:
    """Whether there are too many runs to show all of them side by side."""
    return len(state.panes) > MAX_PANELS


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
    if plane.size == 0:
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


def _thumbs(state: PlotState, cells: tuple[int, int], whole: bool, cancelled: Cancelled) -> tuple[RunData, ...]:
    """The small multiples; small tensors that are alike are reduced together."""
    panes, plane = ordered(state), lead_plane(state)
    first = next((pane.tensor for pane in panes if pane.tensor), None)
    if whole or first is None or plane is None or not 0 < plane.size <= SMALL:
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
