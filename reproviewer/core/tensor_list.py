"""The list of tensors of a desk: its lines, and the tree that they stand in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reproviewer.core.layer_tree import grow
from reproviewer.core.tensor_rows import naming, tensor_rows

if TYPE_CHECKING:
    from reproviewer.core.known import Findings
    from reproviewer.core.layer_tree import Node
    from reproviewer.core.session import Session
    from reproviewer.core.tensor_rows import TensorRow


@dataclass(frozen=True)
class TensorList:
    """The lines, and the same as a tree."""

    rows: tuple[TensorRow, ...] = ()
    tree: tuple[Node, ...] = ()


def tensor_list(session: Session, findings: Findings) -> TensorList:
    """The tensors of a desk."""
    rows = tensor_rows(session, findings)
    return TensorList(rows, grow(rows))


def sources(session: Session, findings: Findings) -> tuple[object, ...]:
    """All that the list is made of: as long as these objects are the same ones, so is the list."""
    reference = session.reference_item
    if reference is None:
        return ()
    in_view = session.in_view()
    found = [findings.comparisons[item.id] for item in in_view if item.id in findings.comparisons]
    with_state = [item.weights for item in in_view if item.weights.state]
    return reference.weights, naming(session, findings), *found, *with_state
