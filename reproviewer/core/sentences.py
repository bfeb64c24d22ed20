"""The verdict in words, the same ones in the window and on the command line."""

from __future__ import annotations

import math
from collections import Counter
from functools import reduce
from typing import TYPE_CHECKING

from reproviewer.core.message import Message, message
from reproviewer.core.pairing import (
    ALIGNED_NUMBERS,
    AMBIGUOUS,
    CHOSEN,
    NAME_IN_FILE,
    RULES,
    SAME_ORDER,
    SAME_PLACE,
)
from reproviewer.core.verdict import Comparison, Criteria, TensorComparison, Tolerance, Verdict, worst

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SIGNS = {
    Verdict.IDENTICAL: "✓",
    Verdict.EQUAL: "≈",
    Verdict.CLOSE: "±",
    Verdict.DIFFERENT: "✕",
    Verdict.MISMATCHED: "≠",
}
"""The sign that goes with each word, so that neither colour nor language alone carries the verdict."""


def word(verdict: Verdict) -> Message:
    """The word of a verdict."""
    return message(str(verdict))


def verdict_sentence(comparison: Comparison) -> Message:
    """What was found when one weight set was compared with the reference."""
    if not comparison.tensors:
        return message("There is nothing to compare.")
    return _SENTENCES[comparison.verdict](comparison)


def overall(reference: str, others: Sequence[tuple[str, Comparison]], told: int | None = None) -> Message:
    """What was found when several runs or files, each with its label, were compared with the one named `reference`.

    `told` is the place of the one that is told of in detail; without it the first of the worst.
    """
    if not others:
        return message("There is nothing yet to compare with {reference}.", reference=reference)
    if len(others) == 1:
        return verdict_sentence(others[0][1])
    whole = worst([c.verdict for _, c in others])
    if whole is Verdict.IDENTICAL:
        return message("{reference} and {n} others are identical to the last bit.", reference=reference, n=len(others))
    label, comparison = others[first_worst([c for _, c in others]) if told is None else told]
    counts = _counts(reference, Counter(c.verdict for _, c in others), whole)
    return message("{counts} {label}: {detail}", counts=counts, label=label, detail=verdict_sentence(comparison))


def first_worst(comparisons: Sequence[Comparison]) -> int:
    """The place of the first that has the worst verdict of all."""
    verdicts = [c.verdict for c in comparisons]
    return verdicts.index(worst(verdicts))


def _counts(reference: str, counts: Counter[Verdict], whole: Verdict) -> Message:
    """How many others have the worst verdict, and how many more are not identical either."""
    singular, plural = _OTHERS[whole]
    n = counts[whole]
    said = message(singular if n == 1 else plural, n=n, total=counts.total(), reference=reference)
    for verdict, (one, several) in _MORE.items():
        if verdict is not whole and (n := counts[verdict]):
            said = message("{said} {more}", said=said, more=message(one if n == 1 else several, n=n))
    return said


def open_pairs(comparison: Comparison) -> Message | None:
    """What could not be paired and why; None when nothing was left open."""
    found = comparison.by_rule.get(AMBIGUOUS, ())
    left = [[t for t in found if t.names[side] is not None] for side in (0, 1)]
    if not left[0]:
        return None
    if len(left[0]) == len(left[1]) == 1:
        text = "No name tells whether {one} and {other} belong together. Right-click one in the list to pair them."
        return message(text, one=left[0][0].name, other=left[1][0].name)
    return message(
        "No name tells which of {a} and {b} tensors belong together, such as {one} and {other}. "
        "Right-click one in the list to pair them.",
        a=len(left[0]),
        b=len(left[1]),
        one=left[0][0].name,
        other=next(t.name for t in left[1] if t.shapes[1] == left[0][0].shapes[0]),
    )


def paired_with_others(comparisons: Sequence[Comparison]) -> Message | None:
    """How tensors found their partners where these have other names; None where all have the same."""
    parts = []
    for rule in (rule for rule in RULES if rule in _BY):
        tensors = [t for c in comparisons for t in c.by_rule.get(rule, ())]
        if count := sum(None not in t.names and t.names[0] != t.names[1] for t in tensors):
            parts.append(message(_BY[rule], n=f"{count:,}"))
    if not parts:
        return None
    rules = reduce(lambda one, more: message("{one}, {more}", one=one, more=more), parts)
    return message("Tensors matched under other names: {rules}.", rules=rules)


_BY = {
    ALIGNED_NUMBERS: "{n} by the name without its number",
    NAME_IN_FILE: "{n} by a second name in the file",
    SAME_PLACE: "{n} by their place in the model",
    SAME_ORDER: "{n} by their order",
    CHOSEN: "{n} by hand",
}


def how_paired(rule: str) -> Message:
    """How two tensors were paired, or why one was not."""
    return message(_PAIRED_BY.get(rule, rule))


_PAIRED_BY = {
    ALIGNED_NUMBERS: "the name without its number",
    NAME_IN_FILE: "a second name in the file",
    SAME_PLACE: "the place in the model",
    SAME_ORDER: "their order",
    CHOSEN: "hand",
}


def related(comparison: Comparison) -> Message | None:
    """What unlike weights have to do with each other: the whole, or all unlike tensors in the same way."""
    if comparison.relation is not None:
        return comparison.relation.message
    said = {t.relation.message if t.relation else None for t in comparison.unlike}
    only = said.pop() if len(said) == 1 else None
    if only is None or len(comparison.unlike) == 1:
        return only
    return message("Each of the {n} tensors that are not identical: {detail}", n=len(comparison.unlike), detail=only)


def first_place(comparison: Comparison) -> str | None:
    """Where the first difference is, e.g. `dense/kernel[0, 0]`; None when no element differs."""
    for tensor in comparison.unlike:
        if tensor.first is not None:
            index = f"[{', '.join(map(str, tensor.first.index))}]" if tensor.first.index else ""
            return comparison.short(tensor.name) + index
    return None


_OTHERS = {
    Verdict.EQUAL: (
        "{n} of {total} others equals {reference} in value but not to the last bit.",
        "{n} of {total} others equal {reference} in value but not to the last bit.",
    ),
    Verdict.CLOSE: (
        "{n} of {total} others differs from {reference} within the tolerance.",
        "{n} of {total} others differ from {reference} within the tolerance.",
    ),
    Verdict.DIFFERENT: (
        "{n} of {total} others differs from {reference}.",
        "{n} of {total} others differ from {reference}.",
    ),
    Verdict.MISMATCHED: (
        "{n} of {total} others does not fit {reference}.",
        "{n} of {total} others do not fit {reference}.",
    ),
}
_MORE = {
    Verdict.DIFFERENT: ("{n} more differs.", "{n} more differ."),
    Verdict.CLOSE: ("{n} more differs within the tolerance.", "{n} more differ within the tolerance."),
    Verdict.EQUAL: ("{n} more equals it in value only.", "{n} more equal it in value only."),
}


def _identical(comparison: Comparison) -> Message:
    templates = {
        "weights": ("The only weight is identical to the last bit.", "All {n} weights are identical to the last bit."),
        "numbers": ("The only number is identical to the last bit.", "All {n} numbers are identical to the last bit."),
        "values": ("The only value is identical to the last bit.", "All {n} values are identical to the last bit."),
    }
    singular, plural = templates[comparison.elements]
    return message(singular if comparison.size == 1 else plural, n=comparison.size)


def _equal(comparison: Comparison) -> Message:
    place = first_place(comparison)
    if place is not None:
        only = "The only value is equal, but its bits differ, at {where}."
        singular = "All values are equal, but the bits of {n} of {total} differ, at {where}."
        plural = "All values are equal, but the bits of {n} of {total} differ, first at {where}."
        return _counted(comparison, only, singular, plural)
    recast = [t for t in comparison.tensors if t.dtypes[0] != t.dtypes[1]]
    only = "All values are equal, but {name} is {a} in one and {b} in the other."
    several = "All values are equal, but {n} of {total} tensors have another dtype: {name} is {a} and {b}."
    return message(
        only if len(recast) == 1 else several,
        n=len(recast),
        total=len(comparison.tensors),
        name=comparison.short(recast[0].name),
        a=recast[0].dtypes[0],
        b=recast[0].dtypes[1],
    )


def _close(comparison: Comparison) -> Message:
    only, singular, plural = {
        "weights": (
            "The only weight differs, within the tolerance, at {where}; |Δ| {largest}.",
            "{n} of {total} weights differs, within the tolerance, at {where}; |Δ| {largest}.",
            "{n} of {total} weights differ, all within the tolerance, first at {where}; largest |Δ| {largest}.",
        ),
        "numbers": (
            "The only number differs, within the tolerance, at {where}; |Δ| {largest}.",
            "{n} of {total} numbers differs, within the tolerance, at {where}; |Δ| {largest}.",
            "{n} of {total} numbers differ, all within the tolerance, first at {where}; largest |Δ| {largest}.",
        ),
        "values": (
            "The only value differs, within the tolerance, at {where}; |Δ| {largest}.",
            "{n} of {total} values differs, within the tolerance, at {where}; |Δ| {largest}.",
            "{n} of {total} values differ, all within the tolerance, first at {where}; largest |Δ| {largest}.",
        ),
    }[comparison.elements]
    return _counted(comparison, only, singular, plural)


def _different(comparison: Comparison) -> Message:
    templates = {
        "weights": (
            "The only weight differs, at {where}; |Δ| {largest}.",
            "{n} of {total} weights differs, at {where}; |Δ| {largest}.",
            "{n} of {total} weights differ, first at {where}; largest |Δ| {largest}.",
            "The only weight differs, at {where}.",
            "{n} of {total} weights differs, at {where}.",
            "{n} of {total} weights differ, first at {where}.",
        ),
        "numbers": (
            "The only number differs, at {where}; |Δ| {largest}.",
            "{n} of {total} numbers differs, at {where}; |Δ| {largest}.",
            "{n} of {total} numbers differ, first at {where}; largest |Δ| {largest}.",
            "The only number differs, at {where}.",
            "{n} of {total} numbers differs, at {where}.",
            "{n} of {total} numbers differ, first at {where}.",
        ),
        "values": (
            "The only value differs, at {where}; |Δ| {largest}.",
            "{n} of {total} values differs, at {where}; |Δ| {largest}.",
            "{n} of {total} values differ, first at {where}; largest |Δ| {largest}.",
            "The only value differs, at {where}.",
            "{n} of {total} values differs, at {where}.",
            "{n} of {total} values differ, first at {where}.",
        ),
    }[comparison.elements]
    return _counted(comparison, *(templates[3:] if comparison.max_abs is None else templates[:3]))


def _counted(comparison: Comparison, only: str, singular: str, plural: str) -> Message:
    return message(
        only if comparison.size == 1 else singular if comparison.differing == 1 else plural,
        n=comparison.differing,
        total=comparison.size,
        where=first_place(comparison),
        largest=None if comparison.max_abs is None else _explained_distance(comparison.max_abs),
    )


def _explained_distance(largest: float) -> str | Message:
    """A distance in three digits; in words where no number tells it."""
    return message("not finite (NaN or infinity)") if math.isinf(largest) else shown_distance(largest)


def _mismatched(comparison: Comparison) -> Message:
    misfits = [t for t in comparison.tensors if t.verdict is Verdict.MISMATCHED]
    first = misfits[0]
    detail = message(_misfit(first), name=comparison.short(first.name), a=first.shapes[0], b=first.shapes[1])
    if len(misfits) == 1:
        return detail
    return message(
        "{n} of {total} tensors do not fit. {detail}", n=len(misfits), total=len(comparison.tensors), detail=detail
    )


def _misfit(tensor: TensorComparison) -> str:
    if tensor.rule == AMBIGUOUS:
        return "It cannot be told which tensor belongs to {name}."
    if tensor.names[1] is None:
        return "{name} is missing."
    if tensor.names[0] is None:
        return "{name} is extra."
    return "{name} has another shape: {a} and {b}."


_SENTENCES: dict[Verdict, Callable[[Comparison], Message]] = {
    Verdict.IDENTICAL: _identical,
    Verdict.EQUAL: _equal,
    Verdict.CLOSE: _close,
    Verdict.DIFFERENT: _different,
    Verdict.MISMATCHED: _mismatched,
}


def criteria(terms: Criteria) -> Message:
    """On what terms something was compared, where these are not the usual ones."""
    parts = []
    if terms.tolerance:
        template = "Tolerance: {limits}, and others by name." if terms.tolerance.by_pattern else "Tolerance: {limits}."
        parts.append(message(template, limits=_limits(terms.tolerance.default)))
    if terms.with_state:
        parts.append(message("Optimizer and other state counts."))
    return parts[0] if len(parts) == 1 else message("{one} {other}", one=parts[0], other=parts[1])


def _limits(tolerance: Tolerance) -> Message:
    atol, rtol = f"{tolerance.atol:g}", f"{tolerance.rtol:g}"
    which = bool(tolerance.ulp), bool(tolerance.atol), bool(tolerance.rtol)
    return message(_LIMITS[which], ulp=tolerance.ulp, atol=atol, rtol=rtol)


_LIMITS = {
    (False, False, False): "none",
    (True, False, False): "{ulp} ULP",
    (False, True, False): "{atol}",
    (False, False, True): "{rtol} of the value",
    (True, True, False): "{ulp} ULP or {atol}",
    (True, False, True): "{ulp} ULP or {rtol} of the value",
    (False, True, True): "{atol} and {rtol} of the value",
    (True, True, True): "{ulp} ULP, or {atol} and {rtol} of the value",
}


def shown_distance(largest: float) -> str:
    """A distance in three digits (`1.76`, `2.4e-07`, `∞`)."""
    return "∞" if math.isinf(largest) else f"{largest:.3g}"
