"""What a report tells: the answer of `compare`, and beside it what was compared, by which program, and when.

{"schema": "reproviewer/report-1", "verdict", "summary", "created", "versions": {...}, "criteria": ["..."], "sources":
[{"label", "format", "metadata", "remarks", "files": [{"name", "size", "sha256"}], "tensors": [...]}], and all keys of
`reproviewer/compare-1`}. `criteria` are sentences on what terms was compared, none where on the usual ones.
"""

from __future__ import annotations

import hashlib
import platform
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from reproviewer import __version__
from reproviewer.core import report, sentences
from reproviewer.core.message import ReproError, encodable
from reproviewer.core.verdict import Criteria, Tolerances
from reproviewer.core.weights import LEFT_OUT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reproviewer.core.groups import Groups
    from reproviewer.core.report import Compared, Document
    from reproviewer.core.weights import WeightSet

SCHEMA = "reproviewer/report-1"
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Source:
    """One of the things that were compared: a file, or several that are one, or a run, which has none of its own."""

    label: str
    weights: WeightSet
    format: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    remarks: dict[str, str] = field(default_factory=dict)
    files: tuple[str, ...] = ()


def report_document(
    sources: Sequence[Source], others: Sequence[Compared], groups: Groups, criteria: Criteria
) -> Document:
    """The report on `sources`, the reference first, and how the others compare with it on the terms of `criteria`.

    Raises
    ------
    ReproError
        A file cannot be read any more.
    """
    left_out = [source.remarks.get(LEFT_OUT, "") for source in sources]
    answer = report.compare_document([source.label for source in sources], others, groups, left_out)
    return {
        **answer,
        "schema": SCHEMA,
        "summary": str(sentences.overall(sources[0].label, others)),
        "criteria": _terms(criteria),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {"reproviewer": __version__, "python": platform.python_version(), "numpy": np.__version__},
        "sources": [_source(source) for source in sources],
    }


def _terms(criteria: Criteria) -> list[str]:
    """On what terms was compared: for all, then for tensors of a certain name."""
    if not criteria:
        return []
    said = [str(sentences.criteria(criteria))]
    for pattern, tolerance in criteria.tolerance.by_pattern:
        limits = sentences.criteria(Criteria(Tolerances(tolerance))) if tolerance else "Tolerance: none."
        said.append(f"{pattern}: {limits}")
    return said


def _source(source: Source) -> Document:
    return {
        "label": source.label,
        "format": source.format,
        "metadata": source.metadata,
        "remarks": source.remarks,
        "files": [_file(path) for path in source.files],
        "tensors": [report.tensor_document(tensor) for tensor in source.weights.tensors],
    }


def _file(path: str) -> Document:
    total, size = hashlib.sha256(), 0
    try:
        with open(path, "rb") as file:
            while block := file.read(_BLOCK):
                total.update(block)
                size += len(block)
    except OSError as error:
        raise ReproError("Cannot read {file}: {why}.", file=Path(path).name, why=error.strerror) from None
    return {"name": encodable(Path(path).name), "size": size, "sha256": total.hexdigest()}
