"""From the desk to what is shown, with no window."""

from dataclasses import replace

import pytest

from reproviewer.core import session
from reproviewer.core.cause import Cause
from reproviewer.core.experiment import Draw, Experiment
from reproviewer.core.keras_text import Problem
from reproviewer.core.known import Findings, Status, Trouble, Work
from reproviewer.core.message import message
from reproviewer.core.model_spec import Span
from reproviewer.core.session import Item, Session
from reproviewer.core.tensor_rows import partners
from reproviewer.core.verdict import (
    Comparison,
    Criteria,
    FirstDifference,
    Relation,
    TensorComparison,
    Tolerance,
    Tolerances,
    Verdict,
)
from reproviewer.core.view_state import resolve
from reproviewer.core.weights import LEFT_OUT, Tensor, WeightSet

KERNEL = Tensor("dense/kernel", "float32", (1, 5), "run.bin", 0)
BIAS = Tensor("dense/bias", "float32", (5,), "run.bin", 64)
BIG = Tensor("big/kernel", "float32", (64, 96), "run.bin", 128)
MODEL = WeightSet((KERNEL, BIAS))


def run(number, kind="run", weights=MODEL):
    return Item(f"r{number}", kind, f"Run {number}", weights)


def found(tensor, verdict, differing=0):
    first = FirstDifference((0,) * len(tensor.shape), ("1.0", "2.0"), ("0x0", "0x1")) if differing else None
    return TensorComparison(
        tensor.name,
        (tensor.name, tensor.name),
        verdict,
        (tensor.shape, tensor.shape),
        (tensor.dtype, tensor.dtype),
        tensor.size,
        differing,
        differing,
        first,
        1.0 if differing else 0.0,
        7 if differing else 0,
    )


SAME = Comparison(Verdict.IDENTICAL, (found(KERNEL, Verdict.IDENTICAL), found(BIAS, Verdict.IDENTICAL)))
OTHER = Comparison(Verdict.DIFFERENT, (found(KERNEL, Verdict.IDENTICAL), found(BIAS, Verdict.DIFFERENT, 3)))
READY = Status(phase="ready")
MISTAKE = Problem(message("Dense needs `units`."), Span(1, 0, 1, 7))
DENSE = Experiment("Dense(5)")
DESK = Session(experiment=DENSE)
TWO = Session(experiment=DENSE, items=(run(1), run(2)))


@pytest.mark.parametrize(
    ("desk", "findings", "status", "face", "action"),
    [
        (DESK, Findings(), READY, "empty", "build"),
        (Session(), Findings(), READY, "empty", ""),
        (DESK, Findings(), replace(READY, work=Work("build", 0, 2, queued=True)), "waiting", "stop"),
        (TWO, Findings(), replace(READY, work=Work("build", 2, 2)), "running", "stop"),
        (Session(replace(DENSE, runs=1), items=(run(1),)), Findings(), READY, "single", "build-twice"),
        (Session(DENSE, items=(run(1),)), Findings(), READY, "single", "build"),
        (Session(items=(run(1, "file"),)), Findings(), READY, "single", ""),
        (TWO, Findings(), READY, "comparing", "stop"),
        (TWO, Findings(stopped=True), READY, "stopped", "compare"),
        (TWO, Findings({"r2": SAME}), READY, "done", ""),
        (DESK, Findings(), replace(READY, problems=(MISTAKE,)), "empty", ""),
        (TWO, Findings({"r2": SAME}), replace(READY, changed=frozenset({"r2"})), "changed", "reload"),
        (TWO, Findings({"r2": SAME}), replace(READY, trouble=Trouble(message("No."))), "failed", "dismiss"),
        (TWO, Findings({"r2": SAME}), replace(READY, trouble=Trouble(message("No."), "why")), "failed", "details"),
    ],
)
def test_every_state_has_a_face(desk, findings, status, face, action):
    verdict = resolve(desk, findings, status).verdict
    assert (verdict.face, verdict.action) == (face, action)
    assert str(verdict.headline)
    assert verdict.facts is not None


def test_the_worst_of_the_others_is_the_verdict_of_the_whole():
    desk = Session(items=(run(1), run(2), run(3)))
    assert resolve(desk, Findings({"r2": SAME, "r3": SAME}), READY).verdict.verdict is Verdict.IDENTICAL
    state = resolve(desk, Findings({"r2": SAME, "r3": OTHER}), READY)
    assert state.verdict.verdict is Verdict.DIFFERENT
    assert [card.verdict for card in state.cards] == [None, Verdict.IDENTICAL, Verdict.DIFFERENT]
    assert [row.verdict for row in state.tensors.rows] == [Verdict.IDENTICAL, Verdict.DIFFERENT]


def test_the_first_tensor_that_differs_is_looked_at_until_another_is_chosen():
    findings = Findings({"r2": OTHER})
    assert resolve(TWO, findings, READY).selected == "dense/bias"
    chosen = session.look_at(TWO, tensor="dense/kernel")
    assert resolve(chosen, findings, READY).selected == "dense/kernel"
    assert resolve(session.look_at(TWO, tensor="gone"), findings, READY).selected == "dense/bias"


def test_small_tensors_are_bars_and_large_ones_a_heat_map_unless_chosen():
    assert resolve(TWO, Findings({"r2": SAME}), READY).kind == "bars"
    large = Session(items=(run(1, weights=WeightSet((BIG,))),))
    assert resolve(large, Findings(), READY).kind == "heatmap"
    assert resolve(session.look_at(large, kind="values"), Findings(), READY).kind == "values"


def test_the_first_difference_is_in_the_slice_that_is_shown_until_another_is_chosen():
    deep = Tensor("conv/kernel", "float32", (3, 3, 4, 5), "run.bin", 0)
    difference = replace(found(deep, Verdict.DIFFERENT, 1), first=FirstDifference((1, 2, 0, 4), ("1", "2"), ("0", "1")))
    desk = Session(DENSE, items=(run(1, weights=WeightSet((deep,))), run(2, weights=WeightSet((deep,)))))
    findings = Findings({"r2": Comparison(Verdict.DIFFERENT, (difference,))})
    assert resolve(desk, Findings(), READY).plot.slice_index == ()
    assert resolve(desk, findings, READY).plot.slice_index == (1, 2)
    assert resolve(session.look_at(desk, slice_index=(0, 0)), findings, READY).plot.slice_index == (0, 0)


def test_the_difference_shown_is_the_first_that_differs_or_the_chosen_one():
    desk = Session(items=(run(1), run(2), run(3)))
    findings = Findings({"r2": SAME, "r3": OTHER})
    assert resolve(desk, findings, READY).plot.focus == "r3"
    assert resolve(session.look_at(desk, focus="r2"), findings, READY).plot.focus == "r2"
    assert resolve(Session(items=(run(1),)), Findings(), READY).plot.focus is None


def test_what_a_file_holds_besides_tensors_is_told_beside_the_verdict():
    texts = {"metadata": {"keras_version": "2.15.0"}, "remarks": {LEFT_OUT: "2 texts"}}
    desk = Session(items=(Item("f", "file", "a.h5", MODEL, texts), Item("g", "file", "b.h5", MODEL)))
    state = resolve(desk, Findings({"g": SAME}), READY)
    assert str(state.verdict.facts) == "All 10 weights are identical to the last bit. Left out of a.h5: 2 texts."
    assert state.cards[0].about == (("keras_version", "2.15.0"), (LEFT_OUT, "2 texts"))
    assert state.cards[1].about == ()


def test_a_load_tells_before_and_after():
    file = Item("f", "file", "test.h5", MODEL, path="test.h5")
    desk = session.start_load(Session(items=(run(3),)), file)
    desk = session.add(session.add(desk, run(1, "before")), run(2, "after"))
    findings = Findings({"r1": OTHER, "r2": SAME, "r3": OTHER})
    state = resolve(desk, findings, READY)
    assert state.verdict.verdict is Verdict.IDENTICAL
    assert str(state.verdict.facts) == (
        "Before the load: different, after: identical. All 10 weights are identical to the last bit. "
        "Not counted: 1 run built before, different."
    )
    assert not any(row.is_unlike for row in state.tensors.rows)


def test_a_file_beside_a_load_counts():
    desk = session.start_load(Session(), Item("f", "file", "test.h5", MODEL, path="test.h5"))
    desk = session.add(session.add(desk, run(1, "before")), run(2, "after"))
    desk = session.add(desk, Item("g", "file", "other.h5", MODEL))
    state = resolve(desk, Findings({"r1": OTHER, "r2": SAME, "g": OTHER}), READY)
    assert state.verdict.verdict is Verdict.DIFFERENT
    assert str(state.verdict.facts).startswith(
        "Before the load: different, after: identical. 1 of 2 others differs from test.h5. other.h5: "
    )
    assert [row.label for row in state.tensors.rows if row.is_unlike] == ["dense/bias"]


def test_a_load_is_told_of_only_beside_the_file_that_was_loaded():
    desk = session.start_load(Session(items=(run(3),)), Item("f", "file", "test.h5", MODEL, path="test.h5"))
    desk = session.add(session.add(desk, run(1, "before")), run(2, "after"))
    desk = session.set_reference(desk, "r3")
    verdict = resolve(desk, Findings({"f": OTHER, "r1": OTHER, "r2": OTHER}), READY).verdict
    assert "load" not in str(verdict.facts)
    assert str(verdict.facts).startswith("3 of 3 others differ from Run 3.")


def test_what_is_said_of_one_of_several_is_said_with_its_name():
    desk = Session(items=(run(1), run(2), run(3)))
    findings = Findings(
        {"r2": SAME, "r3": replace(OTHER, relation=Relation("scaled", "exact", message("Scaled by 2.")))}
    )
    assert str(resolve(desk, findings, READY).verdict.reason) == "Run 3: Scaled by 2."
    chosen = resolve(session.look_at(desk, focus="r2"), findings, READY).verdict
    assert str(chosen.facts).endswith("Run 2: All 10 weights are identical to the last bit.")
    assert (chosen.verdict, chosen.reason) == (Verdict.DIFFERENT, None)


def test_a_cause_is_told_with_the_run_that_it_explains():
    desk = Session(items=(run(1), run(2), run(3)))
    findings = Findings({"r2": OTHER, "r3": OTHER}, cause=Cause(message("No seed.")), explained="r2")
    assert str(resolve(desk, findings, READY).verdict.reason) == "No seed."
    assert str(resolve(session.look_at(desk, focus="r3"), findings, READY).verdict.reason) == "Run 2: No seed."


def test_the_cause_and_its_action_are_shown():
    cause = Cause(message("No seed was set before the builds."), "set-seed")
    verdict = resolve(TWO, Findings({"r2": OTHER}, cause=cause), READY).verdict
    assert (str(verdict.reason), verdict.action) == ("No seed was set before the builds.", "set-seed")


def test_a_tensor_that_one_run_lacks_is_a_row_and_an_empty_pane():
    missing = TensorComparison(
        "dense/bias", ("dense/bias", None), Verdict.MISMATCHED, ((5,), None), ("float32", None), 5
    )
    comparison = Comparison(Verdict.MISMATCHED, (found(KERNEL, Verdict.IDENTICAL), missing))
    desk = Session(items=(run(1), run(2, weights=WeightSet((KERNEL,)))))
    state = resolve(desk, Findings({"r2": comparison}), READY)
    assert state.tensors.rows[1].verdict is Verdict.MISMATCHED
    assert state.selected == "dense/bias"
    assert [pane.tensor for pane in state.plot.panes] == [BIAS, None]


def test_building_is_possible_only_without_mistakes_and_work():
    assert resolve(DESK, Findings(), READY).can_build
    assert resolve(DESK, Findings(), Status()).can_build
    assert not resolve(DESK, Findings(), Status(phase="failed")).can_build
    assert not resolve(DESK, Findings(), replace(READY, work=Work("build"))).can_build
    assert not resolve(DESK, Findings(), replace(READY, problems=(MISTAKE,))).can_build


@pytest.mark.parametrize("model", ["", "  \n\n", "# Dense(5)\n"])
def test_nothing_to_build_is_a_state_with_a_hint(model):
    state = resolve(Session(Experiment(model)), Findings(), replace(READY, size=(0, 0)))
    assert not state.can_build
    assert str(state.verdict.facts) == str(state.size_note) == "Add a layer, or choose an example."
    drawn = Experiment(model, draws=(Draw("random.random"),))
    assert resolve(Session(drawn), Findings(), READY).can_build


def test_the_button_says_how_often_it_builds():
    def empty(runs):
        verdict = resolve(Session(replace(DENSE, runs=runs)), Findings(), READY).verdict
        return verdict.action, str(verdict.facts)

    assert empty(1) == ("build-twice", "Build the model twice to see whether its weights repeat.")
    assert empty(2) == ("build", "Build the model twice to see whether its weights repeat.")
    assert empty(12) == ("build", "Build the model 12 times to see whether its weights repeat.")


def test_runs_without_weights_have_no_verdict():
    bare = (run(1, weights=WeightSet()), run(2, weights=WeightSet()))
    state = resolve(Session(DENSE, bare), Findings({"r2": Comparison(Verdict.IDENTICAL, ())}), READY)
    assert str(state.verdict.headline) == "No weights"
    assert [card.verdict for card in state.cards] == [None, None]


def test_sizes_are_said_in_words():
    def note(size, draws=()):
        experiment = replace(DENSE, draws=draws)
        found = resolve(Session(experiment), Findings(), replace(READY, size=size)).size_note
        return found and str(found)

    assert note((7210, 4)) == "7,210 weights in 4 tensors"
    assert note((5, 1)) == "5 weights in 1 tensor"
    assert note((0, 0)) == "No weights."
    assert note((0, 0), (Draw("random.random"),)) == "No weights: only draws are recorded."
    assert note(None) is None


def test_state_that_is_not_compared_is_listed_at_the_end_without_a_verdict():
    state = Tensor("adam/m", "float32", (5,), "run.bin", 0, "optimizer")
    desk = Session(items=(run(1, weights=WeightSet((state, KERNEL, BIAS))), run(2)))
    rows = resolve(desk, Findings({"r2": SAME}), READY).tensors.rows
    assert [(row.name, row.role, row.verdict) for row in rows] == [
        ("dense/kernel", "weight", Verdict.IDENTICAL),
        ("dense/bias", "weight", Verdict.IDENTICAL),
        ("adam/m", "optimizer", None),
    ]
    chosen = resolve(session.look_at(desk, tensor="adam/m"), Findings({"r2": SAME}), READY)
    assert [pane.tensor for pane in chosen.plot.panes] == [state, None]


def test_state_that_only_another_item_has_is_listed_too():
    state = Tensor("adam/m", "float32", (5,), "run.bin", 0, "optimizer")
    desk = Session(items=(run(1), run(2, weights=WeightSet((KERNEL, BIAS, state)))))
    rows = resolve(desk, Findings({"r2": SAME}), READY).tensors.rows
    assert [(row.name, row.names, row.verdict) for row in rows][2:] == [("adam/m", (None, "adam/m"), None)]
    chosen = resolve(session.look_at(desk, tensor="adam/m"), Findings({"r2": SAME}), READY)
    assert [pane.tensor for pane in chosen.plot.panes] == [None, state]


def test_the_verdict_says_on_what_terms_and_what_is_still_being_found_out():
    terms = Criteria(Tolerances(Tolerance(ulp=2, rtol=0.5), (("*/bias", Tolerance()),)), with_state=True)
    verdict = resolve(session.set_criteria(TWO, terms), Findings({"r2": OTHER}, relating=True), READY).verdict
    said = "Tolerance: 2 ULP or 0.5 of the value, and others by name. Optimizer and other state counts."
    assert str(verdict.facts).endswith(said)
    assert str(verdict.reason).startswith("Looking for what")
    assert resolve(TWO, Findings({"r2": OTHER}), READY).verdict.reason is None


def test_the_card_whose_difference_is_shown_says_so_where_there_are_several():
    desk = Session(items=(run(1), run(2), run(3)))
    findings = Findings({"r2": SAME, "r3": OTHER})
    assert [card.is_shown for card in resolve(desk, findings, READY).cards] == [False, False, True]
    chosen = resolve(session.look_at(desk, focus="r2"), findings, READY)
    assert [(card.is_shown, card.is_chosen) for card in chosen.cards][1:] == [(True, True), (False, False)]
    assert not any(card.is_shown for card in resolve(TWO, Findings({"r2": OTHER}), READY).cards)


def test_a_verdict_on_runs_of_an_experiment_edited_since_says_so():
    desk = replace(TWO, experiment=Experiment("Dense(5)"), built=Experiment("Dense(5)"))
    same = replace(desk.experiment, model=" Dense(5)\n", runs=9, title="t", notes="n")
    for experiment, is_past in ((desk.experiment, False), (same, False), (Experiment("Dense(6)"), True)):
        verdict = resolve(session.edit(desk, experiment), Findings({"r2": SAME}), READY).verdict
        assert verdict.is_past is is_past
        assert (verdict.action == "same-seed") is is_past
    built = session.start_build(session.edit(desk, Experiment("Dense(6)")))
    assert built.built == built.experiment
    assert not built.is_edited


def apart(tensor, side):
    names = (tensor.name, None) if side == 0 else (None, tensor.name)
    pair = [tensor.shape, None] if side == 0 else [None, tensor.shape]
    rule = "missing" if side == 0 else "extra"
    return TensorComparison(tensor.name, names, Verdict.MISMATCHED, tuple(pair), ("float32", None), 0, rule=rule)


def test_tensors_taken_apart_have_a_row_each_though_both_have_one_name():
    comparison = Comparison(Verdict.MISMATCHED, (apart(KERNEL, 0), found(BIAS, Verdict.IDENTICAL), apart(KERNEL, 1)))
    state = resolve(session.look_at(TWO, tensor="dense/kernel (extra)"), Findings({"r2": comparison}), READY)
    assert [(row.name, row.names) for row in state.tensors.rows] == [
        ("dense/kernel", ("dense/kernel", None)),
        ("dense/bias", ("dense/bias", "dense/bias")),
        ("dense/kernel (extra)", (None, "dense/kernel")),
    ]
    assert [pane.tensor for pane in state.plot.panes] == [None, KERNEL]
    assert state.pairing is comparison


def test_partners_by_hand_are_those_of_the_shape_first_those_without_a_partner():
    other = replace(KERNEL, name="other/kernel")
    loose = replace(BIAS, name="loose/bias")
    comparison = Comparison(
        Verdict.MISMATCHED,
        (apart(KERNEL, 0), found(replace(KERNEL, name="p"), Verdict.IDENTICAL), apart(other, 1), apart(loose, 1)),
    )
    assert partners(comparison, "dense/kernel") == (("other/kernel",), ("p",))
    assert partners(comparison, "other/kernel") == (("dense/kernel",), ("p",))
    assert partners(comparison, "loose/bias") == (("dense/kernel",), ())
    assert partners(comparison, "gone") == ((), ())


def test_a_run_without_weights_has_no_digest_to_show():
    session = Session(experiment=DENSE, items=(run(1), run(2, weights=WeightSet())))
    assert [card.is_empty for card in resolve(session, Findings(), READY).cards] == [False, True]


def test_runs_that_are_missing_are_named():
    built = session.start_build(Session(experiment=Experiment("Dense(5)", runs=5)))
    one = session.add(built, run(1))
    assert "1 of 5 runs were built." in str(resolve(one, Findings(), Status()).verdict.facts)
    two = session.add(one, run(2))
    findings = Findings({"r2": SAME})
    assert "2 of 5 runs were built." in str(resolve(two, findings, Status()).verdict.facts)
    all_of_them = two
    for number in (3, 4, 5):
        all_of_them = session.remove(session.add(all_of_them, run(number)), f"r{number}")
    assert "were built" not in str(resolve(all_of_them, findings, Status()).verdict.facts)
