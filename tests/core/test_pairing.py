"""Which tensor belongs to which: by name, by number, by the name in a file, by order; never by a guess."""

import itertools
import re

import numpy as np
import pytest

from reproviewer.core.compare import compare
from reproviewer.core.experiment import Experiment
from reproviewer.core.message import ReproError
from reproviewer.core.names import short_names
from reproviewer.core.pairing import (
    ALIGNED_NUMBERS,
    EXTRA,
    MISSING,
    NAME_IN_FILE,
    SAME_NAME,
    SAME_ORDER,
    order_for,
    pair,
)
from reproviewer.core.verdict import Verdict
from reproviewer.core.weights import Tensor, WeightSet, digest
from reproviewer.engine.transfer import model_tensors, save_weights
from reproviewer.files import read

SHAPES = {"kernel": (2, 3), "bias": (3,), "gamma": (3,), "beta": (3,)}


def weights(*names, **more):
    """Tensors whose shapes follow from their last name; an alias may follow after a space."""
    tensors = []
    for text in names:
        name, *aliases = text.split()
        shape = more.get("shape") or SHAPES.get(name.removesuffix(":0").rpartition("/")[2], (3,))
        tensors.append(Tensor(name, more.get("dtype", "float32"), shape, "x", 0, "weight", tuple(aliases)))
    return WeightSet(tuple(tensors))


def named(pairs):
    return [(p.a and p.a.name, p.b and p.b.name, p.rule) for p in pairs]


def rules(pairs):
    return {p.rule for p in pairs}


def test_same_name_in_any_order():
    a, b = weights("dense/kernel", "dense/bias"), weights("dense/bias", "dense/kernel")
    assert named(pair(a, b)) == [
        ("dense/kernel", "dense/kernel", SAME_NAME),
        ("dense/bias", "dense/bias", SAME_NAME),
    ]


def test_numbers_of_a_second_build():
    a = weights("sequential/dense/kernel", "sequential/dense/bias", "sequential/dense_1/kernel")
    b = weights("sequential_1/dense_2/kernel", "sequential_1/dense_2/bias", "sequential_1/dense_10/kernel")
    assert named(pair(a, b)) == [
        ("sequential/dense/kernel", "sequential_1/dense_2/kernel", ALIGNED_NUMBERS),
        ("sequential/dense/bias", "sequential_1/dense_2/bias", ALIGNED_NUMBERS),
        ("sequential/dense_1/kernel", "sequential_1/dense_10/kernel", ALIGNED_NUMBERS),
    ]


def test_a_first_dense_1_is_not_a_second_dense_1():
    a, b = weights("dense/kernel", "dense_1/kernel"), weights("dense_1/kernel", "dense_2/kernel")
    assert named(pair(a, b)) == [
        ("dense/kernel", "dense_1/kernel", ALIGNED_NUMBERS),
        ("dense_1/kernel", "dense_2/kernel", ALIGNED_NUMBERS),
    ]


def test_a_name_in_the_file_on_either_side():
    run = weights("dense/kernel layers/dense/vars/0", "dense/bias layers/dense/vars/1")
    file = weights("layers/dense/vars/1", shape=(3,)).tensors + weights("layers/dense/vars/0", shape=(2, 3)).tensors
    for a, b in ((run, WeightSet(file)), (WeightSet(file), run)):
        pairs = pair(a, b)
        assert rules(pairs) == {NAME_IN_FILE}
        assert all(p.a.shape == p.b.shape for p in pairs)


def test_a_name_in_the_file_with_other_numbers():
    run = weights("dense/kernel", "dense/bias", "dense_1/kernel", "dense_1/bias")
    file = weights(
        "dense_4/dense_4/kernel:0 dense_4/kernel",
        "dense_4/dense_4/bias:0 dense_4/bias",
        "dense_5/dense_5/kernel:0 dense_5/kernel",
        "dense_5/dense_5/bias:0 dense_5/bias",
    )
    assert [p.b.name for p in pair(run, file)] == [t.name for t in file.tensors]


def layers(count, text, **more):
    """One kernel of the same shape for each layer, sorted as text."""
    numbers = [""] + [f"_{i}" for i in range(1, count)]
    return weights(*sorted(text.format(n=n) for n in numbers), shape=(3, 3), **more)


FILES_OF_KERNELS = (
    "dense{n}/kernel",
    "sequential/dense{n}/kernel",
    "layers/dense{n}/vars/0 dense{n}/0",
    "layers/dense{n}/vars/0",
    "dense{n}/sequential/dense{n}/kernel sequential/dense{n}/kernel",
)


@pytest.mark.parametrize("count", [2, 12])
@pytest.mark.parametrize(("one", "other"), list(itertools.permutations(FILES_OF_KERNELS, 2)))
def test_the_only_weight_of_a_layer_needs_no_order(one, other, count):
    pairs = pair(layers(count, one), layers(count, other))
    assert len(pairs) == count
    assert all(re.search(r"dense(_\d+)?", p.a.name)[0] == re.search(r"dense(_\d+)?", p.b.name)[0] for p in pairs)


def test_two_weights_of_a_layer_need_an_order():
    named_by_text = weights("norm/a", "norm/b", "norm_1/a", "norm_1/b")
    numbered = weights(*(f"layers/{n}/vars/{i}" for n in ("norm", "norm_1") for i in (0, 1)))
    assert rules(pair(named_by_text, numbered)) == {MISSING, EXTRA}
    one_too_few = weights("norm/a", "norm_1/a")
    assert rules(pair(one_too_few, numbered)) == {MISSING, EXTRA}


def test_numbers_count_from_the_smallest_where_names_are_sorted_as_text():
    later = sorted(f"dense_{i}/kernel" for i in range(5, 17))
    pairs = pair(layers(12, "dense{n}/kernel"), weights(*later, shape=(3, 3)))
    assert {p.a.name: p.b.name for p in pairs}["dense_10/kernel"] == "dense_15/kernel"
    numbered = pair(layers(12, "layers/dense{n}/vars/0"), weights(*later, shape=(3, 3)))
    assert {p.a.name: p.b.name for p in numbered}["layers/dense_2/vars/0"] == "dense_7/kernel"


def test_an_ending_that_two_share_says_nothing():
    a = weights("a/dense/kernel", "b/dense/kernel", shape=(3, 3))
    assert rules(pair(a, weights("dense/kernel", "dense_1/kernel", shape=(3, 3)))) == {MISSING, EXTRA}


def test_same_order_when_no_name_fits():
    a, b = weights("dense/kernel", "dense/bias", "out/kernel"), weights("x/kernel", "x/bias", "y/kernel")
    assert [p.b.name for p in pair(a, b)] == ["x/kernel", "x/bias", "y/kernel"]
    assert rules(pair(a, b)) == {SAME_ORDER}


def test_no_order_where_the_names_came_sorted():
    model = weights("first/kernel", "first/bias", "second/kernel", "second/bias")
    sorted_by_name = weights("a/w", "b/w", "c/w", "d/w", shape=(3,))
    assert rules(pair(weights("p/x", "q/gamma", "o/beta", "n/bias"), sorted_by_name)) == {MISSING, EXTRA}
    assert rules(pair(model, weights("arr_0", "arr_1"))) == {MISSING, EXTRA}


def test_numbered_arrays_are_in_order():
    a = weights("one/gamma", "one/beta", "two/gamma", "two/beta")
    b = weights("arr_0", "arr_1", "arr_2", "arr_3")
    assert [p.b.name for p in pair(a, b)] == ["arr_0", "arr_1", "arr_2", "arr_3"]
    assert rules(pair(a, b)) == {SAME_ORDER}


def test_one_of_each_shape_is_unambiguous():
    a, b = weights("dense/kernel", "dense/bias"), weights("p/kernel", "q/bias")
    assert rules(pair(a, b)) == {SAME_ORDER}


def test_missing_and_extra_come_in_order_extras_last():
    a, b = weights("a/kernel", "b/kernel", "c/kernel"), weights("z/kernel", "c/kernel", "a/kernel")
    assert named(pair(a, b)) == [
        ("a/kernel", "a/kernel", SAME_NAME),
        ("b/kernel", None, MISSING),
        ("c/kernel", "c/kernel", SAME_NAME),
        (None, "z/kernel", EXTRA),
    ]


def test_every_tensor_is_in_exactly_one_pair():
    parts = ["dense", "dense_1", "dense_2", "x", "dense_1"]
    for left, right in itertools.product(itertools.permutations(parts, 3), repeat=2):
        a, b = weights(*(f"{n}/kernel" for n in left)), weights(*(f"{n}/kernel" for n in right))
        pairs = pair(a, b)
        assert [p.a for p in pairs if p.a] == list(a.tensors)
        assert sorted(id(p.b) for p in pairs if p.b) == sorted(map(id, b.tensors))


def test_draws_are_paired_with_draws_only():
    draw = Tensor("random.random()", "float64", (3,), "x", 0, "draw")
    a, b = WeightSet((*weights("k").tensors, draw)), WeightSet((draw,))
    assert named(pair(a, a))[1] == ("random.random()", "random.random()", SAME_NAME)
    assert named(pair(a, weights("k"))) == [("k", "k", SAME_NAME)]
    assert named(pair(b, b)) == [("random.random()", "random.random()", SAME_NAME)]
    assert (None, "k", EXTRA) in named(pair(b, weights("k")))


def test_two_sets_of_nothing():
    assert pair(WeightSet(), WeightSet()) == ()


def test_short_names():
    names = ["sequential/dense/kernel:0", "sequential/dense/bias:0"]
    assert list(short_names(names).values()) == ["dense/kernel", "dense/bias"]
    assert short_names(["dense/kernel", "dense/bias"]) == {"dense/kernel": "dense/kernel", "dense/bias": "dense/bias"}
    assert short_names(["a/b/c"]) == {"a/b/c": "a/b/c"}


MODEL = weights("dense/kernel", "dense/bias", "dense_1/kernel", "dense_1/bias")


def test_order_for_a_model():
    file = WeightSet(tuple(reversed(MODEL.tensors)))
    assert order_for(MODEL, file) == MODEL.tensors
    optimizer = Tensor("optimizer/iteration", "int64", (), "x", 0, "optimizer")
    assert order_for(MODEL, WeightSet((optimizer, *MODEL.tensors))) == MODEL.tensors


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        (
            weights("dense/kernel", "dense_1/kernel", "dense_1/bias"),
            "The file has no dense/bias, which the model needs.",
        ),
        (
            WeightSet((*MODEL.tensors, *weights("dense_2/kernel").tensors)),
            "The file has dense_2/kernel, which the model lacks.",
        ),
        (
            WeightSet((*MODEL.tensors[:3], Tensor("dense_1/bias", "float32", (4,), "x", 0))),
            "dense_1/bias does not fit: the file has the shape (4,), the model (3,).",
        ),
        (
            WeightSet((Tensor("dense/kernel", "float64", (2, 3), "x", 0), *MODEL.tensors[1:])),
            "dense/kernel does not fit: the file holds float64, the model float32.",
        ),
        (
            weights("p/kernel", "p/bias", "q/kernel"),
            "No name in the file fits the model, and it holds 3 weight tensors where the model has 4.",
        ),
        (
            weights("p/kernel", "p/bias", "p/kernel2", "q/bias"),
            "dense_1/kernel does not fit: the file has the shape (3,), the model (2, 3).",
        ),
        (WeightSet(), "The file has no dense/kernel, which the model needs."),
    ],
)
def test_what_does_not_fit_is_named(file, sentence):
    with pytest.raises(ReproError) as caught:
        order_for(MODEL, file)
    assert str(caught.value) == sentence


def test_ambiguous_is_said():
    model = weights("p/gamma", "o/beta", "n/bias")
    with pytest.raises(ReproError, match="it cannot be told which of its tensors of shape"):
        order_for(model, weights("a", "b", "c"))


LAYERS = [
    "Dense(4, input_dim=4)",
    "BatchNormalization()",
    'Dense(4, name="mid")',
    "Dense(4)",
    "Reshape((4, 1))",
    "LSTM(3, return_sequences=True)",
    "Bidirectional(LSTM(3))",
    "Dense(6)",
]


def test_every_format_holds_the_same_model(engine, shelf, tmp_path):
    """One model saved in every format: any two files, and each with the run, are identical and fit the model."""
    experiment = Experiment("\n".join(LAYERS), runs=1)
    model = model_tensors(engine, experiment)
    rng = np.random.default_rng(0)
    run = WeightSet(
        tuple(shelf.tensor(rng.standard_normal(t.shape, np.float32), t.name, aliases=t.aliases) for t in model.tensors)
    )
    sets = {"run": run}
    for name in ("x.weights.h5", "x.h5", "ckpt/x", "x.npz", "x.safetensors"):
        save_weights(engine, experiment, run, tmp_path / name)
        sets[name] = read(tmp_path / name, tmp_path / "scratch").weights
        assert digest(WeightSet(order_for(model, sets[name]))) == digest(run)
    for (one, a), (other, b) in itertools.product(sets.items(), repeat=2):
        found = compare(a, b)
        unlike = [(t.names, t.rule) for t in found.tensors if t.verdict is not Verdict.IDENTICAL]
        assert not unlike, (one, other)
