"""Layers of one shape under names as the formats give them: each is paired with itself or not at all.

The exchange of two layers in one of two files is found if every pair is right, and no other way.
"""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reproviewer.core.pairing import (
    ALIGNED_NUMBERS,
    AMBIGUOUS,
    EXTRA,
    MISSING,
    NAME_IN_FILE,
    SAME_NAME,
    SAME_ORDER,
    pair,
)
from reproviewer.core.weights import Tensor, WeightSet


def file(*named, shape=(3, 3)):
    """Weights of one shape, each `(name, who)` or `(name, who, alias)`; `who` is kept as the tensor's offset."""
    return WeightSet(
        tuple(Tensor(name, "float32", shape, "x", who, "weight", tuple(more)) for name, who, *more in named)
    )


def sorted_by_name(weights):
    return WeightSet(tuple(sorted(weights.tensors, key=lambda t: t.name)))


def wrong(a, b):
    return [p for p in pair(a, b) if p.a and p.b and p.a.offset != p.b.offset]


def rules(a, b):
    return {p.rule for p in pair(a, b)}


def numbers(names):
    """`dense`, `dense_1` for every `dense`."""
    seen = {}
    for name in names:
        seen[name] = seen.get(name, -1) + 1
        yield f"{name}_{seen[name]}" if seen[name] else name


class Model:
    """A subclassed model: attributes that hold a layer or a `Sequential`, in the order in which they were made.

    `slots` is their order in a checkpoint, where a layer that replaced another has the place of that one.
    """

    def __init__(self, attributes, slots, names):
        self.attributes = attributes
        self.slots = slots
        counts = itertools.count()
        self.layers = {a: [next(counts) for _ in range(max(size, 1))] for a, size in attributes.items()}
        auto = list(numbers(["dense"] * next(counts)))
        self.names = [names.get(i, name) for i, name in enumerate(auto)]

    def keras3(self):
        inner = {a: "m/sequential" for a, size in self.attributes.items() if size}
        inner = dict(zip(inner, numbers(inner.values()), strict=True))
        return file(
            *((f"{inner.get(a, 'm')}/{self.names[i]}/kernel", i) for a, layers in self.layers.items() for i in layers)
        )

    def keras2(self):
        """A `Sequential` inside of another model leaves no trace in the names of Keras 2."""
        return file(
            *(
                (f"{'' if self.attributes[a] else 'm/'}{self.names[i]}/kernel:0", i)
                for a, layers in self.layers.items()
                for i in layers
            )
        )

    def legacy(self):
        groups = dict(
            zip(self.layers, numbers("sequential" if n else "" for n in self.attributes.values()), strict=True)
        )
        found = []
        for a, layers in self.layers.items():
            for i in layers:
                path = f"{'' if self.attributes[a] else 'm/'}{self.names[i]}/kernel"
                found.append((f"{groups[a] if self.attributes[a] else self.names[i]}/{path}:0", i, path))
        return file(*found)

    def counted(self):
        plain = [layers[0] for a, layers in self.layers.items() if not self.attributes[a]]
        found = [(f"layers/{name}/vars/0", i) for i, name in zip(plain, numbers(["dense"] * len(plain)), strict=True)]
        for a, layers in self.layers.items():
            if self.attributes[a]:
                inner = zip(layers, numbers(["dense"] * len(layers)), strict=True)
                found += [(f"{a}/layers/{name}/vars/0", i) for i, name in inner]
        return sorted_by_name(file(*found))

    def by_attributes(self):
        """As Keras 3 writes it, which finds lists and models after the attributes before `layers`."""
        found = []
        for a, layers in self.layers.items():
            inner = zip(layers, numbers(["dense"] * len(layers)), strict=True)
            found += [
                (f"{a}/layers/{n}/vars/0" if self.attributes[a] else f"{a}/vars/0", i, f"{self.names[i]}/0")
                for i, n in inner
            ]
        return sorted_by_name(file(*found))

    def checkpoint(self, full_names):
        found = []
        for a in self.slots:
            for place, i in enumerate(self.layers[a]):
                key = f"model/{a}/_operations/{place + 1}/_kernel" if self.attributes[a] else f"model/{a}/_kernel"
                found.append((key, i, *([f"m/{self.names[i]}/kernel"] if full_names else [])))
        return file(*found)

    def files(self):
        named = self.keras3()
        return [
            named, sorted_by_name(named), self.keras2(), self.legacy(), self.counted(), self.by_attributes(),
            self.checkpoint(full_names=True), self.checkpoint(full_names=False),
        ]  # fmt: skip


@st.composite
def models(draw):
    names = draw(
        st.lists(
            st.sampled_from(["b", "a", "z", "head", "block_2", "block_1", "dense_1", "dense"]),
            min_size=1,
            max_size=4,
            unique=True,
        )
    )
    attributes = {name: draw(st.sampled_from([0, 0, 0, 1, 2, 3])) for name in names}
    total = sum(max(size, 1) for size in attributes.values())
    own = draw(st.dictionaries(st.integers(0, total - 1), st.sampled_from(["one", "two", "b", "z"]), max_size=2))
    return Model(attributes, draw(st.permutations(names)), own if len(set(own.values())) == len(own) else {})


@settings(max_examples=80, deadline=None)
@given(models())
def test_no_layer_is_taken_for_another_of_its_shape(model):
    for a, b in itertools.product(model.files(), repeat=2):
        assert not wrong(a, b)


def test_layers_beside_each_other_are_not_taken_for_a_model_of_as_many():
    model = Model({"b": 0, "a": 0, "z": 2}, ["b", "a", "z"], {})
    assert rules(model.counted(), model.keras2()) == {AMBIGUOUS}
    assert rules(model.checkpoint(full_names=False), model.keras3()) == {AMBIGUOUS}
    assert rules(model.by_attributes(), model.keras3()) == {"same place"}
    unsorted = Model({"b": 0, "a": 0, "z": 2}, ["b", "a", "z"], {0: "zebra"})
    assert AMBIGUOUS not in rules(model.counted(), unsorted.legacy())


def test_a_layer_that_replaced_another_is_first_in_a_checkpoint_and_last_in_the_model():
    model = Model({"b": 0, "c": 0, "head": 0}, ["head", "b", "c"], {})
    listed = file(*((f"arr_{i}", i) for i in range(3)))
    for other in (listed, model.keras3(), model.counted()):
        assert rules(model.checkpoint(full_names=False), other) == {AMBIGUOUS}
        assert not wrong(model.checkpoint(full_names=True), other)
    positions = file(*((f"layer_with_weights-{i}/kernel", i) for i in range(3)))
    assert rules(positions, listed) == {SAME_ORDER}


def test_a_frozen_layer_comes_last_in_its_group_of_a_legacy_file():
    def legacy(*names):
        inside = ((f"base/{name}/kernel:0", i, f"{name}/kernel") for name, i in names)
        return file(("zebra/zebra/kernel:0", 2, "zebra/kernel"), *inside)

    names = ("layers/dense", "layers/functional/layers/dense", "layers/functional/layers/dense_1")
    counted = file(*((f"{name}/vars/0", who) for name, who in zip(names, (2, 0, 1), strict=True)))
    listed = file(("arr_0", 2), ("arr_1", 0), ("arr_2", 1))
    for frozen in (legacy(("dense_1", 1), ("dense", 0)), legacy(("b", 1), ("a", 0))):
        assert [p.b for p in pair(frozen, counted) if p.a][1:] == [None, None]
        assert rules(frozen, listed) == {AMBIGUOUS}
    assert AMBIGUOUS not in rules(legacy(("dense_3", 0), ("dense_4", 1)), listed)


def saved_model(*variables):
    return file(*((f"variables/{number}", who, *alias) for number, who, *alias in variables))


def test_a_variable_of_a_saved_model_is_known_by_its_full_name_and_not_by_its_number():
    keras3 = saved_model((0, 0, "one/w"), (2, 1, "two/w"), (4, 2, "three/w"))  # 1 and 3 are seeds
    keras2 = saved_model((0, 0, "one/w"), (1, 1, "two/w"), (2, 2, "three/w"))
    assert [(p.b.offset, p.rule) for p in pair(keras3, keras2)] == [
        (0, SAME_NAME),
        (1, NAME_IN_FILE),
        (2, NAME_IN_FILE),
    ]


def test_nameless_variables_of_a_saved_model_are_paired_by_order_if_all_shapes_agree():
    keras3, keras2 = saved_model((0, 0), (2, 1)), saved_model((0, 0), (1, 1))
    assert [(p.b.offset, p.rule) for p in pair(keras3, keras2)] == [(0, SAME_NAME), (1, SAME_ORDER)]
    assert rules(keras3, saved_model((0, 0), (1, 1), (2, 2))) == {AMBIGUOUS}
    some_named = saved_model((0, 0, "two/w"), (2, 1))
    assert rules(some_named, file(("two/w", 0), ("one/w", 1))) == {NAME_IN_FILE, SAME_ORDER}
    assert rules(some_named, file(("one/w", 1), ("two/w", 0))) == {NAME_IN_FILE, AMBIGUOUS}


def test_the_numbers_of_a_person_are_names():
    one, two = file(("block_1/w", 1), ("block_2/w", 2)), file(("block_2/w", 2), ("block_3/w", 3))
    assert not wrong(one, two)
    assert rules(one, two) == {SAME_NAME, AMBIGUOUS}
    assert rules(one, file(("block_7/w", 1), ("block_8/w", 2))) == {ALIGNED_NUMBERS}
    assert rules(file(("dense_1/w", 1), ("dense_2/w", 2)), file(("dense_2/w", 1), ("dense_3/w", 2))) == {
        ALIGNED_NUMBERS
    }


def test_numbers_move_in_the_whole_file_or_not_at_all():
    one = file(("m/dense/w", 0), ("m/dense_1/w", 1), ("dense_2/w", 2), ("dense_3/w", 3))
    two = file(("m/dense/w", 0), ("m/dense_1/w", 1), ("m/s/dense_2/w", 2), ("m/s/dense_3/w", 3))
    assert not wrong(one, two)
    assert not rules(one, two) & {AMBIGUOUS, MISSING, EXTRA}


def test_halves_of_two_layers_are_told_apart_by_their_own_names():
    def named(order):
        return file(*((f"bidirectional{n}/{h}_lstm{n}/lstm_cell/kernel", who) for n, h, who in order))

    parts = [("_1", "forward", 0), ("_1", "backward", 1), ("", "forward", 2), ("", "backward", 3)]
    counted = file(
        *(
            (f"layers/bidirectional{m}/{h}_layer/cell/vars/0", who, f"{h}_lstm{n}/lstm_cell/0")
            for (n, h, who), m in zip(parts, ("", "", "_1", "_1"), strict=True)
        )
    )
    for other in (named(parts), sorted_by_name(named(parts))):
        assert not wrong(counted, other)
        assert AMBIGUOUS not in rules(counted, other)


@pytest.mark.parametrize("name", ["vars", "layers", "kernel"])
def test_a_layer_may_be_called_as_files_call_their_own_parts(name):
    named = sorted_by_name(file((f"{name}/kernel", 0), ("out/kernel", 1)))
    counted = file(("layers/dense/vars/0", 0, f"{name}/0"), ("layers/dense_1/vars/0", 1, "out/0"))
    assert not wrong(named, counted)
    assert AMBIGUOUS not in rules(named, counted)
