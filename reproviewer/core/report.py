"""The three JSON documents that the command line prints: a public interface, strict JSON.

A number that JSON cannot hold is the string "Infinity"; values and bits of elements always are strings, written so that
they read back exactly. Where two tensors have other shapes or dtypes, `shapes` or `dtypes` give both; where more than
one thing was compared with the reference, `other` says which.

A compared tensor tells its `role` (weight, draw, optimizer, other), the `rule` by which the two were paired or why they
were not (missing, extra, ambiguous), the `tolerance` that applied (null: none), and a `relation` of the values where a
test supports one (else null): its `kind`, the `test`, and a sentence in `detail`. `relations` are those of the whole;
`ambiguous` names what was left unpaired because no name tells which belongs to which. `compare` adds the `groups` of
identical files and the `matrix` of verdicts on every two, rows and columns in the order of `files`.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from reproviewer.core.pairing import AMBIGUOUS
from reproviewer.core.verdict import Comparison, Relation, TensorComparison, Tolerance, worst
from reproviewer.core.weights import Tensor, WeightSet, digest, tensor_sha256

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reproviewer.core.cause import Cause
    from reproviewer.core.groups import Groups

Document = dict[str, Any]
Compared = tuple[str, Comparison]
"""A label (of a run or a file) and its comparison with the reference."""

RUN_SCHEMA = "reproviewer/run-1"
COMPARE_SCHEMA = "reproviewer/compare-1"
INSPECT_SCHEMA = "reproviewer/inspect-1"


def dumps(document: Document) -> str:
    """A document as text; refuses what is not strict JSON."""
    return json.dumps(document, indent=2, allow_nan=False) + "\n"


def compare_document(
    files: Sequence[str], others: Sequence[Compared], groups: Groups, left_out: Sequence[str]
) -> Document:
    """The answer of `compare`: `files` as they were named, the reference first; of each what was `left_out`, or ""."""
    found = comparison_document(others)
    return {
        "schema": COMPARE_SCHEMA,
        "verdict": found.pop("verdict"),
        "files": list(files),
        "groups": [[files[i] for i in group] for group in groups.classes],
        "matrix": [[str(word) for word in row] for row in groups.matrix],
        **found,
        "left_out": list(left_out),
    }


def comparison_document(others: Sequence[Compared]) -> Document:
    """Verdict, tensors and what was not compared."""
    several = len(others) > 1
    left_out = [name for _, comparison in others for name in comparison.not_compared]
    return {
        "verdict": str(worst([comparison.verdict for _, comparison in others])),
        "tensors": [
            {**({"other": label} if several else {}), **_compared(tensor)}
            for label, comparison in others
            for tensor in comparison.tensors
        ],
        "relations": [
            {**({"other": label} if several else {}), **_related(comparison.relation)}
            for label, comparison in others
            if comparison.relation is not None
        ],
        "ambiguous": list(dict.fromkeys(t.name for _, c in others for t in c.tensors if t.rule == AMBIGUOUS)),
        "not_compared": list(dict.fromkeys(left_out)),
    }


def inspect_document(format: str, weights: WeightSet, metadata: dict[str, str], remarks: dict[str, str]) -> Document:
    """The answer of `inspect`: `metadata` is what the file says about itself, `remarks` are the reader's."""
    return {
        "schema": INSPECT_SCHEMA,
        "format": format,
        "tensors": [tensor_document(tensor) for tensor in weights.tensors],
        "metadata": metadata,
        "remarks": remarks,
    }


def tensor_document(tensor: Tensor) -> Document:
    """What a tensor is, with the sha256 of its bytes in C order, little-endian."""
    return {
        "name": tensor.name,
        "role": tensor.role,
        "shape": list(tensor.shape),
        "dtype": tensor.dtype,
        "size": tensor.size,
        "sha256": tensor_sha256(tensor),
    }


def run_document(label: str, weights: WeightSet, record: dict[str, Any]) -> Document:
    """One run: its record, its tensors, and the digest over its weights and draws."""
    return {
        "label": label,
        "digest": digest(weights.only("weight", "draw")),
        "record": record,
        "tensors": [tensor_document(tensor) for tensor in weights.tensors],
    }


def runs_document(runs: Sequence[Document], others: Sequence[Compared], cause: Cause | None) -> Document:
    """The answer of `run`; verdict and comparison are null when there was only one run."""
    comparison = comparison_document(others) if others else None
    return {
        "schema": RUN_SCHEMA,
        "verdict": comparison["verdict"] if comparison else None,
        "runs": list(runs),
        "comparison": comparison,
        "cause": {"message": str(cause.message), "action": cause.action} if cause else None,
    }


def _compared(tensor: TensorComparison) -> Document:
    first = tensor.first
    document: Document = {
        "name": tensor.name,
        "names": list(tensor.names),
        "verdict": str(tensor.verdict),
        "shape": _present(tensor.shapes, list),
        "dtype": _present(tensor.dtypes, str),
        "size": tensor.size,
        "differing": tensor.differing,
        "first": None
        if first is None
        else {"index": list(first.index), "values": list(first.values), "bits": list(first.bits)},
        "max_abs": _number(tensor.max_abs),
        "max_ulp": tensor.max_ulp,
        "role": tensor.role,
        "rule": tensor.rule,
        "tolerance": _tolerated(tensor.tolerance),
        "relation": None if tensor.relation is None else _related(tensor.relation),
    }
    if None not in tensor.shapes and tensor.shapes[0] != tensor.shapes[1]:
        document["shapes"] = [list(shape or ()) for shape in tensor.shapes]
    if None not in tensor.dtypes and tensor.dtypes[0] != tensor.dtypes[1]:
        document["dtypes"] = list(tensor.dtypes)
    return document


def _related(relation: Relation) -> Document:
    return {"kind": relation.kind, "test": relation.test, "detail": str(relation.message)}


def _tolerated(tolerance: Tolerance) -> Document | None:
    return {"ulp": tolerance.ulp, "atol": tolerance.atol, "rtol": tolerance.rtol} if tolerance else None


def _present(both: tuple[Any, Any], make: Any) -> Any:
    """The reference's, or the other's where the reference has none."""
    return make(both[1] if both[0] is None else both[0])


def _number(value: float | None) -> float | str | None:
    return "Infinity" if value is not None and math.isinf(value) else value
