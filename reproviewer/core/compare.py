"""The verdict, tensor by tensor: identical to the last bit, or not, where, and by how much.

Weights and draws are compared, other state only when the pairs hold it. Tensors of one dtype are compared by their
bits first, and only the blocks that differ are looked at as numbers (`blocks`); `elements` says what equal and far
apart mean.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from reproviewer.core import blocks, elements
from reproviewer.core.message import ReproError
from reproviewer.core.pairing import pair
from reproviewer.core.verdict import (
    EXACT,
    Comparison,
    FirstDifference,
    TensorComparison,
    Tolerance,
    Tolerances,
    Verdict,
    worst,
)
from reproviewer.core.weights import Reader, Tensor, WeightSet, open_tensor

if TYPE_CHECKING:
    from collections.abc import Callable

    from reproviewer.core.pairing import Pair


class Cancelled(ReproError):
    """The comparison was stopped because that was asked for."""

    def __init__(self) -> None:
        super().__init__("The comparison was stopped.")


@dataclass
class _Progress:
    """How far a comparison is, in bytes; asks now and then whether to go on."""

    total: int
    report: Callable[[int, int], None] | None = None
    cancelled: Callable[[], bool] | None = None
    before: int = field(default=0)

    def moved(self, done: int) -> None:
        if self.cancelled is not None and self.cancelled():
            raise Cancelled
        if self.report is not None:
            self.report(self.before + done, self.total)

    def finished(self, nbytes: int) -> None:
        self.moved(nbytes)
        self.before += nbytes


def compare(
    reference: WeightSet,
    other: WeightSet,
    tolerance: Tolerance | Tolerances = EXACT,
    pairs: tuple[Pair, ...] | None = None,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Comparison:
    """Compare `other` with `reference`.

    Parameters
    ----------
    tolerance
        What still counts as close, for all tensors or by the reference's names.
    pairs
        Which tensors belong together; found by `pairing.pair` when left out.
    progress
        Told now and then the bytes done and the bytes in all.
    cancelled
        Asked now and then; when it says yes, `Cancelled` is raised.

    Raises
    ------
    ReproError
        A file cannot be read any more, or the comparison was cancelled.
    """
    pairs = pair(reference, other) if pairs is None else pairs
    steps = _Progress(sum(_work(p.a, p.b) for p in pairs), progress, cancelled)
    tensors = []
    for p in pairs:
        tensors.append(_compare_pair(p.a, p.b, p.rule, tolerance.of(_present(p.a, p.b).name), steps.moved))
        steps.finished(_work(p.a, p.b))
    paired = {id(t) for p in pairs for t in (p.a, p.b)}
    left_out = [t.name for side in (reference, other) for t in side.tensors if id(t) not in paired]
    return Comparison(worst([t.verdict for t in tensors]), tuple(tensors), tuple(dict.fromkeys(left_out)))


def compare_tensors(
    a: Tensor | None,
    b: Tensor | None,
    tolerance: Tolerance = EXACT,
    rule: str = "same name",
    moved: Callable[[int], None] = lambda _: None,
) -> TensorComparison:
    """Compare tensor `b` with the reference's tensor `a`; one of them may be missing.

    The `size` of a pair that does not fit is 0, because none of its elements was compared. `moved` is told now and then
    how many bytes have been compared.
    """
    return _compare_pair(a, b, rule, tolerance, moved)


def _compare_pair(
    a: Tensor | None, b: Tensor | None, rule: str, tolerance: Tolerance, moved: Callable[[int], None]
) -> TensorComparison:
    def result(verdict: Verdict, size: int, tally: blocks.Tally, first: FirstDifference | None) -> TensorComparison:
        return TensorComparison(
            name=_present(a, b).name,
            names=(a.name if a else None, b.name if b else None),
            verdict=verdict,
            shapes=(a.shape if a else None, b.shape if b else None),
            dtypes=(a.dtype if a else None, b.dtype if b else None),
            size=size,
            differing=tally.differing,
            unequal=tally.unequal,
            first=first,
            max_abs=tally.max_abs,
            max_ulp=tally.max_ulp,
            rule=rule,
            role=_present(a, b).role,
            tolerance=tolerance,
        )

    if a is None or b is None or a.shape != b.shape:
        return result(Verdict.MISMATCHED, 0, blocks.Tally(), None)
    with open_tensor(a) as reader_a, open_tensor(b) as reader_b:
        tally = _tally(reader_a, reader_b, tolerance, moved)
        first = _first(reader_a, reader_b, tally.first)
    return result(_verdict(tally, a.dtype == b.dtype, tolerance), a.size, tally, first)


def _tally(a: Reader, b: Reader, tolerance: Tolerance, moved: Callable[[int], None]) -> blocks.Tally:
    kinds = {elements.kind(a.tensor.dtype), elements.kind(b.tensor.dtype)}
    if a.tensor.dtype == b.tensor.dtype:
        tally = blocks.Walk(a, b, tolerance).run(moved)
    else:
        tally = blocks.measure_unlike(a, b, tolerance, moved)
    if not kinds & {"raw"} and kinds != {"bool"}:
        tally.further(0.0, None)
    if a.tensor.dtype == b.tensor.dtype and kinds <= {"float", "complex"} and not tally.unequal:
        tally.further(None, 0)
    return tally


def _verdict(tally: blocks.Tally, same_dtype: bool, tolerance: Tolerance) -> Verdict:
    if tally.differing == 0 and same_dtype:
        return Verdict.IDENTICAL
    if tally.unequal == 0:
        return Verdict.EQUAL
    return Verdict.CLOSE if tolerance and not tally.outside else Verdict.DIFFERENT


def _first(a: Reader, b: Reader, position: int | None) -> FirstDifference | None:
    if position is None:
        return None
    x, y = a.elements(position, 1), b.elements(position, 1)
    return FirstDifference(
        index=tuple(int(i) for i in np.unravel_index(position, a.tensor.shape)),
        values=(elements.text(x, a.tensor.dtype), elements.text(y, b.tensor.dtype)),
        bits=(elements.bits(x, a.tensor.dtype), elements.bits(y, b.tensor.dtype)),
    )


def _present(a: Tensor | None, b: Tensor | None) -> Tensor:
    present = a or b
    assert present is not None
    return present


def _work(a: Tensor | None, b: Tensor | None) -> int:
    return a.nbytes if a is not None and b is not None and a.shape == b.shape else 0
