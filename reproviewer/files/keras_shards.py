"""Keras' sharded weights: a `.weights.json` that lists several `.weights.h5`, which together are one model's.

The variables of one layer may lie in several of them. Every file that is read is one that the list names, by a bare
name, beside the list.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from reproviewer.files import beside, json_text, keras_weights
from reproviewer.files.contents import MAX_TENSORS, Index, Unreadable, quoted
from reproviewer.files.hdf5 import open_tree
from reproviewer.files.span import Span

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from reproviewer.files.keras_weights import Found
    from reproviewer.files.spill import Spill


def read(path: Path, spill: Spill) -> Index:
    """Read the list, then every file in it."""
    listed = _listed(path)
    parts: list[Found] = []
    names: set[str] = set()
    for name in _names(listed):
        with beside.part(path, name) as place, open_tree(Span.whole(place), spill) as tree:
            found = keras_weights.walk(tree)
        own = {t.name for t in found.variables}
        for twice in sorted(own & names):
            raise Unreadable("it holds `{name}` twice", name=quoted(twice))
        names |= own
        if len(names) > MAX_TENSORS:
            raise Unreadable("it holds more than {limit} tensors", limit=MAX_TENSORS)
        parts.append(found)
    _check_groups(listed, names)
    index = keras_weights.index(parts)
    remarks = index.remarks | {"files": str(len(parts))}
    files = filter(None, (beside.find(path.parent, name, path) for name in _names(listed)))
    return dataclasses.replace(index, format="keras-shards", remarks=remarks, files=(path, *files))


def _names(listed: dict[str, list[str]]) -> Iterable[str]:
    return dict.fromkeys(name for files in listed.values() for name in files)


def _listed(path: Path) -> dict[str, list[str]]:
    """The names of files for the path of each group of variables."""
    document: Any = json_text.read(path)
    groups = document.get("weight_map") if isinstance(document, dict) else None
    if not isinstance(groups, dict) or not groups:
        raise Unreadable("it is JSON text that does not list files with weights (`weight_map`)")
    listed = {}
    for group, files in groups.items():
        files = [files] if isinstance(files, str) else files
        if not isinstance(files, list) or not files or not all(isinstance(f, str) for f in files):
            raise Unreadable("its entry `{name}` does not name files", name=quoted(group))
        listed[group.strip("/")] = files
    return listed


def _check_groups(listed: dict[str, list[str]], names: set[str]) -> None:
    held = {name.rpartition("/")[0] for name in names}
    missing = next((group for group in listed if group not in held), None)
    if missing is not None:
        raise Unreadable("none of its files holds `{name}`", name=quoted(missing))
