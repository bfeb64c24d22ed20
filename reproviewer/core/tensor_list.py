"""The list of tensors of a desk: its lines, and the tree that they stand in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reproviewer.core.layer_tree import grow
from reproviewer.core.tensor_rows import tensor_rows

if TYPE_CHECKING:
    from reproviewer.core.layer_tree import Node
    from reproviewer.core.session import Session
    from reproviewer.core.tensor_rows import TensorRow
    from reproviewer.core.view_state import Findings


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
    others = session.others()
    compared = [item for item in others if item.id in findings.comparisons]
    found = [source for item in compared for source in (findings.comparisons[item.id], item.kind)]
    with_state = [item.weights for item in others if item.weights.state]
    return reference.kind, reference.weights, *found, *with_state
