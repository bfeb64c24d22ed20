"""What every request keeps to, tried on a worker that needs no Keras."""

import resource
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from reproviewer.core.experiment import Environment, Experiment
from reproviewer.engine import Engine
from reproviewer.engine.events import Outcome, Ready, Reply, RunStarted, RunState

FAKE = Path(__file__).parent / "fakes" / "worker.py"
ENVIRONMENT = Environment()
EXPERIMENT = Experiment("Dense(5, input_dim=1)")


@pytest.fixture
def fake(tmp_path):
    engines = []

    def make(mode, **options):
        engine = Engine(tmp_path, worker_command=[sys.executable, str(FAKE), mode], **options)
        engines.append(engine)
        return engine

    yield make
    for engine in engines:
        engine.close()
    assert not list(tmp_path.iterdir())


def outcome_of(events):
    *_, last = events
    assert isinstance(last, Outcome)
    assert sum(isinstance(event, Outcome) for event in events) == 1
    return last


def test_it_imports_neither_qt_nor_tensorflow():
    code = "import sys, reproviewer.engine; print({'PySide6', 'tensorflow', 'keras', 'h5py'} & {*sys.modules})"
    root = Path(__file__).parents[2]
    result = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert result.stdout == "set()\n"


def test_a_request_ends_with_one_outcome(fake):
    engine = fake("normal")
    ready, outcome = engine.wait_ready(ENVIRONMENT)
    assert ready == Ready({"python": "3"}, "keras")
    assert outcome.state is RunState.FINISHED
    assert engine.versions(ENVIRONMENT) == {"python": "3"}
    started, outcome = engine.run(EXPERIMENT)
    assert started == RunStarted(1)
    assert outcome.state is RunState.FINISHED


def test_starting_returns_at_once(fake):
    engine = fake("slow-start")
    before = time.perf_counter()
    engine.start(ENVIRONMENT)
    assert time.perf_counter() - before < 0.1
    assert engine.versions(ENVIRONMENT) is None


def test_answers_to_other_requests_are_dropped(fake):
    events = list(fake("late").run(EXPERIMENT))
    assert [type(event) for event in events] == [RunStarted, Outcome]


@pytest.mark.parametrize(
    ("experiment", "sentence"),
    [
        (Experiment("Dense("), None),
        (Experiment("Dense(5)", runs=0), "The number of runs must be a whole number from 1 to 1000, not 0."),
    ],
)
def test_what_is_wrong_with_the_experiment_needs_no_worker(fake, experiment, sentence):
    outcome = outcome_of(list(fake("dies-at-start").run(experiment)))
    assert outcome.state is RunState.FAILED
    assert sentence in (None, str(outcome.message))


@pytest.mark.parametrize(
    ("mode", "sentence"),
    [
        ("refuses", "It is Sunday."),
        ("dies-at-start", "The worker ended with status 1 while starting."),
        ("old", "The worker sent something that is not a message while starting."),
    ],
)
def test_a_worker_that_does_not_get_ready(fake, mode, sentence):
    outcome = outcome_of(list(fake(mode).wait_ready(ENVIRONMENT)))
    assert outcome.state is RunState.FAILED
    assert str(outcome.message) == sentence
    if mode == "dies-at-start":
        assert "no such thing" in outcome.details


def test_an_interpreter_that_is_not_there(tmp_path):
    with Engine(tmp_path) as engine:
        outcome = outcome_of(list(engine.wait_ready(Environment(python="/nowhere/python"))))
    expected = "The interpreter /nowhere/python cannot be started: No such file or directory."
    assert str(outcome.message) == expected


@pytest.mark.parametrize(
    ("mode", "sentence"),
    [
        ("status", "The worker ended with status 3 while building run 1."),
        ("rubbish", "The worker sent something that is not a message while building run 1."),
        ("hang", "The worker said nothing for 0.5 seconds while building run 1, and was stopped."),
    ],
)
def test_a_worker_that_breaks_is_told_and_replaced(fake, mode, sentence):
    engine = fake(mode, silence_seconds=0.5)
    outcome = outcome_of(list(engine.run(EXPERIMENT)))
    assert outcome.state is RunState.FAILED
    assert str(outcome.message) == sentence
    reply, outcome = engine.check(EXPERIMENT)
    assert isinstance(reply, Reply)
    assert outcome.state is RunState.FINISHED


def test_rubbish_is_kept_for_the_expert(fake):
    outcome = outcome_of(list(fake("rubbish").run(EXPERIMENT)))
    assert "Segmentation fault, or whatever" in outcome.details


def test_a_killed_worker_says_how_much_memory_it_used(fake):
    outcome = outcome_of(list(fake("killed").run(EXPERIMENT)))
    assert outcome.exit_signal == 9
    message = str(outcome.message)
    own_peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if own_peak_mib > 400:  # the kernel counts what the worker was forked from, so nothing is said
        assert message == "The worker was killed (SIGKILL) while building run 1."
    else:
        assert message.startswith("The worker was killed (SIGKILL) while building run 1; it used 4")
        assert message.endswith(" MiB.")


@pytest.mark.parametrize("mode", ["hang", "slow-start"])
def test_cancel_ends_a_worker_that_hangs(fake, mode):
    engine = fake(mode)
    threading.Timer(0.5, engine.cancel).start()
    before = time.perf_counter()
    outcome = outcome_of(list(engine.run(EXPERIMENT)))
    assert outcome.state is RunState.ABORTED
    assert time.perf_counter() - before < 5


def test_after_a_cancel_another_worker_answers(fake):
    engine = fake("hang")
    events = engine.run(EXPERIMENT)
    assert next(events) == RunStarted(1)
    engine.cancel()
    assert outcome_of(list(events)).state is RunState.ABORTED
    assert outcome_of(list(engine.check(EXPERIMENT))).state is RunState.FINISHED


def test_closing_the_iterator_stops_the_request(fake):
    engine = fake("hang")
    reply, _ = engine.check(EXPERIMENT)
    events = engine.run(EXPERIMENT)
    next(events)
    events.close()
    again, outcome = engine.check(EXPERIMENT)
    assert outcome.state is RunState.FINISHED
    assert again.data["pid"] != reply.data["pid"]


def test_a_second_request_waits_for_the_first(fake):
    engine = fake("normal")
    first = engine.run(EXPERIMENT)
    next(first)
    second = []
    thread = threading.Thread(target=lambda: second.extend(engine.check(EXPERIMENT)))
    thread.start()
    time.sleep(0.2)
    assert not second
    assert outcome_of(list(first)).state is RunState.FINISHED
    thread.join(5)
    assert outcome_of(second).state is RunState.FINISHED


def test_a_closed_engine_aborts(fake):
    engine = fake("hang")
    events = engine.run(EXPERIMENT)
    next(events)
    engine.close()
    assert outcome_of(list(events)).state is RunState.ABORTED
    assert outcome_of(list(engine.check(EXPERIMENT))).state is RunState.ABORTED


def test_what_a_worker_prints_is_in_its_log(fake):
    engine = fake("dies-at-start")
    list(engine.wait_ready(ENVIRONMENT))
    assert "no such thing" in engine.log_path(ENVIRONMENT).read_text()
