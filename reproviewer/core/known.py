"""What is known besides the desk: about the worker, the model and the work under way, and what was found out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from reproviewer.core.message import Message, message

if TYPE_CHECKING:
    from reproviewer.core.cause import Cause
    from reproviewer.core.experiment import Experiment
    from reproviewer.core.keras_text import Problem
    from reproviewer.core.verdict import Comparison


@dataclass(frozen=True)
class Work:
    """What the engine is doing for the person: a build or a load; `queued` while TensorFlow still loads."""

    kind: Literal["build", "load", "save"]
    number: int = 0
    total: int = 0
    queued: bool = False


@dataclass(frozen=True)
class Trouble:
    """A request that failed: the sentence, and what an expert wants to read."""

    message: Message
    details: str = ""
    headline: Message = field(default_factory=lambda: message("Failed"))


@dataclass(frozen=True)
class Status:
    """What is known about the worker and the model besides the session."""

    phase: Literal["starting", "ready", "failed"] = "starting"
    engine: Message = field(default_factory=lambda: message("Loading TensorFlow…"))
    work: Work | None = None
    trouble: Trouble | None = None
    problems: tuple[Problem, ...] = ()
    size: tuple[int, int] | None = None
    """Weights and tensors of the model as it is written, when the worker has counted them."""
    changed: frozenset[str] = frozenset()
    """Items whose files are not any more what was read."""
    gone: frozenset[str] = frozenset()
    """Those of them whose files are not there any more."""

    def allows(self, experiment: Experiment) -> bool:
        """Whether there is anything to build, and no mistake in it."""
        return not (self.problems or experiment.is_blank or experiment.has_bad_seed)


@dataclass(frozen=True)
class Findings:
    """What was found out about the items of the shelf, against the present reference."""

    comparisons: dict[str, Comparison] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    cause: Cause | None = None
    explained: str | None = None
    """The item whose difference has this cause."""
    progress: tuple[int, int] | None = None
    """How much of what is compared now has been read, and all of it."""
    stopped: bool = False
    """The person stopped it."""
    relating: bool = False
    """What unlike weights have to do with each other is still being found out."""
