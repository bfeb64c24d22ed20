"""The session with its past: what changes it is a step that can be undone, or belongs to the step before."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from reproviewer.core import session
from reproviewer.core.history import History
from reproviewer.core.session import Item, Session
from reproviewer.gui.strokes import Strokes

if TYPE_CHECKING:
    from reproviewer.core.experiment import Experiment
    from reproviewer.core.plot_state import PlotKind
    from reproviewer.core.verdict import Criteria
    from reproviewer.gui.errand import Errand

KEPT_BYTES = 4 << 30
"""The runs of old builds are kept for undo up to this size in all."""


class Desk(QObject):
    """Keeps the session. `changed`: the experiment or the shelf may be another; `looked`: the person looks elsewhere.

    Runs are put on the shelf as they arrive, which neither signal tells.
    """

    changed = Signal()
    looked = Signal()

    def __init__(self, experiment: Experiment, errand: Errand, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._history = History(Session(experiment=experiment))
        self._errand = errand
        self._strokes = Strokes()
        self._ids = count(1)

    @property
    def session(self) -> Session:
        """The desk as it is."""
        return self._history.present

    @property
    def can_undo(self) -> bool:
        """Whether there is something to undo."""
        return bool(self._history.past)

    @property
    def can_redo(self) -> bool:
        """Whether there is something to redo."""
        return bool(self._history.future)

    # steps

    def push(self, value: Session, merge_key: str | None = None) -> None:
        """One step that can be undone; while runs arrive it belongs to the step of their build."""
        if self._errand.work is not None:
            self.amend(value)
        else:
            self.step(value, merge_key)

    def step(self, value: Session, merge_key: str | None = None) -> None:
        """One step that can be undone, whatever is under way."""
        self._travel(self._history.push(value, merge_key))

    def amend(self, value: Session) -> None:
        """No step of its own to undo."""
        self._travel(self._history.amend(value))

    def undo(self) -> None:
        """Undo the last edit of the experiment or of the shelf."""
        self._travel(self._history.undo())

    def redo(self) -> None:
        """Do again what was undone."""
        self._travel(self._history.redo())

    # the experiment and the shelf

    def edit(self, experiment: Experiment, place: str = "") -> None:
        """Another experiment, from the panel. What is typed in one place in one go is one step to undo."""
        self.push(session.edit(self.session, experiment), self._strokes.name(place))

    def set_reference(self, item_id: str) -> None:
        """Compare all others with this item."""
        self.push(session.set_reference(self.session, item_id))

    def remove(self, item_id: str) -> None:
        """Take an item off the shelf."""
        self.push(session.remove(self.session, item_id))

    def keep(self, item_id: str, kept: bool) -> None:
        """Let a run stay on the shelf when building again."""
        self.push(session.keep(self.session, item_id, kept))

    def rename(self, item_id: str, label: str) -> None:
        """Give an item another label."""
        self.push(session.rename(self.session, item_id, label))

    def set_criteria(self, criteria: Criteria) -> None:
        """Compare on other terms."""
        if criteria != self.session.criteria:
            self.push(session.set_criteria(self.session, criteria))

    # looking

    def look_at_tensor(self, name: str) -> None:
        """Show this tensor."""
        self._look(tensor=name)

    def look_as(self, kind: PlotKind) -> None:
        """Show it as this kind of plot."""
        self._look(kind=kind)

    def look_at_slice(self, index: tuple[int, ...]) -> None:
        """Show this slice of a tensor with more than two axes."""
        self._look(slice_index=index)

    def look_at_item(self, item_id: str) -> None:
        """Show the difference of this item alone against the reference; without an id that of all."""
        self._look(focus=item_id or None)

    def look_at_two(self, reference: str, other: str) -> None:
        """See how one item differs from another."""
        if reference != self.session.reference:
            self.set_reference(reference)
        self.look_at_item(other)

    # runs

    def add(self, item: Item) -> None:
        """A run that arrives belongs to the build that was asked for: no step of its own to undo."""
        self._history = self._history.amend(session.add(self.session, item))

    def tidy(self) -> tuple[Item, ...]:
        """Do not let the runs of old builds, kept for undo, fill the disk; returns those that no step needs now."""
        self._history, gone = session.tidied(self._history, KEPT_BYTES)
        return gone

    def new_id(self) -> str:
        """An id that no item has had."""
        return f"item-{next(self._ids)}"

    # inside

    def _travel(self, history: History[Session]) -> None:
        self._history = history
        self.changed.emit()

    def _look(self, **changes: Any) -> None:
        self._history = self._history.amend(session.look_at(self.session, **changes))
        self.looked.emit()
