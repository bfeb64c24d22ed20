"""Real workers that die, lack something or run out of something: a sentence, the finished runs stay, the next works."""

import os
import signal
import subprocess
import sys
import time
import venv
from dataclasses import replace
from pathlib import Path

import pytest

from reproviewer.core.experiment import Draw, Environment, Experiment
from reproviewer.core.weights import digest, read_run_file
from reproviewer.engine import Engine
from reproviewer.engine.events import RunFinished, RunStarted, RunState

FAKES = Path(__file__).parent / "fakes"
WORKER = Path(__file__).parents[2] / "reproviewer" / "worker"
EXPERIMENT = Experiment("Dense(5, input_dim=1)", runs=2)
FRESH = replace(EXPERIMENT, environment=Environment(process="fresh"))
SERVER = "\0keras\0--fork-server"

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")


def finished(events):
    return [event for event in events if isinstance(event, RunFinished)]


def assert_works(engine, experiment):
    *_, outcome = engine.run(experiment)
    assert outcome.state is RunState.FINISHED, outcome


def assert_readable(runs):
    for run in runs:
        weights, record = read_run_file(run.index)
        assert digest(weights) == digest(run.weights)
        assert record == run.record


def processes(parent=None, having="", session=None):
    """The ids of the processes with this parent, this in their command line, in this session."""
    found = []
    for task in Path("/proc").glob("[0-9]*"):
        try:
            fields = (task / "stat").read_text().rpartition(")")[2].split()
            command = (task / "cmdline").read_text()
        except OSError:
            continue
        if fields[0] == "Z" or having not in command:
            continue
        if parent in (None, int(fields[1])) and session in (None, int(fields[3])):
            found.append(int(task.name))
    return found


def wait_until(condition, seconds=20.0):
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < deadline
    return result


def test_a_worker_killed_in_the_middle(engine):
    events = []
    for event in engine.run(replace(EXPERIMENT, runs=1000)):
        events.append(event)
        if isinstance(event, RunFinished) and event.number == 3:
            os.kill(event.record["pid"], signal.SIGKILL)
    outcome = events[-1]
    assert outcome.state is RunState.FAILED
    assert outcome.exit_signal == signal.SIGKILL
    number = max(event.number for event in events if isinstance(event, RunStarted))
    assert f"was killed (SIGKILL) while building run {number}" in str(outcome.message)
    assert len(finished(events)) >= 3
    assert_readable(finished(events))
    assert_works(engine, EXPERIMENT)


def test_a_forked_run_killed_in_the_middle(engine):
    assert_works(engine, FRESH)
    server = processes(os.getpid(), SERVER)[0]
    events = []
    for event in engine.run(replace(FRESH, model="Input((200, 200, 3))\nFlatten()\nDense(300)", runs=2)):
        events.append(event)
        if isinstance(event, RunStarted) and event.number == 2:
            child = wait_until(lambda: processes(server))[0]
            os.kill(child, signal.SIGKILL)
    assert events[-1].state is RunState.FAILED
    assert str(events[-1].message).startswith("The process of run 2 was killed (SIGKILL); it used ")
    assert [run.number for run in finished(events)] == [1]
    assert_readable(finished(events))
    assert_works(engine, FRESH)
    assert processes(os.getpid(), SERVER) == [server]


def test_cancelling_a_fresh_run_keeps_the_server(engine):
    assert_works(engine, FRESH)
    server = processes(os.getpid(), SERVER)[0]
    events = engine.run(replace(FRESH, runs=1000))
    next(event for event in events if isinstance(event, RunFinished))
    engine.cancel()
    assert list(events)[-1].state is RunState.ABORTED
    assert not processes(server)
    assert_works(engine, FRESH)
    assert processes(os.getpid(), SERVER) == [server]


def test_a_model_too_large_for_the_memory(engine):
    outcome = list(engine.check(replace(EXPERIMENT, model="Dense(500000, input_dim=5000000)")))[-1]
    assert outcome.state is RunState.FAILED
    assert str(outcome.message) == "There is not enough memory for Dense."
    assert outcome.where == (0, None)
    assert_works(engine, EXPERIMENT)


def test_a_disk_that_is_full(tmp_path):
    limit = 1 << 20
    command = [sys.executable, str(FAKES / "limited.py"), str(limit), str(WORKER)]
    with Engine(tmp_path, worker_command=command) as engine:
        small = Experiment(draws=(Draw("random.random", 4),), runs=1)
        before = list(engine.run(small))
        events = list(engine.run(replace(small, draws=(Draw("numpy.random.random", limit // 4),))))
        assert events[-1].state is RunState.FAILED
        assert str(events[-1].message) == "The disk is full: run 1 needs 2.0 MiB."
        assert not list(tmp_path.glob("*/request-2/*"))
        assert_readable(finished(before))
        assert_works(engine, small)


def test_an_interpreter_without_keras(tmp_path):
    bare = tmp_path / "bare"
    venv.create(bare, symlinks=True)
    python = str(bare / "bin" / "python")
    with Engine(tmp_path) as engine:
        sentences = [
            str(list(engine.wait_ready(Environment(flavour, "same", python)))[-1].message)
            for flavour in ("keras", "tf_keras")
        ]
    assert sentences == [f"Keras is not installed for {python}.", f"TensorFlow is not installed for {python}."]


def test_nobody_outlives_a_program_that_is_killed(tmp_path):
    command = [sys.executable, str(FAKES / "owner.py"), str(tmp_path)]
    path = os.pathsep.join([str(WORKER.parents[1]), os.environ.get("PYTHONPATH", "")])
    owner = subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": path})
    with owner:
        assert owner.stdout.readline() == b"working\n"
        workers = processes(owner.pid)
        everybody = [pid for worker in workers for pid in processes(session=worker)]
        assert len(workers) == 2
        assert len(everybody) >= 2
        owner.kill()
    wait_until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in everybody), 3.0)
    left = list(tmp_path.iterdir())
    assert left
    with Engine(tmp_path):
        assert not any(folder.exists() for folder in left)


def test_closing_ends_every_process(tmp_path):
    others = set(processes(os.getpid()))
    engine = Engine(tmp_path)
    engine.start(Environment())
    list(engine.wait_ready(Environment(process="fresh")))
    assert len(set(processes(os.getpid(), str(WORKER))) - others) == 2
    engine.close()
    assert set(processes(os.getpid())) <= others
    assert not list(tmp_path.iterdir())
