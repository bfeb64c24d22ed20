"""Writing a report in the form that its name asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reproviewer.core import report
from reproviewer.core.verdict import Verdict
from reproviewer.files.save import check_target, replace_text
from reproviewer.reports.document import report_document
from reproviewer.reports.forms import check_suffix
from reproviewer.reports.page import page
from reproviewer.reports.pictures import pictures
from reproviewer.reports.table import table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from reproviewer.core.groups import Groups
    from reproviewer.core.report import Compared
    from reproviewer.core.verdict import Criteria, TensorComparison
    from reproviewer.reports.document import Source
    from reproviewer.reports.page import Drawn

MOST_DRAWN = 24


def write(
    path: Path,
    sources: Sequence[Source],
    others: Sequence[Compared],
    groups: Groups,
    criteria: Criteria,
    cancelled: Callable[[], bool] = lambda: False,
) -> None:
    """Write a report as `.html`, `.json` or `.csv` on what was compared on the terms of `criteria`.

    An old file stays whole when anything goes wrong.

    Raises
    ------
    ReproError
        The suffix is another, a file cannot be read any more or is the very one to be written, or the report cannot be.
    summary.Stopped
        It was cancelled.
    """
    check_suffix(path)
    check_target(path, [file for source in sources for file in source.files])
    document = report_document(sources, others, groups, criteria)
    if path.suffix.lower() == ".json":
        text = report.dumps(document)
    elif path.suffix.lower() == ".csv":
        text = table(document)
    else:
        text = page(document, list(_drawn(sources, others, cancelled)))
    replace_text(path, text)


def _drawn(sources: Sequence[Source], others: Sequence[Compared], cancelled: Callable[[], bool]) -> Iterator[Drawn]:
    """The tensors in which most differs."""
    unlike = [
        (source, tensor)
        for source, (_, comparison) in zip(sources[1:], others, strict=True)
        for tensor in comparison.tensors
        if tensor.verdict is not Verdict.IDENTICAL and tensor.first is not None
    ]
    most = sorted(unlike, key=lambda one: -_share(one[1]))[:MOST_DRAWN]
    for source, tensor in (one for one in unlike if one in most):
        a, b = (side.weights.by_name[name or ""] for side, name in zip((sources[0], source), tensor.names, strict=True))
        assert tensor.first is not None
        found = pictures(a, b, tensor.first.index, cancelled)
        if found is not None:
            yield source.label, tensor.name, found


def _share(tensor: TensorComparison) -> float:
    return tensor.differing / max(1, tensor.size)
