"""Pairs that a person chose."""

import pytest

from reproviewer.core.message import ReproError
from reproviewer.core.pairing import AMBIGUOUS, CHOSEN, EXTRA, MISSING, SAME_NAME, pair
from reproviewer.core.repair import choose, choose_all, choose_possible, unpair
from reproviewer.core.weights import Tensor, WeightSet


def weights(*names, **aliases):
    return WeightSet(tuple(Tensor(n, "float32", (3,), "x", 0, aliases=aliases.get(n, ())) for n in names))


def named(pairs):
    return [(p.a and p.a.name, p.b and p.b.name, p.rule) for p in pairs]


START = pair(weights("one", "two", "p", "q"), weights("one", "two", "x", "y"))


def test_what_was_ambiguous_is_chosen():
    assert [p.rule for p in START] == [SAME_NAME, SAME_NAME, *[AMBIGUOUS] * 4]
    assert named(choose_all(START, [("p", "y"), ("q", "x")])) == [
        ("one", "one", SAME_NAME),
        ("two", "two", SAME_NAME),
        ("p", "y", CHOSEN),
        ("q", "x", CHOSEN),
    ]


def test_a_choice_takes_both_from_their_partners():
    before = named(START)
    found = choose(START, "one", "two")
    assert named(found)[:2] == [("one", "two", CHOSEN), ("two", None, MISSING)]
    assert (None, "one", EXTRA) in named(found)
    assert named(START) == before
    assert named(choose(choose(found, "one", "one"), "two", "two"))[:2] == [
        ("one", "one", CHOSEN),
        ("two", "two", CHOSEN),
    ]


def test_to_part_and_to_join():
    parted = unpair(START, "one")
    assert named(parted)[0] == ("one", None, MISSING)
    assert (None, "one", EXTRA) in named(parted)
    assert named(choose(parted, "one", "one"))[0] == ("one", "one", CHOSEN)
    assert named(unpair(parted, "one")) == named(parted)


def test_what_is_left_alone_is_missing_and_no_longer_ambiguous():
    pairs = pair(weights("one", "p", "q"), weights("one", "x"))
    assert named(choose(pairs, "p", "x")) == [
        ("one", "one", SAME_NAME),
        ("p", "x", CHOSEN),
        ("q", None, MISSING),
    ]


def test_other_names_of_a_tensor_will_do():
    pairs = pair(weights("p", p=("dense/kernel",)), weights("x/y:0"))
    assert named(choose(pairs, "dense/kernel", "x/y"))[0] == ("p", "x/y:0", CHOSEN)


@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [
        ([("nothing", "x")], "The reference has no tensor named nothing."),
        ([("p", "nothing")], "There is no tensor named nothing to pair with."),
        ([("p", "x"), ("p", "y")], "p=y uses a tensor that is paired already by another choice."),
        ([("p", "x"), ("q", "x")], "q=x uses a tensor that is paired already by another choice."),
        ([("p", "x"), ("p", "x")], "p=x uses a tensor that is paired already by another choice."),
    ],
)
def test_what_cannot_be_chosen(chosen, sentence):
    with pytest.raises(ReproError) as caught:
        choose_all(START, chosen)
    assert str(caught.value) == sentence


def test_a_name_that_two_have():
    with pytest.raises(ReproError, match="2 tensors are named p"):
        choose(pair(weights("p", "p"), weights("x")), "p", "x")


def paired(a, b, *choices):
    return named(choose_possible(pair(weights(*a), weights(*b)), choices))


def test_two_without_partners_are_paired():
    assert paired(["k", "old"], ["k", "new"], ("old", "new")) == [("k", "k", SAME_NAME), ("old", "new", CHOSEN)]


def test_possible_choices_take_both_from_their_partners():
    assert paired(["p", "q"], ["p", "q"], ("p", "q")) == [
        ("p", "q", CHOSEN),
        ("q", None, MISSING),
        (None, "p", EXTRA),
    ]
    assert paired(["p", "q"], ["p", "q"], ("p", "q"), ("q", "p")) == [("p", "q", CHOSEN), ("q", "p", CHOSEN)]


def test_no_partner_at_all():
    assert paired(["p", "q"], ["p", "q"], ("p", None)) == [
        ("p", None, MISSING),
        ("q", "q", SAME_NAME),
        (None, "p", EXTRA),
    ]
    assert paired(["p"], ["p"], ("p", None), ("p", "p")) == [("p", "p", CHOSEN)]


def test_a_choice_that_names_nothing_does_nothing():
    by_rule = paired(["p"], ["p"])
    assert paired(["p"], ["p"], ("gone", "p"), ("p", "gone"), ("gone", None)) == by_rule
