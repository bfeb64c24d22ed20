"""The only door between sentences of the program and the language of the person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from reproviewer.core.message import Message

if TYPE_CHECKING:
    from reproviewer.core.verdict import Verdict

CONTEXT = "Message"


def shown(message: Message) -> str:
    """A message in the person's language."""
    args = tuple((name, shown(v) if isinstance(v, Message) else v) for name, v in message.args)
    return Message(message.template, args).fill(QCoreApplication.translate(CONTEXT, message.template))


def word(verdict: Verdict) -> str:
    """The word of a verdict in the person's language, in lower case."""
    return QCoreApplication.translate("Verdict", str(verdict))
