"""What the list of tensors is made of: it is made anew when that changes, and only then."""

from dataclasses import replace
from operator import is_

import pytest

from reproviewer.core import session
from reproviewer.core.known import Findings
from reproviewer.core.session import Item, Session
from reproviewer.core.tensor_list import sources, tensor_list
from reproviewer.core.verdict import Comparison, TensorComparison, Verdict
from reproviewer.core.weights import Tensor, WeightSet

KERNEL = Tensor("dense/kernel", "float32", (2, 3), "run.bin", 0)
SAME = Comparison(
    Verdict.IDENTICAL,
    (TensorComparison("dense/kernel", ("dense/kernel",) * 2, Verdict.IDENTICAL, ((2, 3),) * 2, ("float32",) * 2, 6),),
)

OTHER = replace(SAME, verdict=Verdict.DIFFERENT, tensors=(replace(SAME.tensors[0], verdict=Verdict.DIFFERENT),))


def item(name):
    return Item(name, "run", name, WeightSet((KERNEL,)))


DESK = Session(items=(item("a"), item("b")))


def alike(one, other):
    return len(one) == len(other) and all(map(is_, one, other))


def test_looking_elsewhere_and_unknown_items_change_nothing():
    findings = Findings({"b": SAME})
    before = sources(DESK, findings)
    assert alike(before, sources(session.look_at(DESK, tensor="dense/kernel"), findings))
    assert alike(before, sources(session.rename(DESK, "b", "B"), Findings(dict(findings.comparisons))))
    assert alike(before, sources(session.add(DESK, item("c")), findings))


@pytest.mark.parametrize(
    ("desk", "findings"),
    [
        (DESK, Findings()),
        (DESK, Findings({"b": Comparison(Verdict.IDENTICAL, SAME.tensors)})),
        (session.set_reference(DESK, "b"), Findings({"a": SAME})),
        (Session(items=(replace(DESK.items[0], kind="file"), DESK.items[1])), Findings({"b": SAME})),
        (Session(), Findings()),
    ],
)
def test_what_was_found_and_the_reference_change_it(desk, findings):
    assert not alike(sources(DESK, Findings({"b": SAME})), sources(desk, findings))


def test_choosing_an_item_lists_that_one_alone():
    desk, findings = session.add(DESK, item("c")), Findings({"b": SAME, "c": OTHER})
    assert tensor_list(desk, findings).rows[0].verdict is Verdict.DIFFERENT
    alone = session.look_at(desk, focus="b")
    assert not alike(sources(desk, findings), sources(alone, findings))
    assert tensor_list(alone, findings).rows[0].verdict is Verdict.IDENTICAL


def test_after_a_load_the_loaded_model_is_listed():
    items = [replace(item(name), kind=kind) for name, kind in (("f", "file"), ("b", "before"), ("c", "after"))]
    desk = Session(items=tuple(items), reference="f", loaded="f")
    assert tensor_list(desk, Findings({"b": OTHER, "c": SAME})).rows[0].verdict is Verdict.IDENTICAL
    assert tensor_list(session.look_at(desk, focus="b"), Findings({"b": OTHER, "c": SAME})).rows[0].is_unlike


def test_lines_and_tree_hold_the_same_tensors():
    made = tensor_list(DESK, Findings({"b": SAME}))
    assert [row.name for row in made.rows] == ["dense/kernel"]
    assert [(node.label, node.row, node.tally.verdict) for node in made.tree] == [
        ("dense/kernel", 0, Verdict.IDENTICAL),
    ]
