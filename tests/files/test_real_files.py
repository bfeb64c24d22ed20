"""Files that Keras 3, Keras 2 and TensorFlow write today, read without any of them."""

import collections

import pytest


def without_names(told):
    return [{k: t[k] for k in ("dtype", "shape", "sha256")} for t in told]


def multiset(facts):
    return collections.Counter(str(sorted(f.items())) for f in facts)


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("k2.h5", "k2"),
        ("k2_whole.h5", "k2"),
        ("k2.weights.h5", "k2"),
        ("k2_ckpt", "k2"),
        ("k2_train", "k2"),
        ("k3_whole.h5", "k3"),
        ("k3.weights.h5", "k3"),
        ("k3.weights.json", "k3"),
        ("k2.keras", "k2"),
        ("k3.keras", "k3"),
        ("k3_folder", "k3"),
        ("k3_ckpt", "k3"),
        ("k3_bf16.weights.h5", "k3_bf16"),
        ("k3_bf16.h5", "k3_bf16"),
        ("k3_bf16_ckpt", "k3_bf16"),
        ("k3_many.h5", "k3_many"),
    ],
)
def test_weights_are_those_of_the_model(samples, told, read, facts, name, model):
    contents = read(samples / name)
    found = facts(contents.weights.only("weight"))
    wanted = without_names(told[model])
    if contents.format in ("keras-weights", "keras-shards"):
        assert multiset(found) == multiset(wanted)
    else:
        assert found == wanted


def test_attention_and_cells_come_in_the_order_of_the_model(samples, told, read, facts):
    assert facts(read(samples / "k3_parts.keras").weights) == without_names(told["k3_parts"])


def test_optimizers_inside_of_others_and_under_names_of_their_own(samples, told, read, facts):
    weights = read(samples / "k3_own.keras").weights
    assert multiset(facts(weights.only("weight"))) == multiset(without_names(told["k3_own"]))
    others = {t.name.partition("/vars/")[0] for t in weights.tensors if t.role != "weight"}
    assert others == {"optimizer", "optimizer/inner_optimizer", "aside_optimizer"}


@pytest.mark.parametrize(
    ("name", "optimizer", "other"),
    [
        ("k2_whole.h5", 77, 0),
        ("k2.weights.h5", 77, 2),
        ("k2_ckpt", 78, 0),
        ("k2_train", 78, 1),
        ("k3_whole.h5", 78, 0),
        ("k3.weights.h5", 78, 0),
        ("k3.weights.json", 78, 0),
        ("k2.keras", 77, 2),
        ("k3.keras", 78, 0),
        ("k3_folder", 78, 0),
        ("k3_ckpt", 78, 1),
    ],
)
def test_state_that_is_no_weight_is_told_apart(samples, read, name, optimizer, other):
    contents = read(samples / name)
    assert len(contents.weights.only("optimizer").tensors) == optimizer
    assert len(contents.weights.only("other").tensors) == other


@pytest.mark.parametrize("name", ["k2_ckpt", "k2_train", "k3_ckpt", "k3_bf16_ckpt", "tf_kinds", "tf_names", "tf_big"])
def test_every_number_of_a_checkpoint_is_what_tensorflow_reads(samples, told, read, facts, name):
    oracle = told.get(f"{name}_oracle", told.get(name))
    weights = read(samples / name).weights
    assert dict(zip((t.name for t in weights.tensors), facts(weights), strict=True)) == oracle


def test_a_checkpoint_of_names_only_says_what_it_leaves_out(samples, read):
    contents = read(samples / "tf_names")
    assert [(t.name, t.role) for t in contents.weights.tensors] == [
        ("dense/kernel", "weight"),
        ("global_step", "other"),
    ]
    assert contents.remarks["left out"] == "dense/note"


def test_numbers_in_paths_sort_as_numbers(samples, read):
    names = [t.name for t in read(samples / "k3.weights.h5").weights.only("optimizer").tensors]
    assert names == [f"optimizer/vars/{i}" for i in range(78)]


def test_layer_names_are_aliases(samples, read):
    tensors = read(samples / "k3.weights.h5").weights.by_name
    assert tensors["layers/dense/vars/0"].aliases == ("first/0",)


def test_bfloat16_without_a_mark_is_an_assumption(samples, read):
    assert "bfloat16" in read(samples / "k3_bf16.h5").remarks["assumed"]
    assert "assumed" not in read(samples / "k3_bf16.weights.h5").remarks
