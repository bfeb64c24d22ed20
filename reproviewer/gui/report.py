"""What is said of all items of the shelf together. Runs off the window's thread; knows no widget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reproviewer.core import groups
from reproviewer.core.compare import Cancelled
from reproviewer.core.summary import Stopped
from reproviewer.reports.document import Source
from reproviewer.reports.write import write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reproviewer.core.groups import Groups
    from reproviewer.core.known import Findings
    from reproviewer.core.session import Item, Session


def write_report(session: Session, findings: Findings, path: Path, cancelled: Callable[[], bool]) -> None:
    """Write a report on all items, the reference first. Raises ReproError."""
    items = compared_items(session, findings)
    if not items:
        return
    found = groups_of(session, findings, cancelled)
    compared = [(item.label, findings.comparisons[item.id]) for item in items[1:]]
    try:
        write(path, [_source(item) for item in items], compared, found, session.criteria, cancelled)
    except Stopped:
        raise Cancelled from None


def compared_items(session: Session, findings: Findings) -> list[Item]:
    """The reference, and all items that have been compared with it."""
    reference = session.reference_item
    others = [item for item in session.others() if item.id in findings.comparisons]
    return [reference, *others] if reference else []


def groups_of(
    session: Session,
    findings: Findings,
    cancelled: Callable[[], bool],
    progress: Callable[[int, int], None] | None = None,
) -> Groups:
    """How each of the compared items relates to each, on the terms of the desk."""
    items, terms = compared_items(session, findings), session.criteria
    comparisons = [findings.comparisons[item.id] for item in items[1:]]
    if len(comparisons) == 1:
        return groups.of_two(comparisons[0])
    sets = [item.weights for item in items]
    return groups.group(sets, comparisons, terms.tolerance, terms.with_state, progress, cancelled)


def _source(item: Item) -> Source:
    if item.kind == "file":
        about, remarks = (item.record.get(key, {}) for key in ("metadata", "remarks"))
    else:
        about, remarks = {}, {key: value for key, value in item.record.items() if isinstance(value, str)}
    return Source(item.label, item.weights, "", about, remarks, tuple(item.stamps))
