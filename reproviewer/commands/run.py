"""`reproviewer run`: build, compare, say why."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from reproviewer.commands import builds, terminal
from reproviewer.core import report, sentences
from reproviewer.core.message import ReproError
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

_CHECKPOINT = "tf-checkpoint"
_SUFFIX = re.compile(r"\.[a-z]{2,5}")
_OF_CHECKPOINTS = (".ckpt", ".tf", ".index")


def main(args: argparse.Namespace) -> int:
    """Build, compare and print; returns the exit status.

    One run alone has no verdict: that is no answer, unless saving its weights was what was asked for. Nor have models
    without weights.
    """
    experiment = builds.wanted(args)
    target = None if args.save is None else _target(args.save)
    with Engine() as engine:
        runs = builds.build(engine, experiment)
        if target is not None:
            _save(engine, experiment, runs[0], target)
        others = builds.compare_runs(runs)
        is_empty = bool(others) and not any(comparison.tensors for _, comparison in others)
        others = [] if is_empty else others
        cause = builds.explain(engine, runs, others) if others else None
        saved = [f"  Saved run 1: {_described(target)}\n"] if target is not None else []
        terminal.emit(_json(runs, others, cause) if args.json else "".join([_text(runs, others, cause), *saved]))
    if is_empty:
        terminal.complain("There is nothing to compare: the model has no weights, and nothing was drawn.")
        return terminal.NO_ANSWER
    if not others:
        if target is None:
            terminal.complain("One run alone cannot be compared: use --runs 2 or more.")
        return terminal.NO_ANSWER if target is None else terminal.IDENTICAL
    return terminal.status_of(worst([comparison.verdict for _, comparison in others]))


def _target(name: str) -> Path:
    """Where to save; refuses before anything is built what no format fits, and folders that do not exist.

    Only a checkpoint, which is several files, may ask for a new folder of its own: `./your_dir/record_weight`.
    """
    from reproviewer.files import format_for_name

    target = Path(name)
    is_checkpoint = format_for_name(target).key == _CHECKPOINT
    suffix = target.suffix.lower()
    if is_checkpoint and _SUFFIX.fullmatch(suffix) and suffix not in _OF_CHECKPOINTS:
        raise ReproError(
            "{file} cannot be saved: no weight format is called {suffix}; use .weights.h5, .h5, .npz, .safetensors, "
            "or a name without a suffix for a TensorFlow checkpoint.",
            file=target.name,
            suffix=target.suffix,
        )
    has_own_folder = is_checkpoint and not target.parent.exists()
    terminal.check_folder(target.parent if has_own_folder else target)
    return target


def _described(target: Path) -> str:
    from reproviewer.files import format_for_name

    return f"{target} ({format_for_name(target).label})"


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
