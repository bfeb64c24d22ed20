"""What the plots are to show: which tensor, in which runs, how. Frozen and comparable; knows no widget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from reproviewer.core.verdict import TensorComparison
    from reproviewer.core.weights import Tensor

PlotKind = Literal["bars", "heatmap", "histogram", "values", "distances", "scatter"]
PLOT_KINDS: tuple[PlotKind, ...] = ("bars", "heatmap", "histogram", "values", "distances", "scatter")


@dataclass(frozen=True)
class Pane:
    """The chosen tensor in one run or file of the shelf.

    `tensor` is None when that run has no such tensor. `colour` counts runs in order of the shelf and picks the run's
    colour. `comparison` is against the reference: None for the reference itself or while it is not known yet.
    """

    item_id: str
    label: str
    colour: int
    tensor: Tensor | None
    comparison: TensorComparison | None = None


@dataclass(frozen=True)
class PlotState:
    """Everything the plots depend on.

    `panes` are in the order of the shelf; `reference` is the `item_id` of one of them. `focus` is the `item_id` whose
    difference against the reference is shown (the first other one by default, None when there is only one run).
    `slice_index` fixes the leading axes of a tensor with more than two (its last two are drawn).
    """

    title: str
    kind: PlotKind
    panes: tuple[Pane, ...]
    reference: str
    focus: str | None = None
    slice_index: tuple[int, ...] = ()
