"""Changes to the layers of a text that leave the rest of it as the person wrote it.

All functions take a text that `parse` reads without problems in the layers, and the position of a layer, from 0.
Comments and line breaks stay where that is possible; else the text is written anew, one layer a line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reproviewer.core.keras_groups import split
from reproviewer.core.keras_text import Places, format_call, format_model, normalised, parse
from reproviewer.core.model_spec import Argument, Call

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reproviewer.core.catalog import Parameter
    from reproviewer.core.model_spec import Value

_REST_OF_LINE = re.compile(r"(?P<comma>[ \t]*,)?(?P<comment>[ \t]*#[^\n]*)?[ \t]*(?=\n|\Z)")


def replace_layer(text: str, index: int, layer: Call) -> str:
    """Write another layer in the place of one."""
    text = normalised(text)
    wanted = _layers(text)
    wanted[index] = layer
    start, end = _slots(text)[index].body
    return _checked(text[:start] + format_call(layer) + text[end:], wanted)


def insert_layer(text: str, index: int, layer: Call) -> str:
    """Add a layer so that it is the `index`-th; the number of layers adds it at the end.

    A text in which not all lines can be read gets it on a line of its own at the end.
    """
    text = normalised(text)
    if parse(text).problems:
        return text.rstrip("\n") + "\n" + format_call(layer) + "\n"
    wanted = _layers(text)
    wanted.insert(index, layer)
    slots, groups = _slots(text), split(text)
    if not slots:
        at = groups.inside.start if groups.wrapped else len(text)
        lead = "" if groups.wrapped or not text or text.endswith("\n") else "\n"
        candidate = text[:at] + lead + format_call(layer) + text[at:]
    elif index < len(slots):
        candidate = _insert_before(text, slots[index], layer)
    else:
        candidate = _insert_after(text, slots[-1], layer, groups.wrapped)
    return _checked(candidate, wanted)


def delete_layer(text: str, index: int) -> str:
    """Take a layer out, and with it the comment that stands behind it on its line."""
    text = normalised(text)
    wanted = _layers(text)
    del wanted[index]
    slot = _slots(text)[index]
    start, end = slot.body
    if slot.own_lines:
        start, end = start - slot.indent, slot.end + 1 if slot.end < len(text) else slot.end
        if end == len(text) and not text.endswith("\n"):
            start = max(start - 1, 0)
        return _checked(text[:start] + text[end:], wanted)
    behind = re.compile(r"[ \t]*,[ \t]*").match(text, end)
    if behind:
        return _checked(text[:start] + text[behind.end() :], wanted)
    return _checked(text[:start].rstrip().removesuffix(",") + text[end:], wanted)


def move_layer(text: str, index: int, to: int) -> str:
    """Move a layer so that it becomes the `to`-th; the comment behind it on its line goes with it."""
    order = list(range(len(parse(text).layers)))
    order.insert(to, order.pop(index))
    return reorder(text, order)


def reorder(text: str, order: Sequence[int]) -> str:
    """Put the layers into another order; `order[n]` is the present position of the layer that becomes the n-th."""
    text = normalised(text)
    layers = _layers(text)
    slots = _slots(text)
    pieces, done = [], 0
    for slot, source in zip(slots, (slots[n] for n in order), strict=True):
        pieces += [text[done : slot.body[0]], text[slice(*source.body)], slot.comma, source.comment]
        done = slot.end if slot.own_lines else slot.body[1]
        if not slot.own_lines:
            pieces[-2:] = []
    return _checked("".join(pieces) + text[done:], [layers[n] for n in order])


def duplicate_layer(text: str, index: int) -> str:
    """Write a layer a second time after itself, without its name: Keras wants names to be different."""
    layer = parse(text).layers[index]
    unnamed = replace(layer, arguments=tuple(a for a in layer.arguments if a.name != "name"))
    return insert_layer(text, index + 1, unnamed)


def argument_of(call: Call, parameters: Sequence[Parameter], name: str) -> Argument | None:
    """The argument that is given for a parameter, by name or by place."""
    for place, argument in enumerate(call.arguments):
        if argument.name == name:
            return argument
        if argument.name is None and place < len(parameters) and parameters[place].name == name:
            return argument
    return None


def with_argument(call: Call, parameters: Sequence[Parameter], name: str, value: Value) -> Call:
    """Give a parameter a value: in the place where it stands, else behind the others, by name."""
    given = argument_of(call, parameters, name)
    if given is None:
        return replace(call, arguments=(*call.arguments, Argument(name, value)))
    return replace(call, arguments=tuple(replace(a, value=value) if a is given else a for a in call.arguments))


def without_argument(call: Call, parameters: Sequence[Parameter], name: str) -> Call:
    """Leave a parameter at its default. Arguments behind it that had no name get theirs."""
    given = argument_of(call, parameters, name)
    arguments = []
    passed = False
    for place, argument in enumerate(call.arguments):
        if argument is given:
            passed = True
        elif passed and argument.name is None and place < len(parameters):
            arguments.append(replace(argument, name=parameters[place].name))
        else:
            arguments.append(argument)
    return replace(call, arguments=tuple(arguments))


@dataclass(frozen=True)
class _Slot:
    """Where a layer stands. `own_lines`: nothing else is on its lines but a comma and a comment, up to `end`."""

    body: tuple[int, int]
    indent: int
    own_lines: bool
    comma: str
    comment: str
    end: int


def _slots(text: str) -> list[_Slot]:
    places = Places(text)
    slots = []
    for layer in parse(text).layers:
        assert layer.span is not None
        start = places.offset(layer.span.line, layer.span.column)
        end = places.offset(layer.span.end_line, layer.span.end_column)
        before = text[text.rfind("\n", 0, start) + 1 : start]
        rest = _REST_OF_LINE.match(text, end)
        own_lines = rest is not None and not before.strip()
        comma, comment = (rest["comma"] or "", rest["comment"] or "") if rest else ("", "")
        slots.append(_Slot((start, end), len(before), own_lines, comma, comment, rest.end() if rest else end))
    return slots


def _insert_before(text: str, slot: _Slot, layer: Call) -> str:
    start = slot.body[0]
    if not slot.own_lines:
        return text[:start] + format_call(layer) + ", " + text[start:]
    indent = text[start - slot.indent : start]
    return text[:start] + format_call(layer) + slot.comma + "\n" + indent + text[start:]


def _insert_after(text: str, slot: _Slot, layer: Call, wrapped: bool) -> str:
    start, end = slot.body
    if not slot.own_lines:
        return text[:end] + ", " + format_call(layer) + text[end:]
    indent = text[start - slot.indent : start]
    comma = "," if wrapped else slot.comma
    behind = text[end : slot.end].removeprefix(slot.comma)
    return text[:end] + comma + behind + "\n" + indent + format_call(layer) + slot.comma + text[slot.end :]


def _layers(text: str) -> list[Call]:
    return list(parse(text).layers)


def _checked(candidate: str, wanted: list[Call]) -> str:
    """The candidate if it says what is wanted; else the layers written anew."""
    again = parse(candidate)
    return candidate if not again.problems and list(again.layers) == wanted else format_model(wanted)
