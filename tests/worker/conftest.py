"""Short ways to ask the shared engine."""

from dataclasses import dataclass, field

import pytest

from reproviewer.engine.events import Outcome, Reply, RunFinished, RunState


@dataclass
class Asked:
    """What a request came to."""

    runs: list = field(default_factory=list)
    data: dict = field(default_factory=dict)
    outcome: Outcome | None = None


def asked(events):
    result = Asked()
    for event in events:
        if isinstance(event, RunFinished):
            result.runs.append(event)
        elif isinstance(event, Reply):
            result.data = event.data
        elif isinstance(event, Outcome):
            result.outcome = event
    return result


@pytest.fixture
def ask():
    """The runs, the reply and the outcome of a request, which must succeed."""

    def succeed(events):
        result = asked(events)
        assert result.outcome.state is RunState.FINISHED, f"{result.outcome.message}\n{result.outcome.details}"
        return result

    return succeed


@pytest.fixture
def refusal():
    """The outcome of a request, which must fail."""

    def fail(events):
        result = asked(events)
        assert result.outcome.state is RunState.FAILED
        return result.outcome

    return fail
