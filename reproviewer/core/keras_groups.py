"""Where in a text one layer ends and the next begins, found without parsing what is inside a layer."""

from __future__ import annotations

import re
from dataclasses import dataclass

from reproviewer.core.message import Message, message

MAX_TEXT = 200_000
MAX_DEPTH = 20
MAX_LAYERS = 2_000
MAX_PIECE = 20_000
MAX_BROKEN = 50

_CLOSER = {"(": ")", "[": "]", "{": "}"}
_TOKEN = re.compile(
    r"""(?P<string>\"{3}.*?(?<!\\)\"{3} | '{3}.*?(?<!\\)'{3}
          | "[^"\\\n]*+(?:\\.[^"\\\n]*+)*+" | '[^'\\\n]*+(?:\\.[^'\\\n]*+)*+')
      | (?P<quote>["'])
      | (?P<comment>\#[^\n]*)
      | (?P<open>[(\[{])
      | (?P<close>[)\]}])
      | (?P<newline>\n)
      | (?P<comma>,)
      | (?P<other>[^"'\#()\[\]{}\n,]+)""",
    re.VERBOSE | re.DOTALL,
)
_SKIPPED = re.compile(r"(?:[\s,]++|\#[^\n]*+)*+")
_BLANK = re.compile(r"(?:\s++|\#[^\n]*+)*+")
# Possessive groups that are followed by more do not match in Python 3.11.2 and older 3.11.
_WRAPPER = re.compile(r"(?:[A-Za-z_]\w*+\s*=\s*)?(?:(?:[A-Za-z_]\w*+\.)*Sequential\s*(?P<call>\()\s*)?(?P<list>\[)")
_LAYER_LINE = re.compile(r"^(?P<indent>[ \t]*+)(?:[a-z_]\w*+\.)*[A-Z]\w*+\s*\(", re.MULTILINE)


@dataclass(frozen=True)
class Piece:
    """The text of one layer: `text[start:end]`."""

    start: int
    end: int


@dataclass(frozen=True)
class Broken:
    """A stretch of text that does not hold together, and why."""

    message: Message
    start: int
    end: int


@dataclass(frozen=True)
class Groups:
    """The pieces of a text, what is broken in it, and the wrapper `[...]` or `Sequential([...])` around it.

    `inside` is where the layers may stand: all of the text, or what is between the brackets of the wrapper.
    """

    pieces: tuple[Piece, ...]
    broken: tuple[Broken, ...]
    inside: Piece
    wrapped: bool = False


def split(text: str) -> Groups:
    """Cut a text into one piece per layer. Layers are apart by commas or lines; brackets and strings hold together."""
    if len(text) > MAX_TEXT:
        too_long = message(
            "The model has {n} characters; {limit} are the most that is read.", n=len(text), limit=MAX_TEXT
        )
        return Groups((), (Broken(too_long, 0, 1),), Piece(0, len(text)))
    return _Splitter(text).run()


class _Splitter:
    def __init__(self, text: str) -> None:
        self._text = text
        self._pieces: list[Piece] = []
        self._broken: list[Broken] = []
        self._closers: list[str] = []
        self._inside_end = len(text)

    def run(self) -> Groups:
        start = position = self._open_wrapper()
        wrapped = bool(self._closers)
        while position < len(self._text) and self._within_limits(position):
            position = self._step(position)
        if self._closers and not self._broken and wrapped:
            self._fail(message("`[` is never closed."), start - 1, start)
        return Groups(tuple(self._pieces), tuple(self._broken), Piece(start, self._inside_end), wrapped)

    def _open_wrapper(self) -> int:
        begin = _end(_BLANK, self._text, 0)
        found = _WRAPPER.match(self._text, begin)
        if not found:
            return 0
        self._closers = ["]", ")"] if found["call"] else ["]"]
        return found.end()

    def _within_limits(self, position: int) -> bool:
        if len(self._pieces) >= MAX_LAYERS:
            self._fail(message("A model of more than {n} layers is not read.", n=MAX_LAYERS), position, position + 1)
            return False
        return len(self._broken) < MAX_BROKEN

    def _step(self, position: int) -> int:
        """Read one piece, or the bracket that ends the list; return where to go on."""
        start = _end(_SKIPPED, self._text, position)
        if start == len(self._text):
            return start
        end, broken = self._piece_end(start)
        if broken:
            self._broken.append(broken)
            return self._resume(start)
        if end - start > MAX_PIECE:
            self._fail(message("This layer is too long to be read."), start, start + 1)
        elif end > start:
            self._pieces.append(Piece(start, len(self._text[:end].rstrip())))
        if self._text[end : end + 1] in (")", "]", "}"):
            return self._close(end)
        return end

    def _piece_end(self, start: int) -> tuple[int, Broken | None]:
        opened: list[int] = []
        for token in _TOKEN.finditer(self._text, start):
            kind, at = token.lastgroup, token.start()
            if kind == "quote":
                return at, Broken(
                    message("This text is never closed: a {quote} is missing.", quote=token[0]), at, at + 1
                )
            if kind == "open":
                opened.append(at)
                if len(opened) > MAX_DEPTH:
                    return at, Broken(message("The brackets are nested too deeply to be read."), at, at + 1)
            elif kind == "close" and opened:
                if token[0] != _CLOSER[self._text[opened[-1]]]:
                    return at, self._unclosed(opened[-1])
                opened.pop()
            elif not opened and kind in ("close", "newline", "comma", "comment"):
                return at, None
        return len(self._text), self._unclosed(opened[0]) if opened else None

    def _unclosed(self, at: int) -> Broken:
        return Broken(message("`{bracket}` is never closed.", bracket=self._text[at]), at, at + 1)

    def _close(self, at: int) -> int:
        """Meet a closing bracket that no piece has opened: the end of the wrapper, or one too many."""
        if not self._closers or self._text[at] != self._closers[0]:
            self._fail(message("There is one `{bracket}` too many.", bracket=self._text[at]), at, at + 1)
            return at + 1
        self._inside_end = at
        while self._closers:
            at = _end(_SKIPPED, self._text, at)
            if self._text[at : at + 1] != self._closers[0]:
                self._fail_after(at)
                return len(self._text)
            self._closers.pop(0)
            at += 1
        rest = _end(_BLANK, self._text, at)
        if rest < len(self._text):
            self._fail(message("Nothing may follow the list of layers."), rest, self._line_end(rest))
        return len(self._text)

    def _fail_after(self, at: int) -> None:
        if at == len(self._text):
            self._fail(message("`Sequential(` is never closed."), self._inside_end, self._inside_end + 1)
        else:
            self._fail(message("Only the list of layers is read from `Sequential`, not this."), at, self._line_end(at))
        self._closers = []

    def _resume(self, start: int) -> int:
        """After something broken: the next line that begins like a layer, not deeper than the broken one."""
        line_start = self._text.rfind("\n", 0, start) + 1
        indent = start - line_start if not self._text[line_start:start].strip() else 10**9
        for line in _LAYER_LINE.finditer(self._text, self._line_end(start)):
            if len(line["indent"]) <= indent:
                return line.start()
        return len(self._text)

    def _line_end(self, at: int) -> int:
        end = self._text.find("\n", at)
        return len(self._text) if end < 0 else end

    def _fail(self, why: Message, start: int, end: int) -> None:
        self._broken.append(Broken(why, start, end))


def _end(pattern: re.Pattern[str], text: str, position: int) -> int:
    found = pattern.match(text, position)
    return found.end() if found else position
