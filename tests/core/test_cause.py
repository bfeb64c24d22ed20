"""Why two runs differ: from their records, and from asking Keras itself."""

from dataclasses import replace

import pytest

from reproviewer.core.cause import (
    SAME_SEED,
    SEED_EACH,
    SET_SEED,
    USE_SET_RANDOM_SEED,
    cause,
    explain,
    governs,
    is_probe,
    needs_probe,
    probe_experiment,
)
from reproviewer.core.compare import compare
from reproviewer.core.experiment import Draw, Environment, Experiment, SeedCall, Seeding, to_json
from reproviewer.core.verdict import Comparison, TensorComparison, Verdict
from reproviewer.engine.events import RunFinished

MODEL = "Dense(5, input_dim=1)"
ONE = SeedCall("keras.utils.set_random_seed", 1)
SEEDED = Experiment(MODEL, seeding=Seeding((ONE,)))


def tensor(name, verdict):
    return TensorComparison(name, (name, name), verdict, ((5,), (5,)), ("float32", "float32"), 5)


def comparison(verdict=Verdict.DIFFERENT, name="dense/kernel"):
    return Comparison(verdict, (tensor(name, verdict),))


def record(experiment=SEEDED, number=1, **changes):
    each = experiment.seeding.when == "each"
    calls = [f"{c.function}({c.seed})" for c in experiment.seeding.calls]
    return {
        "experiment": to_json(experiment),
        "versions": {"python": "3.11.7", "numpy": "2.4.6", "tensorflow": "2.21.0", "keras": "3.15.1"},
        "flavour": "keras",
        "package": "keras",
        "environment": {},
        "onednn": True,
        "platform": "Linux",
        "device": "CPU",
        "process": experiment.environment.process,
        "calls": calls if each or number == 1 else [],
        "seeded_before_run": (number if each else 1) if calls else None,
        **changes,
    }


def test_what_does_not_fit_is_explained_by_what_was_built_alone():
    unseeded, other = record(Experiment(MODEL)), record(Experiment("Dense(6, input_dim=1)"))
    misfit = comparison(Verdict.MISMATCHED)
    assert cause(unseeded, unseeded, misfit) is None
    assert str(cause(unseeded, other, misfit).message) == "The two runs were built from different models."
    assert explain(record(), record(number=2), misfit, lambda probe: pytest.fail("asked Keras")) is None


def test_nothing_to_explain():
    unseeded = record(Experiment(MODEL))
    assert cause(unseeded, unseeded, comparison(Verdict.IDENTICAL)) is None
    assert cause(unseeded, unseeded, comparison(Verdict.EQUAL)) is None
    assert cause(record(), record(number=2), comparison()) is None
    assert cause({}, record(), comparison()) is None


@pytest.mark.parametrize(
    ("a", "b", "sentence", "action"),
    [
        (record(Experiment(MODEL)), record(Experiment(MODEL)), "No seed was set before the builds.", SET_SEED),
        (record(), record(Experiment(MODEL)), "No seed was set before one of the two builds.", SET_SEED),
        (
            record(),
            record(Experiment(MODEL, seeding=Seeding((replace(ONE, seed=2),)))),
            "The seeds differ: keras.utils.set_random_seed(1) before one build, "
            "keras.utils.set_random_seed(2) before the other.",
            SAME_SEED,
        ),
        (
            record(replace(SEEDED, seeding=Seeding((ONE,), "once"))),
            record(replace(SEEDED, seeding=Seeding((ONE,), "once")), 2),
            "The seed was set only once, before the first build.",
            SEED_EACH,
        ),
        (record(), record(replace(SEEDED, model="Dense(6)")), "The two runs were built from different models.", ""),
        (
            record(),
            record(replace(SEEDED, draws=(Draw("random.random"),))),
            "The two runs drew different numbers beside the model.",
            "",
        ),
        (
            record(),
            record(flavour="tf_keras", package="tf_keras", versions={"keras": "2.21.0"}),
            "The two runs were built by different generations of Keras: keras 3.15.1 and tf_keras 2.21.0.",
            "",
        ),
        (
            record(),
            record(versions={**record()["versions"], "tensorflow": "2.22.0"}),
            "The two runs were built by different versions: TensorFlow 2.21.0 and 2.22.0.",
            "",
        ),
        (
            record(),
            record(environment={"TF_ENABLE_ONEDNN_OPTS": "0"}),
            "The environment variable TF_ENABLE_ONEDNN_OPTS differs: not set and TF_ENABLE_ONEDNN_OPTS=0.",
            "",
        ),
        (record(), record(onednn=False), "oneDNN was in force for one of the two runs only.", ""),
        (record(), record(device="GPU"), "The two runs were built on different machines: CPU and GPU.", ""),
    ],
)
def test_reasons_in_the_records(a, b, sentence, action):
    found = cause(a, b, comparison())
    assert (str(found.message), found.action) == (sentence, action)


def test_white_space_is_no_other_model():
    assert cause(record(), record(replace(SEEDED, model=f"  {MODEL}\n"), 2), comparison()) is None


def test_seeding_once_is_no_reason_in_fresh_processes():
    fresh = replace(SEEDED, seeding=Seeding((ONE,), "once"), environment=Environment(process="fresh"))
    assert cause(record(fresh), record(fresh, 2), comparison()) is None


def test_a_probe_is_two_builds_in_one_process_seeded_before_each():
    fresh = replace(
        SEEDED, seeding=Seeding((ONE,), "once"), environment=Environment("tf_keras", "fresh", "/py"), runs=9
    )
    probe = probe_experiment(fresh)
    assert probe.seeding == Seeding((ONE,), "each")
    assert probe.environment == Environment("tf_keras", "same", "/py")
    assert (probe.runs, probe.model) == (2, MODEL)
    assert probe_experiment(Experiment(MODEL)) is None
    assert probe_experiment(Experiment(seeding=Seeding((ONE,)))) is None


def test_keras_is_asked_only_where_the_records_do_not_tell():
    asked = []

    def differs(probe):
        asked.append(probe)
        return comparison(), record()

    apart = {"pid": 2}
    found = explain(record(SEEDED), record(SEEDED, 2) | apart, comparison(), differs)
    assert str(found.message).startswith("keras.utils.set_random_seed does not govern initial weights in Keras 3.15.1")
    assert asked == [probe_experiment(SEEDED)]
    assert explain(record(SEEDED), record(SEEDED, 2) | apart, comparison(), lambda _: None) is None
    unseeded = record(Experiment(MODEL)), record(Experiment(MODEL), 2)
    assert explain(*unseeded, comparison(), differs).action == "set-seed"
    assert len(asked) == 1


def test_when_to_ask_keras():
    once = replace(SEEDED, seeding=Seeding((ONE,), "once"))
    assert needs_probe(None)
    assert needs_probe(cause(record(once), record(once, 2), comparison()))
    assert not needs_probe(cause(record(Experiment(MODEL)), record(Experiment(MODEL), 2), comparison()))
    assert is_probe(SEEDED, {"pid": 1}, {"pid": 1})
    assert is_probe(replace(SEEDED, runs=9), {"pid": 1}, {"pid": 1})
    assert not is_probe(SEEDED, {"pid": 1}, {"pid": 2})
    assert not is_probe(once, {"pid": 1}, {"pid": 1})
    assert not is_probe(Experiment(MODEL), {"pid": 1}, {"pid": 1})


def test_what_a_probe_says():
    probe = Experiment(MODEL, seeding=Seeding((SeedCall("tf.random.set_seed", 1),)))
    found = governs(probe, comparison(), record())
    assert str(found.message) == (
        "tf.random.set_seed does not govern initial weights in Keras 3.15.1: two builds after it differed."
    )
    assert found.action == USE_SET_RANDOM_SEED
    assert governs(probe, comparison(Verdict.IDENTICAL), record()) is None
    found = governs(SEEDED, comparison(name="numpy.random.default_rng()"), record())
    assert str(found.message) == (
        "Each numpy.random.default_rng() takes new entropy from the system: no seeding call governs it."
    )
    assert found.action == ""
    draw = comparison(name="numpy.random.default_rng()")
    assert governs(SEEDED, draw, record(), draw) is not None
    assert governs(SEEDED, draw, record(), comparison()) is None
    both = Experiment(MODEL, seeding=Seeding((SeedCall("tf.random.set_seed", 1), SeedCall("numpy.random.seed", 1))))
    assert str(governs(both, comparison(), record()).message).startswith(
        "tf.random.set_seed, numpy.random.seed do not govern initial weights"
    )


@pytest.mark.parametrize(
    ("function", "flavour", "is_governed"),
    [
        ("keras.utils.set_random_seed", "keras", True),
        ("tf.random.set_seed", "keras", False),
        ("numpy.random.seed", "keras", False),
        ("random.seed", "tf_keras", True),
        ("tf.random.set_seed", "tf_keras", False),
    ],
)
def test_asking_keras(engine, function, flavour, is_governed):
    """The answers for the versions that the project pins."""
    probe = probe_experiment(
        Experiment(MODEL, seeding=Seeding((SeedCall(function, 1),)), environment=Environment(flavour))
    )
    runs = [event for event in engine.run(probe) if isinstance(event, RunFinished)]
    found = governs(probe, compare(runs[0].weights, runs[1].weights), runs[0].record)
    assert (found is None) is is_governed
    if found:
        assert runs[0].record["versions"]["keras"] in str(found.message)
