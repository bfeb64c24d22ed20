"""The sentences and captions of the plots."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reproviewer.core import elements, layer_tree, sentences
from reproviewer.core.pairing import AMBIGUOUS
from reproviewer.core.sentences import SIGNS, shown_distance
from reproviewer.core.verdict import Criteria, Tolerances, Verdict
from reproviewer.gui.plots import texts
from reproviewer.gui.plots.panes import focus_pair, is_close, is_unpaired, lead_plane, ordered
from reproviewer.gui.plots.texts import Title, count, number, tr
from reproviewer.gui.texts import shown

if TYPE_CHECKING:
    from reproviewer.core.plot_state import PlotState
    from reproviewer.core.summary import Tally
    from reproviewer.core.weights import Tensor
    from reproviewer.gui.plots.load import DifferenceData, RunData, Shown
    from reproviewer.gui.theme import Theme


def run_caption(run: RunData, block: tuple[int, int] = (1, 1)) -> tuple[Title, tuple[str, ...]]:
    """A run's name, the range of its values, and of how many rows and columns each pixel shows one element."""
    title = Title("{0}", (run.pane.label,))
    about = tally_text(run.tally, run.pane.tensor.dtype if run.pane.tensor else "")
    shorter = tuple(dict.fromkeys((about, *short_tallies(run.tally))))
    if block == (1, 1):
        return title, shorter
    each = tr("each pixel: the extreme of {block}").format(block=shape_text(block))
    return title, (f"{about} · {each}", *shorter)


def tally_text(tally: Tally, dtype: str = "") -> str:
    """The range and what is not finite: `0.29 to 0.87 · 3 NaN`."""
    parts = [range_text(tally)] if tally.finite else []
    if tally.nan:
        parts.append(tr("{n} NaN").format(n=count(tally.nan)))
    if tally.infinite:
        parts.append(tr("{n} infinite").format(n=count(tally.infinite)))
    if dtype.startswith("complex"):
        parts.append(tr("magnitudes"))
    return " · ".join(parts)


def short_tallies(tally: Tally) -> tuple[str, ...]:
    """The same in less room: what is not finite is never left out."""
    odd = tr("{n} not finite").format(n=count(tally.nan + tally.infinite))
    if not tally.nan + tally.infinite:
        return (range_text(tally),) if tally.finite else ()
    return (f"{range_text(tally)} · {odd}", odd) if tally.finite else (odd,)


def range_text(tally: Tally) -> str:
    """The smallest and the largest finite value."""
    low, high = number(tally.low), number(tally.high)
    return low if tally.low == tally.high else tr("{low} to {high}").format(low=low, high=high)


def run_note(run: RunData, seen: Shown) -> str:
    """The sentence in place of a plot, or nothing."""
    if is_unpaired(run.pane, seen.state):
        return tr("Not paired with any tensor of {run}.").format(run=run.pane.label)
    if run.pane.tensor is None:
        return tr("{run} has no such tensor.").format(run=run.pane.label)
    if run.plane is not None and run.plane.size == 0:
        return tr("This tensor has no elements: its shape is {shape}.").format(shape=shape_text(run.plane.shape))
    if not has_numbers(run.pane.tensor):
        return tr("The elements of this tensor are no numbers: there are no values to draw.")
    if seen.kind == "bars" and run.values is None:
        return tr("Too many values for bars: see the heat map.")
    return ""


def difference_title(found: DifferenceData) -> Title:
    """The focus minus the reference."""
    return Title(f"{{0}} {texts.MINUS} {{1}}", (found.focus.label, found.reference.label))


def difference_details(found: DifferenceData) -> tuple[str, ...]:
    """How much differs and how far: in full, and shorter for a narrow plot."""
    picture, plane = found.picture, found.plane
    if picture is None or plane is None:
        return ("",)
    if not picture.differing:
        return _same_details(same_dtype(found), plane.is_part)
    n, close = count(picture.differing), is_close(found.focus)
    one = picture.differing == 1
    if not picture.tally.limit and not picture.tally.infinite:
        sign = SIGNS[Verdict.EQUAL]
        text = tr("{n} differs in its bits only") if one else tr("{n} differ in their bits only")
        return f"{sign} {text.format(n=n)}", f"{sign} {tr('other bits')}"
    full, least = differ(picture.differing, plane.size, close, plane.is_part)
    short = f"{unlike_sign(close)} {(tr('{n} differs') if one else tr('{n} differ')).format(n=n)}"
    far = _far(found)
    if are_magnitudes(found.focus.tensor, found.reference.tensor):
        far = (*(f"{text} · {tr('magnitudes')}" for text in far[:1]), *far)
    long = (f"{text} · {how_far}" for text in dict.fromkeys((full, least)) for how_far in far)
    return (*long, *(f"{short} · {text}" for text in far[-1:]), *dict.fromkeys((full, least)), short)


def unlike_sign(close: bool) -> str:
    """The sign of what differs, `close` where all of it is within the tolerance."""
    return SIGNS[Verdict.CLOSE if close else Verdict.DIFFERENT]


def unlike_ink(close: bool, theme: Theme) -> str:
    """The colour of what differs, `close` where all of it is within the tolerance."""
    return theme.between_ink if close else theme.different_ink


def differ(n: int, total: int, close: bool, part: bool = False) -> tuple[str, str]:
    """So many elements differ, of the tensor or of the part of it that is a slice: in full and shorter."""
    if part:
        text = tr("{n} of {total} in this slice differs") if n == 1 else tr("{n} of {total} in this slice differ")
    else:
        text = tr("{n} of {total} differs") if n == 1 else tr("{n} of {total} differ")
    short = f"{unlike_sign(close)} {text.format(n=count(n), total=count(total))}"
    return (tr("{unlike}, within the tolerance").format(unlike=short) if close else short), short


def has_numbers(*tensors: Tensor | None) -> bool:
    """Whether the elements of all of these are numbers."""
    return all(tensor is not None and elements.kind(tensor.dtype) != "raw" for tensor in tensors)


def are_magnitudes(*tensors: Tensor | None) -> bool:
    """Whether the elements are drawn by their magnitudes: complex numbers have no order, and their differences none."""
    return any(tensor is not None and elements.kind(tensor.dtype) == "complex" for tensor in tensors)


def _same_details(identical: bool, part: bool) -> tuple[str, ...]:
    sign = SIGNS[Verdict.IDENTICAL if identical else Verdict.EQUAL]
    short = tr("the same") if identical else tr("equal values")
    if not part:
        return (f"{sign} {short}",)
    return f"{sign} {tr('{what} in this slice').format(what=short)}", f"{sign} {tr('{what} here').format(what=short)}"


def _far(found: DifferenceData) -> tuple[str, ...]:
    """The largest distance, in full and shorter; where it is not finite, why. Nothing where there are no numbers."""
    assert found.picture is not None
    tally = found.picture.tally
    if not has_numbers(found.focus.tensor, found.reference.tensor):
        return ()
    if not tally.infinite:
        return (tr("largest |Δ| {far}").format(far=shown_distance(tally.limit)),)
    n = count(tally.infinite)
    odd, short = tr("{n} not finite (NaN or infinity)").format(n=n), tr("{n} not finite").format(n=n)
    if not tally.limit:
        return odd, short
    return tr("{odd}, else largest |Δ| {far}").format(odd=odd, far=shown_distance(tally.limit)), odd, short


def difference_ink(found: DifferenceData, theme: Theme) -> str:
    """The colour of the difference's second line."""
    if found.picture is None:
        return theme.muted
    if not found.picture.differing:
        return theme.identical_ink if same_dtype(found) else theme.between_ink
    unequal = found.picture.tally.limit or found.picture.tally.infinite
    return unlike_ink(is_close(found.focus), theme) if unequal else theme.between_ink


def same_dtype(found: DifferenceData) -> bool:
    """Whether both tensors are of one dtype, so that no difference means identical."""
    a, b = found.focus.tensor, found.reference.tensor
    return a is not None and b is not None and a.dtype == b.dtype


def difference_note(found: DifferenceData) -> str:
    """The sentence in place of the difference, or nothing."""
    a, b = found.reference, found.focus
    if found.why_not == "shape" and a.tensor and b.tensor:
        return tr("No difference to show: the shape is {a} in {run_a} and {b} in {run_b}.").format(
            a=shape_text(a.tensor.shape), run_a=a.label, b=shape_text(b.tensor.shape), run_b=b.label
        )
    if found.why_not == "missing":
        lacking = a if a.tensor is None else b
        if b.comparison is not None and b.comparison.rule == AMBIGUOUS:
            said = tr(
                "No difference to show: not paired with any tensor of {run}."
                " To pair it, right click it in the list of tensors, or drag it onto its partner there."
            )
        else:
            said = tr("No difference to show: {run} has no such tensor.")
        return said.format(run=lacking.label)
    if found.plane is not None and found.plane.size == 0:
        return tr("This tensor has no elements.")
    return ""


def value_ticks(limit: float) -> tuple[str, ...]:
    """The numbers below the colours of the values."""
    return (number(-limit, 3), "0", number(limit, 3)) if limit else ("0",)


def distance_ticks(found: DifferenceData | None, limit: float) -> tuple[str, tuple[str, ...]]:
    """What is written below "no difference" and below the colours of differences."""
    if found is None or found.picture is None or not found.picture.differing:
        return tr("same"), (tr("different"),)
    numbers = has_numbers(found.focus.tensor, found.reference.tensor)
    if not limit:
        return tr("same"), (
            tr("other bits") if not found.picture.tally.infinite else tr("not finite") if numbers else tr("different"),
        )
    return tr("same"), (tr("least"), tr("|Δ| {far}").format(far=shown_distance(limit)))


def shape_text(shape: tuple[int, ...]) -> str:
    """Three axes, for example, with multiplication signs between; a scalar is `()`."""
    return " \N{MULTIPLICATION SIGN} ".join(map(str, shape)) if shape else "()"


def too_many_for_bars(seen: Shown) -> str:
    """Says that a heat map is shown where bars were asked for."""
    plane = lead_plane(seen.state)
    if seen.kind == seen.state.kind or plane is None:
        return ""
    return tr("{n} values are too many for bars: here is their heat map.").format(n=count(plane.size))


def about_tensor(state: PlotState) -> str:
    """Shape and dtype of the tensor; of both that are compared where they are not alike."""
    tensors = [pane.tensor for pane in focus_pair(state) or ordered(state) if pane.tensor is not None]
    kinds = dict.fromkeys(f"{layer_tree.shape_text(tensor.shape)} · {tensor.dtype}" for tensor in tensors)
    return tr(", against ").join(kinds)


def about_comparison(state: PlotState) -> str:
    """Shape and dtype, and what the two were compared within: for a picture that is seen alone."""
    pair = focus_pair(state)
    found = pair[1].comparison if pair else None
    terms = shown(sentences.criteria(Criteria(Tolerances(found.tolerance)))) if found and found.tolerance else ""
    return " · ".join(filter(None, (about_tensor(state), terms)))


def nothing_to_show(state: PlotState) -> str:
    """Says why there is nothing to draw of this tensor at all, or nothing."""
    tensors = [pane.tensor for pane in state.panes if pane.tensor is not None]
    if not tensors:
        return tr("No run has the tensor {name}.").format(name=state.title)
    if all(tensor.size == 0 for tensor in tensors):
        return tr("This tensor has no elements: its shape is {shape}.").format(shape=shape_text(tensors[0].shape))
    return ""
