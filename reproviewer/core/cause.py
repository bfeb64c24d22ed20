"""Why two runs differ, from their records, and when these do not tell: from an experiment that asks Keras itself.

What a seeding call governs changed twice between versions of Keras, so no table of versions is kept here. When the
records give no reason, `explain` has `probe_experiment` tried (two builds) and lets `governs` read how they compare.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from reproviewer.core.experiment import DRAW_CALLS, DrawCall, SeedFunction, Seeding, from_json
from reproviewer.core.message import Message, message
from reproviewer.core.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reproviewer.core.experiment import Experiment
    from reproviewer.core.verdict import Comparison

Record = dict[str, Any]
Tried = tuple["Comparison", Record]
"""How the two builds of a probe compare, and the record of one of them."""

SET_SEED = "set-seed"
SEED_EACH = "seed-each"
SAME_SEED = "same-seed"
USE_SET_RANDOM_SEED = "use-set-random-seed"
GOVERNS_ALL: SeedFunction = "keras.utils.set_random_seed"
GOVERNED_BY_NOTHING: DrawCall = "numpy.random.default_rng"
"""Without a seed of its own."""


@dataclass(frozen=True)
class Cause:
    """The reason as a sentence, and the key of what helps (`set-seed`, ...), empty when no button does."""

    message: Message
    action: str = ""


def cause(reference_record: Record, other_record: Record, comparison: Comparison) -> Cause | None:
    """The reason that the two runs' records give for their difference.

    Parameters
    ----------
    reference_record, other_record
        The records of the runs; empty for a file, about whose origin nothing is known.

    Returns
    -------
    None when there is no difference in value or the records do not explain it. Shapes and names are explained by what
    was built, and by which Keras, alone.
    """
    if comparison.verdict in (Verdict.IDENTICAL, Verdict.EQUAL):
        return None
    if not reference_record.get("experiment") or not other_record.get("experiment"):
        return None
    for reason in _OF_SHAPES if comparison.verdict is Verdict.MISMATCHED else _REASONS:
        found = reason(reference_record, other_record)
        if found is not None:
            return found
    return None


def explain(
    reference_record: Record,
    other_record: Record,
    comparison: Comparison,
    try_out: Callable[[Experiment], Tried | None],
) -> Cause | None:
    """The reason for a difference of two runs: from their records, or by asking Keras where these do not tell.

    `try_out` builds a probe and tells what came of it; None when that is not known, or not yet.
    """
    found = cause(reference_record, other_record, comparison)
    if comparison.verdict not in (Verdict.CLOSE, Verdict.DIFFERENT) or not needs_probe(found):
        return found
    experiment = from_json(other_record["experiment"])
    probe = probe_experiment(experiment)
    if probe is None:
        return found
    if is_probe(experiment, reference_record, other_record):
        return governs(probe, comparison, other_record) or found
    tried = try_out(probe)
    return (governs(probe, *tried, comparison) if tried is not None else None) or found


def needs_probe(found: Cause | None) -> bool:
    """Whether asking Keras may find more: no reason was found, or one that presumes that the calls govern."""
    return found is None or found.action == SEED_EACH


def is_probe(experiment: Experiment, reference_record: Record, other_record: Record) -> bool:
    """Whether two runs of an experiment are already what `probe_experiment` would build."""
    probe = probe_experiment(experiment)
    same_process = reference_record.get("pid") == other_record.get("pid")
    return probe is not None and probe == replace(experiment, runs=2) and same_process


def probe_experiment(experiment: Experiment) -> Experiment | None:
    """Two builds that tell whether the seeding calls govern what is drawn: in one process, seeded before each.

    None when there is nothing to ask: no call is made, or nothing is built or drawn.
    """
    if not experiment.seeding.calls or not (experiment.model.strip() or experiment.draws):
        return None
    return replace(
        experiment,
        seeding=Seeding(experiment.seeding.calls, "each"),
        environment=replace(experiment.environment, process="same"),
        runs=2,
    )


def governs(
    probe: Experiment, comparison: Comparison, record: Record, to_explain: Comparison | None = None
) -> Cause | None:
    """Read the comparison of the two builds of `probe`; `record` is that of one of them.

    Returns
    -------
    None when the builds have the same values: the calls do govern them. None too when the comparison `to_explain` has
    differences that the builds of the probe have not.
    """
    unlike = _unlike(comparison)
    if not unlike or (to_explain is not None and not set(_unlike(to_explain)) <= set(unlike)):
        return None
    if all(name.partition("(")[0] == GOVERNED_BY_NOTHING for name in unlike):
        text = "Each {call} takes new entropy from the system: no seeding call governs it."
        return Cause(message(text, call=f"{GOVERNED_BY_NOTHING}()"))
    functions = list(dict.fromkeys(call.function for call in probe.seeding.calls))
    weights = [name for name in unlike if name.partition("(")[0] not in DRAW_CALLS]
    facts = {
        "function": _joined(functions),
        "what": _joined(sorted(set(unlike))),
        "version": record.get("versions", {}).get("keras", "?"),
    }
    return Cause(
        message(_NOT_GOVERNED[bool(weights), len(functions) > 1], **facts),
        "" if GOVERNS_ALL in functions else USE_SET_RANDOM_SEED,
    )


_NOT_GOVERNED = {
    (True, False): "{function} does not govern initial weights in Keras {version}: two builds after it differed.",
    (True, True): "{function} do not govern initial weights in Keras {version}: two builds after them differed.",
    (False, False): "{function} does not govern {what} with Keras {version}: two draws after it differed.",
    (False, True): "{function} do not govern {what} with Keras {version}: two draws after them differed.",
}


def _unlike(comparison: Comparison) -> list[str]:
    return [t.name for t in comparison.tensors if t.verdict not in (Verdict.IDENTICAL, Verdict.EQUAL)]


def _other_model(a: Record, b: Record) -> Cause | None:
    if a["experiment"].get("model", "").split() == b["experiment"].get("model", "").split():
        return None
    return Cause(message("The two runs were built from different models."))


def _other_draws(a: Record, b: Record) -> Cause | None:
    if a["experiment"].get("draws", []) == b["experiment"].get("draws", []):
        return None
    return Cause(message("The two runs drew different numbers beside the model."))


def _unseeded(a: Record, b: Record) -> Cause | None:
    missing = [not _calls(record) for record in (a, b)]
    if all(missing):
        return Cause(message("No seed was set before the builds."), SET_SEED)
    if any(missing):
        return Cause(message("No seed was set before one of the two builds."), SET_SEED)
    return None


def _other_seeds(a: Record, b: Record) -> Cause | None:
    if _calls(a) == _calls(b):
        return None
    one, other = (_joined(_calls(record)) for record in (a, b))
    return Cause(message("The seeds differ: {a} before one build, {b} before the other.", a=one, b=other), SAME_SEED)


def _seeded_once(a: Record, b: Record) -> Cause | None:
    if a.get("process") == "fresh" or b.get("process") == "fresh":
        return None
    if a.get("calls") and b.get("calls"):
        return None
    if not a.get("calls") and not b.get("calls"):
        text = "The seed was set only once, before earlier builds."
    else:
        text = "The seed was set only once, before the first build."
    return Cause(message(text), SEED_EACH)


def _other_keras(a: Record, b: Record) -> Cause | None:
    one, other = a.get("versions", {}), b.get("versions", {})
    if a.get("flavour") != b.get("flavour"):
        text = "The two runs were built by different generations of Keras: {a} and {b}."
        return Cause(message(text, a=_flavour(a), b=_flavour(b)))
    for name, shown in (("keras", "Keras"), ("tensorflow", "TensorFlow"), ("numpy", "numpy"), ("python", "Python")):
        if one.get(name) != other.get(name):
            text = "The two runs were built by different versions: {name} {a} and {b}."
            return Cause(message(text, name=shown, a=one.get(name, "?"), b=other.get(name, "?")))
    return None


def _other_machine(a: Record, b: Record) -> Cause | None:
    one, other = a.get("environment", {}), b.get("environment", {})
    for name in sorted({*one, *other}):
        if one.get(name) != other.get(name):
            values = [f"{name}={env[name]}" if name in env else message("not set") for env in (one, other)]
            text = "The environment variable {name} differs: {a} and {b}."
            return Cause(message(text, name=name, a=values[0], b=values[1]))
    if a.get("onednn") != b.get("onednn"):
        return Cause(message("oneDNN was in force for one of the two runs only."))
    for key in ("device", "platform"):
        if a.get(key) != b.get(key):
            text = "The two runs were built on different machines: {a} and {b}."
            return Cause(message(text, a=str(a.get(key)), b=str(b.get(key))))
    return None


_REASONS: tuple[Callable[[Record, Record], Cause | None], ...] = (
    _other_model,
    _other_draws,
    _unseeded,
    _other_seeds,
    _seeded_once,
    _other_keras,
    _other_machine,
)


_OF_SHAPES = (_other_model, _other_draws, _other_keras)


def _calls(record: Record) -> list[str]:
    """The seeding calls of the run's experiment as they are written in Python."""
    seeding = record["experiment"].get("seeding", {})
    return [f"{call['function']}({call['seed']})" for call in seeding.get("calls", [])]


def _flavour(record: Record) -> str:
    return f"{record.get('package') or record.get('flavour')} {record.get('versions', {}).get('keras', '?')}"


def _joined(names: Sequence[str]) -> str:
    return ", ".join(names)
