"""Where in the text of a model a mistake lies that only Keras found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reproviewer.core.keras_text import Parsed, Problem
from reproviewer.core.model_spec import Call, Span

if TYPE_CHECKING:
    from reproviewer.core.message import Message

_START = Span(1, 0, 1, 0)


def problem_at(parsed: Parsed, sentence: Message, where: tuple[int, str | None] | None) -> Problem:
    """The sentence at the layer, and if it is known the argument, that the worker named."""
    layer = parsed.layers[where[0]] if where is not None and where[0] < len(parsed.layers) else None
    if layer is None or where is None:
        return Problem(sentence, _whole(parsed))
    return Problem(sentence, _argument(layer, where[1]) or layer.span or _START)


def _argument(layer: Call, name: str | None) -> Span | None:
    return next((a.span for a in layer.arguments if name is not None and a.name == name), None)


def _whole(parsed: Parsed) -> Span:
    spans = [layer.span for layer in parsed.layers if layer.span is not None]
    if not spans:
        return _START
    return Span(spans[0].line, spans[0].column, spans[-1].end_line, spans[-1].end_column)
