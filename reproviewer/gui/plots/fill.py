"""Puts what was read into one plot: its caption, and bars, a heat map or a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reproviewer.core.sentences import SIGNS
from reproviewer.core.verdict import Verdict
from reproviewer.gui.plots import describe
from reproviewer.gui.plots.palette import palette

if TYPE_CHECKING:
    from reproviewer.core.summary import Picture
    from reproviewer.gui.plots.load import DifferenceData, RunData, Shown
    from reproviewer.gui.plots.panel import Panel
    from reproviewer.gui.theme import Theme


def fill_run_caption(panel: Panel, run: RunData, theme: Theme, picture: Picture | None = None) -> None:
    """Say whose values these are, and how they are reduced in the `picture` that is looked at."""
    block = panel.block(picture) if picture is not None else (1, 1)
    panel.caption.show_text(*describe.run_caption(run, block), (theme.run(run.pane.colour),))


def fill_run(panel: Panel, run: RunData, shown: Shown, theme: Theme) -> None:
    """Show one run, in the range of all that are shown."""
    panel.apply_theme(palette(theme))
    fill_run_caption(panel, run, theme)
    note = describe.run_note(run, shown)
    if note or run.plane is None:
        panel.show_note(note)
    elif run.values is not None:
        panel.show_bars(run.plane, run.values, np.full(run.values.shape, ""), theme.run(run.pane.colour), signed=False)
        tallies = [other.tally for other in shown.runs if other.tally.finite]
        panel.span(min((t.low for t in tallies), default=0), max((t.high for t in tallies), default=0))
    elif run.picture is not None:
        panel.show_picture(run.plane, run.picture, shown.limit)


def fill_difference_caption(panel: Panel, found: DifferenceData, theme: Theme) -> None:
    """Say how much differs, by what is known of the comparison."""
    swatches = (theme.run(found.focus.colour), theme.run(found.reference.colour))
    panel.caption.apply_theme(theme, describe.difference_ink(found, theme))
    panel.caption.show_text(describe.difference_title(found), describe.difference_details(found), swatches)


def fill_difference(panel: Panel, found: DifferenceData, theme: Theme) -> float:
    """Show the difference; returns the largest one."""
    panel.apply_theme(palette(theme))
    fill_difference_caption(panel, found, theme)
    note = describe.difference_note(found)
    if note or found.plane is None or found.picture is None:
        panel.show_note(note)
        return 0.0
    limit = found.picture.tally.limit
    if found.values is None:
        panel.show_picture(found.plane, found.picture, limit)
        return limit
    tensors = found.focus.tensor, found.reference.tensor
    values, marked, sign = found.values, found.picture.differs & (found.values == 0), SIGNS[Verdict.EQUAL]
    if not describe.has_numbers(*tensors):
        values, marked, sign = np.zeros(values.shape), found.picture.differs, SIGNS[Verdict.DIFFERENT]
    signed = not describe.are_magnitudes(*tensors)
    panel.show_bars(found.plane, values, np.where(marked, sign, ""), theme.different_ink, signed)
    finite = values[np.isfinite(values)]
    panel.span(float(finite.min(initial=0)), float(finite.max(initial=0)))
    return limit
