"""The object graph of a checkpoint: which object holds which variable, and in which order.

The key of a variable is the shortest path to it, so a weight of a Keras 3 model may well be called
`model/optimizer/_trainable_variables/26`. What a variable is follows from how the graph reaches it, not from its key:

- reached from the root without passing an optimizer, metrics or a random generator, it is a weight;
- so it is when an optimizer of Keras 3 lists it among the variables that it trains;
- otherwise, reached through an optimizer or as a slot of one, it is optimizer state;
- all else is other state: metrics, seeds, counters, tables, and whatever the graph does not reach.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reproviewer.files.contents import Unreadable
from reproviewer.files.protobuf import as_bytes, as_int, as_text, fields

if TYPE_CHECKING:
    from collections.abc import Callable

    from reproviewer.core.weights import Role

MAX_GRAPH = 64 << 20
MAX_NODES = 200_000
MAX_EDGES = 400_000
_OPTIMIZER_EDGES = {"optimizer", "_optimizer"}
_OPTIMIZER_MARKS = ({"_iterations", "_learning_rate"}, {"iter", "learning_rate"})
_TRAINED = "_trainable_variables"
"""What an optimizer of Keras 3 trains. Layers in lists and dicts are not in the graph otherwise."""
COPY = "_all_variables"
"""Where `model.export` of Keras 3 keeps every weight a second time."""
_OTHER_EDGES = {"save_counter", "keras_api", "metrics", "_metrics", "_loss_tracker", "_compile_metrics", COPY}
_SEED = re.compile(r"seed_generator(_\d+|_state)?|_random_generator|_state_var")
"""A part of a path. A layer may be called anything, such as `seed_generator_head`."""
_VALUE = "VARIABLE_VALUE"


@dataclass(frozen=True)
class _Value:
    """Something saved: the number of a variable, or the state of a table or of an iterator."""

    key: str
    full_name: str
    is_variable: bool


@dataclass
class Node:
    """One object: edges to others, the values it holds, slot variables of it."""

    children: list[tuple[str, int]] = field(default_factory=list)
    values: list[_Value] = field(default_factory=list)
    slots: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Variable:
    """A variable's key in the checkpoint, its full name (`dense/kernel`) and what it is."""

    key: str
    full_name: str
    role: Role


def variables(graph: bytes) -> list[Variable]:
    """All variables of a serialized `TrackableObjectGraph`: the weights depth first, then the others."""
    nodes = _nodes(graph)
    optimizers = [i for i, node in enumerate(nodes) if _is_optimizer(node)]
    apart = set(optimizers)

    def is_weight(name: str, child: int) -> bool:
        return name not in _OPTIMIZER_EDGES | _OTHER_EDGES and child not in apart and not _is_seed(name)

    def is_state(name: str, child: int) -> bool:
        return name not in _OTHER_EDGES and not _is_seed(name)

    trained = [child for i in optimizers for name, child in nodes[i].children if name == _TRAINED]
    roles: dict[int, Role] = {}
    for node in [*_walk(nodes, [0], is_weight), *_walk(nodes, trained, is_weight)]:
        roles.setdefault(node, "weight")
    for node in [*_walk(nodes, [0], is_state), *(slot for owner in nodes for slot in owner.slots)]:
        roles.setdefault(node, "optimizer")
    for node in range(len(nodes)):
        roles.setdefault(node, "other")
    return [
        Variable(value.key, value.full_name, role if value.is_variable and not _is_seed(value.full_name) else "other")
        for node, role in roles.items()
        for value in nodes[node].values
    ]


def _is_seed(name: str) -> bool:
    return any(_SEED.fullmatch(part) for part in name.split("/"))


def _is_optimizer(node: Node) -> bool:
    names = {name for name, _ in node.children}
    return bool(node.slots) or any(marks <= names for marks in _OPTIMIZER_MARKS)


def _walk(nodes: list[Node], start: list[int], follow: Callable[[str, int], bool]) -> list[int]:
    """The nodes reached from those of `start`, depth first, children in their stored order."""
    seen: dict[int, None] = {}
    waiting = start[::-1] if nodes else []
    while waiting:
        node = waiting.pop()
        if node in seen:
            continue
        seen[node] = None
        waiting.extend(child for name, child in reversed(nodes[node].children) if follow(name, child))
    return list(seen)


def _nodes(graph: bytes) -> list[Node]:
    stored = [as_bytes(value) for number, value in fields(graph, MAX_NODES) if number == 1]
    edges = 0
    for data in stored:
        edges += sum(1 for _ in fields(data))
        if edges > MAX_EDGES:
            raise Unreadable("its object graph is larger than that of any model")
    nodes = [_node(data) for data in stored]
    if any(not 0 <= to < len(nodes) for node in nodes for to in (*(c for _, c in node.children), *node.slots)):
        raise Unreadable("its object graph is damaged")
    return nodes


def _node(data: bytes) -> Node:
    """Edges, values and slots of a serialized `TrackableObject`."""
    node = Node()
    for number, value in fields(data):
        if number not in (1, 2, 3):
            continue
        part = dict(fields(as_bytes(value)))
        if number == 1:
            node.children.append((as_text(part.get(2, b"")), as_int(part.get(1, 0))))
        elif number == 2:
            is_variable = as_text(part.get(1, b"")) == _VALUE
            node.values.append(_Value(as_text(part.get(3, b"")), as_text(part.get(2, b"")), is_variable))
        else:
            node.slots.append(as_int(part.get(3, 0)))
    return node
