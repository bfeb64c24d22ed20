"""`reproviewer compare`: weight files against the first of them."""

from __future__ import annotations

import importlib
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from reproviewer.commands import terminal
from reproviewer.core import pairing, report, sentences
from reproviewer.core.message import ReproError
from reproviewer.core.verdict import Comparison, FirstDifference, TensorComparison, Tolerance, Verdict, worst
from reproviewer.files import read_all

if TYPE_CHECKING:
    import argparse

    from reproviewer.core.report import Compared

MOST_LISTED = 40


def main(args: argparse.Namespace) -> int:
    """Compare and print; returns the exit status."""
    if len(args.files) < 2:
        raise ReproError("compare needs two files or more (see `reproviewer compare --help`)")
    tolerance = Tolerance(args.ulp, args.atol, args.rtol)
    with tempfile.TemporaryDirectory(prefix="reproviewer-") as scratch:
        others = _compare(args.files, Path(scratch), tolerance)
    if not any(comparison.tensors for _, comparison in others):
        raise ReproError("There is nothing to compare: the files hold no weights.")
    verdict = worst([comparison.verdict for _, comparison in others])
    if args.json:
        terminal.emit(report.dumps(report.compare_document(args.files, others)))
    else:
        sentence = sentences.overall(args.files[0], others)
        terminal.emit(terminal.headline(verdict, sentence) + "".join(_listing(*other) for other in others))
    return terminal.status_of(verdict, bool(tolerance))


def _compare(files: list[str], scratch: Path, tolerance: Tolerance) -> list[Compared]:
    numpy = partial(importlib.import_module, "numpy")  # takes as long as a file
    contents = read_all([Path(name) for name in files], scratch, meanwhile=numpy)
    from reproviewer.core.compare import compare

    progress = terminal.Progress()
    try:
        return [
            (name, compare(contents[0].weights, other.weights, tolerance, progress=progress.compared))
            for name, other in zip(files[1:], contents[1:], strict=True)
        ]
    finally:
        progress.clear()


def _listing(label: str, comparison: Comparison) -> str:
    """Every tensor that is not identical, then a count of the rest."""
    unlike = [t for t in comparison.tensors if t.verdict is not Verdict.IDENTICAL]
    lines = [label] + [_line(t) for t in unlike[:MOST_LISTED]]
    if len(unlike) > MOST_LISTED:
        lines.append(f"  ... and {len(unlike) - MOST_LISTED:,} more that are not identical")
    same = len(comparison.tensors) - len(unlike)
    if same:
        lines.append(f"  {sentences.SIGNS[Verdict.IDENTICAL]} {same:,} identical tensor{'s' if same > 1 else ''}")
    rules = {t.rule for t in comparison.tensors} & {pairing.NAME_IN_FILE, pairing.SAME_ORDER}
    if rules:
        lines.append(f"  paired by: {', '.join(sorted(rules))}")
    if comparison.not_compared:
        lines.append(f"  not compared: {_some(comparison.not_compared)}")
    return "\n".join(lines) + "\n"


def _line(tensor: TensorComparison) -> str:
    return f"  {sentences.SIGNS[tensor.verdict]} {tensor.name}  {_facts(tensor)}"


def _facts(tensor: TensorComparison) -> str:
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
        facts.append(f"|Δ| up to {sentences.shown_distance(tensor.max_abs)}")
    if tensor.max_ulp:
        facts.append(f"{tensor.max_ulp:,} ULP")
    if tensor.names[0] != tensor.names[1]:
        facts.append(f"there {tensor.names[1]}")
    return "; ".join(facts)


def _first(first: FirstDifference) -> str:
    """Where and what: with the bits where the values alone look or are the same (NaN, -0.0 and 0.0)."""
    a, b = first.values
    if a == b or {a, b} == {"0.0", "-0.0"}:
        a, b = (f"{value} ({bits})" for value, bits in zip(first.values, first.bits, strict=True))
    where = f"first at {list(first.index)}: " if first.index else ""
    return f"{where}{a} against {b}"


def _some(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3:,} more"
