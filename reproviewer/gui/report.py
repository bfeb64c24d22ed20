"""A report on what lies on the shelf. Runs off the window's thread; knows no widget."""

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

    from reproviewer.core.session import Item, Session
    from reproviewer.core.view_state import Findings


def write_report(session: Session, findings: Findings, path: Path, cancelled: Callable[[], bool]) -> None:
    """Write a report on all items, the reference first. Raises ReproError."""
    reference = session.reference_item
    if reference is None:
        return
    others = [item for item in session.others() if item.id in findings.comparisons]
    comparisons = [findings.comparisons[item.id] for item in others]
    sets = [item.weights for item in (reference, *others)]
    found = (
        groups.of_two(comparisons[0]) if len(comparisons) == 1 else groups.group(sets, comparisons, cancelled=cancelled)
    )
    compared = [(item.label, comparison) for item, comparison in zip(others, comparisons, strict=True)]
    try:
        write(path, [_source(item) for item in (reference, *others)], compared, found, cancelled)
    except Stopped:
        raise Cancelled from None


def _source(item: Item) -> Source:
    about = {key: value for key, value in item.record.items() if isinstance(value, str)}
    return Source(item.label, item.weights, "", about, tuple(item.stamps))
