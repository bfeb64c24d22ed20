"""Slices of an array, joined again."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reproviewer.files import tensor_slices
from reproviewer.files.contents import Unreadable
from reproviewer.files.tensor_slices import Piece, joined, slice_key


def pieces(array, axis, cuts):
    """The slices of `array` between the cuts along one axis."""
    edges = [0, *sorted(cuts), array.shape[axis]]
    result = []
    for start, end in pairwise(edges):
        data = np.ascontiguousarray(array.take(range(start, end), axis)).tobytes()
        part = tuple((start, end - start) if i == axis else (0, -1) for i in range(array.ndim))
        result.append(Piece(part, len(data), lambda count, at, data=data: data[at : at + count]))
    return result


@settings(max_examples=60, deadline=None)
@given(st.data(), st.lists(st.integers(1, 6), min_size=1, max_size=4), st.sampled_from([1, 16, 1 << 20]))
def test_joined_slices_are_the_array(data, shape, block):
    array = np.random.default_rng(0).integers(0, 255, shape, np.uint16)
    axis = data.draw(st.integers(0, len(shape) - 1))
    cuts = data.draw(st.sets(st.integers(1, shape[axis]), max_size=3).map(lambda c: c - {shape[axis]}))
    parts = data.draw(st.permutations(pieces(array, axis, cuts)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tensor_slices, "BLOCK", block)
        assert b"".join(joined("w", array.shape, 2, parts)) == array.tobytes()


@pytest.mark.parametrize(
    ("chosen", "words"),
    [((0, 1), "gaps or overlap"), ((0, 2), "gaps or overlap"), ((0, 1, 1, 2), "gaps or overlap"), ((), "rank")],
)
def test_slices_that_do_not_fit(chosen, words):
    parts = pieces(np.zeros((6, 2), "f4"), 0, {2, 4})
    with pytest.raises(Unreadable, match=words):
        list(joined("w", (6, 2), 4, [parts[i] for i in chosen]))


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (0, "80"),
        (63, "bf"),
        (64, "c040"),
        (-1, "7f"),
        (-64, "40"),
        (-65, "3fbf"),
        (8191, "dfff"),
        (8192, "e02000"),
        (1 << 62, "ffc04000000000000000"),
    ],
)
def test_numbers_sort_as_they_are(number, code):
    """As TensorFlow's `OrderedCode::WriteSignedNumIncreasing` has them."""
    assert slice_key("", ((number, 0),)).hex() == f"0000010101{code}80"


def test_keys_sort_as_numbers_do():
    numbers = sorted([0, 1, -1, 63, 64, 65, -64, -65, 8191, 8192, 1 << 20, 1 << 40, -(1 << 40), 1 << 62])
    keys = [slice_key("w", ((n, 1),)) for n in numbers]
    assert keys == sorted(keys)
