"""The tensors of a report as CSV, one row each, for a spreadsheet or a script."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reproviewer.core.report import Document

HEAD = (
    *("other", "tensor", "paired with", "role", "verdict", "shape", "dtype", "size", "differing", "first index"),
    *("first values", "first bits", "largest absolute distance", "largest ulp distance", "paired by", "relation"),
    *("ulp tolerance", "absolute tolerance", "relative tolerance"),
)


def table(document: Document) -> str:
    """All compared tensors. A cell that a spreadsheet would take for a formula begins with an apostrophe."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEAD)
    other = document["files"][1] if len(document["files"]) == 2 else ""
    for tensor in document["tensors"]:
        writer.writerow([_harmless(cell) for cell in _row(tensor.get("other", other), tensor)])
    return text.getvalue()


def _row(other: str, tensor: Document) -> tuple[Any, ...]:
    first = tensor["first"] or {"index": [], "values": [], "bits": []}
    return (
        other,
        *(name or "" for name in tensor["names"]),
        tensor["role"],
        tensor["verdict"],
        " against ".join(map(str, tensor.get("shapes", [tensor["shape"]]))),
        " against ".join(tensor.get("dtypes", [tensor["dtype"]])),
        tensor["size"],
        tensor["differing"],
        str(first["index"]) if first["values"] else "",
        " against ".join(first["values"]),
        " against ".join(first["bits"]),
        "" if tensor["max_abs"] is None else tensor["max_abs"],
        "" if tensor["max_ulp"] is None else tensor["max_ulp"],
        tensor["rule"],
        tensor["relation"]["detail"] if tensor["relation"] else "",
        *((tensor["tolerance"] or {}).get(limit, 0) for limit in ("ulp", "atol", "rtol")),
    )


def _harmless(cell: Any) -> Any:
    is_number = isinstance(cell, str) and cell[:1] == "-" and cell[1:2].isdigit()
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@") and not is_number else cell
