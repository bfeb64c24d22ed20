"""From the desk to what is shown: `resolve` makes one frozen, comparable ViewState and knows no widget."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from reproviewer.core import sentences
from reproviewer.core.message import Message, message
from reproviewer.core.plot_state import Pane, PlotKind, PlotState
from reproviewer.core.tensor_list import TensorList, tensor_list
from reproviewer.core.verdict import Comparison, TensorComparison, Verdict, worst

if TYPE_CHECKING:
    from reproviewer.core.cause import Cause
    from reproviewer.core.experiment import Experiment
    from reproviewer.core.keras_text import Problem
    from reproviewer.core.session import Item, Session
    from reproviewer.core.tensor_rows import TensorRow

MAX_BARS = 64
"""Tensors up to this size are drawn as bars unless the person chooses otherwise."""

Face = Literal["empty", "waiting", "running", "comparing", "stopped", "single", "done", "changed", "failed"]
Action = Literal["build", "stop", "details", ""]


@dataclass(frozen=True)
class Work:
    """What the engine is doing for the person: a build or a load; `queued` while TensorFlow still loads."""

    kind: Literal["build", "load", "save"]
    number: int = 0
    total: int = 0
    queued: bool = False


@dataclass(frozen=True)
class Trouble:
    """A request that failed: the sentence, and what an expert wants to read."""

    message: Message
    details: str = ""
    headline: Message = field(default_factory=lambda: message("Failed"))


@dataclass(frozen=True)
class Status:
    """What is known about the worker and the model besides the session."""

    phase: Literal["starting", "ready", "failed"] = "starting"
    engine: Message = field(default_factory=lambda: message("Loading TensorFlow…"))
    work: Work | None = None
    trouble: Trouble | None = None
    problems: tuple[Problem, ...] = ()
    size: tuple[int, int] | None = None
    """Weights and tensors of the model as it is written, when the worker has counted them."""
    changed: frozenset[str] = frozenset()
    """Items whose files are not any more what was read."""


@dataclass(frozen=True)
class Findings:
    """What was found out about the items of the shelf, against the present reference."""

    comparisons: dict[str, Comparison] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    cause: Cause | None = None
    progress: tuple[int, int] | None = None
    """How much of what is compared now has been read, and all of it."""
    stopped: bool = False
    """The person stopped it."""
    relating: bool = False
    """What unlike weights have to do with each other is still being found out."""


@dataclass(frozen=True)
class VerdictView:
    """The verdict line: a face, the word, the facts, the reason and one button that helps."""

    face: Face
    verdict: Verdict | None
    headline: Message
    facts: Message | None = None
    reason: Message | None = None
    action: str = ""
    progress: tuple[int, int] | None = None
    is_past: bool = False
    """It is about runs of an experiment that has been edited since."""


@dataclass(frozen=True)
class Card:
    """One item of the shelf."""

    id: str
    kind: str
    label: str
    digest: str
    colour: int
    is_reference: bool
    kept: bool
    verdict: Verdict | None
    is_empty: bool = False
    """It has no weights and no drawn numbers, so that its digest would be one of nothing."""
    changed: bool = False
    is_shown: bool = False
    """Its difference is shown, and not that of another item."""
    is_chosen: bool = False
    """The person chose to see it alone."""


@dataclass(frozen=True)
class ViewState:
    """Everything the window shows."""

    experiment: Experiment
    problems: tuple[Problem, ...]
    size_note: Message | None
    engine: Message
    phase: str
    busy: bool
    can_build: bool
    can_save: bool
    verdict: VerdictView
    cards: tuple[Card, ...]
    tensors: TensorList
    selected: str | None
    kind: PlotKind
    plot: PlotState | None
    pairing: Comparison | None = None
    """How the item whose difference is shown was compared with the reference: whose tensors can be paired by hand."""


def resolve(session: Session, findings: Findings, status: Status, tensors: TensorList | None = None) -> ViewState:
    """What the window shows for this desk; `tensors` is the list of its tensors where it has been made already."""
    tensors = tensors or tensor_list(session, findings)
    rows = tensors.rows
    selected = _selected(session, rows)
    kind = _kind(session, rows, selected)
    plot = _plot(session, findings, rows, selected, kind)
    return ViewState(
        experiment=session.experiment,
        problems=status.problems,
        size_note=_size_note(session.experiment, status),
        engine=status.engine,
        phase=status.phase,
        busy=status.work is not None,
        can_build=_is_buildable(session.experiment, status) and status.work is None and status.phase != "failed",
        can_save=bool(session.items) and status.work is None,
        verdict=_verdict(session, findings, status),
        cards=_cards(session, findings, status, plot.focus if plot else None),
        tensors=tensors,
        selected=selected,
        kind=kind,
        plot=plot,
        pairing=findings.comparisons.get(plot.focus or "") if plot else None,
    )


def _is_buildable(experiment: Experiment, status: Status) -> bool:
    """Whether there is anything to build, and no mistake in it."""
    return not status.problems and not experiment.is_blank


def _size_note(experiment: Experiment, status: Status) -> Message | None:
    if experiment.is_blank:
        return message("Add a layer, or choose an example.")
    if status.size is None or status.problems:
        return None
    weights, tensors = status.size
    if tensors == 0 and experiment.draws:
        return message("No weights: only draws are recorded.")
    if tensors == 0:
        return message("No weights.")
    if tensors == 1:
        return message("{weights} weights in 1 tensor", weights=weights)
    return message("{weights} weights in {tensors} tensors", weights=weights, tensors=tensors)


def _verdict(session: Session, findings: Findings, status: Status) -> VerdictView:
    if status.work is not None:
        return _running(status.work)
    if status.trouble is not None:
        action = "details" if status.trouble.details else "dismiss"
        return VerdictView("failed", None, status.trouble.headline, status.trouble.message, action=action)
    changed = next((item for item in session.items if item.id in status.changed), None)
    if changed is not None:
        facts = message("{file} is not any more what was read. Reload it to see what it holds now.", file=changed.label)
        return VerdictView("changed", None, message("Changed on disk"), facts, action="reload")
    others = session.others()
    if not others:
        return _nothing_to_compare(session, status)
    done = [findings.comparisons[item.id] for item in others if item.id in findings.comparisons]
    if len(done) < len(others):
        return _comparing(len(done), len(others), findings)
    if not any(comparison.tensors for comparison in done):
        facts = message("There is nothing to compare: the model has no weights, and no numbers are drawn.")
        return VerdictView("done", None, message("No weights"), facts)
    return _decided(session, findings, status)


def _comparing(done: int, total: int, findings: Findings) -> VerdictView:
    facts = message("{done} of {total} compared.", done=done, total=total)
    if findings.stopped:
        return VerdictView("stopped", None, message("Stopped"), facts, action="compare")
    return VerdictView(
        "comparing", None, message("Comparing"), facts, action="stop", progress=findings.progress or (0, 0)
    )


def _nothing_to_compare(session: Session, status: Status) -> VerdictView:
    experiment = session.experiment
    action = "build" if experiment.runs > 1 else "build-twice"
    if session.items:
        action = action if _is_buildable(experiment, status) else ""
        if session.items[0].kind == "file":
            facts = message("There is nothing to compare it with: build the model, or open another weight file.")
            return VerdictView("single", None, message("Only one file"), facts, action=action)
        facts = message("There is nothing to compare it with: build it again, or open a weight file.")
        return VerdictView("single", None, message("Only one run"), facts, action=action)
    if experiment.is_blank:
        facts = message("Add a layer, or choose an example.")
        return VerdictView("empty", None, message("Nothing to build yet"), facts)
    if status.problems:
        facts = message("Correct what is marked in the model, then build it twice.")
        return VerdictView("empty", None, message("Nothing built yet"), facts)
    facts = message("Build the model twice to see whether its weights repeat.")
    if experiment.runs > 2:
        facts = message("Build the model {runs} times to see whether its weights repeat.", runs=experiment.runs)
    return VerdictView("empty", None, message("Nothing built yet"), facts, action=action)


def _running(work: Work) -> VerdictView:
    if work.queued:
        facts = message("The build starts by itself as soon as TensorFlow is loaded.")
        return VerdictView("waiting", None, message("Waiting for TensorFlow"), facts, action="stop")
    if work.kind == "load":
        headline, facts = message("Loading"), message("A second model is built and given the weights of the file.")
    elif work.kind == "save":
        headline, facts = message("Saving"), message("The file is written, read back and compared.")
    else:
        headline = message("Building")
        facts = message("Run {number} of {total}.", number=max(work.number, 1), total=work.total)
    progress = (max(work.number - 1, 0), work.total) if work.kind == "build" else (0, 0)
    return VerdictView("running", None, headline, facts, action="stop", progress=progress)


def _decided(session: Session, findings: Findings, status: Status) -> VerdictView:
    reference = session.reference_item
    assert reference is not None
    pairs = [(item, findings.comparisons[item.id]) for item in session.others()]
    loaded = {item.kind: comparison for item, comparison in pairs if item.kind in ("before", "after")}
    if len(loaded) == 2:
        pairs = [(item, comparison) for item, comparison in pairs if item.kind == "after"]
    verdict = worst([comparison.verdict for _, comparison in pairs])
    facts = sentences.overall(reference.label, [(item.label, comparison) for item, comparison in pairs])
    if len(loaded) == 2:
        facts = message(
            "Before the load: {before}, after: {after}. {facts}",
            before=sentences.word(loaded["before"].verdict),
            after=sentences.word(loaded["after"].verdict),
            facts=facts,
        )
    if session.criteria:
        facts = message("{facts} {criteria}", facts=facts, criteria=sentences.criteria(session.criteria))
    paired = sentences.paired_with_others([comparison for _, comparison in pairs])
    if paired is not None:
        facts = message("{facts} {paired}", facts=facts, paired=paired)
    cause = findings.cause
    reason = cause.message if cause else _remark(next(c for _, c in pairs if c.verdict is verdict))
    action = cause.action if cause and not status.problems else ""
    if session.is_edited:
        reason = message("The experiment was edited after these runs were built.")
        action = "" if status.problems else "same-seed"
    elif reason is None and findings.relating:
        reason = message("Looking for what the weights that differ have to do with each other…")
    return VerdictView(
        "done",
        verdict,
        sentences.word(verdict),
        facts,
        reason=reason,
        action=action,
        is_past=session.is_edited,
    )


def _remark(comparison: Comparison) -> Message | None:
    """What else there is to say: what could not be paired, or what unlike weights have to do with each other."""
    return sentences.open_pairs(comparison) or sentences.related(comparison)


def _cards(session: Session, findings: Findings, status: Status, focus: str | None) -> tuple[Card, ...]:
    reference, several = session.reference_item, len(session.items) > 2
    return tuple(
        Card(
            id=item.id,
            kind=item.kind,
            label=item.label,
            digest=findings.digests.get(item.id, ""),
            colour=colour,
            is_reference=item is reference,
            kept=item.kept,
            verdict=_card_verdict(findings.comparisons.get(item.id)),
            is_empty=not any(t.role in ("weight", "draw") for t in item.weights.tensors),
            changed=item.id in status.changed,
            is_shown=several and item.id == focus,
            is_chosen=several and item.id == session.look.focus,
        )
        for colour, item in enumerate(session.items)
    )


def _card_verdict(comparison: Comparison | None) -> Verdict | None:
    """The verdict on an item; none where there was nothing to compare."""
    return comparison.verdict if comparison and comparison.tensors else None


def _selected(session: Session, rows: tuple[TensorRow, ...]) -> str | None:
    """The tensor that is looked at: the chosen one, else the first that differs, else the first."""
    names = [row.name for row in rows]
    if session.look.tensor in names:
        return session.look.tensor
    unlike = (row.name for row in rows if row.is_unlike)
    return next(unlike, None) or next(iter(names), None)


def _kind(session: Session, rows: tuple[TensorRow, ...], selected: str | None) -> PlotKind:
    if session.look.kind is not None:
        return session.look.kind
    size = next((row.size for row in rows if row.name == selected), 0)
    return "bars" if size <= MAX_BARS else "heatmap"


def _plot(
    session: Session, findings: Findings, rows: tuple[TensorRow, ...], selected: str | None, kind: PlotKind
) -> PlotState | None:
    reference = session.reference_item
    if reference is None or selected is None:
        return None
    label = next(row.label for row in rows if row.name == selected)
    panes = tuple(_pane(session, findings, item, colour, selected) for colour, item in enumerate(session.items))
    return PlotState(
        title=label,
        kind=kind,
        panes=panes,
        reference=reference.id,
        focus=_first_unlike(session, findings, selected),
        slice_index=session.look.slice_index,
    )


def _first_unlike(session: Session, findings: Findings, name: str) -> str | None:
    """The first item in view whose tensor differs from the reference's, else the first one in view."""
    in_view = session.in_view()
    for item in in_view:
        found = _found(findings, item, name)
        if found is not None and found.verdict is not Verdict.IDENTICAL:
            return item.id
    return in_view[0].id if in_view else None


def _pane(session: Session, findings: Findings, item: Item, colour: int, name: str) -> Pane:
    if item is session.reference_item:
        return Pane(item.id, item.label, colour, item.weights.by_name.get(name))
    found = _found(findings, item, name)
    tensor = item.weights.by_name.get(found.names[1] or "" if found else name)
    return Pane(item.id, item.label, colour, tensor, found)


def _found(findings: Findings, item: Item, name: str) -> TensorComparison | None:
    comparison = findings.comparisons.get(item.id)
    return comparison.by_name.get(name) if comparison else None
