"""Sentences for a person, kept apart from the language they are shown in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Message:
    """An English template and the values that fill it.

    `str()` gives English; the window looks the template up in its translation and fills that instead.

    >>> str(message("{n} of {total} weights differ.", n=5, total=10))
    '5 of 10 weights differ.'
    """

    template: str
    args: tuple[tuple[str, object], ...] = ()

    def __str__(self) -> str:
        return self.fill(self.template)

    def fill(self, template: str) -> str:
        """Fill `template` (this message's own, or its translation) with the values.

        A value that is a number is grouped by thousands; a value that is a message is filled first. Whatever cannot be
        printed in others, which may come from a file, is escaped.
        """
        return template.format(**{name: _shown(value) for name, value in self.args})


def message(template: str, **args: object) -> Message:
    """Make a message; `args` fill the `{names}` of `template`."""
    return Message(template, tuple(args.items()))


class ReproError(Exception):
    """Expected trouble: bad input, a file that does not fit, a worker that died. One sentence for the person."""

    def __init__(self, template: str, **args: object) -> None:
        self.message = message(template, **args)
        super().__init__(str(self.message))


def one_line(text: str) -> str:
    """A text from a file, fit for any screen: what is not printable is escaped, line ends and control codes with it."""
    return text if text.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def encodable(text: str) -> str:
    """A text that can be written as UTF-8: those bytes of a file name that are no text are escaped."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _shown(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return str(value) if isinstance(value, Message) else one_line(str(value))
