"""The list of tensors of a desk: its lines, the tree that they stand in, and the strip along the model.

All of it that takes time is made here, so that a long list can be made off the window's thread.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reproviewer.core.layer_strip import Strip, strip
from reproviewer.core.layer_tree import grow
from reproviewer.core.tensor_rows import naming, tensor_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reproviewer.core.known import Findings
    from reproviewer.core.layer_tree import Node
    from reproviewer.core.session import Session
    from reproviewer.core.tensor_rows import TensorRow


@dataclass(frozen=True)
class TensorList:
    """The lines, the same as a tree and as a strip; the place of each name; the place of the first difference."""

    rows: tuple[TensorRow, ...] = ()
    tree: tuple[Node, ...] = ()
    strip: Strip = field(default_factory=Strip)
    places: Mapping[str, int] = field(default_factory=dict)
    first_unlike: int | None = None

    def place(self, name: str | None) -> int | None:
        """The place of the line of this name."""
        return None if name is None else self.places.get(name)


def tensor_list(session: Session, findings: Findings) -> TensorList:
    """The tensors of a desk."""
    return listed(tensor_rows(session, findings))


def listed(rows: tuple[TensorRow, ...]) -> TensorList:
    """The list of these lines."""
    places = {row.name: at for at, row in enumerate(rows)}
    first = next((at for at, row in enumerate(rows) if row.is_unlike), None)
    return TensorList(rows, grow(rows), strip(rows), places, first)


def sources(session: Session, findings: Findings) -> tuple[object, ...]:
    """All that the list is made of: as long as these objects are the same ones, so is the list."""
    reference = session.reference_item
    if reference is None:
        return ()
    in_view = session.in_view()
    found = [findings.comparisons[item.id] for item in in_view if item.id in findings.comparisons]
    with_state = [item.weights for item in in_view if item.weights.state]
    return reference.weights, naming(session, findings), *found, *with_state
