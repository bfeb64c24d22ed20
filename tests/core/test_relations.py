"""What two tensors have to do with each other: said when a test supports it, and not otherwise."""

import ml_dtypes
import numpy as np
import pytest

from reproviewer.core import relations
from reproviewer.core.compare import compare
from reproviewer.core.orders import kolmogorov_smirnov
from reproviewer.core.pairing import pair
from reproviewer.core.relations import explained, relation
from reproviewer.core.weights import WeightSet

RNG = np.random.default_rng(5)
KERNEL = RNG.standard_normal((24, 16)).astype(np.float32)


@pytest.fixture
def related(shelf):
    """Kind and sentence of what one array has to do with another."""

    def ask(a, b, *dtypes):
        one, other = (shelf.tensor(v, dtype=d) for v, d in zip((a, b), dtypes or (None, None), strict=True))
        found = relation(one, other)
        assert found is None or (found.kind in relations.KINDS and found.test)
        return (found.kind, str(found.message)) if found else None

    return ask


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int32"])
def test_transposed(related, dtype):
    kernel = (KERNEL * 1000).astype(dtype)
    assert related(kernel, kernel.T) == ("transposed", "It is the reference transposed: axes (1, 0).")
    square = kernel[:16]
    assert related(square, square.T)[0] == "transposed"
    block = kernel.reshape(4, 6, 16)
    assert related(block, block.transpose(2, 0, 1))[1].endswith("axes (2, 0, 1).")
    changed = kernel.T.copy()
    changed[0, 0] += 1
    assert (related(kernel, changed) or ("",))[0] != "transposed"


def test_reshaped(related):
    assert related(KERNEL, KERNEL.reshape(-1))[0] == "reshaped"
    assert related(KERNEL[:, :1], KERNEL[:, :1].T)[0] == "reshaped"


@pytest.mark.parametrize("axis", [0, 1])
def test_units_in_another_order(related, axis):
    order = np.roll(np.arange(KERNEL.shape[axis]), 3)
    text = f"Its {len(order)} units along axis {axis} are those of the reference in another order."
    assert related(KERNEL, np.take(KERNEL, order, axis)) == ("permuted", text)


def test_values_in_another_order(related):
    mixed = RNG.permutation(KERNEL.ravel()).reshape(KERNEL.shape)
    assert related(KERNEL, mixed) == ("reordered", "It holds the same values in another order.")
    assert related(KERNEL.ravel(), np.sort(KERNEL, axis=None))[0] == "reordered"
    mixed[0, 0] += 1
    assert (related(KERNEL, mixed) or ("",))[0] != "reordered"


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("factor", [2.0, 0.1, -1.0, 1 / 3])
def test_scaled(related, dtype, factor):
    kernel = KERNEL.astype(dtype)
    kind, text = related(kernel, (kernel * np.dtype(dtype).type(factor)).astype(dtype))
    assert kind == "scaled"
    assert float(text.split()[3]) == pytest.approx(factor, rel=1e-3 if dtype == "float16" else 1e-6)


def test_not_scaled(related):
    ones = np.ones((4, 4), np.float32)
    assert related(ones, ones * 2) is None
    shifted = KERNEL * 2
    shifted[3, 3] *= 1.001
    assert (related(KERNEL, shifted) or ("",))[0] != "scaled"
    assert related(np.array([0, 0, 1], np.float32), np.array([0, 0, 5], np.float32)) is None


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_rounded(related, dtype):
    kind = np.dtype(getattr(ml_dtypes, dtype, dtype))
    low = KERNEL.astype(kind)
    text = f"It is the reference rounded to {dtype}."
    assert related(KERNEL, low.astype(np.float32)) == ("rounded", text)
    assert related(low.astype(np.float32), KERNEL) == ("rounded", f"The reference is this rounded to {dtype}.")
    stored = low.view(np.uint16) if dtype == "bfloat16" else low
    assert related(KERNEL, stored, "float32", dtype) == ("rounded", text)
    assert related(KERNEL.astype(np.float64) * (1 + 1e-10), KERNEL)[1].endswith("rounded to float32.")


def test_a_few_last_bits_are_neither_rounding_nor_a_factor(related):
    few = KERNEL.astype(np.float16).astype(np.float32)
    few.view(np.uint32)[0, :5] ^= 1
    assert (related(few.astype(np.float16).astype(np.float32), few) or ("",))[0] != "rounded"
    for steps in (1, 2, 4):
        nearby = (KERNEL.view(np.uint32) + np.uint32(steps)).view(np.float32)
        assert related(KERNEL, nearby) is None


def test_byte_swapped(related):
    assert related(KERNEL, KERNEL.byteswap())[0] == "byte-swapped"
    assert related(np.arange(50, dtype=np.int64), np.arange(50, dtype=np.int64).byteswap())[0] == "byte-swapped"


def test_another_draw(related, shelf):
    one, other = (np.random.default_rng(s).uniform(-0.1, 0.1, (64, 64)).astype(np.float32) for s in (1, 2))
    assert related(one, other) == ("another draw", "It looks like another draw from the same distribution.")
    found = relation(shelf.tensor(one), shelf.tensor(other))
    assert found.test.startswith("two-sample Kolmogorov-Smirnov, p = ")
    for unlike in (
        other * 1.3,  # another spread
        other + np.float32(0.02),  # another mean
        np.random.default_rng(3).normal(0, one.std(), one.shape).astype(np.float32),  # another form
        one + other * np.float32(0.01),  # the same draw, disturbed
        np.where(RNG.random(one.shape) < 0.5, one, other),  # half of it the same
        np.where(other > 0.0999, np.float32(np.nan), other),
    ):
        assert related(one, unlike) is None
    assert related(one[:3, :5], other[:3, :5]) is None  # too few to say anything


def test_small_and_constant_tensors_say_nothing(related):
    assert related(np.zeros(5, np.float32), np.ones(5, np.float32)) is None
    assert related(np.zeros(500, np.float32), np.ones(500, np.float32)) is None
    assert related(np.float32(1), np.float32(2)) is None
    assert related(np.zeros(300, bool), np.ones(300, bool)) is None
    assert related(np.ones((2, 3), np.float32), np.ones((2, 4), np.float32)) is None


def test_a_large_tensor_is_not_held(related, monkeypatch):
    monkeypatch.setattr(relations, "MOST_BYTES", KERNEL.nbytes - 1)
    assert related(KERNEL, KERNEL.T) is None
    assert related(KERNEL, KERNEL * 2)[0] == "scaled"


def test_nothing_is_said_of_an_order_that_was_too_much_to_test(related, monkeypatch):
    kernel = RNG.standard_normal((40, 30)).astype(np.float32)
    for dtype in ("float32", "float16"):
        rows = kernel.astype(dtype)
        monkeypatch.setattr(relations, "MOST_BYTES", rows.nbytes - 1)
        assert related(rows, rows[::-1]) is None
        assert related(rows, np.ascontiguousarray(rows.T).reshape(40, 30)) is None
    other = RNG.standard_normal((40, 30)).astype(np.float32)
    assert related(kernel, other)[0] == "another draw"
    monkeypatch.setattr(relations, "MOST_WALKED", kernel.nbytes - 1)
    assert related(kernel, other) is None


def test_nearly_the_same_values_are_no_draw(related):
    kernel = RNG.standard_normal((40, 30)).astype(np.float32)
    order, touched = RNG.permutation(40), kernel.copy()
    touched[0, 0] += 0.001
    half = np.where(RNG.random(kernel.shape) < 0.5, kernel, RNG.standard_normal(kernel.shape).astype(np.float32))
    for other in (touched[order], -kernel[::-1], half[order], kernel[order] * np.float32(1.0000002)):
        assert related(kernel, other) is None


def test_nor_in_a_large_tensor(related):
    kernel = RNG.standard_normal((400, 500)).astype(np.float32)
    touched = kernel[RNG.permutation(400)]
    touched[0, 0] += 0.001
    assert related(kernel, touched) is None
    assert related(kernel, -kernel[::-1]) is None
    assert related(kernel, RNG.standard_normal(kernel.shape).astype(np.float32))[0] == "another draw"


@pytest.mark.parametrize("rows", [60, 3000])
def test_coarse_draws_are_draws(related, rows):
    one, other = (np.random.default_rng(s).standard_normal((rows, 60)).astype(np.float16) for s in (1, 2))
    assert related(one, other)[0] == "another draw"
    one, other = (v.astype(ml_dtypes.bfloat16).view(np.uint16) for v in (one, other))
    assert related(one, other, "bfloat16", "bfloat16")[0] == "another draw"


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "uint64", "int64"])
def test_integers_scaled(related, dtype):
    values = np.arange(40, dtype=dtype).reshape(5, 8)
    assert related(values, values * 3) == ("scaled", "Every value is 3 times as large.")
    assert related(values * 3, values) == ("scaled", "Every value is 1/3 times as large.")
    wrapped = values * 3
    wrapped[4, 7] += 1
    assert (related(values, wrapped) or ("",))[0] != "scaled"
    if dtype != "uint64":
        overflown = (values.astype(object) * 7).astype("int64").astype(dtype)
        assert related(values, overflown) == (
            None if dtype in ("int8", "uint8") else ("scaled", "Every value is 7 times as large.")
        )


def test_integers_that_no_dtype_has_room_for(related):
    lowest = np.array([-128, 1, 2, 3], "int8")
    assert related(lowest, -lowest) is None  # -128 is its own negative there
    assert related(lowest[1:], -lowest[1:]) == ("scaled", "Every value is -1 times as large.")
    assert related(np.array([-1, -2, -3], "int8"), np.array([-128, 0, 0], "int8")) is None
    assert related(np.zeros(5, "int8"), np.arange(5, dtype="int8")) is None
    assert related(np.full(5, 2, "int8"), np.full(5, 4, "int8")) is None


def test_denormals_do_not_speak_for_a_factor(related):
    least = np.arange(1, 41, dtype=np.float32) * np.float32(1e-45)
    assert related(least, least + np.float32(1e-45)) is None
    assert related(least, (least.view(np.uint32) * 3 // 2).view(np.float32)) is None
    few = np.concatenate([KERNEL.ravel()[:50], least[:20]])
    assert related(few, few * np.float32(2))[0] == "scaled"
    assert related(few[45:], few[45:] * np.float32(2)) is None


@pytest.mark.parametrize(
    "names", [("fc.weight", "fc.bias", "out.weight"), ("a/fc.weight", "a/fc.bias", "a/out.weight")]
)
def test_all_but_one_layer_of_pytorch(shelf, names):
    reference = WeightSet(tuple(shelf.tensor(KERNEL, name) for name in names))
    other = WeightSet(tuple(shelf.tensor(KERNEL + (name == names[-1]), name) for name in names))
    pairs = pair(reference, other)
    found = explained(compare(reference, other, pairs=pairs), pairs)
    assert str(found.relation.message) == f"All layers but {names[-1].removesuffix('.weight')} are identical."


def test_draws_of_one_distribution_are_as_often_far_apart_as_p_says():
    rng = np.random.default_rng(8)
    p = [kolmogorov_smirnov(rng.standard_normal(300), rng.standard_normal(400)) for _ in range(400)]
    for level in (0.05, 0.5):
        assert np.mean(np.array(p) < level) == pytest.approx(level, abs=0.08)
    assert kolmogorov_smirnov(rng.standard_normal(300), rng.standard_normal(300) + 1) < 1e-9
    assert kolmogorov_smirnov(np.arange(50.0), np.arange(50.0)) == 1.0


def test_a_comparison_is_explained(shelf):
    def model(kernel, bias):
        named = {"dense/kernel": KERNEL, "dense/bias": KERNEL[0], "out/kernel": kernel, "out/bias": bias}
        return WeightSet(tuple(shelf.tensor(array, name) for name, array in named.items()))

    reference, other = model(KERNEL, KERNEL[1]), model(KERNEL * 2, KERNEL[1])
    pairs = pair(reference, other)
    found = explained(compare(reference, other, pairs=pairs), pairs)
    assert [t.relation and t.relation.kind for t in found.tensors] == [None, None, "scaled", None]
    assert str(found.relation.message) == "All layers but out are identical."
    both = model(KERNEL.T, KERNEL[2])
    pairs = pair(reference, both)
    found = explained(compare(reference, both, pairs=pairs), pairs)
    assert [t.relation and t.relation.kind for t in found.tensors] == [None, None, "transposed", None]
    pairs = pair(reference, reference)
    assert explained(compare(reference, reference, pairs=pairs), pairs).relation is None
