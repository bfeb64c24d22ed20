"""`reproviewer inspect`: what a weight file holds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from reproviewer.commands import terminal
from reproviewer.core import report
from reproviewer.core.message import one_line
from reproviewer.files import read
from reproviewer.files.scratch import scratch_folder

if TYPE_CHECKING:
    import argparse


def main(args: argparse.Namespace) -> int:
    """Read and print; returns the exit status."""
    with scratch_folder() as scratch:
        contents = read(Path(args.file), scratch)
        document = report.inspect_document(contents.format, contents.weights, contents.metadata, contents.remarks)
    terminal.emit(report.dumps(document) if args.json else _text(args.file, document))
    return terminal.IDENTICAL


def _text(name: str, document: report.Document) -> str:
    rows = [_row(tensor) for tensor in document["tensors"]]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [f"{one_line(name)}: {document['format']}, {len(rows):,} tensor{'' if len(rows) == 1 else 's'}"]
    lines += ["  " + "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows]
    for title, told in (("  the file says:", document["metadata"]), ("  remarks:", document["remarks"])):
        lines += [title] if told else []
        lines += [f"    {one_line(key)}: {one_line(value)}" for key, value in told.items()]
    return "\n".join(lines) + "\n"


def _row(tensor: dict[str, Any]) -> tuple[str, ...]:
    shape = tuple(tensor["shape"])
    name, role, dtype, size = one_line(tensor["name"]), tensor["role"], tensor["dtype"], f"{tensor['size']:,}"
    return name, role, str(shape), dtype, size, tensor["sha256"][:16]
