"""Reads weight files off the window's thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from reproviewer.core.known import Trouble
from reproviewer.core.message import Message, ReproError, message, one_line
from reproviewer.core.session import Item
from reproviewer.gui.texts import shown

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reproviewer.gui.tasks import Background


class FileReader(QObject):
    """Makes items of weight files. `failed` carries one Trouble for all of a set of files that cannot be read.

    `said` carries a sentence for the message line, or None when the last one is over.
    """

    said = Signal(object)
    failed = Signal(object)

    def __init__(self, background: Background, new_id: Callable[[], str], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self._new_id = new_id
        self._failures: tuple[tuple[Path, Message], ...] = ()

    def begin(self) -> None:
        """What is asked for from now on belongs together."""
        self._failures = ()

    def read(self, path: Path, scratch: Path, then: Callable[[Item], None]) -> None:
        """Read a file, then give its item away. What has to be written for it goes to the folder `scratch`."""
        from reproviewer import files

        def done(contents: Any) -> None:
            self.said.emit(None)
            record = {"metadata": contents.metadata, "remarks": contents.remarks}
            label, stamps = one_line(path.name), contents.stamps
            item = Item(self._new_id(), "file", label, contents.weights, record, str(path), stamps=stamps)
            then(item)

        self.said.emit(message("Reading {file}…", file=path.name))
        self._background.start(
            f"read {path}", lambda cancelled: files.read(path, scratch), done, lambda error: self.fail(path, error)
        )

    def fail(self, path: Path, error: ReproError) -> None:
        """A file cannot be opened."""
        self._failures = (*self._failures, (path, error.message))
        self.said.emit(None)
        self.failed.emit(_trouble(self._failures))


def _trouble(failures: tuple[tuple[Path, Message], ...]) -> Trouble:
    """What is said about files that cannot be opened: of several the names, and on request a sentence for each."""
    if len(failures) == 1:
        return Trouble(failures[0][1], headline=message("Cannot open the file"))
    names = ", ".join(path.name for path, _ in failures)
    facts = message("{files} cannot be opened; the details say why.", files=names)
    details = "\n\n".join(f"{shown(sentence)}\n({path})" for path, sentence in failures)
    return Trouble(facts, details, message("Cannot open {n} files", n=len(failures)))
