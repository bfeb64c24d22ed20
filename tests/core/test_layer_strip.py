"""The cells of the strip: none is lost, whatever the room."""

from itertools import pairwise

import pytest

from reproviewer.core.layer_strip import MIN_PX, caption, cell_of, cells, strip, summary
from reproviewer.core.tensor_rows import TensorRow
from reproviewer.core.verdict import Verdict


def rows(count, unlike=(), verdict=Verdict.DIFFERENT, size=lambda at: 1 + at % 5000):
    verdicts = dict.fromkeys(unlike, verdict)
    return [
        TensorRow(f"t{at}", f"t{at}", (), "float32", verdicts.get(at, Verdict.IDENTICAL), 0, size(at))
        for at in range(count)
    ]


@pytest.mark.parametrize("count", [1, 2, 119, 120, 349, 350, 351, 5000, 10_000])
@pytest.mark.parametrize("width", [2, 3, 100, 700, 1024])
def test_cells_cover_the_width_and_every_tensor_is_in_one(count, width):
    found = cells(strip(rows(count)), width)
    assert [found[0].left, found[-1].left + found[-1].width] == [0, width]
    assert all(a.left + a.width == b.left for a, b in pairwise(found))
    assert [found[0].first, found[-1].last] == [0, count - 1]
    assert all(a.last + 1 == b.first for a, b in pairwise(found))
    assert min(cell.width for cell in found) >= MIN_PX
    if count * MIN_PX <= width:
        assert len(found) == count


@pytest.mark.parametrize("place", [0, 1, 4321, 9_998, 9_999])
def test_one_difference_among_ten_thousand_is_seen(place):
    found = [cell for cell in cells(strip(rows(10_000, [place])), 700) if cell.verdict is not Verdict.IDENTICAL]
    assert [(cell.verdict, cell.worst) for cell in found] == [(Verdict.DIFFERENT, place)]
    assert found[0].width >= MIN_PX


def test_a_shared_cell_takes_the_worst():
    lines = rows(10_000, range(0, 10_000, 7))
    lines[3] = rows(4, [3], Verdict.MISMATCHED)[3]
    assert cells(strip(lines), 700)[0].verdict is Verdict.MISMATCHED
    assert cells(strip(lines), 700)[0].worst == 3


def test_large_tensors_are_wider():
    found = cells(strip(rows(2, size=lambda at: (10, 10_000_000)[at])), 400)
    assert found[0].width < found[1].width < 20 * found[0].width


def test_nothing_to_draw():
    assert cells(strip([]), 700) == ()
    assert cells(strip(rows(3)), 0) == ()
    state = [TensorRow("m", "m", (), "float32", None, 0, 1, role="optimizer")]
    assert cells(strip(state), 700) == ()


def test_the_cell_of_a_line():
    found = cells(strip(rows(10)), 700)
    assert cell_of(found, 4) == 4
    assert cell_of(found, None) is None
    assert cell_of(found, 99) is None


def test_words():
    assert str(caption(rows(120))) == "120 tensors"
    assert str(summary(rows(120))) == "120 tensors, all identical"
    assert str(summary(rows(120, [5, 9]))) == "2 of 120 tensors not identical, first t5"
    assert str(caption(rows(1))) == "1 tensor"
