"""Which of several weight sets are identical, and how each relates to each."""

import itertools

import numpy as np
import pytest

from reproviewer.core import groups
from reproviewer.core.compare import Cancelled, compare
from reproviewer.core.groups import group
from reproviewer.core.verdict import EXACT, Tolerance, Tolerances, Verdict
from reproviewer.core.weights import WeightSet

IDENTICAL, EQUAL, CLOSE, DIFFERENT, MISMATCHED = Verdict


def grouped(sets, tolerance=EXACT, **more):
    others = [compare(sets[0], other, tolerance) for other in sets[1:]]
    return group(sets, others, tolerance, **more)


@pytest.fixture
def many(shelf):
    """Sets of one kernel and one bias under names of their own."""

    def make(kernel, bias=0.0, names=("dense/kernel", "dense/bias"), shape=(2, 3)):
        arrays = np.full(shape, kernel), np.full(3, bias)
        return WeightSet(tuple(shelf.tensor(a, n) for a, n in zip(arrays, names, strict=True)))

    return make


def test_words_of_every_pair(many):
    sets = [many(1.0), many(2.0), many(1.0), many(1.0, -0.0), many(2.0), many(1.0, shape=(2, 4)), many(2.0, -0.0)]
    found = grouped(sets)
    assert found.classes == ((0, 2), (1, 4), (3,), (5,), (6,))
    for i, j in itertools.product(range(len(sets)), repeat=2):
        assert found.matrix[i][j] is compare(sets[i], sets[j]).verdict


def test_other_names_and_dtypes(many, shelf):
    renamed = many(1.0, names=("out_3/kernel", "out_3/bias"))
    single = shelf.weights(**{"out_3/kernel": np.ones((2, 3), np.float32), "out_3/bias": np.zeros(3, np.float32)})
    found = grouped([many(1.0), renamed, single, many(1.0, names=("out/kernel", "out/bias"))])
    assert found.classes == ((0, 1, 3), (2,))
    assert found.matrix[1][2] is EQUAL


def test_sets_are_paired_by_way_of_the_first(shelf):
    """Neither knows the other's names, but both know the first's."""
    first = shelf.weights(p=np.ones(3), q=np.zeros(3))

    def alias(one, other):
        return WeightSet(
            (shelf.tensor(np.ones(3), one, aliases=("p",)), shelf.tensor(np.zeros(3), other, aliases=("q",)))
        )

    found = grouped([first, alias("a", "b"), alias("c", "d")])
    assert found.classes == ((0, 1, 2),)


def test_draws_count_where_both_have_any(shelf):
    def run(*draws):
        return WeightSet(
            (shelf.tensor(np.ones(3), "k"), *(shelf.tensor(np.full(2, d), "d", role="draw") for d in draws))
        )

    found = grouped([run(1.0), run(1.0), run(), run(2.0)])
    assert found.matrix[1] == (IDENTICAL, IDENTICAL, IDENTICAL, DIFFERENT)
    assert found.classes == ((0, 1, 2), (3,))


def test_with_a_tolerance_and_with_state(many, shelf):
    sets = [many(1.0), many(1.5), many(1.25)]
    assert grouped(sets).matrix[1][2] is DIFFERENT
    assert grouped(sets, Tolerance(atol=0.5)).matrix[1][2] is CLOSE
    by_name = Tolerances(by_pattern=(("*/bias", Tolerance(atol=0.5)),))
    assert grouped(sets, by_name).matrix[1][2] is DIFFERENT
    state = [WeightSet((*many(1.0).tensors, shelf.tensor(np.full(1, i), "step", role="optimizer"))) for i in range(3)]
    assert grouped(state).classes == ((0, 1, 2),)


@pytest.mark.parametrize("dtype", ["float16", "float64", "complex64", "int8", "bool"])
def test_one_bit_apart_is_never_identical(shelf, dtype):
    rng = np.random.default_rng(1)
    data = bytearray(rng.bytes(np.dtype(dtype).itemsize * 1000))
    sets = []
    for bit in (None, 0, len(data) * 8 - 1):
        changed = bytearray(data)
        if bit is not None:
            changed[bit // 8] ^= 1 << bit % 8
        sets.append(WeightSet((shelf.tensor(np.frombuffer(changed, np.uint8), "k", "uint8"),)))
    assert grouped(sets).classes == ((0,), (1,), (2,))
    assert {grouped(sets).matrix[i][j] for i, j in itertools.permutations(range(3), 2)} == {DIFFERENT}


def test_every_tensor_is_hashed_once(many, monkeypatch):
    sets = [many(float(i)) for i in range(6)]
    asked = []
    real = groups.tensor_sha256
    monkeypatch.setattr(groups, "tensor_sha256", lambda tensor, moved: asked.append(tensor.path) or real(tensor, moved))
    told = []
    grouped(sets, progress=lambda done, total: told.append((done, total)))
    assert len(asked) == len(set(asked)) == 12
    assert max(told)[0] == max(told)[1]
    with pytest.raises(Cancelled):
        grouped(sets, cancelled=lambda: True)


def test_relating_shows_progress_and_can_be_cancelled(many):
    sets = [many(float(i)) for i in range(40)]
    told = []
    grouped(sets, progress=lambda done, total: told.append(done / total))
    assert told == sorted(told)
    assert sum(share > 0.1 for share in told) > 100  # the hashes of these small sets are soon found
    assert told[-1] == pytest.approx(1, abs=0.01)

    def cancelled():
        return told[-1] > 0.5

    del told[1:]
    with pytest.raises(Cancelled):
        grouped(sets, progress=lambda done, total: told.append(done / total), cancelled=cancelled)
    assert told[-1] < 0.6


def test_of_sets_that_are_alike_one_is_related_to_the_others(many, monkeypatch):
    sets = [many(float(i % 3)) for i in range(30)]
    asked = []
    real = groups._by_way_of_first
    monkeypatch.setattr(groups, "_by_way_of_first", lambda *both: asked.append(both) or real(*both))
    found = grouped(sets)
    assert [len(members) for members in found.classes] == [10, 10, 10]
    assert len(asked) <= 6


def test_which_of_two_comes_first_matters_to_a_relative_tolerance(many):
    sets = [many(9.0), many(1.0), many(1.25), many(1.0)]
    found = grouped(sets, Tolerance(rtol=0.2))
    for i, j in itertools.combinations(range(4), 2):
        assert found.matrix[i][j] is compare(sets[i], sets[j], Tolerance(rtol=0.2)).verdict
    assert found.matrix[1][2] is not found.matrix[2][3]
