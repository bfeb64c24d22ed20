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
    from collections.abc import Sequence

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
    changed: bool = False


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
        size_note=_size_note(status),
        engine=status.engine,
        phase=status.phase,
        busy=status.work is not None,
        can_build=not status.problems and status.work is None and status.phase != "failed",
        can_save=bool(session.items) and status.work is None,
        verdict=_verdict(session, findings, status),
        cards=_cards(session, findings, status),
        tensors=tensors,
        selected=selected,
        kind=kind,
        plot=plot,
        pairing=findings.comparisons.get(plot.focus or "") if plot else None,
    )


def _size_note(status: Status) -> Message | None:
    if status.size is None or status.problems:
        return None
    weights, tensors = status.size
    if tensors == 0:
        return message("No weights: only draws are recorded.")
    if tensors == 1:
        return message("{weights} weights in 1 tensor", weights=weights)
    return message("{weights} weights in {tensors} tensors", weights=weights, tensors=tensors)


def _verdict(session: Session, findings: Findings, status: Status) -> VerdictView:
    if status.work is not None:
        return _running(status.work)
    if status.trouble is not None:
        action = "details" if status.trouble.details else "dismiss"
        return VerdictView("failed", None, message("Failed"), status.trouble.message, action=action)
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
    if session.items:
        facts = message("There is nothing to compare with: build it again, or open a weight file.")
        return VerdictView("single", None, message("One alone"), facts, action="build-twice")
    if status.problems:
        facts = message("Correct what is marked in the model, then build it twice.")
        return VerdictView("empty", None, message("Nothing built yet"), facts)
    facts = message("Build the model twice to see whether its weights repeat.")
    return VerdictView("empty", None, message("Nothing built yet"), facts, action="build")


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
    reason = cause.message if cause else _remark([comparison for _, comparison in pairs])
    if reason is None and findings.relating:
        reason = message("Looking for what the weights that differ have to do with each other…")
    return VerdictView(
        "done",
        verdict,
        sentences.word(verdict),
        facts,
        reason=reason,
        action=cause.action if cause and not status.problems else "",
    )


def _remark(comparisons: Sequence[Comparison]) -> Message | None:
    """What else there is to say: what could not be paired, or what unlike weights have to do with each other."""
    remarks = [sentences.open_pairs(c) or sentences.related(c) for c in comparisons]
    return next((remark for remark in remarks if remark is not None), None)


def _cards(session: Session, findings: Findings, status: Status) -> tuple[Card, ...]:
    reference = session.reference_item
    return tuple(
        Card(
            id=item.id,
            kind=item.kind,
            label=item.label,
            digest=findings.digests.get(item.id, ""),
            colour=colour,
            is_reference=item is reference,
            kept=item.kept,
            verdict=findings.comparisons[item.id].verdict if item.id in findings.comparisons else None,
            changed=item.id in status.changed,
        )
        for colour, item in enumerate(session.items)
    )


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
    others = session.others()
    focus = next((item.id for item in others if item.id == session.look.focus), None)
    return PlotState(
        title=label,
        kind=kind,
        panes=panes,
        reference=reference.id,
        focus=focus or _first_unlike(session, findings, selected),
        slice_index=session.look.slice_index,
    )


def _first_unlike(session: Session, findings: Findings, name: str) -> str | None:
    """The first other item whose tensor differs from the reference's, else the first other one."""
    others = session.others()
    for item in others:
        found = _found(findings, item, name)
        if found is not None and found.verdict is not Verdict.IDENTICAL:
            return item.id
    return others[0].id if others else None


def _pane(session: Session, findings: Findings, item: Item, colour: int, name: str) -> Pane:
    if item is session.reference_item:
        return Pane(item.id, item.label, colour, item.weights.by_name.get(name))
    found = _found(findings, item, name)
    tensor = item.weights.by_name.get(found.names[1] or "" if found else name)
    return Pane(item.id, item.label, colour, tensor, found)


def _found(findings: Findings, item: Item, name: str) -> TensorComparison | None:
    comparison = findings.comparisons.get(item.id)
    return comparison.by_name.get(name) if comparison else None
