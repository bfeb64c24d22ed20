"""The sentence for each way in which a request ends."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any

from reproviewer.core.message import Message, message
from reproviewer.engine.events import Outcome, RunState
from reproviewer.engine.process import Death, NotStarted, Rubbish

if TYPE_CHECKING:
    from pathlib import Path

TAIL_BYTES = 4000


def finished() -> Outcome:
    """The request is answered."""
    return Outcome(RunState.FINISHED, message("Done."))


def aborted() -> Outcome:
    """Somebody stopped it."""
    return Outcome(RunState.ABORTED, message("Stopped."))


def failed(event: dict[str, Any]) -> Outcome:
    """The worker says why it cannot."""
    where = event.get("where")
    return Outcome(
        RunState.FAILED,
        message(str(event.get("template", "The worker failed.")), **event.get("args", {})),
        (where[0], where[1]) if where else None,
        str(event.get("details", "")),
        event.get("signal"),
    )


def ended(item: Death | NotStarted | Rubbish, doing: Message, python: str, log: Path) -> Outcome:
    """The worker is gone, or not to be trusted."""
    details = tail(log)
    if isinstance(item, NotStarted):
        return Outcome(
            RunState.FAILED,
            message("The interpreter {python} cannot be started: {why}.", python=python, why=item.why),
            details=details,
        )
    if isinstance(item, Rubbish):
        return Outcome(
            RunState.FAILED,
            message("The worker sent something that is not a message while {doing}.", doing=doing),
            details=f"{item.line}\n\n{details}",
        )
    return Outcome(RunState.FAILED, _death(item, doing), details=details, exit_signal=item.signal)


def silent(seconds: float, doing: Message, log: Path) -> Outcome:
    """The worker hangs."""
    return Outcome(
        RunState.FAILED,
        message(
            "The worker said nothing for {seconds} seconds while {doing}, and was stopped.",
            seconds=f"{seconds:g}",
            doing=doing,
        ),
        details=tail(log),
    )


def _death(death: Death, doing: Message) -> Message:
    if death.signal is None:
        return message("The worker ended with status {status} while {doing}.", status=str(death.status), doing=doing)
    name = signal_name(death.signal)
    if death.memory_bytes:
        return message(
            "The worker was killed ({signal}) while {doing}; it used {memory}.",
            signal=name,
            doing=doing,
            memory=readable_bytes(death.memory_bytes),
        )
    return message("The worker was killed ({signal}) while {doing}.", signal=name, doing=doing)


def signal_name(number: int) -> str:
    """`SIGKILL` for 9."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def readable_bytes(size: float) -> str:
    """A number of bytes for a person.

    >>> readable_bytes(12025908429)
    '11.2 GiB'
    """
    units = ["bytes", "KiB", "MiB", "GiB"]
    while size >= 1024 and len(units) > 1:
        size /= 1024
        del units[0]
    return f"{size:.0f} bytes" if units[0] == "bytes" else f"{size:.1f} {units[0]}"


def tail(log: Path) -> str:
    """The end of the log."""
    try:
        with log.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - TAIL_BYTES))
            return file.read().decode(errors="replace").strip()
    except OSError:
        return ""
