"""What a person says about pairs, put into those found by rule."""

from reproviewer.core import session
from reproviewer.core.pairing import pair
from reproviewer.core.repair import choose_possible
from reproviewer.core.session import Item, Session
from reproviewer.core.weights import Tensor, WeightSet


def weights(*names):
    return WeightSet(tuple(Tensor(name, "float32", (3,), "f", 12 * at) for at, name in enumerate(names)))


def paired(a, b, *choices):
    found = choose_possible(pair(weights(*a), weights(*b)), choices)
    return [(p.a.name if p.a else None, p.b.name if p.b else None, p.rule) for p in found]


def test_two_without_partners_are_paired():
    assert paired(["k", "old"], ["k", "new"], ("old", "new")) == [("k", "k", "same name"), ("old", "new", "chosen")]


def test_a_choice_takes_both_from_their_partners():
    assert paired(["p", "q"], ["p", "q"], ("p", "q")) == [
        ("p", "q", "chosen"),
        ("q", None, "missing"),
        (None, "p", "extra"),
    ]
    assert paired(["p", "q"], ["p", "q"], ("p", "q"), ("q", "p")) == [("p", "q", "chosen"), ("q", "p", "chosen")]


def test_no_partner_at_all():
    assert paired(["p", "q"], ["p", "q"], ("p", None)) == [
        ("p", None, "missing"),
        ("q", "q", "same name"),
        (None, "p", "extra"),
    ]
    assert paired(["p"], ["p"], ("p", None), ("p", "p")) == [("p", "p", "chosen")]


def test_a_choice_that_names_nothing_does_nothing():
    by_rule = paired(["p"], ["p"])
    assert paired(["p"], ["p"], ("gone", "p"), ("p", "gone"), ("gone", None)) == by_rule


def test_choices_belong_to_two_items_and_can_be_taken_back():
    desk = Session(items=(Item("a", "file", "a"), Item("b", "file", "b"), Item("c", "file", "c")))
    chosen = session.pair(session.pair(desk, "b", "x", "y"), "c", "x", None)
    assert chosen.choices("b") == (("x", "y"),)
    assert chosen.choices("c") == (("x", None),)
    assert session.set_reference(chosen, "b").choices("c") == ()
    assert session.pair(chosen, "b", "z", "y").choices("b") == (("z", "y"),)
    assert session.pair(chosen, "b", "x", "w").choices("b") == (("x", "w"),)
    assert session.pair_by_rule(chosen, "b", "x", None).choices("b") == ()
    assert session.pair_by_rule(chosen, "b", None, "y").choices("b") == ()
    assert session.pair(desk, "a", "x", "y") == desk
    assert session.pair(desk, "gone", "x", "y") == desk
