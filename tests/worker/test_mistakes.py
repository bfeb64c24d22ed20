"""Mistakes in a model: one sentence, the layer, the argument."""

import pytest

from reproviewer.core.experiment import Environment, Experiment, SeedCall, Seeding

MISTAKES = [
    ("Dense(5)", (0, None), "The first layer needs an input shape: add Input((...,)) before it or give it input_dim."),
    ("Dense(-1)", (0, "units"), "Dense: Received an invalid value for `units`, expected a positive integer."),
    ("Input((3,))\nDense(5, foo=1)", (1, "foo"), "Dense: "),
    ("Input((3,))\nDense(5, activation='rel')", (1, "activation"), "Dense: "),
    ("Input((3,))\nDense(5, kernel_initializer=GlorotUniform(sed=7))", (1, "kernel_initializer"), "GlorotUniform: got"),
    (
        "Input((3,))\nDense(5, kernel_initializer=Glorot())",
        (1, "kernel_initializer"),
        "Keras {keras} has no object Glorot",
    ),
    ("Input((3,))\nDens(5)", (1, None), "Keras {keras} has no layer Dens; did you mean Dense?"),
    ("Input((3,))\nNowhere(5)", (1, None), "Keras {keras} has no layer Nowhere."),
    ("Input((3,))\nLambda(5)", (1, None), "Lambda is not offered here: it runs code or opens files."),
    ("Input((3,))\nDense(4)\nConv2D(3, 3)", (2, None), "Conv2D: Input 0"),
    ("Input((3,))\nDropout(2)", (1, "rate"), "Dropout: "),
    ("Input((3,))\nDense()", (1, None), "Dense: missing 1 required positional argument: 'units'."),
    ("Input((3,))\nInput((3,))", (1, None), None),
]


@pytest.mark.parametrize("flavour", ["keras", "tf_keras"])
@pytest.mark.parametrize(("model", "where", "sentence"), MISTAKES, ids=[m[0].replace("\n", " ") for m in MISTAKES])
def test_a_mistake_is_placed(engine, refusal, flavour, model, where, sentence):
    environment = Environment(flavour)
    if flavour == "tf_keras" and model.endswith("Input((3,))"):
        pytest.skip("Keras 2 takes it")
    outcome = refusal(engine.check(Experiment(model, environment=environment)))
    assert outcome.where == where
    text = str(outcome.message)
    assert "\n" not in text
    if sentence is not None:
        assert text.startswith(sentence.format(keras=engine.versions(environment)["keras"]))


def test_the_traceback_is_for_the_expert(engine, refusal):
    outcome = refusal(engine.run(Experiment("Dense(-1)")))
    assert "ValueError" in outcome.details


def test_a_mistake_does_not_end_the_worker(engine, ask, refusal):
    before = ask(engine.run(Experiment(runs=1))).runs[0].record["pid"]
    refusal(engine.run(Experiment("Dense(-1)")))
    assert ask(engine.run(Experiment(runs=1))).runs[0].record["pid"] == before


def test_seeds_that_numpy_takes(engine, ask):
    calls = tuple(SeedCall("numpy.random.seed", seed) for seed in (0, 2**32 - 1))
    runs = ask(engine.run(Experiment(seeding=Seeding(calls), runs=1))).runs
    assert runs[0].record["calls"] == ["numpy.random.seed(0)", "numpy.random.seed(4294967295)"]
