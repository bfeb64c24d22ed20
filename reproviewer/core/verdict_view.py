"""From the desk to its verdict line: `verdict_view` says what the person is told first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from reproviewer.core import sentences
from reproviewer.core.message import Message, message
from reproviewer.core.verdict import Comparison, Verdict, worst

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reproviewer.core.known import Findings, Status, Work
    from reproviewer.core.session import Item, Session

Face = Literal["empty", "waiting", "running", "comparing", "stopped", "single", "done", "changed", "failed"]


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


def verdict_view(session: Session, findings: Findings, status: Status) -> VerdictView:
    """What the verdict line says of this desk."""
    if status.work is not None:
        return _running(status.work)
    if status.trouble is not None:
        action = "details" if status.trouble.details else "dismiss"
        return VerdictView("failed", None, status.trouble.headline, status.trouble.message, action=action)
    if gone := [item.label for item in session.items if item.id in status.gone]:
        facts = message("Put it back where it was, or take it off the shelf.")
        headline = message("{n} files are gone", n=len(gone)) if gone[1:] else message("{file} is gone", file=gone[0])
        return VerdictView("changed", None, headline, facts, action="remove")
    changed = next((item for item in session.items if item.id in status.changed), None)
    if changed is not None:
        facts = message("{file} has changed since it was read. Reload it to see what it holds now.", file=changed.label)
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
        action = action if status.allows(experiment) else ""
        if session.items[0].kind == "file":
            facts = message("There is nothing to compare it with: build the model, or open another weight file.")
            return VerdictView("single", None, message("Only one file"), facts, action=action)
        facts = message("There is nothing to compare it with: build it again, or open a weight file.")
        if unfinished := _unfinished(session):
            facts = message("{unfinished} {facts}", unfinished=unfinished, facts=facts)
        return VerdictView("single", None, message("Only one run"), facts, action=action)
    if experiment.is_blank:
        facts = message("Add a layer, or choose an example.")
        return VerdictView("empty", None, message("Nothing to build yet"), facts)
    if not status.allows(experiment):
        facts = message("Correct what is marked, then build it twice.")
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
    pairs = [(item, findings.comparisons[item.id]) for item in session.counted()]
    comparisons = [comparison for _, comparison in pairs]
    verdict = worst([comparison.verdict for comparison in comparisons])
    chosen = (at for at, (item, _) in enumerate(pairs) if item.id == session.look.focus)
    told = next(chosen, sentences.first_worst(comparisons))
    facts = sentences.overall(reference.label, [(item.label, comparison) for item, comparison in pairs], told)
    facts = _about_load(session, findings, facts)
    if session.criteria:
        facts = message("{facts} {criteria}", facts=facts, criteria=sentences.criteria(session.criteria))
    if unfinished := _unfinished(session):
        facts = message("{facts} {unfinished}", facts=facts, unfinished=unfinished)
    paired = sentences.paired_with_others(comparisons)
    if paired is not None:
        facts = message("{facts} {paired}", facts=facts, paired=paired)
    for item in (item for item in (reference, *(item for item, _ in pairs)) if item.left_out):
        said = message("Left out of {file}: {what}.", file=item.label, what=item.left_out)
        facts = message("{facts} {said}", facts=facts, said=said)
    cause = findings.cause
    reason = _reason(findings, pairs, told)
    action = cause.action if cause and status.allows(session.experiment) else ""
    if session.is_edited:
        reason = message("The experiment was edited after these runs were built.")
        action = "same-seed" if status.allows(session.experiment) else ""
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


def _unfinished(session: Session) -> Message | None:
    """How many runs there are of those that were asked for, where there are fewer."""
    asked, made = session.asked, session.made
    if made >= asked or not any(item.kind == "run" and not item.kept for item in session.items):
        return None
    return message("{made} of {asked} runs were built.", made=made, asked=asked)


def _about_load(session: Session, findings: Findings, facts: Message) -> Message:
    """What a load has changed, where the verdict is about one, and what else lies on the shelf."""
    if session.load is None:
        return facts
    before, after = (sentences.word(findings.comparisons[item.id].verdict) for item in session.load)
    facts = message("Before the load: {before}, after: {after}. {facts}", before=before, after=after, facts=facts)
    older = [findings.comparisons[item.id].verdict for item in session.others() if item.kind == "run"]
    if not older:
        return facts
    one, several = "Not counted: 1 run built before, {word}.", "Not counted: {n} runs built before, {word}."
    left = message(one if len(older) == 1 else several, n=len(older), word=sentences.word(worst(older)))
    return message("{facts} {left}", facts=facts, left=left)


def _reason(findings: Findings, pairs: Sequence[tuple[Item, Comparison]], told: int) -> Message | None:
    """Why something differs, and what: named where that is not the only item, or not the one told of."""
    labels = {item.id: item.label for item, _ in pairs}
    item, comparison = pairs[told]
    if findings.cause is not None:
        if findings.explained in (None, item.id):
            return findings.cause.message
        return message("{label}: {reason}", label=labels[findings.explained], reason=findings.cause.message)
    remark = _remark(comparison)
    if remark is None or len(pairs) == 1:
        return remark
    return message("{label}: {reason}", label=item.label, reason=remark)


def _remark(comparison: Comparison) -> Message | None:
    """What else there is to say: what could not be paired, or what unlike weights have to do with each other."""
    return sentences.open_pairs(comparison) or sentences.related(comparison)
