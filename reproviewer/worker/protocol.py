"""JSON lines: requests on standard input, events on what was standard output.

A request is `{"v": 1, "id": 7, "do": "run", ...}`. An event is `{"v": 1, "id": 7, "event": ...}` with one of

    ready     versions, flavour                            once, before the first request; id is null
    started   number                                       run `number` is being built
    run       number, index                                run `number` is written; `index` is a file of the folder
    reply     data                                         the answer of a request that builds no runs
    failed    template, args, where, details[, signal]     the request is over
    done                                                   the request is over
"""

from __future__ import annotations

import json
import os
import threading
from typing import Any, Optional, Tuple

VERSION = 1
Where = Optional[Tuple[int, Optional[str]]]


class Mistake(Exception):
    """Expected trouble: a sentence (a template and what fills it), and the layer and argument where it lies."""

    def __init__(self, template: str, where: Where = None, details: str = "", **args: object) -> None:
        super().__init__(template.format(**args))
        self.template = template
        self.args_shown = {name: value if isinstance(value, int) else str(value) for name, value in args.items()}
        self.where = where
        self.details = details

    def fields(self) -> dict[str, Any]:
        """The fields of the event `failed`."""
        return {
            "template": self.template,
            "args": self.args_shown,
            "where": self.where,
            "details": self.details,
        }


class Channel:
    """Writes events to a file descriptor, one line each, from any thread."""

    def __init__(self, fd: int, request: int | None = None) -> None:
        self._fd = fd
        self._lock = threading.Lock()
        self.request = request

    def emit(self, event: str, **fields: Any) -> None:
        """Send one event of the request that is being answered."""
        message = {"v": VERSION, "id": self.request, "event": event}
        message.update(fields)
        line = (json.dumps(message) + "\n").encode("utf-8")
        with self._lock:
            while line:
                line = line[os.write(self._fd, line) :]


def take_stdout() -> int:
    """Keep standard output for the protocol: what anybody else prints goes where standard error goes, the log."""
    fd = os.dup(1)
    os.dup2(2, 1)
    return fd


def take_stdin() -> int:
    """Keep standard input for the protocol: whoever else reads it finds it empty."""
    fd = os.dup(0)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    return fd


def read_request(line: str) -> dict[str, Any]:
    """Parse one line. Raises Mistake when it is no request of this version."""
    try:
        request = json.loads(line)
        version = request["v"]
    except (ValueError, TypeError, KeyError):
        raise Mistake("The worker was sent something that is not a request.", details=line[:1000]) from None
    if version != VERSION:
        raise Mistake(
            "The program speaks version {theirs} of the worker's protocol, the worker version {ours}.",
            theirs=str(version),
            ours=str(VERSION),
        )
    return dict(request)
