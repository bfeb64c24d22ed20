"""The engine: one warm worker for every environment, one request at a time on each."""

from __future__ import annotations

import itertools
import os
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reproviewer.core import experiment as experiments
from reproviewer.core import model_spec
from reproviewer.core.message import Message, ReproError, message
from reproviewer.core.weights import read_run_file
from reproviewer.engine import outcomes
from reproviewer.engine.events import Event, Outcome, Ready, Reply, RunFinished, RunStarted, RunState
from reproviewer.engine.folders import RunFolder
from reproviewer.engine.process import Spawner, WorkerProcess
from reproviewer.engine.slot import Ended, Slot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import TracebackType

    from reproviewer.core.experiment import Environment, Experiment
    from reproviewer.core.weights import Tensor

WORKER = Path(__file__).parents[1] / "worker"
SILENCE_SECONDS = 900.0
CLOSE_SECONDS = 10.0
DOING = {
    "run": message("starting to build"),
    "load": message("loading weights"),
    "save": message("saving weights"),
    "check": message("checking the model"),
    "catalog": message("listing the layers"),
}
WRITES_RUNS = ("run", "load")
Key = tuple[str, str, str]


class Engine:
    """Starts workers, asks them and reports what they say.

    Every request is an iterator of events that ends with exactly one `Outcome`. An iterator that is closed early stops
    its request. Requests may be made from any thread, and wait for each other where they share a worker.

    Parameters
    ----------
    root
        Where the folder of the runs is made; the system's folder for temporary files by default.
    worker_command
        Starts a worker, in place of `PYTHON reproviewer/worker`; options are put behind it.
    silence_seconds
        A worker that says nothing for so long is taken to hang.
    """

    def __init__(
        self,
        root: Path | None = None,
        *,
        worker_command: Sequence[str] | None = None,
        silence_seconds: float = SILENCE_SECONDS,
    ) -> None:
        self._folder = RunFolder(root)
        self._command = worker_command
        self._silence_seconds = silence_seconds
        self._spawner = Spawner()
        self._slots: dict[Key, Slot] = {}
        self._workers: list[WorkerProcess] = []
        self._running: dict[int, Slot] = {}
        self._numbers = itertools.count(1)
        self._closed = False

    def __enter__(self) -> Engine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self, environment: Environment) -> None:
        """Start the environment's worker, if it is not there already. Returns at once."""
        _ = self._slot(environment).worker

    def versions(self, environment: Environment) -> dict[str, str] | None:
        """The versions of a worker that is ready; None while it is not."""
        hello = self._slot(environment).hello
        return None if hello is None else dict(hello["versions"])

    def log_path(self, environment: Environment) -> Path:
        """The file with everything that the environment's worker printed; it need not exist yet."""
        number = list(self._slots).index(_key(environment)) if self._slot(environment) else 0
        return self._folder.path / f"worker-{number + 1}-{environment.flavour}-{environment.process}.log"

    def wait_ready(self, environment: Environment) -> Iterator[Event]:
        """Start the worker and wait: `Ready`, then the outcome."""
        return self._ask(environment, None)

    def run(self, experiment: Experiment) -> Iterator[Event]:
        """Build the experiment's runs: `RunStarted` and `RunFinished` for each, then the outcome."""
        return self._build(experiment, {"do": "run", "numbers": list(range(1, experiment.runs + 1))})

    def load(self, experiment: Experiment, tensors: Sequence[Tensor]) -> Iterator[Event]:
        """Build the model, put `tensors` (in the order of its weights) into it: run 1 is before, run 2 after.

        All or nothing: where one tensor does not fit, nothing is assigned and the outcome says which.
        """
        return self._build(experiment, {"do": "load", "tensors": _windows(tensors)})

    def save(self, experiment: Experiment, tensors: Sequence[Tensor], format: str, target: Path) -> Iterator[Event]:
        """Let Keras write `tensors` (in the order of the model's weights) to `target`.

        `format` is "keras-weights", "legacy-h5" or "tf-checkpoint" (then `target` is the prefix of its files). The
        caller chooses a temporary target: a failure may leave a part of a file there.
        """
        body = {"do": "save", "tensors": _windows(tensors), "format": format, "target": str(target)}
        return self._build(experiment, body)

    def check(self, experiment: Experiment) -> Iterator[Event]:
        """Build the model once: a `Reply` with its tensors, or the outcome places the mistake."""
        return self._build(experiment, {"do": "check"})

    def catalog(self, environment: Environment) -> Iterator[Event]:
        """What the environment's Keras offers: a `Reply` with layers, initializers and so on."""
        return self._ask(environment, {"do": "catalog"})

    def cancel(self) -> None:
        """End every request that is running, from any thread. Their iterators end with the state ABORTED."""
        for request, slot in list(self._running.items()):
            slot.cancel(request)

    def forget(self, index: Path) -> None:
        """Give up a run, named by its index, that nobody looks at any more: its place goes to the next runs."""
        index.unlink(missing_ok=True)
        self._folder.give_back(index.with_suffix(".bin"))

    def scratch(self) -> Path:
        """Make a folder for files of the caller's; it goes when the engine is closed."""
        return Path(tempfile.mkdtemp(prefix="scratch-", dir=self._folder.path))

    def close(self) -> None:
        """End all requests and workers and remove the folder of the runs."""
        self._closed = True
        for slot in self._slots.values():
            slot.close()
        self.cancel()
        self._spawner.close()
        for worker in self._workers:
            worker.wait(CLOSE_SECONDS)
        self._folder.close()

    def _build(self, experiment: Experiment, body: dict[str, Any]) -> Iterator[Event]:
        try:
            experiment.check()
            layers = parse_model(experiment.model)
        except ReproError as error:
            yield Outcome(RunState.FAILED, error.message)
            return
        body = {**body, "experiment": experiments.to_json(experiment), "layers": layers}
        if body["do"] not in WRITES_RUNS:
            yield from self._ask(experiment.environment, body)
            return
        with self._folder.spares() as spares:
            yield from self._ask(experiment.environment, {**body, "spares": [str(path) for path in spares]})

    def _ask(self, environment: Environment, body: dict[str, Any] | None) -> Iterator[Event]:
        if self._closed:
            yield outcomes.aborted()
            return
        request = next(self._numbers)
        slot = self._running[request] = self._slot(environment)
        try:
            with slot.turn(request) as worker:
                hello = slot.wait_ready(worker, request)
                if body is None:
                    yield Ready(dict(hello["versions"]), hello["flavour"])
                else:
                    folder = self._folder.request(request)
                    slot.send(worker, request, {**body, "folder": str(folder)})
                    yield from _answers(partial(slot.receive, worker, request), body["do"], folder)
            outcome = outcomes.finished()
        except Ended as end:
            outcome = end.outcome
        finally:
            del self._running[request]
        yield outcome

    def _slot(self, environment: Environment) -> Slot:
        key = _key(environment)
        if key not in self._slots:
            python = environment.python or sys.executable
            is_fresh = environment.process == "fresh"

            def make() -> WorkerProcess:
                command = [*(self._command or (python, str(WORKER))), "--flavour", environment.flavour]
                command += ["--fork-server"] if is_fresh else []
                worker = WorkerProcess(command, self.log_path(environment), _variables(environment), self._spawner)
                self._workers = [other for other in self._workers if not other.wait(0)] + [worker]
                return worker

            self._slots[key] = Slot(make, python, is_fresh, self._silence_seconds)
        return self._slots[key]


def parse_model(text: str) -> list[Any]:
    """The layers of a model's text as a worker is told them. Raises ReproError."""
    from reproviewer.core import keras_text

    parsed = keras_text.parse(text)
    for problem in parsed.problems:
        raise ReproError(problem.message.template, **dict(problem.message.args))
    return [model_spec.to_json(layer) for layer in parsed.layers]


def _answers(receive: Callable[[Message], dict[str, Any]], do: str, folder: Path) -> Iterator[Event]:
    """Turn the messages that answer a request into events, up to its last. Raises Ended when it failed."""
    doing = DOING[do]
    while (answer := receive(doing))["event"] != "done":
        kind = answer["event"]
        if kind == "started":
            if do == "run":
                doing = message("building run {number}", number=answer["number"])
            yield RunStarted(answer["number"])
        elif kind == "run":
            yield _finished_run(answer["number"], folder / str(answer["index"]))
        elif kind == "reply":
            yield Reply(answer["data"])
        elif kind == "failed":
            raise Ended(outcomes.failed(answer))


def _finished_run(number: int, index: Path) -> RunFinished:
    try:
        weights, record = read_run_file(index)
    except ReproError as error:
        raise Ended(Outcome(RunState.FAILED, error.message)) from None
    return RunFinished(number, weights, record, index)


def _windows(tensors: Sequence[Tensor]) -> list[dict[str, Any]]:
    return [
        {"name": t.name, "dtype": t.dtype, "shape": list(t.shape), "path": t.path, "offset": t.offset} for t in tensors
    ]


def _key(environment: Environment) -> Key:
    return (environment.python or sys.executable, environment.flavour, environment.process)


def _variables(environment: Environment) -> dict[str, str]:
    """The worker's environment variables: ours, and what it prints reaches the log at once."""
    variables = {**os.environ, "PYTHONUNBUFFERED": "1"}
    if environment.flavour == "keras":
        variables["KERAS_BACKEND"] = "tensorflow"
    return variables
