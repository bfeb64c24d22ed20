"""The names that tensors carry: short ones to show, and the places in a model that they tell of.

The same weight is `sequential/dense_1/kernel` to Keras 3, `dense_1/kernel:0` to Keras 2, `dense_1/dense_1/kernel:0` in
legacy HDF5, `layers/dense/vars/0` in a `.weights.h5` and `layer_with_weights-0/kernel` in a checkpoint. A `View` is one
way to read the names of a whole file as paths from the model down to each weight.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reproviewer.core.weights import Tensor

Path = tuple[str, ...]
Language = Literal["named", "counted", "keyed"]

_NUMBERED = re.compile(r"(.+?)_([1-9]\d*)$")
"""Keras counts `dense`, `dense_1`: a name that ends in `_0` or `_01` is a person's."""
_DIGITS = re.compile(r"(\d+)")
_VARIABLE = re.compile(r"(^|/)vars/\d+$")
_KEY = re.compile(r"(^|/)(layer_with_weights-\d+|_operations/\d+)/")
_COUNTED = re.compile(r"(arr_)?\d+$")
_SAYS_NOTHING = {"layers", "vars", "_layers", "_operations", "_functional"}
_INSIDE = (
    (re.compile(r"(forward|backward)_.+"), r"\1"),
    (re.compile(r"_?(query|key|value)_dense"), r"\1"),
    (re.compile(r"_?output_dense|attention_output"), "output"),
)
"""Parts of composite layers that Keras names in one way and stores in another."""
_OWNED = re.compile(r".+_cell(_\d+)?|stacked_rnn_cells(_\d+)?|forward|backward|query|key|value|output")


@dataclass(frozen=True)
class View:
    """Paths of the tensors of one file by one way of reading their names, None for those that it has no name for.

    `language` says what the names of layers are: `named` by person or program (`dense_1`), `counted` within their
    class by the file (`layers/dense_1` is the second Dense, whatever it is called), or `keyed` by their position in
    the model.
    """

    paths: tuple[Path | None, ...]
    language: Language
    keeps_order: bool


def common_parts(names: Sequence[str]) -> int:
    """With how many parts all names begin (`sequential/dense/kernel`: 1); two of each name remain its own."""
    if len(names) < 2:
        return 0
    first, last = min(names).split("/"), max(names).split("/")  # what these two begin with, all between them do
    common = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False)))
    return max(0, min(common, min(name.count("/") for name in names) - 1))


def without_parts(name: str, parts: int) -> str:
    """A name without its first parts and without `:0`."""
    return name.removesuffix(":0").split("/", parts)[-1]


def keeps_order(tensors: Sequence[Tensor]) -> bool:
    """Whether the order says something: names that come sorted may have been sorted by the file's format."""
    names = [t.name for t in tensors]
    if len(names) < 2 or all(_COUNTED.match(name) for name in names):
        return True
    return names != sorted(names, key=natural) and names != sorted(names)


def keeps_layers_together(tensors: Sequence[Tensor]) -> bool:
    """Whether the weights of a layer follow each other; legacy HDF5 puts those that are not trained last."""
    layers = [t.name.rpartition("/")[0] for t in tensors]
    starts = [layer for i, layer in enumerate(layers) if not i or layer != layers[i - 1]]
    return len(starts) == len(set(starts))


def natural(name: str) -> list[tuple[int, str]]:
    """Sorts digits as numbers."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in _DIGITS.split(name)]


def numbered(part: str) -> tuple[str, int]:
    """A name and the number that was added to it: (`dense`, 3) for `dense_3`, (`dense`, 0) for `dense`."""
    match = _NUMBERED.match(part)
    return (match[1], int(match[2])) if match else (part, 0)


def every_name(tensor: Tensor) -> tuple[str, ...]:
    """All names by which a tensor may be found, its own first."""
    return tuple(dict.fromkeys(name.removesuffix(":0") for name in (tensor.name, *tensor.aliases)))


def own_view(tensors: Sequence[Tensor]) -> View | None:
    """The view by the tensors' own names; None where two of them share one."""
    own = [t.name.removesuffix(":0") for t in tensors]
    view = View(tuple(map(_path, own)), _language(own), keeps_order(tensors))
    return view if len(set(view.paths)) == len(own) else None


def view_of_layers(tensors: Sequence[Tensor]) -> View | None:
    """The view by the layers' own names of a file that counts them by class; None where it does not tell any."""
    names = [every_name(t) for t in tensors]
    if _language([own[0] for own in names]) != "counted":
        return None
    aliases = [next((n for n in own[1:] if _language([n]) == "named"), None) for own in names]
    paths = tuple(_path(alias) if alias else None for alias in aliases)
    known = [path for path in paths if path]
    return View(paths, "named", False) if known and len(set(known)) == len(known) else None


def views(tensors: Sequence[Tensor]) -> list[View]:
    """The ways to read the names of a file's tensors, without those that give two tensors one path."""
    in_order = keeps_order(tensors)
    found: list[View] = []
    for names in _readings(tensors):
        language = _language([name for name in names if name])
        ways = (_path, _path_in_layer) if language == "named" else (_path,)
        for way in ways:
            view = View(tuple(way(name) if name else None for name in names), language, in_order)
            known = [path for path in view.paths if path]
            if view not in found and len(set(known)) == len(known):
                found.append(view)
    return found


def are_counted_alike(reference: Sequence[Tensor], other: Sequence[Tensor]) -> bool:
    """Whether the paths of two `.weights.h5` were counted over the same attributes of a model.

    Keras 2 and Keras 3 come to the layers of a subclassed model in different orders: `layers/dense` is another layer.
    """
    roots = [
        {name.split("/")[0] for name in (t.name for t in side) if _VARIABLE.search(name)} for side in (reference, other)
    ]
    return roots[0] <= roots[1] or roots[1] <= roots[0]


def _readings(tensors: Sequence[Tensor]) -> Iterator[list[str | None]]:
    """A name for every tensor: its own, that below its layer's group in the file, or an alias of each language."""
    names = [every_name(t) for t in tensors]
    yield [own[0] for own in names]
    yield [_below_group(own) for own in names]
    for language in ("counted", "keyed", "named"):
        aliases = [next((n for n in own[1:] if _language([n]) == language), None) for own in names]
        if any(aliases):
            yield aliases


def _language(names: Sequence[str]) -> Language:
    if any(_VARIABLE.search(name) for name in names):
        return "counted"
    return "keyed" if any(_KEY.search(name) for name in names) else "named"


def _below_group(own: Sequence[str]) -> str:
    """`dense_1/kernel` of `dense_1/sequential/dense_1/kernel`, which legacy HDF5 keeps in the group `dense_1`."""
    alias = next((a for a in own[1:] if own[0].endswith("/" + a)), None)
    if alias is None:
        return own[0]
    group = own[0].removesuffix("/" + alias)
    parts = alias.split("/")
    return "/".join([group, *(parts[parts.index(group) + 1 :] if group in parts else parts)])


def _path(name: str) -> Path:
    parts = name.split("/")
    first, *rest = [p for p in parts[:-1] if p not in _SAYS_NOTHING] or [""]
    return (first, *map(_inside, rest), parts[-1].lstrip("_"))


def _inside(part: str) -> str:
    for pattern, known in _INSIDE:
        if pattern.fullmatch(part):
            return pattern.sub(known, part)
    return part


def _path_in_layer(name: str) -> Path:
    """The path from the layer down: Keras 3 names the model in front of it, Keras 2 does not."""
    path = _path(name)
    start = len(path) - 2
    while start > 0 and _OWNED.fullmatch(path[start]):
        start -= 1
    return path[max(start, 0) :]
