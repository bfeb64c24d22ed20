"""`reproviewer convert`: a weight file in another format."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from reproviewer.commands import terminal
from reproviewer.core import sentences
from reproviewer.core.compare import compare
from reproviewer.core.message import ReproError, one_line
from reproviewer.files import format_for_name, read
from reproviewer.files.convert import Converted, Loss, convert, losses
from reproviewer.files.scratch import scratch_folder

if TYPE_CHECKING:
    import argparse

    from reproviewer.files import Format


def main(args: argparse.Namespace) -> int:
    """Convert and print; returns the exit status."""
    source, target = Path(args.source), Path(args.target)
    form = format_for_name(target)
    terminal.check_folder(target)
    if target.exists() and not args.replace:
        raise ReproError("{file} is there already; --replace puts the new file in its place.", file=target)
    with scratch_folder() as scratch:
        contents = read(source, scratch)
        lost = losses(contents, form)
        _check_allowed(lost, args.allow_loss, target)
        done = convert(contents, target, form, scratch)
        comparison = compare(done.kept, done.back.weights)
        terminal.emit(terminal.headline(comparison.verdict, sentences.verdict_sentence(comparison)))
        terminal.emit(_told(done, lost, contents.remarks.get("assumed"), target, form))
    return terminal.status_of(comparison.verdict)


def _check_allowed(lost: list[Loss], allowed: list[str], target: Path) -> None:
    for loss in lost:
        if loss.kind not in allowed:
            raise ReproError(
                "{file} was not saved: it has no place for {what}; --allow-loss {kind} leaves that out.",
                file=target,
                what=loss.what,
                kind=loss.kind,
            )


def _told(done: Converted, lost: list[Loss], assumed: str | None, target: Path, form: Format) -> str:
    line = f"  Saved: {one_line(str(target))} ({form.label})"
    if lost:
        line += f"; left out: {' and '.join(str(loss.what) for loss in lost)}"
    if done.not_kept:
        line += f"; not kept: {' and '.join(map(str, done.not_kept))}"
    if assumed:
        line += f"; assumed: {assumed}"
    return f"{line}\n"
