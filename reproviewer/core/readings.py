"""The places in a model that the names of a file tell of.

The same weight is `sequential/dense_1/kernel` to Keras 3, `dense_1/kernel:0` to Keras 2, `dense_1/dense_1/kernel:0` in
legacy HDF5, `layers/dense/vars/0` in a `.weights.h5` and `layer_with_weights-0/kernel` in a checkpoint. A `View` is one
way to read the names of a whole file as paths from the model down to each weight. What a name does not tell, no view
claims: Keras names a weight by where it was built, which need not be where its layer is, and a name such as
`variables/7` is only a position.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import takewhile
from typing import TYPE_CHECKING, Literal

from reproviewer.core.keras_counters import is_counted, numbered
from reproviewer.core.names import every_name, natural

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reproviewer.core.weights import Tensor

Path = tuple[str, ...]
Language = Literal["named", "counted", "keyed"]
Nesting = Literal["objects", "groups", "scopes", "flat"]

_VARIABLE = re.compile(r"(^|/)vars/\d+$")
_KEY = re.compile(r"(^|/)(layer_with_weights-\d+|_operations/\d+)/|/_(kernel|embeddings)$")
_EXPORTED = re.compile(r"variables/\d+$")
_POSITION = re.compile(r"((arr_|variables/)?\d+)$")
_PLACE = re.compile(r"(.*(?:^|[/-]))\d+")
_LISTS = {"layers", "_layers", "_operations", "cells"}
"""Attributes of Keras that hold a list: what stands in it is counted by class in one file, by position in another."""
_UNSAID = {"_functional"}
_INSIDE = (
    (re.compile(r"(forward|backward)_.+"), r"\1"),
    (re.compile(r"_?(query|key|value)_dense"), r"\1"),
    (re.compile(r"_?output_dense|attention_output"), "output"),
)
"""Parts of composite layers that Keras names in one way and stores in another."""
_OWNED = re.compile(r"(cells/)?.+_cell(_\d+)?|stacked_rnn_cells(_\d+)?|forward|backward|query|key|value|output")
_HALF = re.compile(r"(forward|backward)_.+")


@dataclass(frozen=True)
class View:
    """Paths of the tensors of one file by one way of reading their names, None for those that it has no name for.

    `language` says what the names of layers are: `named` by person or program (`dense_1`), `counted` within their
    class by the file (`layers/dense_1` is the second Dense, whatever it is called), or `keyed` by their position in
    the model or the attribute that holds them.

    `nesting` says what the parts of a path are: the model's `objects`, each inside of the one before; `groups` of a
    legacy file, each a layer of the model with all the layers in it side by side; `scopes`, in which weights were
    named; or `flat`, the layers side by side.
    """

    paths: tuple[Path | None, ...]
    language: Language
    nesting: Nesting
    keeps_order: bool

    @cached_property
    def is_whole(self) -> bool:
        """Whether every tensor has a path. Of the rest it is not known what it is, nor how many are like it."""
        return None not in self.paths


def keeps_order(tensors: Sequence[Tensor]) -> bool:
    """Whether the tensors come in the order of the model's weights.

    Names that come sorted may have been sorted by the file's format. A checkpoint keeps the order of attributes, but
    a layer that takes the place of another under one attribute is the model's last: only positions tell its order.
    """
    names = [t.name for t in tensors]
    if len(names) < 2 or are_positions(tensors):
        return True
    if any(map(_EXPORTED.match, (name for t in tensors for name in every_name(t)))):
        return False
    if _file_language(tensors) == "keyed":
        return _flat_keys([_object_path(name) for name in names]) is not None
    groups = _groups(tensors)
    return not _come_sorted(names) and (groups is None or _are_in_order(groups))


def _come_sorted(names: list[str]) -> bool:
    return names == sorted(names, key=natural) or names == sorted(names)


def keeps_layers_together(tensors: Sequence[Tensor]) -> bool:
    """Whether the weights of a layer follow each other; legacy HDF5 puts those that are not trained last."""
    if any(_EXPORTED.match(t.name) for t in tensors):
        return True
    layers = [t.name.rpartition("/")[0] for t in tensors]
    starts = [layer for i, layer in enumerate(layers) if not i or layer != layers[i - 1]]
    return len(starts) == len(set(starts))


def are_positions(tensors: Sequence[Tensor]) -> bool:
    """Whether the names are nothing but positions: `arr_0` of an npz file, `variables/0` of a SavedModel."""
    return all(_POSITION.match(t.name) or any(map(_EXPORTED.match, t.aliases)) for t in tensors)


def by_telling_names(tensors: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """The tensors of a SavedModel under the variables' full names where it has them; those of others as they are.

    Its `variables/7` is only a position, and not even that of a weight: the states of random generators count too.
    """
    if not any(_EXPORTED.match(t.name) for t in tensors):
        return tuple(tensors)
    return tuple(replace(t, name=t.aliases[0], aliases=(t.name, *t.aliases[1:])) if t.aliases else t for t in tensors)


def telling_names(tensor: Tensor) -> tuple[str, ...]:
    """All names of a tensor but positions in a SavedModel."""
    return tuple(name for name in every_name(tensor) if not _EXPORTED.match(name))


def is_place(part: str) -> bool:
    """Whether a part of a key is a position in the model or in a list."""
    return _PLACE.fullmatch(part) is not None


def are_places(parts: Sequence[str]) -> bool:
    """Whether all are positions that count in the same: `layer_with_weights-0`, `layer_with_weights-1`."""
    kinds = {match[1] if match else None for match in map(_PLACE.fullmatch, parts)}
    return len(kinds) == 1 and None not in kinds


def is_in_list(part: str) -> bool:
    """Whether a part is counted by class in one of the lists of Keras."""
    return "/" in part


def is_owned(part: str) -> bool:
    """Whether Keras calls a part of its own composite layers so."""
    return _OWNED.fullmatch(part) is not None


def own_view(tensors: Sequence[Tensor]) -> View | None:
    """The view by the tensors' own names; None where two of them share one."""
    language = _file_language(tensors)
    view = View(tuple(_paths(_own(tensors), language)), language, _nesting(language), keeps_order(tensors))
    known = [path for path in view.paths if path]
    return view if len(set(known)) == len(known) else None


def view_of_layers(tensors: Sequence[Tensor]) -> View | None:
    """The view by the layers' own names of a file that counts them by class; None where it does not tell any."""
    if _file_language(tensors) != "counted":
        return None
    aliases = _aliases(tensors, "named")
    known = [alias for alias in aliases if alias]
    view = View(tuple(_paths(aliases, "named")), "named", "scopes", False)
    return view if known and len({path for path in view.paths if path}) == len(known) else None


def views(tensors: Sequence[Tensor]) -> list[View]:
    """The ways to read the names of a file's tensors, without those that give two tensors one path."""
    in_order, is_sorted = keeps_order(tensors), _come_sorted([t.name for t in tensors])
    found: list[View] = []
    for paths, language, nesting in _readings(tensors):
        view = View(tuple(paths), language, nesting, in_order or (nesting == "groups" and not is_sorted))
        known = [path for path in view.paths if path]
        if known and view not in found and len(set(known)) == len(known):
            found.append(view)
    return found


def are_counted_alike(reference: Sequence[Tensor], other: Sequence[Tensor]) -> bool:
    """Whether the paths of two `.weights.h5` were counted over the same attributes of a model and of what is in it.

    Keras 2 and Keras 3 come to the layers of a subclassed model in different orders: `layers/dense` is another layer.
    """
    one, two = _attributes(reference), _attributes(other)
    return all(one[at] <= two[at] or two[at] <= one[at] for at in one.keys() & two.keys())


def _attributes(tensors: Sequence[Tensor]) -> dict[Path, set[str]]:
    """The attributes of each object of a `.weights.h5` that hold weights; those of Keras' own lists as one."""
    found: dict[Path, set[str]] = {}
    for path in (_object_path(t.name) for t in tensors if _VARIABLE.search(t.name)):
        for i, part in enumerate(path[:-1]):
            found.setdefault(path[:i], set()).add(part.split("/")[0] if is_in_list(part) else part)
    return found


def _readings(tensors: Sequence[Tensor]) -> Iterator[tuple[list[Path | None], Language, Nesting]]:
    """By their own names, by their groups in a legacy file, and by an alias of each language."""
    yield from _ways(_own(tensors), _file_language(tensors))
    groups = _groups(tensors)
    if groups is not None:
        yield (
            [(group, *_in_layer(path)) if len(path) > 1 else (group, *path) for group, path in groups],
            "named",
            "groups",
        )
    others: tuple[Language, ...] = ("counted", "keyed", "named")
    for language in others:
        aliases = _aliases(tensors, language)
        if any(aliases):
            yield from _ways(aliases, language)


def _ways(names: Sequence[str | None], language: Language) -> Iterator[tuple[list[Path | None], Language, Nesting]]:
    paths = _paths(names, language)
    yield paths, language, _nesting(language)
    if language == "named":
        yield [path and _in_layer(path) for path in paths], language, "flat"
        yield [_in_half(name) if name else None for name in names], language, "flat"
    elif language == "keyed" and (flat := _flat_keys(paths)) is not None:
        yield flat, language, "flat"


def _own(tensors: Sequence[Tensor]) -> list[str | None]:
    return [None if _EXPORTED.match(t.name) else t.name.removesuffix(":0") for t in tensors]


def _nesting(language: Language) -> Nesting:
    return "scopes" if language == "named" else "objects"


def _aliases(tensors: Sequence[Tensor], language: Language) -> list[str | None]:
    """An alias of this language for every tensor that has one."""
    is_counted_file = _file_language(tensors) == "counted"
    names = [[name for name in telling_names(t) if name != t.name.removesuffix(":0")] for t in tensors]
    return [
        next((n for n in own if _alias_language(n, is_counted_file=is_counted_file) == language), None) for own in names
    ]


def _alias_language(name: str, *, is_counted_file: bool) -> Language:
    """What an alias is. In a `.weights.h5`, `vars/0` is that of a layer called `vars`."""
    if is_counted_file and name.count("/") == 1:
        return "named"
    if _VARIABLE.search(name):
        return "counted"
    return "keyed" if _KEY.search(name) else "named"


def _file_language(tensors: Sequence[Tensor]) -> Language:
    """What the tensors' own names are; keys of a checkpoint are also told by full names that are no part of them."""
    own = [name for name in _own(tensors) if name]
    if any(_VARIABLE.search(name) for name in own):
        return "counted"
    return "keyed" if any(_KEY.search(name) for name in own) or any(map(_is_key_of, tensors)) else "named"


def _is_key_of(tensor: Tensor) -> bool:
    own, *aliases = telling_names(tensor) or ("",)
    named = [a for a in aliases if _alias_language(a, is_counted_file=False) == "named"]
    return any(not own.endswith(a) and not a.endswith(own) for a in named)


def _groups(tensors: Sequence[Tensor]) -> list[tuple[str, Path]] | None:
    """The layer of the model and the path in it: `dense_1` and `kernel` of `dense_1/sequential/dense_1/kernel`.

    Legacy HDF5 keeps this weight in a group `dense_1`. None for all other files.
    """
    names = [every_name(t) for t in tensors]
    aliases = [next((a for a in own[1:] if own[0].endswith("/" + a)), None) for own in names]
    found = []
    for own, alias in zip(names, aliases, strict=True):
        if alias is None:
            return None
        group = own[0].removesuffix("/" + alias)
        parts = alias.split("/")
        rest = parts[parts.index(group) + 1 :] if group in parts else parts
        found.append((group, _named_path("/".join([group, *rest]))[1:]))
    return found


def _are_in_order(groups: Sequence[tuple[str, Path]]) -> bool:
    """Whether the layers within each group of a legacy file are known to come in their order.

    What is not trained comes last, so that a frozen layer is not where it was; the counts of Keras show that none was.
    """
    layers: dict[str, dict[str, None]] = {}
    for group, path in groups:
        inner = _in_layer(path)[0]
        layers.setdefault(group, {})["" if len(path) == 1 or is_owned(inner) else inner] = None
    return all(len(inside) < 2 or rise(list(inside)) for inside in layers.values())


def rise(names: Sequence[str]) -> bool:
    """Whether all names are counts of Keras, and each class is counted upwards."""
    last: dict[str, int] = {}
    for base, number in map(numbered, names):
        if not is_counted(base) or number < last.get(base, 0):
            return False
        last[base] = number
    return True


def _paths(names: Sequence[str | None], language: Language) -> list[Path | None]:
    path = _named_path if language == "named" else _object_path
    return [path(name) if name else None for name in names]


def _named_path(name: str) -> Path:
    first, *rest = name.split("/")[:-1] or [""]
    return (first, *map(_inside, rest), name.split("/")[-1].lstrip("_"))


def _object_path(name: str) -> Path:
    parts = _VARIABLE.sub("", name).split("/") if _VARIABLE.search(name) else name.split("/")[:-1]
    found: list[str] = []
    rest = iter(p for p in parts if p and p not in _UNSAID)
    for part in rest:
        inner = next(rest, None) if part in _LISTS else None
        found.append(part if inner is None else f"{part}/{inner}")
    first, *others = found or [""]
    return (first, *map(_inside, others), name.split("/")[-1].lstrip("_"))


def _inside(part: str) -> str:
    for pattern, known in _INSIDE:
        if pattern.fullmatch(part):
            return pattern.sub(known, part)
    return part


def _in_layer(path: Path) -> Path:
    """The path from the layer down, without the models around it."""
    start = len(path) - 2
    while start > 0 and _OWNED.fullmatch(path[start]):
        start -= 1
    return path[max(start, 0) :]


def _in_half(name: str) -> Path:
    """The same, but from the half of a bidirectional layer down, which has a name of its own."""
    parts = name.split("/")
    start = next((i for i, part in enumerate(parts[:-1]) if _HALF.fullmatch(part)), None)
    return _in_layer(_named_path(name)) if start is None else tuple(parts[start:])


def _flat_keys(paths: Sequence[Path | None]) -> list[Path | None] | None:
    """Paths whose first part is the layer's position in the whole model; None where attributes hold some layers."""
    depths = [_depth_of_place(path) if path else 0 for path in paths]
    inside: dict[Path, set[str]] = {}
    for path, depth in zip(paths, depths, strict=True):
        if path and not depth:
            return None
        for i in range(len(path or ())):
            inside.setdefault((path or ())[:i], set()).add((*(path or ())[:-1], "")[i])
    if not all(len(parts) == 1 or are_places(list(parts)) or all(map(is_owned, parts)) for parts in inside.values()):
        return None
    return [("/".join(p[:d]), *p[d:]) if p else None for p, d in zip(paths, depths, strict=True)]


def _depth_of_place(path: Path) -> int:
    """How many parts lead to a layer: what holds the model, then positions one inside of the other."""
    start = next((i for i, part in enumerate(path[:-1]) if is_place(part)), len(path) - 1)
    count = sum(1 for _ in takewhile(is_place, path[start:-1]))
    return start + count if count else 0
