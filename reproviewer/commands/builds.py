"""The experiment that the command line asks for, and its runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from reproviewer.commands import terminal
from reproviewer.core import cause
from reproviewer.core.compare import compare
from reproviewer.core.experiment import SEED_FUNCTIONS, Experiment, SeedCall, Seeding, load
from reproviewer.core.message import ReproError
from reproviewer.core.verdict import Verdict
from reproviewer.engine.events import Outcome, RunFinished, RunStarted, RunState

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from reproviewer.core.cause import Cause
    from reproviewer.core.report import Compared
    from reproviewer.engine import Engine


def wanted(args: argparse.Namespace) -> Experiment:
    """The experiment of the file, with what the options override. Raises ReproError."""
    _tell_call_from_file(args)
    experiment = load(Path(args.experiment)) if args.experiment is not None else Experiment()
    environment = replace(
        experiment.environment,
        flavour=args.flavour or experiment.environment.flavour,
        process="fresh" if args.fresh else experiment.environment.process,
        python=args.python or experiment.environment.python,
    )
    experiment = replace(
        experiment,
        model=experiment.model if args.model is None else args.model,
        seeding=_seeding(args, experiment.seeding),
        environment=environment,
        runs=experiment.runs if args.runs is None else args.runs,
    )
    if not experiment.model.strip() and not experiment.draws:
        raise ReproError("There is nothing to build: give an experiment file or --model (see `reproviewer run --help`)")
    experiment.check()
    return experiment


def build(engine: Engine, experiment: Experiment) -> list[RunFinished]:
    """Build all runs of an experiment, with progress on a terminal. Raises ReproError when one fails."""
    runs: list[RunFinished] = []
    progress = terminal.Progress()
    progress.show("Loading TensorFlow")
    try:
        for event in engine.run(experiment):
            if isinstance(event, RunStarted):
                progress.show(f"Building run {event.number} of {experiment.runs}")
            elif isinstance(event, RunFinished):
                runs.append(event)
            elif isinstance(event, Outcome) and event.state is not RunState.FINISHED:
                raise ReproError("{outcome}", outcome=event.message)
    finally:
        progress.clear()
    return runs


def compare_runs(runs: Sequence[RunFinished]) -> list[Compared]:
    """Every run but the first against the first."""
    return [(f"Run {run.number}", compare(runs[0].weights, run.weights)) for run in runs[1:]]


def explain(engine: Engine, runs: Sequence[RunFinished], others: Sequence[Compared]) -> Cause | None:
    """Why the first run that is not like run 1 is not, by the records or by asking Keras with two builds more."""
    for run, (_, comparison) in zip(runs[1:], others, strict=True):
        if comparison.verdict is not Verdict.IDENTICAL:
            return cause.explain(runs[0].record, run.record, comparison, lambda probe: _tried(engine, probe))
    return None


def _tried(engine: Engine, probe: Experiment) -> cause.Tried | None:
    try:
        tries = build(engine, probe)
    except ReproError:
        return None
    return compare(tries[0].weights, tries[1].weights), tries[0].record


def _seeding(args: argparse.Namespace, given: Seeding) -> Seeding:
    calls = given.calls
    if args.call:
        unknown = next((name for name in args.call if name not in SEED_FUNCTIONS), None)
        if unknown is not None:
            raise ReproError(
                "{name} is not a seeding call; these are: {known}", name=unknown, known=", ".join(SEED_FUNCTIONS)
            )
        seed = args.seed if args.seed is not None else next((call.seed for call in calls), None)
        if seed is None:
            raise ReproError("--call needs a seed: add --seed N (see `reproviewer run --help`)")
        calls = tuple(SeedCall(name, seed) for name in args.call)
    elif args.seed is not None and calls:
        calls = tuple(replace(call, seed=args.seed) for call in calls)
    elif args.seed is not None:
        calls = (SeedCall("keras.utils.set_random_seed", args.seed),)
    return Seeding(calls, "once" if args.once else given.when)


def _tell_call_from_file(args: argparse.Namespace) -> None:
    """In `run --call random.seed experiment.json` the file is not the name of a call."""
    if args.experiment is None and args.call and args.call[-1].endswith(".json"):
        args.experiment = args.call.pop()
