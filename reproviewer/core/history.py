"""Undo and redo over frozen values."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Generic, TypeVar

T = TypeVar("T")
LIMIT = 100


@dataclass(frozen=True)
class History(Generic[T]):
    """The present value with what came before it and what was undone.

    >>> h = History("a").push("ab", "word 1").push("abc", "word 1").push("abc d", "word 2")
    >>> h.undo().present, h.undo().undo().present
    ('abc', 'a')
    """

    present: T
    past: tuple[T, ...] = ()
    future: tuple[T, ...] = ()
    merge_key: str | None = None

    def push(self, value: T, merge_key: str | None = None) -> History[T]:
        """A new present. Consecutive edits with one `merge_key` are one step, or none when they come to nothing."""
        if value == self.present:
            return self
        if merge_key is not None and merge_key == self.merge_key:
            if value == self.past[-1]:
                return History(value, self.past[:-1])
            return replace(self, present=value, future=())
        return History(value, (*self.past, self.present)[-LIMIT:], (), merge_key)

    def amend(self, value: T) -> History[T]:
        """Replace the present without a step of its own (what the person only looks at, or a result that arrives)."""
        return replace(self, present=value)

    def drop_oldest(self) -> History[T]:
        """Forget the oldest step; nothing happens without one."""
        return replace(self, past=self.past[1:])

    def undo(self) -> History[T]:
        """One step back, if there is one."""
        if not self.past:
            return self
        return History(self.past[-1], self.past[:-1], (self.present, *self.future))

    def redo(self) -> History[T]:
        """One step forward again, if there is one."""
        if not self.future:
            return self
        return History(self.future[0], (*self.past, self.present), self.future[1:])
