import random

import pytest

from reproviewer.core.catalog import shipped
from reproviewer.core.keras_edit import (
    argument_of,
    delete_layer,
    duplicate_layer,
    insert_layer,
    move_layer,
    reorder,
    replace_layer,
    with_argument,
    without_argument,
)
from reproviewer.core.keras_text import format_call, parse
from reproviewer.core.model_spec import Call

COMMENTED = "# my model\nDense(5)  # hidden\n\n# then\nDropout(0.5)\nDense(1)  # out\n"
HEAD = "model = Sequential([\n    Dense(5),  # hidden\n"
WRAPPED = HEAD + "    Dropout(0.5),\n    Dense(1)\n])\n"
INLINE = "[Dense(5), Dropout(0.5), Dense(1)]"
LONG = "Dense(\n    5,\n    use_bias=False,\n)  # long\nDropout(0.5)"
TEXTS = [COMMENTED, WRAPPED, INLINE, LONG, "Dense(5), Dropout(0.5)  # two\nDense(1)", "Dense(5),\nDropout(0.5),\n"]


def call(text: str) -> Call:
    return parse(text).layers[0]


FLATTEN = call("Flatten()")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (COMMENTED, "# my model\nDense(5)  # hidden\n\n# then\nFlatten()\nDense(1)  # out\n"),
        (WRAPPED, HEAD + "    Flatten(),\n    Dense(1)\n])\n"),
        (INLINE, "[Dense(5), Flatten(), Dense(1)]"),
        (LONG, "Dense(\n    5,\n    use_bias=False,\n)  # long\nFlatten()"),
    ],
)
def test_replace(text: str, expected: str) -> None:
    assert replace_layer(text, 1, FLATTEN) == expected


@pytest.mark.parametrize(
    ("text", "index", "expected"),
    [
        (COMMENTED, 0, "# my model\nFlatten()\nDense(5)  # hidden\n\n# then\nDropout(0.5)\nDense(1)  # out\n"),
        (COMMENTED, 3, COMMENTED + "Flatten()\n"),
        (WRAPPED, 3, HEAD + "    Dropout(0.5),\n    Dense(1),\n    Flatten()\n])\n"),
        (WRAPPED, 1, HEAD + "    Flatten(),\n    Dropout(0.5),\n    Dense(1)\n])\n"),
        (INLINE, 0, "[Flatten(), Dense(5), Dropout(0.5), Dense(1)]"),
        (INLINE, 3, "[Dense(5), Dropout(0.5), Dense(1), Flatten()]"),
        ("", 0, "Flatten()"),
        ("# none yet", 0, "# none yet\nFlatten()"),
        ("[]", 0, "[Flatten()]"),
        ("Dense(5)", 1, "Dense(5)\nFlatten()"),
        ("Dense(5", 1, "Dense(5\nFlatten()\n"),
    ],
)  # fmt: skip
def test_insert(text: str, index: int, expected: str) -> None:
    assert insert_layer(text, index, FLATTEN) == expected


@pytest.mark.parametrize(
    ("text", "index", "expected"),
    [
        (COMMENTED, 0, "# my model\n\n# then\nDropout(0.5)\nDense(1)  # out\n"),
        (COMMENTED, 2, "# my model\nDense(5)  # hidden\n\n# then\nDropout(0.5)\n"),
        (WRAPPED, 1, HEAD + "    Dense(1)\n])\n"),
        (INLINE, 0, "[Dropout(0.5), Dense(1)]"),
        (INLINE, 2, "[Dense(5), Dropout(0.5)]"),
        (LONG, 0, "Dropout(0.5)"),
        (LONG, 1, "Dense(\n    5,\n    use_bias=False,\n)  # long"),
        ("Dense(5)", 0, ""),
        ("[Dense(5)]", 0, "[]"),
    ],
)
def test_delete(text: str, index: int, expected: str) -> None:
    assert delete_layer(text, index) == expected


@pytest.mark.parametrize(
    ("text", "index", "to", "expected"),
    [
        (COMMENTED, 0, 2, "# my model\nDropout(0.5)\n\n# then\nDense(1)  # out\nDense(5)  # hidden\n"),
        (WRAPPED, 2, 0, "model = Sequential([\n    Dense(1),\n    Dense(5),  # hidden\n    Dropout(0.5)\n])\n"),
        (INLINE, 0, 1, "[Dropout(0.5), Dense(5), Dense(1)]"),
        (LONG, 1, 0, "Dropout(0.5)\nDense(\n    5,\n    use_bias=False,\n)  # long"),
    ],
)
def test_move(text: str, index: int, to: int, expected: str) -> None:
    assert move_layer(text, index, to) == expected


def test_a_copy_has_no_name() -> None:
    assert duplicate_layer("Dense(5, name='a')  # x\nFlatten()", 0) == "Dense(5, name='a')  # x\nDense(5)\nFlatten()"


@pytest.mark.parametrize("text", TEXTS)
def test_any_chain_of_edits_leaves_the_layers_that_were_meant(text: str) -> None:
    rng = random.Random(3)
    for _ in range(150):
        layers = list(parse(text).layers)
        kind = rng.randrange(5) if layers else 1
        index = rng.randrange(len(layers)) if layers else 0
        if kind == 0:
            layers[index], text = FLATTEN, replace_layer(text, index, FLATTEN)
        elif kind == 1 and len(layers) < 9:
            index = rng.randrange(len(layers) + 1)
            layers.insert(index, FLATTEN)
            text = insert_layer(text, index, FLATTEN)
        elif kind == 2:
            del layers[index]
            text = delete_layer(text, index)
        elif kind == 3:
            to = rng.randrange(len(layers))
            layers.insert(to, layers.pop(index))
            text = move_layer(text, index, to)
        else:
            order = rng.sample(range(len(layers)), len(layers))
            layers = [layers[n] for n in order]
            text = reorder(text, order)
        assert parse(text).problems == ()
        assert list(parse(text).layers) == layers


def test_arguments_by_name_and_place() -> None:
    parameters = shipped().layers["Dense"]
    dense = call("Dense(5, 'relu', False, name='a')")
    assert argument_of(dense, parameters, "activation").value == "relu"
    assert argument_of(dense, parameters, "name").value == "a"
    assert argument_of(dense, parameters, "kernel_initializer") is None
    assert format_call(with_argument(dense, parameters, "units", 7)) == "Dense(7, 'relu', False, name='a')"
    assert format_call(with_argument(dense, parameters, "dtype", "float16")).endswith("name='a', dtype='float16')")
    assert format_call(without_argument(dense, parameters, "activation")) == "Dense(5, use_bias=False, name='a')"
    assert format_call(without_argument(dense, parameters, "name")) == "Dense(5, 'relu', False)"
