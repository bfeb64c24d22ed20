"""Reads what is drawn of two tensors as a whole: the reference's and the focus's. Knows no widget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reproviewer.gui.plots.panes import focus_pair

if TYPE_CHECKING:
    from reproviewer.core.distance_histogram import DistanceHistogram
    from reproviewer.core.plot_state import Pane, PlotState
    from reproviewer.core.scatter import Scatter
    from reproviewer.core.summary import Cancelled
    from reproviewer.core.weights import Tensor


@dataclass(frozen=True, eq=False)
class Paired:
    """The reference and the focus, and what was found of both.

    Where there is nothing to draw, `why_not` says why: "alone", "missing", "shape" or "no numbers".
    """

    state: PlotState
    reference: Pane | None = None
    focus: Pane | None = None
    found: DistanceHistogram | Scatter | None = None
    why_not: str = ""

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of both tensors."""
        return self.focus.tensor.shape if self.focus and self.focus.tensor else ()


def load_pair(state: PlotState, cancelled: Cancelled) -> Paired:
    """Read the whole tensors of the reference and the focus."""
    pair = focus_pair(state)
    if pair is None:
        return Paired(state, why_not="alone")
    reference, focus = pair
    a, b = reference.tensor, focus.tensor
    if a is None or b is None:
        return Paired(state, reference, focus, why_not="missing")
    if a.shape != b.shape:
        return Paired(state, reference, focus, why_not="shape")
    found = _measured(a, b, state.kind == "distances", cancelled)
    return Paired(state, reference, focus, found, "" if found else "no numbers")


def _measured(a: Tensor, b: Tensor, distances: bool, cancelled: Cancelled) -> DistanceHistogram | Scatter | None:
    from reproviewer.core.distance_histogram import distance_histogram, unit_of
    from reproviewer.core.scatter import scatter

    if distances:
        return distance_histogram(a, b, cancelled)
    return None if unit_of((a.dtype, b.dtype)) == "none" else scatter(a, b, cancelled)
