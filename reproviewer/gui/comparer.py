"""Finds out, in the background, how the items of the shelf compare with the reference, and why they differ."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QObject, Qt, Signal

from reproviewer.core import cause, sentences
from reproviewer.core.known import Findings
from reproviewer.core.verdict import Verdict
from reproviewer.core.weights import digest
from reproviewer.engine.events import Event, Outcome, RunFinished, RunState

if TYPE_CHECKING:
    from collections.abc import Callable

    from reproviewer.core.experiment import Experiment
    from reproviewer.core.message import ReproError
    from reproviewer.core.pairing import Pair
    from reproviewer.core.session import Item, Session
    from reproviewer.core.verdict import Comparison, Criteria
    from reproviewer.gui.engine_thread import EngineThread
    from reproviewer.gui.tasks import Background

PROGRESS_S = 0.1
"""How often progress is told."""
WHOLE = 1000
"""The progress of one comparison that is done."""


_REPEATED = (Verdict.IDENTICAL, Verdict.EQUAL)


class _Key(NamedTuple):
    """Two items, what the person said about which of their tensors belong together, and the terms."""

    reference: str
    item: str
    choices: tuple[tuple[str, str | None], ...]
    criteria: Criteria


class Comparer(QObject):
    """Keeps what was found (`findings`); every pair of items is compared once, every digest computed once."""

    findingsChanged = Signal()
    failed = Signal(object)
    _moved = Signal(object, int, int)

    def __init__(self, background: Background, engine: EngineThread, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self._engine = engine
        self._known: dict[_Key, Comparison] = {}
        self._related: set[_Key] = set()
        self._is_relating = False
        self._digests: dict[str, str] = {}
        self._probed: dict[Experiment, cause.Tried | None] = {}
        self._session: Session | None = None
        self.findings = Findings()
        self._moved.connect(self._tell_progress, Qt.ConnectionType.QueuedConnection)

    def compare(self, session: Session) -> None:
        """Find out what is not known yet about the items of this desk."""
        self._session = session
        reference = session.reference_item
        self._background.cancel("relate")
        self._background.cancel("compare")
        self._is_relating = False
        self.findings = Findings()
        if reference is None:
            return
        self._collect()
        todo = {_key(session, i): i for i in session.others() if _key(session, i) not in self._known}
        undigested = [i for i in session.items if i.id not in self._digests]
        if todo or undigested:
            self.findings = replace(self.findings, progress=(0, WHOLE * len(todo)) if todo else None)
            self._background.start(
                "compare",
                lambda cancelled: self._work(reference, todo, undigested, cancelled),
                self._done,
                self.failed.emit,
            )
        else:
            self.findings = replace(self.findings, relating=bool(self._to_relate()))

    def stop(self) -> None:
        """Give up what is being compared; `compare` begins again."""
        self._background.cancel("compare")
        self.findings = replace(self.findings, progress=None, stopped=True)
        self.findingsChanged.emit()

    def _work(
        self, reference: Item, todo: dict[_Key, Item], undigested: list[Item], cancelled: Callable[[], bool]
    ) -> tuple[dict[_Key, Comparison], dict[str, str]]:
        from reproviewer.core.compare import compare

        compared: dict[_Key, Comparison] = {}
        told = time.monotonic()

        def progress(done: int, total: int) -> None:
            nonlocal told
            if time.monotonic() - told > PROGRESS_S:
                told = time.monotonic()
                share = WHOLE * done // total if total else 0
                self._moved.emit(cancelled, WHOLE * len(compared) + share, WHOLE * len(todo))

        for key, item in todo.items():
            if cancelled():
                break
            pairs, tolerance = _pairs(reference, item, key), key.criteria.tolerance
            compared[key] = compare(reference.weights, item.weights, tolerance, pairs, progress, cancelled)
            _look_through(compared[key])
        digests: dict[str, str] = {}
        for item in undigested:
            if cancelled():
                break
            digests[item.id] = digest(item.weights.only("weight", "draw"))
        return compared, digests

    def _tell_progress(self, cancelled: Callable[[], bool], done: int, total: int) -> None:
        if not cancelled():
            self.findings = replace(self.findings, progress=(done, total))
            self.findingsChanged.emit()

    def _done(self, found: tuple[dict[_Key, Comparison], dict[str, str]]) -> None:
        self._known.update(found[0])
        self._digests.update(found[1])
        self.findings = Findings()
        self._collect()
        self.findings = replace(self.findings, relating=bool(self._to_relate()))
        self.findingsChanged.emit()

    def relate(self) -> None:
        """Find out what unlike tensors have to do with each other; for when the verdict, `relating`, has been shown."""
        session = self._session
        reference = session.reference_item if session else None
        if self.findings.relating and not self._is_relating and reference is not None:
            self._is_relating = True
            work = partial(self._related_work, reference, self._to_relate())
            self._background.start("relate", work, self._learn_relations, self.failed.emit)

    def _to_relate(self) -> dict[_Key, Item]:
        session = self._session
        keys = {_key(session, item): item for item in session.others()} if session and session.items else {}
        return {key: item for key, item in keys.items() if self._is_to_relate(key)}

    def _is_to_relate(self, key: _Key) -> bool:
        found = self._known.get(key)
        return found is not None and found.verdict is not Verdict.IDENTICAL and key not in self._related

    def _related_work(
        self, reference: Item, todo: dict[_Key, Item], cancelled: Callable[[], bool]
    ) -> dict[_Key, Comparison]:
        from reproviewer.core.relations import explained

        found: dict[_Key, Comparison] = {}
        for key, item in todo.items():
            if cancelled():
                break
            found[key] = explained(self._known[key], _pairs(reference, item, key), cancelled)
        return found

    def _learn_relations(self, found: dict[_Key, Comparison]) -> None:
        self._known.update(found)
        self._related.update(found)
        self._is_relating = False
        self.findings = Findings()
        self._collect()
        self.findingsChanged.emit()

    def _collect(self) -> None:
        """Put what is known into the findings; how far the work is stays as it is."""
        session = self._session
        reference = session.reference_item if session else None
        if session is None or reference is None:
            return
        comparisons = {
            item.id: self._known[_key(session, item)] for item in session.others() if _key(session, item) in self._known
        }
        digests = {item.id: self._digests[item.id] for item in session.items if item.id in self._digests}
        self.findings = replace(self.findings, comparisons=comparisons, digests=digests, cause=None)
        if len(comparisons) == len(session.others()):
            self._explain(session, reference)

    def _explain(self, session: Session, reference: Item) -> None:
        """The reason for the first difference between two runs."""
        for item in session.others():
            comparison = self.findings.comparisons[item.id]
            if item.kind == reference.kind == "run" and comparison.verdict not in _REPEATED:
                found = cause.explain(reference.record, item.record, comparison, self._tried)
                self.findings = replace(self.findings, cause=found, explained=item.id)
                return

    def _tried(self, probe: Experiment) -> cause.Tried | None:
        """What came of the probe; None while it is being tried."""
        if probe not in self._probed:
            self._probed[probe] = None
            self._probe(probe)
        return self._probed[probe]

    def _probe(self, probe: Experiment) -> None:
        runs: list[RunFinished] = []

        def receive(event: Event) -> None:
            if isinstance(event, RunFinished):
                runs.append(event)
            elif isinstance(event, Outcome) and event.state is RunState.FINISHED and len(runs) == 2:
                self._background.start("probe", lambda cancelled: _compared(runs), learn, fail)
            elif isinstance(event, Outcome):
                del self._probed[probe]
                forget()

        def learn(comparison: Comparison) -> None:
            self._probed[probe] = comparison, runs[0].record
            forget()
            self._collect()
            self.findingsChanged.emit()

        def fail(error: ReproError) -> None:
            forget()
            self.failed.emit(error)

        def forget() -> None:
            for run in runs:
                self._engine.forget(run.index)

        self._engine.ask(lambda engine: engine.run(probe), receive)


def _key(session: Session, item: Item) -> _Key:
    reference = session.reference_item
    assert reference is not None
    return _Key(reference.id, item.id, session.choices(item.id), session.criteria)


def _pairs(reference: Item, item: Item, key: _Key) -> tuple[Pair, ...]:
    from reproviewer.core.pairing import pair
    from reproviewer.core.repair import choose_possible

    return choose_possible(pair(reference.weights, item.weights, key.criteria.with_state), key.choices)


def _look_through(comparison: Comparison) -> None:
    """Have it find out, off the window's thread, what sentences say of it; it keeps that."""
    sentences.verdict_sentence(comparison)
    sentences.open_pairs(comparison)
    sentences.paired_with_others([comparison])


def _compared(runs: list[RunFinished]) -> Comparison:
    from reproviewer.core.compare import compare

    return compare(runs[0].weights, runs[1].weights)
