import json
import os

import pytest

from reproviewer import resources
from reproviewer.core.catalog import FAMILIES, Catalog, Parameter, check, shipped, snake_case
from reproviewer.core.experiment import Environment
from reproviewer.core.keras_text import parse
from reproviewer.core.message import ReproError
from reproviewer.core.parameter_kinds import Kind
from reproviewer.engine import Engine
from reproviewer.engine.events import RunState

SMALL = {
    "keras": "9.9",
    "flavour": "keras",
    "layers": {
        "Mine": {
            "parameters": [
                {"name": "units", "required": True},
                {"name": "strides", "required": False, "default": [1, 1]},
                {"name": "activation", "default": None},
            ]
        }
    },
    "initializers": {"GlorotUniform": {"parameters": [{"name": "seed", "default": None}]}},
    "regularizers": {},
    "constraints": {},
    "activations": ["relu"],
    "common": [{"name": "name", "default": None}],
}


def sentences(text: str, catalog: Catalog | None = None) -> list[str]:
    parsed = parse(text)
    assert parsed.problems == ()
    return [str(problem.message) for problem in check(parsed, catalog or shipped())]


def test_a_catalog_is_read() -> None:
    catalog = Catalog.from_json(SMALL)
    assert catalog.layers["Mine"] == (
        Parameter("units", True, None, Kind.COUNT),
        Parameter("strides", False, (1, 1), Kind.SIZE),
        Parameter("activation", False, None, Kind.ACTIVATION),
    )
    assert sentences("Mine(5, activation='relu', name='a')", catalog) == []
    assert sentences("Dense(5)", catalog) == ["`Dense` is not a layer of Keras 9.9."]


@pytest.mark.parametrize(
    "data", [None, [], {}, {**SMALL, "layers": [1]}, {**SMALL, "common": 5}, {**SMALL, "layers": {"A": {}}}]
)
def test_rubbish_is_no_catalog(data: object) -> None:
    with pytest.raises(ReproError, match="cannot be read"):
        Catalog.from_json(data)


@pytest.mark.parametrize(
    "text",
    [
        "Dense(5, input_dim=1)",
        "Input((64,))\nDense(96, activation='relu')\nDense(10)",
        "Dense(units=5, activation=None, kernel_initializer='glorot_uniform')\n"
        "Dense(5, bias_initializer='Zeros', name='a', dtype='float16')",
        "Dense(5, kernel_initializer=GlorotUniform(seed=7), kernel_regularizer=L2(0.1), bias_constraint=MaxNorm(2))",
        "Dense(5, kernel_initializer='normal', kernel_regularizer='l1_l2')\n"
        "Dense(5, bias_regularizer='l2', bias_constraint='non_neg')",
        "Dense(5, activation=LeakyReLU(0.1))",
        "EinsumDense('abc,cd->abd', output_shape=(None, 64), bias_axes='d')",
        "Conv2D(8, 3, padding='SAME')\nConv2D(8, (3, 3), strides=(2, 2))\n"
        "Conv1D(8, 3, padding='causal')\nConv3D(1, [2, 2, 2])",
        "Bidirectional(LSTM(4, return_sequences=True), merge_mode=None)\nTimeDistributed(Dense(1))\nRNN([LSTMCell(4)])",
        "Embedding(100, 8)\nSimpleRNN(4)\nGRU(4, dropout=0.5)\nBatchNormalization(axis=[1, 2])\nLayerNormalization()",
        "Dropout(0.5, seed=1)\nGaussianNoise(0.1)\nFlatten()\nReshape((-1, 2))\nActivation('softmax')\nPReLU()",
        "MaxPooling2D()\nMaxPooling2D(pool_size=(2, 2), strides=None)\nGlobalAveragePooling1D()",
        "LeakyReLU(alpha=0.1)",  # taken through **kwargs
        "ZeroPadding2D(padding=((1, 1), (2, 2)))\nUpSampling2D(2)\nPermute((2, 1))\nLSTM(4, unroll=0)",
        "Input(shape=(None, 3), batch_size=4)",
    ],
)
def test_what_keras_takes_passes(text: str) -> None:
    assert sentences(text) == []


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Dense()", "Dense needs `units`."),
        ("Conv2D()", "Conv2D needs `filters`, `kernel_size`."),
        ("Dense(5, unit=5)", "`unit` is not a parameter of Dense; did you mean `units`?"),
        ("Dense(5, useBias=True)", "`useBias` is not a parameter of Dense; did you mean `use_bias`?"),
        ("Flatten(foo=1)", "`foo` is not a parameter of Flatten."),
        ("Input((5,), trainable=True)", "`trainable` is not a parameter of Input."),
        ("Dens(5)", "`Dens` is not a layer of Keras 3.15.1; did you mean `Dense`?"),
        ("dense(5)", "`dense` is not a layer of Keras 3.15.1; did you mean `Dense`?"),
        ("Xyzzy(5)", "`Xyzzy` is not a layer of Keras 3.15.1."),
        ("GlorotUniform()", "`GlorotUniform` is an initializer, not a layer."),
        ("Dense(5, kernel_initializer=Dense(4))", "`Dense` is a layer, not an initializer."),
        ("Dense(5, units=5)", "`units` is given twice."),
        ("Dense(units=5, units=5)", "`units` is given twice."),
        ("Dropout(0.5, None, 1, 2, 3)", "Dropout takes at most 3 arguments without a name."),
        ("Dense(5, 'rellu')", "'rellu' is not an activation of Keras 3.15.1; did you mean 'relu'?"),
        ("Dense(5, 7)", "`activation` must be the name of an activation in quotes, not 7."),
        ("Dense(5, activation='qqqq')", "'qqqq' is not an activation of Keras 3.15.1."),
        (
            "Dense(5, kernel_initializer='glorot_unifrom')",
            "`glorot_unifrom` is not an initializer of Keras 3.15.1; did you mean `glorot_uniform`?",
        ),
        ("Dense(5, kernel_regularizer=L3L2(1))", "`L3L2` is not a regularizer of Keras 3.15.1; did you mean `L1L2`?"),
        (
            "Dense(5, kernel_initializer=5)",
            "`kernel_initializer` must be an initializer, such as GlorotUniform(seed=1), not 5.",
        ),
        ("Dense(5, bias_initializer=HeNormal(sead=1))", "`sead` is not a parameter of HeNormal; did you mean `seed`?"),
        ("Dense(-1)", "`units` must be a whole number of at least 1, not -1."),
        ("Dense('5')", "`units` must be a whole number of at least 1, not '5'."),
        ("Dense(True)", "`units` must be a whole number of at least 1, not True."),
        ("Dense(5.5)", "`units` must be a whole number of at least 1, not 5.5."),
        ("Dense(None)", "`units` must be a whole number of at least 1, not None."),
        ("Dense(5, use_bias='no')", "`use_bias` must be True or False, not 'no'."),
        ("Dense(5, name=5)", "`name` must be a text in quotes, not 5."),
        ("Dropout(1.5)", "`rate` must be a number from 0 to 1, not 1.5."),
        ("Dropout(0.5, seed='a')", "`seed` must be a whole number, not 'a'."),
        ("GaussianNoise('a')", "`stddev` must be a number, not 'a'."),
        ("Conv2D(3, 0)", "`kernel_size` must be a whole number of at least 1 or a tuple of them, not 0."),
        ("Conv2D(3, 3, padding='samee')", "`padding` must be one of 'valid', 'same', not 'samee'."),
        ("Dense(5, input_shape=(3))", "`input_shape` must be a tuple: write (3,) with a comma."),
        ("Input(('a',))", "`shape` must be a tuple of whole numbers, not ('a',)."),
        ("Bidirectional('LSTM')", "`layer` must be a layer, such as LSTM(4), not 'LSTM'."),
        ("Bidirectional(LSTN(4))", "`LSTN` is not a layer of Keras 3.15.1; did you mean `LSTM`?"),
        ("RNN([LSTMCell('x')])", "`units` must be a whole number of at least 1, not 'x'."),
        ("RNN([Foo()])", "Keras 3.15.1 has no `Foo` that could stand here."),
        ("Dense(" + repr("x" * 99) + ")", "`units` must be a whole number of at least 1, not '" + "x" * 38 + "…."),
    ],
)  # fmt: skip
def test_a_mistake_is_named(text: str, sentence: str) -> None:
    assert sentences(text) == [sentence]


def test_problems_point_at_the_argument() -> None:
    parsed = parse("Flatten()\n  Dense(5, unit=4)")
    (problem,) = check(parsed, shipped())
    assert (problem.span.line, problem.span.column, problem.span.end_column) == (2, 11, 17)


def test_every_layer_is_checked() -> None:
    assert len(sentences("Dense()\nDense(5)\nDens(4)\nDense(x=1)")) == 4


@pytest.mark.parametrize("flavour", ["keras", "tf_keras"])
def test_the_snapshots_know_what_matters(flavour: str) -> None:
    catalog = shipped(flavour)
    assert catalog.flavour == flavour
    layers = "Input Dense EinsumDense Conv1D Conv2D Conv3D DepthwiseConv2D SeparableConv2D Conv2DTranspose Embedding"
    more = (
        "SimpleRNN LSTM GRU Bidirectional BatchNormalization LayerNormalization Dropout GaussianNoise Flatten Reshape"
    )
    assert {*layers.split(), *more.split(), "Activation", "PReLU", "MaxPooling2D"} <= set(catalog.choices("layers"))
    assert not {"Lambda", "Layer", "Wrapper"} & set(catalog.choices("layers"))
    assert {"GlorotUniform", "Zeros"} <= set(catalog.choices("initializers"))
    assert all(catalog.choices(family) for family in FAMILIES)


def test_words_of_class_names() -> None:
    assert snake_case("GlorotUniform") == "glorot_uniform"
    assert "he_normal" in shipped().words("initializers")


@pytest.mark.parametrize("flavour", ["keras", "tf_keras"])
def test_the_snapshot_is_what_the_worker_reports(engine: Engine, flavour: str) -> None:
    """To write the snapshots anew: `REPROVIEWER_WRITE_CATALOG=1 pytest tests/core/test_catalog.py`."""
    events = list(engine.catalog(Environment(flavour)))
    outcome = events[-1]
    if outcome.state is RunState.FAILED and "not installed" in str(outcome.message):
        pytest.skip(str(outcome.message))
    assert outcome.state is RunState.FINISHED, outcome.message
    reported = events[-2].data
    path = resources.folder() / "catalog" / f"{flavour}.json"
    if os.environ.get("REPROVIEWER_WRITE_CATALOG"):
        path.write_text(_readable(reported), encoding="utf-8")
    shipped_data = json.loads(path.read_text(encoding="utf-8"))
    if reported["keras"] != shipped_data["keras"]:
        pytest.skip(f"the snapshot is of Keras {shipped_data['keras']}, here is {reported['keras']}")
    assert reported == shipped_data


def _readable(report: dict) -> str:
    """One constructor a line, so that a change of Keras shows as a change of lines."""
    parts = []
    for key, value in report.items():
        if isinstance(value, dict):
            entries = ",\n".join(f"  {json.dumps(name)}: {json.dumps(entry)}" for name, entry in value.items())
            parts.append(f" {json.dumps(key)}: {{\n{entries}\n }}")
        else:
            parts.append(f" {json.dumps(key)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(parts) + "\n}\n"
