"""The words of the verdict and what goes with them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from reproviewer.core.experiment import DRAW_CALLS
from reproviewer.core.names import common_parts, without_parts

if TYPE_CHECKING:
    from reproviewer.core.message import Message
    from reproviewer.core.weights import Role


class Verdict(StrEnum):
    """How two tensors, or two sets of them, relate."""

    IDENTICAL = "identical"
    """Same shape, same dtype, same bits."""
    EQUAL = "equal"
    """All values compare equal, but bits or dtypes differ (-0.0 and 0.0, NaN payloads, 1.0 in two dtypes)."""
    CLOSE = "close"
    """Every difference is within the tolerance that the person set; never without one."""
    DIFFERENT = "different"
    """Same structure, some values differ."""
    MISMATCHED = "mismatched"
    """A tensor is missing, extra or of another shape."""

    @property
    def severity(self) -> int:
        """0 for identical up to 4 for mismatched; the worst of its parts is the verdict of a whole."""
        return list(Verdict).index(self)


MOST_ULP = (1 << 64) - 1
"""No two numbers are farther apart: distances fit into 64 bits."""


@dataclass(frozen=True)
class Tolerance:
    """What still counts as close; all zero: nothing does.

    `ulp` goes up to `MOST_ULP`. An element is close when any limit that is set holds: distance <= `ulp`, or
    |a - b| <= `atol` + `rtol` * |reference|.
    """

    ulp: int = 0
    atol: float = 0.0
    rtol: float = 0.0

    def __bool__(self) -> bool:
        return bool(self.ulp or self.atol or self.rtol)

    def of(self, name: str) -> Tolerance:
        """The tolerance for the tensor `name`: this one for all."""
        return self


EXACT = Tolerance()


@dataclass(frozen=True)
class Tolerances:
    """One tolerance for all tensors but those whose name fits a pattern (`*/kernel`, as in a shell).

    Of several patterns that fit the last one counts, and what it says counts as a whole.
    """

    default: Tolerance = EXACT
    by_pattern: tuple[tuple[str, Tolerance], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.default) or any(tolerance for _, tolerance in self.by_pattern)

    def of(self, name: str) -> Tolerance:
        """The tolerance for the tensor `name`."""
        plain = name.removesuffix(":0")
        fitting = (t for pattern, t in reversed(self.by_pattern) if pattern == plain or fnmatchcase(plain, pattern))
        return next(fitting, self.default)


@dataclass(frozen=True)
class Criteria:
    """On what terms weight sets are compared: what counts as close, and whether optimizer and other state counts."""

    tolerance: Tolerances = field(default_factory=Tolerances)
    with_state: bool = False

    def __bool__(self) -> bool:
        return bool(self.tolerance) or self.with_state


@dataclass(frozen=True)
class Relation:
    """What the values of two unlike tensors, or two whole sets of them, have to do with each other.

    `kind` is one of `relations.KINDS`, `test` the test that supports it, `message` says it to a person.
    """

    kind: str
    test: str
    message: Message


@dataclass(frozen=True)
class FirstDifference:
    """The first element, in C order, that is not identical: where, and both sides' values and bit patterns.

    `values` are numbers written so that they read back exactly (`repr`); `bits` are hexadecimal, e.g. `0x3f800000`.
    """

    index: tuple[int, ...]
    values: tuple[str, str]
    bits: tuple[str, str]


@dataclass(frozen=True)
class TensorComparison:
    """Tensor A (the reference's) against tensor B.

    `differing` counts elements that are not identical (bits differ; where dtypes differ: values differ), `unequal`
    those whose values differ. `max_abs` is the largest |a - b| (infinite where a NaN or an infinity meets a
    number), `max_ulp` the largest distance in units in the last place; None where they have no meaning.
    """

    name: str
    names: tuple[str | None, str | None]
    verdict: Verdict
    shapes: tuple[tuple[int, ...] | None, tuple[int, ...] | None]
    dtypes: tuple[str | None, str | None]
    size: int
    differing: int = 0
    unequal: int = 0
    first: FirstDifference | None = None
    max_abs: float | None = None
    max_ulp: int | None = None
    rule: str = "same name"
    """How the two were paired, one of `pairing.RULES`; or why they were not: missing, extra, ambiguous."""
    role: Role = "weight"
    tolerance: Tolerance = EXACT
    """The tolerance that applied."""
    relation: Relation | None = None
    """What the values have to do with each other, where `relations.explained` was asked and a test supports it."""


@dataclass(frozen=True)
class Comparison:
    """One weight set (B) against the reference (A), tensor by tensor in the reference's order, extras last.

    `not_compared` names tensors left out because they are optimizer or other state. `relation` is of the whole.
    """

    verdict: Verdict
    tensors: tuple[TensorComparison, ...]
    not_compared: tuple[str, ...] = ()
    relation: Relation | None = None

    @cached_property
    def by_name(self) -> dict[str, TensorComparison]:
        """The tensors by their name in the reference; an extra one by its own, marked where the reference has it."""
        found: dict[str, TensorComparison] = {}
        for tensor in self.tensors:
            name = tensor.names[0]
            if name is None:
                name = f"{tensor.name} (extra)" if tensor.name in found else tensor.name
            found.setdefault(name, tensor)
        return found

    @cached_property
    def unlike(self) -> tuple[TensorComparison, ...]:
        """The tensors that are not identical."""
        return tuple(t for t in self.tensors if t.verdict is not Verdict.IDENTICAL)

    @cached_property
    def by_rule(self) -> dict[str, list[TensorComparison]]:
        """The tensors by the rule that paired them, or by the reason why none did."""
        found: dict[str, list[TensorComparison]] = {}
        for tensor in self.tensors:
            found.setdefault(tensor.rule, []).append(tensor)
        return found

    @cached_property
    def max_abs(self) -> float | None:
        """The largest |a - b| of all tensors; None where there is none."""
        return max((t.max_abs for t in self.unlike if t.max_abs is not None), default=None)

    @cached_property
    def elements(self) -> Literal["weights", "numbers", "values"]:
        """What the elements are called: numbers where all were drawn; the tensor of a draw is named after its call."""
        if any(t.role in ("optimizer", "other") for t in self.tensors):
            return "values"
        draws = [t.name.partition("(")[0] in DRAW_CALLS for t in self.tensors]
        return "numbers" if all(draws) else "values" if any(draws) else "weights"

    def short(self, name: str) -> str:
        """The name of a tensor without what all of them begin with."""
        return without_parts(name, self._common_parts)

    @cached_property
    def _common_parts(self) -> int:
        return common_parts([t.name for t in self.tensors])

    @cached_property
    def size(self) -> int:
        """How many elements were compared."""
        return sum(t.size for t in self.tensors)

    @cached_property
    def differing(self) -> int:
        """How many of them are not identical."""
        return sum(t.differing for t in self.unlike)


def worst(verdicts: list[Verdict]) -> Verdict:
    """The verdict of a whole from those of its parts; identical when there are none."""
    return max(verdicts, key=lambda v: v.severity, default=Verdict.IDENTICAL)
