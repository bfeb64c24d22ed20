"""From the desk to what is shown: `resolve` makes one frozen, comparable ViewState and knows no widget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reproviewer.core.message import Message, message
from reproviewer.core.plot_state import Pane, PlotKind, PlotState
from reproviewer.core.tensor_list import TensorList, tensor_list
from reproviewer.core.verdict import Comparison, TensorComparison, Verdict
from reproviewer.core.verdict_view import VerdictView, verdict_view

if TYPE_CHECKING:
    from reproviewer.core.experiment import Experiment
    from reproviewer.core.keras_text import Problem
    from reproviewer.core.known import Findings, Status
    from reproviewer.core.session import Item, Session
    from reproviewer.core.tensor_rows import TensorRow

MAX_BARS = 64
"""Tensors up to this size are drawn as bars unless the person chooses otherwise."""


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
    gone: bool = False
    """Its file is not there any more."""
    is_shown: bool = False
    """Its difference is shown, and not that of another item."""
    is_chosen: bool = False
    """The person chose to see it alone."""
    about: tuple[tuple[str, str], ...] = ()
    """What a file says about itself, and the reader's remarks on it."""


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
    selected = _selected(session, tensors)
    kind = _kind(session, selected)
    plot = _plot(session, findings, selected, kind)
    return ViewState(
        experiment=session.experiment,
        problems=status.problems,
        size_note=_size_note(session.experiment, status),
        engine=status.engine,
        phase=status.phase,
        busy=status.work is not None,
        can_build=status.allows(session.experiment) and status.work is None and status.phase != "failed",
        can_save=bool(session.items) and status.work is None,
        verdict=verdict_view(session, findings, status),
        cards=_cards(session, findings, status, plot.focus if plot else None),
        tensors=tensors,
        selected=selected.name if selected else None,
        kind=kind,
        plot=plot,
        pairing=findings.comparisons.get(plot.focus or "") if plot else None,
    )


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
            gone=item.id in status.gone,
            is_shown=several and item.id == focus,
            is_chosen=several and item.id == session.look.focus,
            about=tuple(item.about.items()),
        )
        for colour, item in enumerate(session.items)
    )


def _card_verdict(comparison: Comparison | None) -> Verdict | None:
    """The verdict on an item; none where there was nothing to compare."""
    return comparison.verdict if comparison and comparison.tensors else None


def _selected(session: Session, tensors: TensorList) -> TensorRow | None:
    """The tensor that is looked at: the chosen one, else the first that differs, else the first."""
    if not tensors.rows:
        return None
    chosen = tensors.place(session.look.tensor)
    return tensors.rows[(tensors.first_unlike or 0) if chosen is None else chosen]


def _kind(session: Session, selected: TensorRow | None) -> PlotKind:
    if session.look.kind is not None:
        return session.look.kind
    return "heatmap" if selected and selected.size > MAX_BARS else "bars"


def _plot(session: Session, findings: Findings, selected: TensorRow | None, kind: PlotKind) -> PlotState | None:
    reference = session.reference_item
    if reference is None or selected is None:
        return None
    panes = tuple(_pane(session, findings, item, colour, selected.name) for colour, item in enumerate(session.items))
    focus = _first_unlike(session, findings, selected.name)
    return PlotState(
        title=selected.label,
        kind=kind,
        panes=panes,
        reference=reference.id,
        focus=focus,
        slice_index=session.look.slice_index or _first_slice(panes, focus),
    )


def _first_slice(panes: tuple[Pane, ...], focus: str | None) -> tuple[int, ...]:
    """Until the person chooses a slice: the one in which the first difference is."""
    found = next((pane.comparison for pane in panes if pane.item_id == focus), None)
    return found.first.index[:-2] if found and found.first else ()


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
