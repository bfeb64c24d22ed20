"""The lines of the list of tensors: those of the reference, and what the other items have besides."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from reproviewer.core.message import one_line
from reproviewer.core.verdict import Verdict

if TYPE_CHECKING:
    from reproviewer.core.known import Findings
    from reproviewer.core.session import Item, Session
    from reproviewer.core.verdict import Comparison, TensorComparison
    from reproviewer.core.weights import Role, Tensor


class TensorRow(NamedTuple):
    """One line of the list of tensors: the worst verdict over all items in view.

    `name` is the reference's, and no second line has it; `label` is to be shown: the same, or the model's own name for
    it where the reference is a file that has another. `names` are the reference's and the other item's, None where one
    of them has no such tensor; `rule` says how the two were paired. Optimizer and other state is not compared: it has
    no verdict.
    """

    name: str
    label: str
    shape: tuple[int, ...]
    dtype: str
    verdict: Verdict | None
    differing: int
    size: int
    max_abs: float | None = None
    max_ulp: int | None = None
    role: Role = "weight"
    aliases: tuple[str, ...] = ()
    names: tuple[str | None, str | None] = (None, None)
    rule: str = ""

    @property
    def is_unlike(self) -> bool:
        """Whether anything but identical was found."""
        return self.verdict is not None and self.verdict is not Verdict.IDENTICAL


def tensor_rows(session: Session, findings: Findings) -> tuple[TensorRow, ...]:
    """The reference's weights and draws, then what others have besides, then all optimizer and other state."""
    reference = session.reference_item
    if reference is None:
        return ()
    found = _worst_by_name(session, findings)
    named = naming(session, findings)
    labels = {t.names[0]: t.names[1] for t in named.tensors if t.names[0] and t.names[1]} if named else {}
    rows = [_row(t, labels.get(t.name, t.name), found.pop(t.name, None)) for t in _compared(reference)]
    state = [_row(t, t.name, found.pop(t.name, None)) for t in reference.weights.state]
    rows += [_extra(name, tensor) for name, tensor in found.items()]
    rows += state
    names = {row.name for row in rows}
    for item in session.in_view():
        more = [t for t in item.weights.state if t.name not in names]
        rows += [_row(t, t.name, None)._replace(names=(None, t.name)) for t in more]
        names.update(t.name for t in more)
    return tuple(rows)


def _compared(item: Item) -> tuple[Tensor, ...]:
    return item.weights.only("weight", "draw").tensors


def naming(session: Session, findings: Findings) -> Comparison | None:
    """How the first run compares with a reference that is a file: it says what the model calls its tensors."""
    reference = session.reference_item
    if reference is None or reference.kind != "file":
        return None
    runs = (item.id for item in session.others() if item.kind != "file" and item.id in findings.comparisons)
    first = next(runs, None)
    return findings.comparisons[first] if first else None


def _row(tensor: Tensor, label: str, found: TensorComparison | None) -> TensorRow:
    return TensorRow(
        name=tensor.name,
        label=one_line(label),
        shape=tensor.shape,
        dtype=tensor.dtype,
        verdict=found.verdict if found else None,
        differing=found.differing if found else 0,
        size=tensor.size,
        max_abs=found.max_abs if found else None,
        max_ulp=found.max_ulp if found else None,
        role=tensor.role,
        aliases=tensor.aliases,
        names=found.names if found else (tensor.name, None),
        rule=found.rule if found else "",
    )


def _extra(name: str, found: TensorComparison) -> TensorRow:
    return TensorRow(
        name=name,
        label=one_line(name),
        shape=found.shapes[1] or found.shapes[0] or (),
        dtype=found.dtypes[1] or found.dtypes[0] or "",
        verdict=found.verdict,
        differing=found.differing,
        size=found.size,
        role=found.role,
        names=found.names,
        rule=found.rule,
    )


def _worst_by_name(session: Session, findings: Findings) -> dict[str, TensorComparison]:
    """For each tensor the comparison with the worst verdict, among them the one with most differing elements."""
    found: dict[str, TensorComparison] = {}
    for item in session.in_view():
        comparison = findings.comparisons.get(item.id)
        for key, tensor in comparison.by_name.items() if comparison else ():
            best = found.get(key)
            if best is None or _badness(tensor) > _badness(best):
                found[key] = tensor
    return found


def _badness(tensor: TensorComparison) -> tuple[int, int]:
    return tensor.verdict.severity, tensor.differing


def partners(comparison: Comparison, name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What the tensor of the line `name` could be paired with by hand: tensors of its shape without a partner, others.

    Returns
    -------
    Names on the other side of the comparison: those that have no partner, then those that have one; of each the ones
    of the same shape only, unless nothing has it.
    """
    tensor = comparison.by_name.get(name)
    if tensor is None:
        return (), ()
    mine, theirs = (0, 1) if tensor.names[0] is not None else (1, 0)
    others = [t for t in comparison.tensors if t.names[theirs] is not None and t is not tensor]
    free = [t for t in others if t.names[mine] is None]
    fitting = [t for t in free if t.shapes[theirs] == tensor.shapes[mine]]
    taken = [t for t in others if t.names[mine] is not None and t.shapes[theirs] == tensor.shapes[mine]]
    return _names(fitting or free, theirs), _names(taken, theirs)


def _names(tensors: list[TensorComparison], side: int) -> tuple[str, ...]:
    return tuple(name for t in tensors if (name := t.names[side]) is not None)
