"""Safetensors in several files: `model.safetensors.index.json` tells which of the files beside it holds each tensor.

    {"metadata": {"total_size": 5100}, "weight_map": {"layer.weight": "model-00001-of-00002.safetensors", ...}}

The tensors come in natural order of their names. What the files hold beyond the list is left out, and said to be.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from reproviewer.files import beside, json_text, safe_tensors
from reproviewer.files.contents import LEFT_OUT, MAX_TENSORS, Index, Unreadable, natural, quoted

if TYPE_CHECKING:
    from pathlib import Path

    from reproviewer.core.weights import Tensor
    from reproviewer.files.spill import Spill

_MOST_NAMED, _MOST_PARTS = 3, 10


def read(path: Path, spill: Spill) -> Index:
    """Read the list, then the headers of all files that it names; every tensor is a window into one of them."""
    document = json_text.read(path)
    where = _weight_map(document)
    names = sorted(set(where.values()), key=natural)
    parts = {}
    for name in names:
        with beside.part(path, name) as place:
            parts[name] = safe_tensors.read(place, spill)
    found = _tensors(parts, where)
    metadata, at_odds = _metadata(document, parts)
    remarks = {"parts": ", ".join(map(quoted, names[:_MOST_PARTS])) + (", ..." if len(names) > _MOST_PARTS else "")}
    left_out = [f"`{quoted(key)}`, of which its parts say different things" for key in at_odds]
    extra = sorted(set(found) - set(where), key=natural)
    if extra:
        some = ", ".join(map(quoted, extra[:_MOST_NAMED]))
        more = f" and {len(extra) - _MOST_NAMED:,} more" if len(extra) > _MOST_NAMED else ""
        left_out.append(f"{some}{more}, which the list does not name")
    if left_out:
        remarks[LEFT_OUT] = "; ".join(left_out)
    files = filter(None, (beside.find(path.parent, name, path) for name in names))
    tensors = tuple(found[n] for n in sorted(where, key=natural))
    return Index("safetensors-shards", tensors, metadata, remarks, (path, *files))


def _weight_map(document: Any) -> dict[str, str]:
    where = document.get("weight_map") if isinstance(document, dict) else None
    if not isinstance(where, dict) or not where or not all(isinstance(v, str) for v in where.values()):
        raise Unreadable("it has no list of tensors and their files (`weight_map`)")
    if len(where) > MAX_TENSORS:
        raise Unreadable("it holds more than {limit} tensors", limit=MAX_TENSORS)
    return where


def _tensors(parts: dict[str, Index], where: dict[str, str]) -> dict[str, Tensor]:
    """All tensors by name, each of which is in one file, the one that the list tells."""
    found: dict[str, Tensor] = {}
    holder: dict[str, str] = {}
    for part, index in parts.items():
        for tensor in index.tensors:
            if tensor.name in found:
                raise Unreadable("`{name}` is in two of its parts", name=quoted(tensor.name))
            if len(found) >= MAX_TENSORS:
                raise Unreadable("it holds more than {limit} tensors", limit=MAX_TENSORS)
            found[tensor.name], holder[tensor.name] = tensor, part
    for name, part in where.items():
        if holder.get(name) != part:
            raise Unreadable("`{name}` is not in `{part}`, where it should be", name=quoted(name), part=quoted(part))
    return found


def _metadata(document: dict[str, Any], parts: dict[str, Index]) -> tuple[dict[str, str], list[str]]:
    """What the list and its parts say, and on what the parts do not agree."""
    about = document.get("metadata")
    said = about if isinstance(about, dict) else {}
    own = {key: value if isinstance(value, str) else json.dumps(value) for key, value in said.items()}
    shared: dict[str, str] = {}
    at_odds = {k for index in parts.values() for k, v in index.metadata.items() if shared.setdefault(k, v) != v}
    return {k: v for k, v in shared.items() if k not in at_odds} | own, sorted(at_odds)
