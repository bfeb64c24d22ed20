"""The experiment as a file: both ways, and what it refuses."""

import json

import pytest

from reproviewer.core.experiment import (
    DRAW_CALLS,
    SCHEMA,
    SEED_FUNCTIONS,
    Draw,
    Environment,
    Experiment,
    SeedCall,
    Seeding,
    dumps,
    from_json,
    loads,
    to_json,
)
from reproviewer.core.message import ReproError

FULL = Experiment(
    model='Dense(5, input_dim=1)\nDense(2, name="출력")',
    draws=tuple(Draw(call, 3) for call in DRAW_CALLS),
    seeding=Seeding(tuple(SeedCall(function, 2**32 - 1) for function in SEED_FUNCTIONS), "once"),
    environment=Environment("tf_keras", "fresh", "/usr/bin/python3"),
    runs=1000,
    title="a title",
    notes="two\nlines",
)


@pytest.mark.parametrize("experiment", [Experiment(), FULL])
def test_both_ways(experiment):
    assert loads(dumps(experiment)) == experiment
    assert from_json(to_json(experiment)) == experiment
    assert dumps(loads(dumps(experiment))) == dumps(experiment)


def test_all_but_the_schema_may_be_left_out():
    assert from_json({"schema": SCHEMA}) == Experiment()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"schema": "reproviewer/experiment-2"}, "has the version 'reproviewer/experiment-2'"),
        ({"schema": None}, "`schema` of the experiment cannot be None"),
        ({"model": 5}, "`model` of the experiment cannot be 5"),
        ({"runs": True}, "`runs` of the experiment cannot be True"),
        ({"runs": 2.0}, "`runs` of the experiment cannot be 2.0"),
        ({"runs": 0}, "number of runs must be a whole number from 1 to 1000, not 0"),
        ({"runs": 1001}, "number of runs"),
        ({"colour": 1}, "`colour` is not known in the experiment"),
        ({"seeding": {"colour": 1}}, "`colour` is not known in the seeding"),
        ({"seeding": {"when": "never"}}, "time of seeding cannot be 'never'"),
        ({"seeding": {"calls": [{"function": "os.system", "seed": 1}]}}, "seeding call cannot be 'os.system'"),
        ({"seeding": {"calls": [{"function": "random.seed", "seed": -1}]}}, "seed must be"),
        ({"seeding": {"calls": [{"function": "random.seed", "seed": 2**32}]}}, "seed must be"),
        ({"seeding": {"calls": [{"function": "random.seed", "seed": "a"}]}}, "`seed` of the seeding call"),
        ({"seeding": {"calls": [5]}}, "`seeding call` is not an object"),
        ({"draws": [{"call": "random.random", "size": 0}]}, "size of a draw"),
        ({"draws": [{"call": "random.gauss"}]}, "draw cannot be 'random.gauss'"),
        ({"draws": [{"call": "random.random", "sise": 1}]}, "`sise` is not known in the draw"),
        ({"environment": {"flavour": "torch"}}, "flavour cannot be 'torch'"),
        ({"environment": {"process": "forked"}}, "process cannot be 'forked'"),
        ({"environment": {"python": 3}}, "`python` of the environment cannot be 3"),
    ],
)
def test_what_is_refused_is_named(changes, sentence):
    with pytest.raises(ReproError) as caught:
        from_json({"schema": SCHEMA, **changes})
    assert sentence in str(caught.value).replace(",", "") or sentence in str(caught.value)


@pytest.mark.parametrize("text", ["", "[]", "5", "nonsense", "{", "[" * 100_000, '{"schema": NaN}', "\x00"])
def test_what_is_no_experiment(text):
    with pytest.raises(ReproError):
        loads(text)


def test_a_seed_is_not_a_float_that_looks_whole():
    text = json.dumps({"schema": SCHEMA, "seeding": {"calls": [{"function": "random.seed", "seed": 1.0}]}})
    with pytest.raises(ReproError):
        loads(text)
