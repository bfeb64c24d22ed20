"""The verdict in words."""

import math
from string import Formatter

import numpy as np
import pytest

from reproviewer.core import sentences
from reproviewer.core.compare import EXACT, compare
from reproviewer.core.verdict import Comparison, Tolerance, Verdict
from reproviewer.core.weights import WeightSet

KERNEL = np.arange(5, dtype=np.float32).reshape(1, 5)
BIAS = np.zeros(5, np.float32)


@pytest.fixture
def against(shelf):
    """Compare a kernel and a bias with another kernel and bias."""

    def run(kernel=KERNEL, bias=BIAS, tolerance=EXACT, **more):
        a = WeightSet((shelf.tensor(KERNEL, "dense/kernel"), shelf.tensor(BIAS, "dense/bias")))
        b = [shelf.tensor(kernel, "dense/kernel"), *([shelf.tensor(bias, "dense/bias")] if bias is not None else [])]
        return compare(a, WeightSet((*b, *(shelf.tensor(v, k) for k, v in more.items()))), tolerance)

    return run


def changed(count, by):
    kernel = KERNEL.copy()
    kernel[0, :count] += np.float32(by)
    return kernel


def test_one_sentence_for_each_verdict(against):
    cases = [
        (against(), "All 10 weights are identical to the last bit."),
        (against(bias=-BIAS), "All values are equal, but the bits of 5 of 10 differ, first at dense/bias[0]."),
        (
            against(bias=np.array([0, 0, -0.0, 0, 0], np.float32)),
            "All values are equal, but the bits of 1 of 10 differ, at dense/bias[2].",
        ),
        (
            against(kernel=KERNEL.astype(np.float64)),
            "All values are equal, but dense/kernel is float32 in one and float64 in the other.",
        ),
        (
            against(kernel=KERNEL.astype(np.float64), bias=BIAS.astype(np.float64)),
            "All values are equal, but 2 of 2 tensors have another dtype: dense/kernel is float32 and float64.",
        ),
        (against(changed(5, 1.764)), "5 of 10 weights differ, first at dense/kernel[0, 0]; largest |Δ| 1.76."),
        (against(changed(1, 2)), "1 of 10 weights differs, at dense/kernel[0, 0]; |Δ| 2."),
        (
            against(changed(2, 0.5), tolerance=Tolerance(atol=1)),
            "2 of 10 weights differ, all within the tolerance, first at dense/kernel[0, 0]; largest |Δ| 0.5.",
        ),
        (
            against(changed(1, 0.5), tolerance=Tolerance(atol=1)),
            "1 of 10 weights differs, within the tolerance, at dense/kernel[0, 0]; |Δ| 0.5.",
        ),
        (
            against(changed(1, np.nan)),
            "1 of 10 weights differs, at dense/kernel[0, 0]; |Δ| not finite (NaN or infinity).",
        ),
        (against(bias=None), "dense/bias is missing."),
        (against(extra=BIAS), "extra is extra."),
        (against(kernel=KERNEL.T), "dense/kernel has another shape: (1, 5) and (5, 1)."),
        (
            against(kernel=KERNEL.T, bias=None),
            "2 of 2 tensors do not fit. dense/kernel has another shape: (1, 5) and (5, 1).",
        ),
    ]
    for comparison, sentence in cases:
        assert str(sentences.verdict_sentence(comparison)) == sentence


def test_draws_are_numbers(shelf):
    def draws(value, more=()):
        draw = shelf.tensor(np.full(2, value), "random.random()", role="draw")
        return WeightSet((*more, draw, shelf.tensor(np.zeros(1), "tf.random.uniform() (2)", role="draw")))

    found = compare(draws(1.0), draws(1.5))
    assert str(sentences.verdict_sentence(found)) == (
        "2 of 3 numbers differ, first at random.random()[0]; largest |Δ| 0.5."
    )
    weight = (shelf.tensor(np.zeros(2), "k"),)
    assert str(sentences.verdict_sentence(compare(draws(1.0, weight), draws(1.0, weight)))) == (
        "All 5 values are identical to the last bit."
    )


def test_scalars_and_booleans(shelf):
    one, other = WeightSet((shelf.tensor(np.float32(1), "x"),)), WeightSet((shelf.tensor(np.float32(2), "x"),))
    assert str(sentences.verdict_sentence(compare(one, one))) == "The only weight is identical to the last bit."
    assert str(sentences.verdict_sentence(compare(one, other))) == "The only weight differs, at x; |Δ| 1."
    zeros = [WeightSet((shelf.tensor(np.float32(v), "x"),)) for v in (0.0, -0.0)]
    assert str(sentences.verdict_sentence(compare(*zeros))) == ("The only value is equal, but its bits differ, at x.")
    assert str(sentences.verdict_sentence(compare(one, other, Tolerance(atol=1)))) == (
        "The only weight differs, within the tolerance, at x; |Δ| 1."
    )
    flags = [WeightSet((shelf.tensor(np.array(v), "x"),)) for v in ([True, True], [False, False])]
    assert str(sentences.verdict_sentence(compare(*flags))) == "2 of 2 weights differ, first at x[0]."


def test_nothing_to_compare():
    assert str(sentences.verdict_sentence(Comparison(Verdict.IDENTICAL, ()))) == "There is nothing to compare."
    assert str(sentences.overall("Run 1", [])) == "There is nothing yet to compare with Run 1."


def test_several_runs(against):
    same, other = against(), against(changed(5, 1))
    text = "5 of 10 weights differ, first at dense/kernel[0, 0]; largest |Δ| 1."
    assert str(sentences.overall("Run 1", [("Run 2", same)])) == "All 10 weights are identical to the last bit."
    assert str(sentences.overall("Run 1", [("Run 2", same), ("Run 3", same)])) == (
        "Run 1 and 2 others are identical to the last bit."
    )
    others = [("Run 2", same), ("Run 3", other), ("Run 4", other), ("Run 5", other)]
    assert str(sentences.overall("Run 1", others)) == f"3 of 4 others differ from Run 1. Run 3: {text}"
    assert str(sentences.overall("Run 1", others, 0)) == (
        "3 of 4 others differ from Run 1. Run 2: All 10 weights are identical to the last bit."
    )
    assert str(sentences.overall("Run 1", others[:2])) == f"1 of 2 others differs from Run 1. Run 3: {text}"
    assert str(sentences.overall("Run 1", [*others, ("test.h5", against(bias=None))])) == (
        "1 of 5 others does not fit Run 1. 3 more differ. test.h5: dense/bias is missing."
    )
    assert str(sentences.overall("Run 1", [("Run 2", same), ("Run 3", against(bias=-BIAS))])).startswith(
        "1 of 2 others equals Run 1 in value but not to the last bit. Run 3: All values are equal"
    )


def test_every_verdict_has_a_sign_and_a_word():
    assert set(sentences.SIGNS) == set(Verdict)
    assert len(set(sentences.SIGNS.values())) == len(Verdict)
    assert str(sentences.word(Verdict.CLOSE)) == "close"
    assert sentences.shown_distance(math.inf) == "∞"


def test_numbers_are_messages_so_that_a_translation_can_fill_them(against):
    found = sentences.overall("Run 1", [("Run 2", against()), ("Run 3", against(changed(1, 1)))])
    fields = {name for _, name, _, _ in Formatter().parse(found.template) if name}
    assert fields <= set(dict(found.args))
    assert dict(found.args)["detail"].template == "{n} of {total} weights differs, at {where}; |Δ| {largest}."


def test_how_tensors_with_other_names_were_paired(shelf):
    def weights(*names):
        return WeightSet(tuple(shelf.tensor(KERNEL + i, name) for i, name in enumerate(names)))

    same = compare(weights("dense/kernel"), weights("dense/kernel"))
    moved = compare(weights("dense/kernel", "dense_1/kernel"), weights("dense_4/kernel", "dense_5/kernel"))
    ordered = compare(weights("z/kernel", "a/kernel"), weights("y/kernel", "b/kernel"))
    assert sentences.paired_with_others([same]) is None
    assert (
        str(sentences.paired_with_others([same, moved]))
        == "Tensors matched under other names: 2 by the name without its number."
    )
    both = sentences.paired_with_others([moved, ordered])
    assert str(both) == "Tensors matched under other names: 2 by the name without its number, 2 by their order."
    assert str(sentences.how_paired(moved.tensors[0].rule)) == "the name without its number"
    assert str(sentences.how_paired(same.tensors[0].rule)) == "same name"
