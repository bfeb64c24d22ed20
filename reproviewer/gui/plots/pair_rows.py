"""The plots of two whole tensors as rows of text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reproviewer.core.distance_histogram import DistanceHistogram
from reproviewer.core.message import ReproError
from reproviewer.core.scatter import CELLS
from reproviewer.gui.plots.describe_pair import why_not
from reproviewer.gui.plots.load_pair import load_pair
from reproviewer.gui.plots.texts import tr

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reproviewer.core.plot_state import PlotState
    from reproviewer.core.scatter import Scatter


def pair_rows(state: PlotState, cancelled: Callable[[], bool]) -> Iterator[list[str]]:
    """What was counted, under a heading. Raises ReproError where there is nothing to count."""
    data = load_pair(state, cancelled)
    if data.found is None or data.reference is None or data.focus is None:
        raise ReproError("{why}", why=why_not(data))
    if isinstance(data.found, DistanceHistogram):
        yield from _distances(data.found)
    else:
        yield from _cells(data.found, data.reference.label, data.focus.label)


def _distances(found: DistanceHistogram) -> Iterator[list[str]]:
    """Each row from a distance up to, and not including, another; in full, so that they read back exactly."""
    yield [tr("from"), tr("below"), tr("count"), tr("kind")]
    kind = {"ulp": tr("ULP"), "whole": tr("|Δ|")}
    yield ["0", "0", str(found.identical), tr("identical")]
    yield ["0", "0", str(found.equal), tr("the same value in other bits")]
    for low, high, count in zip(found.edges, found.edges[1:], found.counts, strict=False):
        yield [str(low), str(high), str(count), kind.get(found.unit, kind["whole"])]
    yield ["", "", str(found.unmeasured), tr("no finite distance")]


def _cells(found: Scatter, reference: str, focus: str) -> Iterator[list[str]]:
    """Each cell that holds something: its range on both axes, and how many of its elements are equal and differ."""
    sides = (tr("{run} from"), tr("{run} to"))
    yield [*(side.format(run=run) for run in (reference, focus) for side in sides), tr("equal"), tr("differ")]
    counts = np.diag(found.on) + found.off
    for row, col in np.argwhere(counts).tolist():
        ends = (found.span.value(place / CELLS) for place in (col, col + 1, row, row + 1))
        equal = found.on[col] if row == col else 0
        yield [*(repr(end) for end in ends), str(int(equal)), str(int(found.off[row, col]))]
    equal_unplaced = found.unplaced - found.unplaced_unequal
    yield [tr("not finite"), "", "", "", str(equal_unplaced), str(found.unplaced_unequal)]
