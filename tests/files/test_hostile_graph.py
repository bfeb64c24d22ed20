"""Object graphs that are broken or lie."""

import numpy as np
import pytest

from reproviewer.files.crc32c import crc32c, mask
from tests.files.bundles import DATA, checkpoint, chunk, edge, entry, graph_entry, number, variable, with_graph


@pytest.mark.parametrize(
    ("graph", "words"),
    [
        (chunk(1, chunk(1, number(1, 99) + chunk(2, b"a"))), "object graph is damaged"),
        (chunk(1, chunk(1, number(1, -1) + chunk(2, b"a"))), "object graph is damaged"),
        (b"\xff\xff", "damaged"),
        (number(1, 3), "damaged"),
        (chunk(1, chunk(1, chunk(2, b"\xff"))), "not UTF-8"),
    ],
)
def test_an_object_graph_that_lies(tmp_path, refused, graph, words):
    stored, crc = graph_entry(graph)
    row = (b"_CHECKPOINTABLE_OBJECT_GRAPH", entry(7, (), offset=20, size=len(stored), crc=crc))
    refused(checkpoint(tmp_path, row, (b"kernel", entry()), data=DATA + stored), words)


def test_an_object_graph_with_loops(tmp_path, read):
    here = chunk(2, chunk(1, b"VARIABLE_VALUE") + chunk(2, b"dense/kernel") + chunk(3, b"kernel"))
    child = chunk(1, number(1, 1) + chunk(2, b"a")) + chunk(1, number(1, 0) + chunk(2, b"b"))
    stored, crc = graph_entry(chunk(1, child) + chunk(1, child + here))
    row = (b"_CHECKPOINTABLE_OBJECT_GRAPH", entry(7, (), offset=20, size=len(stored), crc=crc))
    (tensor,) = read(checkpoint(tmp_path, row, (b"kernel", entry()), data=DATA + stored)).weights.tensors
    assert (tensor.name, tensor.role, tensor.aliases) == ("kernel", "weight", ("dense/kernel",))


@pytest.mark.parametrize(
    ("attribute", "full_name", "role"),
    [
        (b"seed_generator_head", b"seed_generator_head/kernel", "weight"),
        (b"seed_generator", b"seed_generator_7/seed_generator_state", "other"),
        (b"w", b"seed_generator_1/seed_generator_state", "other"),
        (b"_random_generator", b"StateVar", "other"),
    ],
)
def test_what_is_a_seed_and_what_only_sounds_like_one(tmp_path, read, attribute, full_name, role):
    graph = chunk(1, edge(attribute, 1)) + chunk(1, variable(b"kernel", full_name))
    (tensor,) = read(with_graph(tmp_path, graph, (b"kernel", entry()))).weights.tensors
    assert tensor.role == role


def test_the_graph_checksum_counts(tmp_path, refused):
    stored, _ = graph_entry(b"")
    row = (b"_CHECKPOINTABLE_OBJECT_GRAPH", entry(7, (), offset=20, size=len(stored), crc=1))
    refused(checkpoint(tmp_path, row, data=DATA + stored), "checksum of its object graph")


def test_a_million_nodes(tmp_path, refused, peak_memory):
    path = with_graph(tmp_path, chunk(1, b"") * 1_000_000)
    refused(path, "too many parts")
    assert peak_memory(path) < 300 << 20


@pytest.mark.parametrize("nodes", [1, 1_200])
def test_a_million_edges(tmp_path, refused, peak_memory, nodes):
    edges = chunk(1, number(1, 0) + chunk(2, b"a")) * (1_000_000 // nodes)
    path = with_graph(tmp_path, chunk(1, edges) * nodes)
    refused(path)
    assert peak_memory(path) < 300 << 20


def test_a_graph_deeper_than_any_stack(tmp_path, read):
    deep = b"".join(chunk(1, edge(b"a", i + 1)) for i in range(50_000)) + chunk(1, variable(b"kernel"))
    (tensor,) = read(with_graph(tmp_path, deep, (b"kernel", entry()))).weights.tensors
    assert tensor.role == "weight"


@pytest.mark.parametrize(
    ("name", "told"),
    [(b"a\nb", "the full name of kernel"), (b"x" * 2000, "the full name of kernel"), (b"kernel", None)],
)
def test_a_full_name_that_is_no_other_name(tmp_path, read, name, told):
    contents = read(with_graph(tmp_path, chunk(1, variable(b"kernel", name)), (b"kernel", entry())))
    assert [t.aliases for t in contents.weights.tensors] == [()]
    assert contents.remarks.get("left out") == told


def test_a_graph_that_names_what_is_not_there(tmp_path, read):
    root = chunk(1, variable(b"ghost") + variable(b"kernel") + variable(b"kernel") + variable(b""))
    contents = read(with_graph(tmp_path, root, (b"kernel", entry())))
    assert [t.name for t in contents.weights.tensors] == ["kernel"]


def test_what_the_graph_does_not_name_or_is_no_variable_is_no_weight(tmp_path, read):
    rows = [(key, entry(dims=(0,), size=0, crc=mask(0))) for key in (b"a", b"b", b"c")]
    root = chunk(1, variable(b"b") + variable(b"c", kind=b"table-values"))
    contents = read(with_graph(tmp_path, root, *rows))
    assert [(t.name, t.role) for t in contents.weights.tensors] == [("b", "weight"), ("c", "other"), ("a", "other")]


def test_a_copy_is_left_out_only_when_it_is_one(tmp_path, read):
    """`model.export` keeps every weight twice; one whose bits differ is shown."""
    other = np.arange(1, 6, dtype="<f4").tobytes()
    rows = [
        (b"_all_variables/0", entry(offset=20)),
        (b"_all_variables/1", entry(offset=40, crc=mask(crc32c(other)))),
        (b"variables/0", entry()),
    ]
    nodes = [
        edge(b"variables", 1) + edge(b"_all_variables", 2),
        edge(b"0", 3),
        edge(b"0", 4) + edge(b"1", 5),
        *(variable(key, b"w") for key in (b"variables/0", b"_all_variables/0", b"_all_variables/1")),
    ]
    graph = b"".join(chunk(1, node) for node in nodes)
    contents = read(with_graph(tmp_path, graph, *rows, data=DATA + DATA + other))
    found = [(t.name, t.role) for t in contents.weights.tensors]
    assert found == [("variables/0", "weight"), ("_all_variables/1", "other")]
    assert contents.remarks["left out"] == "1 repeated as _all_variables"
