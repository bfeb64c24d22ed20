"""`reproviewer compare`: weight files against the first of them."""

from __future__ import annotations

import importlib
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from reproviewer.commands import terminal
from reproviewer.core import pairing, repair, report, sentences
from reproviewer.core.message import ReproError, encodable, one_line
from reproviewer.core.verdict import (
    Comparison,
    Criteria,
    FirstDifference,
    Relation,
    TensorComparison,
    Tolerance,
    Tolerances,
    Verdict,
    worst,
)
from reproviewer.files import read_all
from reproviewer.files.contents import LEFT_OUT
from reproviewer.files.save import check_target
from reproviewer.files.scratch import scratch_folder
from reproviewer.reports.forms import check_suffix

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from reproviewer.core.groups import Groups
    from reproviewer.core.report import Compared
    from reproviewer.core.weights import WeightSet
    from reproviewer.files import FileContents

MOST_LISTED = 40
_HEADS = {"optimizer": "  optimizer state:", "other": "  other state:"}


def main(args: argparse.Namespace) -> int:
    """Compare and print; returns the exit status."""
    if len(args.files) < 2:
        raise ReproError("compare needs two files or more (see `reproviewer compare --help`)")
    if args.pair and len(args.files) > 2:
        raise ReproError("--pair goes with two files (see `reproviewer compare --help`)")
    for name in args.report:
        terminal.check_folder(Path(name))
        check_suffix(Path(name))
    names = [encodable(name) for name in args.files]
    with scratch_folder() as scratch:
        numbers = partial(importlib.import_module, "reproviewer.core.groups")  # numpy takes as long as a file
        contents = read_all([Path(name) for name in args.files], scratch, meanwhile=numbers)
        for target in args.report:
            check_target(Path(target), [path for one in contents for path in one.stamps])
        criteria = Criteria(Tolerances(Tolerance(args.ulp, args.atol, args.rtol), tuple(args.tolerance)), args.all)
        comparisons, found = _compare([one.weights for one in contents], criteria, args.pair)
        others = list(zip(names[1:], comparisons, strict=True))
        _write_reports(args.report, names, contents, others, found, criteria)
    if not any(comparison.tensors for comparison in comparisons):
        raise ReproError("There is nothing to compare: the files hold no weights.")
    left_out = [one.remarks.get(LEFT_OUT, "") for one in contents]
    if args.json:
        terminal.emit(report.dumps(report.compare_document(names, others, found, left_out)))
    else:
        verdict = worst([comparison.verdict for comparison in comparisons])
        text = terminal.headline(verdict, sentences.overall(names[0], others))
        text += _groups([one_line(name) for name in names], found) if len(others) > 1 else ""
        terminal.emit(text + "".join(_listing(*other) for other in others) + _left_out(names, left_out))
    good = all(_is_good(tensor) for comparison in comparisons for tensor in comparison.tensors)
    return terminal.IDENTICAL if good else terminal.NOT_IDENTICAL


def _is_good(tensor: TensorComparison) -> bool:
    """Identical, or within the tolerance that applied to it, if any did."""
    return tensor.verdict is Verdict.IDENTICAL or (
        bool(tensor.tolerance) and tensor.verdict in (Verdict.EQUAL, Verdict.CLOSE)
    )


def _write_reports(
    targets: Sequence[str],
    names: Sequence[str],
    contents: Sequence[FileContents],
    others: Sequence[Compared],
    found: Groups,
    criteria: Criteria,
) -> None:
    if not targets:
        return
    from reproviewer.reports.document import Source
    from reproviewer.reports.write import write

    sources = [
        Source(name, one.weights, one.format, one.metadata, one.remarks, tuple(one.stamps))
        for name, one in zip(names, contents, strict=True)
    ]
    for target in targets:
        write(Path(target), sources, others, found, criteria)


def _compare(
    sets: list[WeightSet], criteria: Criteria, chosen: Sequence[tuple[str, str]]
) -> tuple[list[Comparison], Groups]:
    from reproviewer.core import groups, relations
    from reproviewer.core.compare import compare

    progress = terminal.Progress()
    reference, found = sets[0], []
    try:
        for other in sets[1:]:
            pairs = repair.choose_all(pairing.pair(reference, other, criteria.with_state), chosen)
            comparison = compare(reference, other, criteria.tolerance, pairs, progress.compared)
            found.append(relations.explained(comparison, pairs))
        if len(found) == 1:
            return found, groups.of_two(found[0])
        return found, groups.group(sets, found, criteria.tolerance, criteria.with_state, progress.compared)
    finally:
        progress.clear()


def _groups(files: Sequence[str], found: Groups) -> str:
    """Which files are identical, and a sign for every two of them."""
    count = len(found.classes)
    names = "; ".join(" = ".join(files[i] for i in group) for group in found.classes)
    lines = [f"  {count} group{'s' if count > 1 else ''}: {names}"]
    width = len(str(len(files)))
    numbers = [str(i + 1).rjust(width) for i in range(len(files))]
    lines.append(f"  {' ' * width}  {' '.join(numbers)}")
    for number, name, row in zip(numbers, files, found.matrix, strict=True):
        lines.append(f"  {number}  {' '.join(sentences.SIGNS[word].rjust(width) for word in row)}  {name}")
    return "\n".join(lines) + "\n"


def _left_out(names: Sequence[str], left_out: Sequence[str]) -> str:
    """What the files hold that no tensor was made of, so that nobody takes it for compared."""
    found = zip(names, left_out, strict=True)
    return "".join(f"  left out of {one_line(name)}: {what}\n" for name, what in found if what)


def _listing(label: str, comparison: Comparison) -> str:
    """Every tensor that is not identical, state apart, then a count of the rest."""
    unlike = [t for t in comparison.tensors if t.verdict is not Verdict.IDENTICAL]
    lines = [one_line(label)]
    if comparison.relation is not None:
        lines.append(f"  {_related(comparison.relation)}")
    for role in ("weight", "draw", "optimizer", "other"):
        those = [t for t in unlike if t.role == role]
        lines += [_HEADS[role]] if those and role in _HEADS else []
        lines += [line for t in those[:MOST_LISTED] for line in _lines(t)]
        if len(those) > MOST_LISTED:
            lines.append(f"  ... and {len(those) - MOST_LISTED:,} more that are not identical")
    same = len(comparison.tensors) - len(unlike)
    if same:
        lines.append(f"  {sentences.SIGNS[Verdict.IDENTICAL]} {same:,} identical tensor{'s' if same > 1 else ''}")
    return "\n".join([*lines, *_pairing(comparison)]) + "\n"


def _pairing(comparison: Comparison) -> list[str]:
    """How tensors were paired where their names differ; what was left open or not compared."""
    paired = sentences.paired_with_others([comparison])
    lines = [] if paired is None else [f"  {paired}"]
    if (left_open := sentences.open_pairs(comparison)) is not None:
        lines.append(f"  {left_open} (--pair A=B)")
    if comparison.not_compared:
        lines.append(f"  not compared: {_some(comparison.not_compared)}")
    return lines


def _lines(tensor: TensorComparison) -> list[str]:
    lines = [f"  {sentences.SIGNS[tensor.verdict]} {one_line(tensor.name)}  {_facts(tensor)}"]
    return lines if tensor.relation is None else [*lines, f"      {_related(tensor.relation)}"]


def _related(relation: Relation) -> str:
    return f"{relation.message} ({relation.test})"


def _facts(tensor: TensorComparison) -> str:
    if tensor.rule == pairing.AMBIGUOUS:
        return "not paired: ambiguous"
    if tensor.verdict is Verdict.MISMATCHED:
        if None in tensor.names:
            return "missing" if tensor.names[1] is None else "extra"
        return f"{tensor.shapes[0]} against {tensor.shapes[1]}"
    facts = [f"{tensor.differing:,} of {tensor.size:,} differ{'s' if tensor.differing == 1 else ''}"]
    if tensor.dtypes[0] != tensor.dtypes[1]:
        facts.append(f"{tensor.dtypes[0]} against {tensor.dtypes[1]}")
    if tensor.first is not None:
        facts.append(_first(tensor.first))
    if tensor.max_abs:
        facts.append(f"largest |Δ| {sentences.shown_distance(tensor.max_abs)}")
    if tensor.max_ulp:
        facts.append(f"{tensor.max_ulp:,} ULP")
    if tensor.names[0] != tensor.names[1]:
        facts.append(f"there {one_line(str(tensor.names[1]))}")
    return "; ".join(facts)


def _first(first: FirstDifference) -> str:
    """Where and what: with the bits where the values alone look or are the same (NaN, -0.0 and 0.0)."""
    a, b = first.values
    if a == b or {a, b} == {"0.0", "-0.0"}:
        a, b = (f"{value} ({bits})" for value, bits in zip(first.values, first.bits, strict=True))
    where = f"first at {list(first.index)}: " if first.index else ""
    return f"{where}{a} against {b}"


def _some(names: tuple[str, ...]) -> str:
    shown = ", ".join(map(one_line, names[:3]))
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3:,} more"
