"""`reproviewer run`: build, compare, say why."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from reproviewer.commands import builds, terminal
from reproviewer.core import report, sentences
from reproviewer.core.verdict import worst
from reproviewer.core.weights import digest
from reproviewer.engine import Engine

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from reproviewer.core.cause import Cause
    from reproviewer.core.experiment import Experiment
    from reproviewer.core.report import Compared
    from reproviewer.engine.events import RunFinished


def main(args: argparse.Namespace) -> int:
    """Build, compare and print; returns the exit status.

    One run alone has no verdict: that is no answer, unless saving its weights was what was asked for.
    """
    experiment = builds.wanted(args)
    target = None if args.save is None else _target(args.save)
    with Engine() as engine:
        runs = builds.build(engine, experiment)
        if target is not None:
            _save(engine, experiment, runs[0], target)
        others = builds.compare_runs(runs)
        cause = builds.explain(engine, runs, others)
        terminal.emit(_json(runs, others, cause) if args.json else _text(runs, others, cause))
    if not others:
        if target is None:
            terminal.complain("One run alone cannot be compared: use --runs 2 or more.")
        return terminal.NO_ANSWER if target is None else terminal.IDENTICAL
    return terminal.status_of(worst([comparison.verdict for _, comparison in others]))


def _target(name: str) -> Path:
    """Where to save; refuses a name that no format fits before anything is built."""
    from reproviewer.files import format_for_name

    target = Path(name)
    format_for_name(target)
    return target


def _save(engine: Engine, experiment: Experiment, run: RunFinished, target: Path) -> None:
    from reproviewer.engine.transfer import save_weights

    save_weights(engine, experiment, run.weights, target)


def _json(runs: Sequence[RunFinished], others: Sequence[Compared], cause: Cause | None) -> str:
    documents = [report.run_document(f"Run {run.number}", run.weights, run.record) for run in runs]
    return report.dumps(report.runs_document(documents, others, cause))


def _text(runs: Sequence[RunFinished], others: Sequence[Compared], cause: Cause | None) -> str:
    text = ""
    if others:
        verdict = worst([comparison.verdict for _, comparison in others])
        text += terminal.headline(verdict, sentences.overall("Run 1", others))
    if cause is not None:
        text += f"  {cause.message}\n"
    for run in runs:
        text += f"  Run {run.number}  {digest(run.weights.only('weight', 'draw'))}\n"
    versions = runs[0].record.get("versions", {})
    shown = (("TensorFlow", "tensorflow"), ("Keras", "keras"), ("numpy", "numpy"), ("Python", "python"))
    return text + "  " + ", ".join(f"{name} {versions[key]}" for name, key in shown if key in versions) + "\n"
