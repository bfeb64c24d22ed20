"""Layers in Keras' own constructor syntax: text to calls and back. Literals only; nothing is ever executed.

>>> parse("Dense(5, input_dim=1)").layers[0].name
'Dense'
>>> format_call(parse("keras.layers.Dense( 5,use_bias = False )").layers[0])
'Dense(5, use_bias=False)'
"""

from __future__ import annotations

import ast
import math
import re
import warnings
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from reproviewer.core.keras_groups import MAX_TEXT, Broken, Piece, split
from reproviewer.core.message import Message, message
from reproviewer.core.model_spec import Argument, Call, Span, Value

if TYPE_CHECKING:
    from collections.abc import Iterable

MODULES = frozenset(
    ("tf", "tensorflow", "keras", "tf_keras", "layers", "initializers", "regularizers", "constraints", "activations")
)
_LINE_ENDS = re.compile("\r\n|\r|\f|\ufeff")


@dataclass(frozen=True)
class Problem:
    """A sentence about a stretch of the text."""

    message: Message
    span: Span


@dataclass(frozen=True)
class Parsed:
    """The layers that could be read, in order, and what is wrong with the rest."""

    layers: tuple[Call, ...]
    problems: tuple[Problem, ...] = ()


def parse(text: str) -> Parsed:
    """Read layers written one a line or separated by commas, perhaps inside `[...]` or `Sequential([...])`.

    Every layer is read by itself, so one that is wrong hides none of the others.
    """
    text = normalised(text)
    groups = split(text)
    places = Places(text[:MAX_TEXT])
    layers = []
    problems = [_problem(broken, places) for broken in groups.broken]
    for piece in groups.pieces:
        try:
            layers.append(_Reader(text, piece, places).layer())
        except _Unreadable as error:
            problems.append(error.problem)
    problems.sort(key=lambda problem: (problem.span.line, problem.span.column))
    return Parsed(tuple(layers), tuple(problems))


def normalised(text: str) -> str:
    """The text with one kind of line end; every character keeps its line and column."""
    return _LINE_ENDS.sub(lambda end: {"\r\n": " \n", "\r": "\n"}.get(end[0], " "), text)


def format_call(call: Call) -> str:
    """A call as one line of text. `parse` reads the same call from it."""
    return f"{call.name}({', '.join(_format_argument(argument) for argument in call.arguments)})"


def format_model(layers: Iterable[Call]) -> str:
    """One layer a line."""
    return "\n".join(format_call(layer) for layer in layers)


def format_value(value: Value) -> str:
    """A value as it is written in a call.

    Raises
    ------
    ValueError
        The value cannot be written as a literal: a NaN, or an object of another kind.
    """
    if isinstance(value, Call):
        return format_call(value)
    if isinstance(value, tuple):
        return f"({', '.join(format_value(v) for v in value)}{',' * (len(value) == 1)})"
    if isinstance(value, list):
        return f"[{', '.join(format_value(v) for v in value)}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{format_value(k)}: {format_value(v)}' for k, v in value.items())}}}"
    if isinstance(value, float) and math.isinf(value):
        return "1e999" if value > 0 else "-1e999"
    if value is None or (isinstance(value, bool | int | float | str) and value == value):
        return repr(value)
    raise ValueError(f"{value!r} is not a literal")


def parse_value(text: str) -> Value:
    """Read one value, as it may stand in a call: a literal or a nested call.

    Raises
    ------
    ValueError
        The text is no such value; the message says why.
    """
    text = text.strip()
    parsed = parse(f"X(v={text})" if "#" not in text and "\n" not in text else "")
    arguments = parsed.layers[0].arguments if parsed.layers else ()
    if parsed.problems or len(parsed.layers) != 1 or len(arguments) != 1:
        raise ValueError(str(parsed.problems[0].message) if parsed.problems else f"{text} is not one value")
    return arguments[0].value


class Places:
    """Turns offsets in a text into lines, from 1, and columns, from 0, and back."""

    def __init__(self, text: str) -> None:
        self._starts = [0] + [found.end() for found in re.finditer("\n", text)]

    def span(self, start: int, end: int) -> Span:
        """The span of `text[start:end]`."""
        return Span(*self.place(start), *self.place(max(start, end)))

    def place(self, offset: int) -> tuple[int, int]:
        """The line and column of an offset."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1]

    def offset(self, line: int, column: int) -> int:
        """The offset of a line and column."""
        return self._starts[line - 1] + column


class _Unreadable(Exception):
    def __init__(self, why: Message, span: Span) -> None:
        super().__init__(str(why))
        self.problem = Problem(why, span)


class _Reader:
    """Reads the piece of text that holds one layer."""

    def __init__(self, text: str, piece: Piece, places: Places) -> None:
        self._source = text[piece.start : piece.end]
        self._piece = piece
        self._places = places
        self._lines = self._source.split("\n")
        self._line_starts = [0]
        for line in self._lines:
            self._line_starts.append(self._line_starts[-1] + len(line) + 1)

    def layer(self) -> Call:
        """The layer. Raises _Unreadable."""
        node = self._tree()
        if isinstance(node, ast.Call):
            return self._call(node)
        if isinstance(node, ast.Name) and node.id[:1].isupper():
            self._fail(node, "`{name}` needs brackets: {name}().", name=node.id)
        self._fail(node, "This is not a layer. A layer is written like Dense(5, activation='relu').")

    def _tree(self) -> ast.expr:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return ast.parse(self._source, mode="eval").body
        except SyntaxError as error:
            self._fail_syntax(error)
        except (ValueError, RecursionError, MemoryError, OverflowError):
            self._fail(None, "This cannot be read.")

    def _fail_syntax(self, error: SyntaxError) -> NoReturn:
        if re.match(r"[A-Za-z_]\w*+\s*=(?!=)|(?:from|import)\s", self._source):
            self._fail(None, "Only layers are read, nothing else of a script.")
        start, end = self._piece.start, self._piece.end
        line, column = error.lineno or 0, error.offset or 0
        if 1 <= line <= len(self._lines) and 1 <= column <= len(self._lines[line - 1]) + 1:
            start += self._line_starts[line - 1] + column - 1
            end = min(start + 1, end)
        start = min(start, self._piece.end - 1)
        why = (error.msg or "invalid syntax").rstrip(".?")
        raise _Unreadable(
            message("This cannot be read: {why}.", why=why), self._places.span(start, max(end, start + 1))
        )

    def _call(self, node: ast.Call) -> Call:
        name = self._name(node.func)
        arguments = [self._positional(argument) for argument in node.args]
        arguments += [self._keyword(keyword) for keyword in node.keywords]
        return Call(name, tuple(arguments), self._span(node))

    def _name(self, node: ast.expr) -> str:
        dotted = _dotted(node)
        if dotted is None:
            self._fail(node, "Only names of Keras can be called, nothing is executed.")
        *modules, name = dotted
        if not set(modules) <= MODULES or name.startswith("__"):
            self._fail(node, "`{name}` is not a name of Keras; nothing else is read.", name=".".join(dotted))
        return name

    def _positional(self, node: ast.expr) -> Argument:
        return Argument(None, self._value(node), self._span(node))

    def _keyword(self, keyword: ast.keyword) -> Argument:
        if keyword.arg is None:
            self._fail(keyword, "`**` is not read here: write the arguments one by one.")
        return Argument(keyword.arg, self._value(keyword.value), self._span(keyword))

    def _value(self, node: ast.expr) -> Value:
        if isinstance(node, ast.Constant) and (node.value is None or isinstance(node.value, bool | int | float | str)):
            return node.value
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
            return self._signed(node)
        if isinstance(node, ast.Tuple):
            return tuple(self._value(element) for element in node.elts)
        if isinstance(node, ast.List):
            return [self._value(element) for element in node.elts]
        if isinstance(node, ast.Dict):
            return self._dict(node)
        if isinstance(node, ast.Call):
            return self._call(node)
        self._fail_value(node)

    def _signed(self, node: ast.UnaryOp) -> Value:
        value = node.operand.value if isinstance(node.operand, ast.Constant) else None
        if isinstance(value, bool) or not isinstance(value, int | float):
            self._fail(node, "Only a number can have a sign.")
        return -value if isinstance(node.op, ast.USub) else value

    def _dict(self, node: ast.Dict) -> Value:
        keys = [key.value if isinstance(key, ast.Constant) else None for key in node.keys]
        if not all(isinstance(key, str) for key in keys):
            self._fail(node, "The keys of a dictionary must be texts in quotes.")
        return {key: self._value(value) for key, value in zip(keys, node.values, strict=True)}

    def _fail_value(self, node: ast.expr) -> NoReturn:
        if isinstance(node, ast.JoinedStr):
            self._fail(node, "A text with `f` before it would have to be executed: write the text itself.")
        if isinstance(node, ast.Starred):
            self._fail(node, "`*` is not read here: write the values one by one.")
        dotted = _dotted(node)
        if dotted is not None:
            self._fail(node, "`{name}` is not a value: write '{last}' in quotes if a name is meant.",
                       name=".".join(dotted), last=dotted[-1])  # fmt: skip
        self._fail(node, "Only numbers, texts, None, True, False, tuples, lists and calls of Keras are read here.")

    def _span(self, node: ast.expr | ast.keyword) -> Span:
        start = self._offset(node.lineno, node.col_offset)
        end = self._offset(node.end_lineno or node.lineno, node.end_col_offset or node.col_offset)
        return self._places.span(start, end)

    def _offset(self, line: int, byte_column: int) -> int:
        """The offset in the whole text; `ast` counts columns in bytes of UTF-8."""
        text = self._lines[line - 1]
        column = byte_column if text.isascii() else len(text.encode()[:byte_column].decode(errors="ignore"))
        return self._piece.start + self._line_starts[line - 1] + column

    def _fail(self, node: ast.expr | ast.keyword | None, template: str, **args: object) -> NoReturn:
        span = self._span(node) if node is not None else self._places.span(self._piece.start, self._piece.end)
        raise _Unreadable(message(template, **args), span)


def _problem(broken: Broken, places: Places) -> Problem:
    return Problem(broken.message, places.span(broken.start, broken.end))


def _dotted(node: ast.expr) -> list[str] | None:
    """The parts of `a.b.c`, None for anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.insert(0, node.attr)
        node = node.value
    return [node.id, *parts] if isinstance(node, ast.Name) else None


def _format_argument(argument: Argument) -> str:
    value = format_value(argument.value)
    return value if argument.name is None else f"{argument.name}={value}"
