"""Keeps the list of tensors that the window shows. A long one is made off the window's thread."""

from __future__ import annotations

from operator import is_
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from reproviewer.core.tensor_list import TensorList, sources, tensor_list
from reproviewer.gui.tasks import Background

if TYPE_CHECKING:
    from reproviewer.core.known import Findings
    from reproviewer.core.session import Session

LONG = 1000
"""Tensors of the reference from which on the list takes longer than a frame."""


class Lister(QObject):
    """Makes every list once. `ready` says that the list which was `prepared` is there."""

    ready = Signal()
    crashed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = Background(self)  # its own: no list waits for a comparison
        self._background.crashed.connect(self.crashed)
        self._sources: tuple[object, ...] = ()
        self._list = TensorList()
        self._making: tuple[object, ...] | None = None

    def present(self, session: Session, findings: Findings) -> TensorList:
        """The list of this desk; the one before it while a long one is being made."""
        now = sources(session, findings)
        if not self._is_of(now) and not _is_long(session):
            self._sources, self._list = now, tensor_list(session, findings)
        return self._list

    def prepare(self, session: Session, findings: Findings) -> bool:
        """Whether the list of this desk can be had at once. If not, it is being made."""
        now = sources(session, findings)
        if self._making is not None and _are_same(now, self._making):
            return False
        self._background.cancel("list")
        self._making = None
        if self._is_of(now) or not _is_long(session):
            return True

        def learn(made: TensorList) -> None:
            self._sources, self._list, self._making = now, made, None
            self.ready.emit()

        self._making = now
        self._background.start("list", lambda cancelled: tensor_list(session, findings), learn, self.crashed.emit)
        return False

    def close(self) -> None:
        """Wait for what is being made."""
        self._background.close()

    def _is_of(self, now: tuple[object, ...]) -> bool:
        return _are_same(now, self._sources)


def _are_same(some: tuple[object, ...], others: tuple[object, ...]) -> bool:
    return len(some) == len(others) and all(map(is_, some, others))


def _is_long(session: Session) -> bool:
    reference = session.reference_item
    return reference is not None and len(reference.weights.tensors) >= LONG
