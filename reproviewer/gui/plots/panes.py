"""What a state means for the plots: which runs in which order, which part of the tensor, drawn as what."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reproviewer.core.pairing import AMBIGUOUS
from reproviewer.core.slices import plane_of
from reproviewer.core.verdict import Verdict

if TYPE_CHECKING:
    from reproviewer.core.plot_state import Pane, PlotKind, PlotState
    from reproviewer.core.slices import Plane
    from reproviewer.core.weights import Tensor

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
    state: PlotState, before: PlotState | None, cursor: tuple[int, ...] | None, chosen: bool
) -> tuple[int, ...] | None:
    """Where the cursor is to stand: where it was, or there in the slice that is shown now; `chosen` by the person.

    On another tensor, or in others than those that are compared, it starts at the first difference, if that is in
    sight. What the person chose counts on as long as both have been in sight before.
    """
    plane, first = lead_plane(state), first_difference(state)
    if plane is None:
        return None
    if before is not None and before.title == state.title and plane.holds(cursor):
        pair, ids = focus_pair(state), {pane.item_id for pane in before.panes}
        known = pair is not None and pair[1].comparison is not None
        same = _tensors(pair) == _tensors(focus_pair(before))
        both = chosen and pair is not None and {pane.item_id for pane in pair} <= ids
        if same or both or (known and first is None):
            return cursor if is_whole(state) else plane.carried(cursor)
    return first if plane.cell(first) or is_whole(state) else None


def _tensors(pair: tuple[Pane, Pane] | None) -> tuple[tuple[str, Tensor | None], ...]:
    return tuple((pane.item_id, pane.tensor) for pane in pair or ())


def is_close(focus: Pane) -> bool:
    """Whether all that differs is within the tolerance."""
    return focus.comparison is not None and focus.comparison.verdict is Verdict.CLOSE


def is_unpaired(pane: Pane, state: PlotState) -> bool:
    """Whether a run may well have the tensor, but it is not paired with any of the run's."""
    said = [other.comparison for other in state.panes] if pane.item_id == state.reference else [pane.comparison]
    return pane.tensor is None and any(found is not None and found.rule == AMBIGUOUS for found in said)


def pane_in(state: PlotState, pane: Pane) -> Pane:
    """The pane of the same run in a state of the same values, with what is known of its comparison there."""
    return next(other for other in state.panes if other.item_id == pane.item_id)


def _without_comparisons(state: PlotState) -> PlotState:
    return replace(state, panes=tuple(replace(pane, comparison=None) for pane in state.panes))
