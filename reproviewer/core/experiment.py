"""The experiment: which model, which draws, seeded how, where and how often it is run.

An experiment file is JSON::

    {"schema": "reproviewer/experiment-1", "title": "", "notes": "", "model": "Dense(5, input_dim=1)",
     "draws": [{"call": "random.random", "size": 1}],
     "seeding": {"calls": [{"function": "random.seed", "seed": 1}], "when": "each"},
     "environment": {"flavour": "keras", "process": "same", "python": null}, "runs": 2}

Every key but `schema` may be left out. Version 1 is the first.
"""

from __future__ import annotations

import json
import os
import stat
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from reproviewer.core.message import ReproError

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = "reproviewer/experiment-1"
MAX_FILE = 1 << 20
"""Bytes of an experiment file."""
MAX_SEED = 2**32 - 1
MAX_RUNS = 1000
MAX_DRAWS = 1_000_000

SeedFunction = Literal["random.seed", "numpy.random.seed", "tf.random.set_seed", "keras.utils.set_random_seed"]
SEED_FUNCTIONS: tuple[SeedFunction, ...] = (
    "keras.utils.set_random_seed",
    "tf.random.set_seed",
    "numpy.random.seed",
    "random.seed",
)
DrawCall = Literal[
    "random.random",
    "numpy.random.random",
    "numpy.random.default_rng",
    "tf.random.uniform",
    "keras.random.uniform",
    "keras.layers.Dropout",
]
DRAW_CALLS: tuple[DrawCall, ...] = (
    "random.random",
    "numpy.random.random",
    "numpy.random.default_rng",
    "tf.random.uniform",
    "keras.random.uniform",
    "keras.layers.Dropout",
)
When = Literal["each", "once"]
Flavour = Literal["keras", "tf_keras"]
FLAVOURS: tuple[Flavour, ...] = ("keras", "tf_keras")
Process = Literal["same", "fresh"]


@dataclass(frozen=True)
class Draw:
    """`size` numbers drawn by `call` after the model is built, kept as a tensor named after the call."""

    call: DrawCall
    size: int = 1


@dataclass(frozen=True)
class SeedCall:
    """One seeding call, e.g. `random.seed(1)`. `seed` is 0..4294967295.

    `typed` is what a person has typed that is no seed; until it is one, `seed` is the last that was.
    """

    function: SeedFunction
    seed: int
    typed: str = ""


@dataclass(frozen=True)
class Seeding:
    """The calls, in order, made before `each` build or `once` before the first."""

    calls: tuple[SeedCall, ...] = ()
    when: When = "each"


@dataclass(frozen=True)
class Environment:
    """Where it runs. `python` is the path of an interpreter, None for the one running this program.

    In a `fresh` process every run starts anew, so seeding once or before each build is the same thing there.
    """

    flavour: Flavour = "keras"
    process: Process = "same"
    python: str | None = None


@dataclass(frozen=True)
class Experiment:
    """All that is needed to repeat a build. `model` is the text of the layers in Keras' constructor syntax."""

    model: str = ""
    draws: tuple[Draw, ...] = ()
    seeding: Seeding = field(default_factory=Seeding)
    environment: Environment = field(default_factory=Environment)
    runs: int = 2
    title: str = ""
    notes: str = ""

    @property
    def is_blank(self) -> bool:
        """Whether nothing is to be built and nothing drawn: no layers, at most comments."""
        return not self.draws and not any(line.partition("#")[0].strip() for line in self.model.splitlines())

    @property
    def has_bad_seed(self) -> bool:
        """Whether something is typed for a seed that is none."""
        return any(call.typed for call in self.seeding.calls)

    def check(self) -> None:
        """Raise ReproError when a seed, a count or a choice is out of range. The model text has its own checks."""
        for call in self.seeding.calls:
            _choice("seeding call", call.function, SEED_FUNCTIONS)
            _whole("seed", call.seed, 0, MAX_SEED)
        for draw in self.draws:
            _choice("draw", draw.call, DRAW_CALLS)
            _whole("size of a draw", draw.size, 1, MAX_DRAWS)
        _whole("number of runs", self.runs, 1, MAX_RUNS)
        _choice("time of seeding", self.seeding.when, ("each", "once"))
        _choice("flavour", self.environment.flavour, FLAVOURS)
        _choice("process", self.environment.process, ("same", "fresh"))


def remedied(experiment: Experiment, action: str) -> Experiment:
    """The experiment as the button of a verdict would have it; as it is for every other action."""
    seeds = [call.seed for call in experiment.seeding.calls]
    if action == "build-twice":
        return replace(experiment, runs=max(2, experiment.runs))
    if action in ("set-seed", "use-set-random-seed"):
        call = SeedCall("keras.utils.set_random_seed", seeds[0] if seeds else 1)
        return replace(experiment, seeding=Seeding((call,), "each"))
    if action == "seed-each":
        return replace(experiment, seeding=replace(experiment.seeding, when="each"))
    return experiment


def to_json(experiment: Experiment) -> dict[str, Any]:
    """The experiment as the JSON document described above."""
    return {
        "schema": SCHEMA,
        "title": experiment.title,
        "notes": experiment.notes,
        "model": experiment.model,
        "draws": [{"call": d.call, "size": d.size} for d in experiment.draws],
        "seeding": {
            "calls": [{"function": c.function, "seed": c.seed} for c in experiment.seeding.calls],
            "when": experiment.seeding.when,
        },
        "environment": {
            "flavour": experiment.environment.flavour,
            "process": experiment.environment.process,
            "python": experiment.environment.python,
        },
        "runs": experiment.runs,
    }


def dumps(experiment: Experiment) -> str:
    """The experiment as the text of a JSON file."""
    return json.dumps(to_json(experiment), indent=2, ensure_ascii=False) + "\n"


def load(path: Path) -> Experiment:
    """Read an experiment file.

    Raises
    ------
    ReproError
        No experiment, no regular file (a pipe would be waited for, a device has no end), too large, or not readable.
    """
    try:
        fd = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with os.fdopen(fd, "rb") as file:
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                raise ReproError("{file} is not an experiment: it is not a regular file.", file=path)
            data = file.read(MAX_FILE + 1)
    except OSError as error:
        raise ReproError("{file} cannot be read: {why}.", file=path, why=error.strerror) from None
    if len(data) > MAX_FILE:
        raise ReproError("{file} is not an experiment: it is larger than {limit} bytes.", file=path, limit=MAX_FILE)
    try:
        return loads(data.decode("utf-8"))
    except UnicodeDecodeError:
        raise ReproError("{file} is not an experiment: it is not text.", file=path) from None
    except ReproError as error:
        raise ReproError("{file}: {why}", file=path.name, why=error.message) from None


def loads(text: str) -> Experiment:
    """Read the text of an experiment file.

    Raises
    ------
    ReproError
        Not JSON, an unknown version, or a value of the wrong kind or out of range.
    """
    try:
        data = json.loads(text)
    except RecursionError:
        raise ReproError("This is not an experiment: its JSON is nested too deep.") from None
    except ValueError as error:
        raise ReproError("This is not an experiment: it is not valid JSON ({why}).", why=error) from None
    return from_json(data)


def from_json(data: object) -> Experiment:
    """Make an experiment of a JSON document; the inverse of `to_json`. Raises ReproError."""
    top = _Fields(data, "experiment")
    schema = top.take("schema", str, "")
    if schema != SCHEMA:
        raise ReproError(
            "This experiment has the version {found}; this program reads {known}.",
            found=repr(schema) if schema else "(none)",
            known=SCHEMA,
        )
    seeding = _Fields(top.take("seeding", dict, {}), "seeding")
    environment = _Fields(top.take("environment", dict, {}), "environment")
    experiment = Experiment(
        model=top.take("model", str, ""),
        draws=tuple(_draw(d) for d in top.take("draws", list, [])),
        seeding=Seeding(
            tuple(_seed_call(c) for c in seeding.take("calls", list, [])), seeding.take("when", str, "each")
        ),
        environment=Environment(
            environment.take("flavour", str, "keras"),
            environment.take("process", str, "same"),
            environment.take("python", (str, type(None)), None),
        ),
        runs=top.take("runs", int, 2),
        title=top.take("title", str, ""),
        notes=top.take("notes", str, ""),
    )
    for fields in (top, seeding, environment):
        fields.nothing_left()
    experiment.check()
    return experiment


class _Fields:
    """The keys of one JSON object; says which key is wrong and which is not known."""

    def __init__(self, data: object, where: str) -> None:
        if not isinstance(data, dict):
            raise ReproError("This is not an experiment: `{where}` is not an object.", where=where)
        self._left = dict(data)
        self._where = where

    def take(self, key: str, kind: type | tuple[type, ...], default: Any) -> Any:
        value = self._left.pop(key, default)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is int):
            raise ReproError("`{key}` of the {where} cannot be {value}.", key=key, where=self._where, value=repr(value))
        return value

    def nothing_left(self) -> None:
        if self._left:
            raise ReproError("`{key}` is not known in the {where}.", key=next(iter(self._left)), where=self._where)


def _draw(data: object) -> Draw:
    fields = _Fields(data, "draw")
    draw = Draw(fields.take("call", str, ""), fields.take("size", int, 1))
    fields.nothing_left()
    return draw


def _seed_call(data: object) -> SeedCall:
    fields = _Fields(data, "seeding call")
    call = SeedCall(fields.take("function", str, ""), fields.take("seed", int, 0))
    fields.nothing_left()
    return call


def _choice(what: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ReproError("The {what} cannot be {value}.", what=what, value=repr(value))


def _whole(what: str, value: object, low: int, high: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ReproError(
            "The {what} must be a whole number from {low} to {high}, not {value}.",
            what=what,
            low=str(low),
            high=str(high),
            value=repr(value),
        )
