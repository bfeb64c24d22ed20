"""Which tensor belongs to which: by name, by number, by the name in a file, by order; never by a guess."""

import itertools
import re

import numpy as np
import pytest

from reproviewer.core.compare import compare
from reproviewer.core.experiment import Experiment
from reproviewer.core.fitting import order_for
from reproviewer.core.message import ReproError
from reproviewer.core.names import common_parts, without_parts
from reproviewer.core.pairing import (
    ALIGNED_NUMBERS,
    AMBIGUOUS,
    EXTRA,
    MISSING,
    NAME_IN_FILE,
    SAME_NAME,
    SAME_ORDER,
    SAME_PLACE,
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
    "dense{n}/sequential/dense{n}/kernel sequential/dense{n}/kernel",
)


@pytest.mark.parametrize("count", [2, 12])
@pytest.mark.parametrize(("one", "other"), list(itertools.permutations(FILES_OF_KERNELS, 2)))
def test_the_only_weight_of_a_layer_needs_no_order(one, other, count):
    pairs = pair(layers(count, one), layers(count, other))
    assert len(pairs) == count
    assert all(re.search(r"dense(_\d+)?", p.a.name)[0] == re.search(r"dense(_\d+)?", p.b.name)[0] for p in pairs)


@pytest.mark.parametrize("count", [2, 12])
@pytest.mark.parametrize("names", FILES_OF_KERNELS[:2] + FILES_OF_KERNELS[3:])
def test_layers_counted_by_their_class_say_nothing_of_names_that_were_sorted(names, count):
    """The second Dense of a model may be `dense` and the first `dense_1`: layers are not used as they are made."""
    counted = layers(count, "layers/dense{n}/vars/0")
    assert rules(pair(counted, layers(count, names))) == {AMBIGUOUS}
    with_own_names = layers(count, "layers/dense{n}/vars/0 dense{n}/0")
    assert rules(pair(counted, with_own_names)) == {SAME_NAME}


def test_layers_counted_by_their_class_are_in_the_order_of_the_model():
    counted = weights(*(f"layers/dense{n}/vars/{i}" for n in ("", "_1") for i in (0, 1)), shape=(3, 3))
    model = weights("zebra/kernel", "zebra/bias", "ant/kernel", "ant/bias", shape=(3, 3))
    assert named(pair(model, counted)) == [
        ("zebra/kernel", "layers/dense/vars/0", SAME_PLACE),
        ("zebra/bias", "layers/dense/vars/1", SAME_PLACE),
        ("ant/kernel", "layers/dense_1/vars/0", SAME_PLACE),
        ("ant/bias", "layers/dense_1/vars/1", SAME_PLACE),
    ]


def test_a_path_that_the_layers_own_names_contradict():
    def file(*layers):
        numbers = ["", *(f"_{i}" for i in range(1, len(layers)))]
        names = [f"layers/dense{n}/vars/0 {own}/0" for n, own in zip(numbers, layers, strict=True)]
        return weights(*names, shape=(3, 3))

    three = file("a", "b", "c")
    assert [(p.a.aliases[0], p.b and p.b.aliases[0], p.rule) for p in pair(three, file("a", "c")) if p.a] == [
        ("a/0", "a/0", SAME_NAME),
        ("b/0", None, MISSING),
        ("c/0", "c/0", NAME_IN_FILE),
    ]
    assert rules(pair(file("a", "b"), file("b", "a"))) == {AMBIGUOUS}
    assert rules(pair(file("a", "b"), file("x", "y"))) == {SAME_NAME}
    assert rules(pair(file("dense", "dense_1"), file("dense_1", "dense_2"))) == {SAME_NAME}


def test_two_classes_of_one_structure_are_ambiguous():
    counted = weights(*(f"layers/{n}/vars/{i}" for n in ("dense", "einsum_dense") for i in (0, 1)), shape=(3, 3))
    model = weights("zebra/kernel", "zebra/bias", "ant/kernel", "ant/bias", shape=(3, 3))
    assert rules(pair(model, counted)) == {AMBIGUOUS}


def test_the_numbers_of_a_layer_count_in_the_order_in_which_keras_saves_it():
    counted = weights(*(f"layers/norm/vars/{i}" for i in range(4)), shape=(3,))
    sorted_by_name = weights(*(f"norm/{w}" for w in ("beta", "gamma", "moving_mean", "moving_variance")), shape=(3,))
    found = {p.b.name: p.a.name for p in pair(counted, sorted_by_name)}
    assert found == {
        "norm/gamma": "layers/norm/vars/0",
        "norm/beta": "layers/norm/vars/1",
        "norm/moving_mean": "layers/norm/vars/2",
        "norm/moving_variance": "layers/norm/vars/3",
    }


def test_two_weights_of_a_layer_need_an_order():
    named_by_text = weights("norm/a", "norm/b", "norm_1/a", "norm_1/b")
    numbered = weights(*(f"layers/{n}/vars/{i}" for n in ("norm", "norm_1") for i in (0, 1)))
    assert rules(pair(named_by_text, numbered)) == {AMBIGUOUS}
    one_too_few = weights("norm/a", "norm_1/a")
    assert rules(pair(one_too_few, numbered)) == {AMBIGUOUS}


def test_numbers_that_neither_moved_together_nor_stand_in_one_order_are_ambiguous():
    a, b = weights("dense/kernel", "dense_7/kernel"), weights("dense_7/kernel", "dense_8/kernel")
    assert rules(pair(a, weights("dense_7/kernel", "dense_14/kernel"))) == {ALIGNED_NUMBERS}
    assert rules(pair(a, b)) == {AMBIGUOUS}
    in_order = weights("zebra/kernel", "dense/kernel", "dense_7/kernel")
    renamed = weights("zebra/kernel", "dense_9/kernel", "dense_7/kernel")
    assert [p.b.name for p in pair(in_order, renamed)] == [t.name for t in renamed.tensors]


def test_a_zero_that_a_person_wrote_is_no_number_of_keras():
    a, b = weights("block/kernel", "block_0/kernel", "x/bias"), weights("block_0/kernel", "block/kernel", "y/gamma")
    assert {p.a.name: p.b.name for p in pair(a, b) if p.a and p.b and p.rule == SAME_NAME} == {
        "block/kernel": "block/kernel",
        "block_0/kernel": "block_0/kernel",
    }


def test_one_layer_more_leaves_the_others_as_they_are():
    a, b = weights("dense/kernel", "dense_1/kernel"), weights("dense/kernel", "dense_1/kernel", "dense_2/kernel")
    assert [p.rule for p in pair(a, b)] == [SAME_NAME, SAME_NAME, EXTRA]


def test_another_shape_under_moved_numbers():
    a = weights("m/dense/kernel", "m/dense_1/bias")
    b = weights("m_1/dense_2/kernel", "m_1/dense_3/bias", shape=(7,))
    assert rules(pair(a, b)) == {ALIGNED_NUMBERS}


def test_numbers_count_from_the_smallest_where_names_are_sorted_as_text():
    later = sorted(f"dense_{i}/kernel" for i in range(5, 17))
    pairs = pair(layers(12, "dense{n}/kernel"), weights(*later, shape=(3, 3)))
    assert {p.a.name: p.b.name for p in pairs}["dense_10/kernel"] == "dense_15/kernel"
    numbered = pair(layers(12, "layers/dense{n}/vars/0 dense{n}/0"), weights(*later, shape=(3, 3)))
    assert {p.a.name: p.b.name for p in numbered}["layers/dense_2/vars/0"] == "dense_7/kernel"


def test_an_ending_that_two_share_says_nothing():
    a = weights("a/dense/kernel", "b/dense/kernel", shape=(3, 3))
    assert rules(pair(a, weights("dense/kernel", "dense_1/kernel", shape=(3, 3)))) == {AMBIGUOUS}


def test_same_order_when_no_name_fits():
    a, b = weights("dense/kernel", "dense/bias", "out/kernel"), weights("x/kernel", "x/bias", "y/kernel")
    assert [p.b.name for p in pair(a, b)] == ["x/kernel", "x/bias", "y/kernel"]
    assert rules(pair(a, b)) == {SAME_ORDER}


def test_no_order_where_the_names_came_sorted():
    model = weights("first/kernel", "first/bias", "second/kernel", "second/bias")
    sorted_by_name = weights("a/w", "b/w", "c/w", "d/w", shape=(3,))
    assert rules(pair(weights("p/x", "q/gamma", "o/beta", "n/bias"), sorted_by_name)) == {AMBIGUOUS}
    assert rules(pair(model, weights("arr_0", "arr_1", shape=(9,)))) == {MISSING, EXTRA}


def test_no_order_where_one_side_keeps_untrained_weights_apart():
    legacy = weights("m/one/gamma", "m/two/gamma", "m/one/mean", "m/two/mean", shape=(3,))
    assert rules(pair(legacy, weights("arr_0", "arr_1", "arr_2", "arr_3"))) == {AMBIGUOUS}


def test_numbered_arrays_are_in_order():
    a = weights("one/gamma", "one/beta", "two/gamma", "two/beta")
    b = weights("arr_0", "arr_1", "arr_2", "arr_3")
    assert [p.b.name for p in pair(a, b)] == ["arr_0", "arr_1", "arr_2", "arr_3"]
    assert rules(pair(a, b)) == {SAME_ORDER}


def test_one_of_each_shape_is_unambiguous():
    a, b = weights("dense/kernel", "dense/bias"), weights("p/kernel", "q/bias")
    assert rules(pair(a, b)) == {SAME_ORDER}


def test_missing_and_extra_come_in_order_extras_last():
    a, b = weights("a/kernel", "b/kernel", "c/kernel"), weights("z/bias", "c/kernel", "a/kernel")
    assert named(pair(a, b)) == [
        ("a/kernel", "a/kernel", SAME_NAME),
        ("b/kernel", None, MISSING),
        ("c/kernel", "c/kernel", SAME_NAME),
        (None, "z/bias", EXTRA),
    ]


def test_what_is_left_over_on_both_sides_in_one_shape_is_ambiguous():
    a, b = weights("a/kernel", "b/kernel", "c/kernel"), weights("z/kernel", "c/kernel", "a/kernel", "y/bias")
    assert named(pair(a, b)) == [
        ("a/kernel", "a/kernel", SAME_NAME),
        ("b/kernel", None, AMBIGUOUS),
        ("c/kernel", "c/kernel", SAME_NAME),
        (None, "z/kernel", AMBIGUOUS),
        (None, "y/bias", EXTRA),
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
    def shorten(*names):
        return [without_parts(name, common_parts(names)) for name in names]

    assert shorten("sequential/dense/kernel:0", "sequential/dense/bias:0") == ["dense/kernel", "dense/bias"]
    assert shorten("dense/kernel", "dense/bias") == ["dense/kernel", "dense/bias"]
    assert shorten("m/s/d/kernel", "m/s/bias", "m/s-2/d/x") == ["s/d/kernel", "s/bias", "s-2/d/x"]
    assert shorten("m/ab/k", "m/ac/k") == ["ab/k", "ac/k"]
    assert shorten("a/b/c") == ["a/b/c"]
    assert shorten() == []


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


def test_names_that_only_one_side_has_beside_the_model_do_not_hide_the_model():
    layers = [f"model/block_{n}/mlp/{w}" for n in (0, 1, 3) for w in ("kernel", "bias")]
    own = [Tensor(name, "float32", (4,), "f", 16 * i) for i, name in enumerate(layers)]
    heads = [Tensor(name, "float32", (4,), "f", 16 * i) for i, name in enumerate(("head/b", "head/w"))]
    found = pair(WeightSet(tuple(own)), WeightSet((*heads, *own[:4])))
    assert [p.b.name if p.b else None for p in found[:6]] == [*layers[:4], None, None]
    assert {p.rule for p in found[:4]} == {"same name"}
    assert {p.rule for p in found[4:]} == {"ambiguous"}
