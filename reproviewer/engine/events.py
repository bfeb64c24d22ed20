"""What a worker reports while it works on one request, and how that ends."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from reproviewer.core.message import Message
    from reproviewer.core.weights import WeightSet


class RunState(StrEnum):
    """A run is queued, then running, and ends in exactly one of the other three."""

    QUEUED = "queued"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    ABORTED = "aborted"


@dataclass(frozen=True)
class Ready:
    """The worker has imported Keras. `versions` e.g. `{"python": "3.11.7", "tensorflow": "2.21.0", "keras": ...}`."""

    versions: dict[str, str]
    flavour: str


@dataclass(frozen=True)
class RunStarted:
    """Run `number` (from 1) of the request is being built."""

    number: int


@dataclass(frozen=True)
class RunFinished:
    """Run `number` is built and its tensors lie in a run file of the request's folder."""

    number: int
    weights: WeightSet
    record: dict[str, Any]
    index: Path


@dataclass(frozen=True)
class Reply:
    """The answer to a request that builds no runs (`catalog`, `check`, `save`)."""

    data: dict[str, Any]


@dataclass(frozen=True)
class Outcome:
    """How a request ended; always the last event, always exactly one.

    `message` is the sentence for the person. `where` places a mistake in the model: the index of the layer and, if
    known, the name of the argument. `details` is what an expert wants (a traceback, the tail of the log).
    """

    state: RunState
    message: Message
    where: tuple[int, str | None] | None = None
    details: str = ""
    exit_signal: int | None = field(default=None)


Event = Ready | RunStarted | RunFinished | Reply | Outcome
