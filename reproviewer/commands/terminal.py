"""Printing: a reader that went away is no error, and progress is shown only to a person."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

from reproviewer.core.message import ReproError
from reproviewer.core.verdict import Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from reproviewer.core.message import Message

EVERY_SECONDS = 0.1
IDENTICAL, NOT_IDENTICAL, NO_ANSWER = 0, 1, 2
"""Exit statuses."""


def status_of(verdict: Verdict) -> int:
    """0 for identical, else 1."""
    return IDENTICAL if verdict is Verdict.IDENTICAL else NOT_IDENTICAL


def stopped_by(number: int) -> int:
    """The status of a process that a signal ended, as a shell gives it."""
    return 128 + number


def check_stdout() -> None:
    """Refuse to answer where no answer can be written (`>&-`): Python has no stdout then. Raises ReproError."""
    if sys.stdout is None:
        raise ReproError("Standard output is closed: the answer cannot be written.")


def check_folder(target: Path) -> None:
    """Refuse to write where no folder is. Raises ReproError."""
    if target.is_dir():
        raise ReproError("{file} is a folder, not a name for a file.", file=target)
    if not target.parent.is_dir():
        raise ReproError("There is no folder {folder}.", folder=target.parent)


def emit(text: str) -> None:
    """Print to stdout. When nobody reads it any more (`| head`), the rest is dropped in silence."""
    check_stdout()
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def complain(text: str) -> None:
    """Print the one line on stderr that says why there is no answer."""
    if sys.stderr is None:
        return
    line = " ".join(text.split())
    try:
        sys.stderr.write(f"reproviewer: {line}\n")
        sys.stderr.flush()
    except (OSError, ValueError):
        return


def headline(verdict: Verdict, sentence: Message) -> str:
    """The line with sign, word and facts."""
    from reproviewer.core import sentences

    return f"{sentences.SIGNS[verdict]} {str(verdict).upper()}  {sentence}\n"


class Progress:
    """One line on stderr that is written over, when stderr is a terminal."""

    def __init__(self) -> None:
        self._is_on = sys.stderr is not None and sys.stderr.isatty()
        self._last = 0.0
        self._is_written = False

    def show(self, text: str) -> None:
        """Replace the line at once."""
        if self._is_on:
            sys.stderr.write(f"\r\x1b[K{text}")
            sys.stderr.flush()
            self._is_written = True

    def compared(self, done: int, total: int) -> None:
        """Show how much has been compared, now and then."""
        now = time.monotonic()
        if self._is_on and now - self._last > EVERY_SECONDS and total:
            self._last = now
            self.show(f"Comparing: {done * 100 // total} %")

    def clear(self) -> None:
        """Take the line away."""
        if self._is_written:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._is_written = False
