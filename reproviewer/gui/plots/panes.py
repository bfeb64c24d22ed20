"""What a state means for the plots: which runs in which order, which part of the tensor, drawn as what."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reproviewer.core.slices import plane_of

if TYPE_CHECKING:
    from reproviewer.core.plot_state import Pane, PlotKind, PlotState
    from reproviewer.core.slices import Plane

MAX_BARS = 4096
"""Slices up to this size can be drawn as bars; larger ones are drawn as a heat map."""
MAX_PANELS = 6
"""Up to so many runs are drawn side by side; more as small multiples."""
WHOLE_KINDS = ("distances", "scatter")


def ordered(state: PlotState) -> tuple[Pane, ...]:
    """The panes with the reference first."""
    return tuple(sorted(state.panes, key=lambda pane: pane.item_id != state.reference))


def side_by_side(state: PlotState) -> tuple[Pane, ...]:
    """The panes that get a full plot: all of a few, of many the reference and the focus."""
    panes = ordered(state)
    if not is_many(state):
        return panes
    return tuple(pane for pane in panes if pane.item_id in (state.reference, state.focus))


def listed(state: PlotState) -> tuple[Pane, ...]:
    """The panes with the reference first and the focus next."""
    first = (state.reference, state.focus)
    return tuple(sorted(state.panes, key=lambda p: first.index(p.item_id) if p.item_id in first else len(first)))


def focus_pair(state: PlotState) -> tuple[Pane, Pane] | None:
    """The reference and the focus; None when there is only one run."""
    by_id = {pane.item_id: pane for pane in state.panes}
    reference, focus = by_id.get(state.reference), by_id.get(state.focus or "")
    if reference is None or focus is None or reference is focus:
        return None
    return reference, focus


def is_many(state: PlotState) -> bool:
    """Whether there are too many runs to show all of them side by side."""
    return len(state.panes) > MAX_PANELS


def lead_plane(state: PlotState) -> Plane | None:
    """The plane of the first pane that has the tensor: its slice chooser and index count."""
    tensor = next((pane.tensor for pane in ordered(state) if pane.tensor is not None), None)
    return plane_of(tensor.shape, state.slice_index) if tensor else None


def drawn_as(state: PlotState) -> PlotKind:
    """The kind that is drawn: too many bars become a heat map."""
    plane = lead_plane(state)
    return "heatmap" if state.kind == "bars" and plane is not None and plane.size > MAX_BARS else state.kind


def is_whole(state: PlotState) -> bool:
    """Whether the plot is of the whole tensor and not of one slice."""
    return state.kind in WHOLE_KINDS


def same_values(a: PlotState, b: PlotState) -> bool:
    """Whether two states differ at most in what is known of the comparisons."""
    return _without_comparisons(a) == _without_comparisons(b)


def is_stale(shown: PlotState, wanted: PlotState) -> bool:
    """Whether plots are of another tensor, or of runs that are gone; they are not only for want of further runs."""
    tensors = {pane.item_id: pane.tensor for pane in wanted.panes}
    gone = any(tensors.get(pane.item_id, pane.item_id) != pane.tensor for pane in shown.panes)
    return shown.title != wanted.title or gone


def first_difference(state: PlotState) -> tuple[int, ...] | None:
    """The index of the first element in which the focus differs from the reference, when that is known."""
    pair = focus_pair(state)
    found = pair[1].comparison if pair else None
    return found.first.index if found and found.first else None


def place_of_cursor(
    state: PlotState, before: PlotState | None, cursor: tuple[int, ...] | None
) -> tuple[int, ...] | None:
    """Where the cursor is to stand: on the same tensor where it was, or there in the slice that is shown now.

    On another tensor it starts at the first difference, if that is in sight.
    """
    plane = lead_plane(state)
    if plane is None:
        return None
    if before is not None and before.title == state.title and plane.holds(cursor):
        return cursor if is_whole(state) else plane.carried(cursor)
    first = first_difference(state)
    return first if plane.cell(first) or is_whole(state) else None


def _without_comparisons(state: PlotState) -> PlotState:
    return replace(state, panes=tuple(replace(pane, comparison=None) for pane in state.panes))
