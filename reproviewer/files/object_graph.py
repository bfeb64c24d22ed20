"""The object graph of a checkpoint: which object holds which variable, and in which order.

The key of a variable is the shortest path to it, so a weight of a Keras 3 model may well be called
`model/optimizer/_trainable_variables/26`. What a variable is follows from how the graph reaches it, not from its key.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reproviewer.files.contents import Unreadable
from reproviewer.files.protobuf import as_bytes, as_int, as_text, fields

if TYPE_CHECKING:
    from collections.abc import Callable

    from reproviewer.core.weights import Role

_OPTIMIZER_EDGES = {"optimizer", "_optimizer"}
_OPTIMIZER_MARKS = ({"_iterations", "_learning_rate"}, {"iter", "learning_rate"})
_OTHER_EDGES = {"save_counter", "keras_api", "metrics", "_metrics", "_loss_tracker", "_compile_metrics"}


@dataclass
class Node:
    """One object: edges to others, the variables it holds as (checkpoint key, full name), slot variables of it."""

    children: list[tuple[str, int]] = field(default_factory=list)
    variables: list[tuple[str, str]] = field(default_factory=list)
    slots: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Variable:
    """A variable's key in the checkpoint, its full name (`dense/kernel`) and what it is."""

    key: str
    full_name: str
    role: Role


def variables(graph: bytes) -> list[Variable]:
    """All variables of a serialized `TrackableObjectGraph`: the weights depth first, then the others."""
    nodes = [_node(as_bytes(value)) for number, value in fields(graph) if number == 1]
    optimizers = {i for i, node in enumerate(nodes) if _is_optimizer(node)}

    def is_weight(name: str, child: int) -> bool:
        return name not in _OPTIMIZER_EDGES | _OTHER_EDGES and child not in optimizers and not _is_seed(name)

    def is_state(name: str, child: int) -> bool:
        return name not in _OTHER_EDGES and not _is_seed(name)

    roles: dict[int, Role] = {}
    for node in _walk(nodes, is_weight):
        roles.setdefault(node, "weight")
    for node in [*_walk(nodes, is_state), *(slot for owner in nodes for slot in owner.slots)]:
        roles.setdefault(node, "optimizer")
    for node in range(len(nodes)):
        roles.setdefault(node, "other")
    return [Variable(key, name, role) for node, role in roles.items() for key, name in nodes[node].variables]


def _is_seed(name: str) -> bool:
    return "seed_generator" in name


def _is_optimizer(node: Node) -> bool:
    names = {name for name, _ in node.children}
    return bool(node.slots) or any(marks <= names for marks in _OPTIMIZER_MARKS)


def _walk(nodes: list[Node], follow: Callable[[str, int], bool]) -> list[int]:
    """The nodes reached from the root, depth first, children in their stored order."""
    seen: dict[int, None] = {}
    waiting = [0] if nodes else []
    while waiting:
        node = waiting.pop()
        if node in seen:
            continue
        seen[node] = None
        waiting.extend(child for name, child in reversed(nodes[node].children) if follow(name, child))
        if any(not 0 <= child < len(nodes) for _, child in nodes[node].children):
            raise Unreadable("its object graph is damaged")
    return list(seen)


def _node(data: bytes) -> Node:
    node = Node()
    for number, value in fields(data):
        if number == 1:
            child = dict(fields(as_bytes(value)))
            node.children.append((as_text(child.get(2, b"")), as_int(child.get(1, 0))))
        elif number == 2:
            attribute = dict(fields(as_bytes(value)))
            node.variables.append((as_text(attribute.get(3, b"")), as_text(attribute.get(2, b""))))
        elif number == 3:
            node.slots.append(as_int(dict(fields(as_bytes(value))).get(3, 0)))
    return node
