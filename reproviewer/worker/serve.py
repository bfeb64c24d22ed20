"""The worker's loop: import Keras, say so, answer one request after the other."""

from __future__ import annotations

import argparse
import os
import queue
import threading
import traceback
from typing import Any, Callable

from . import catalog, death, forkserver, protocol, runs, transfer
from .protocol import Channel, Mistake
from .stack import Stack, load

ANSWERS: dict[str, Callable[[Stack, dict[str, Any], Channel], None]] = {
    "run": runs.run,
    "check": runs.check,
    "catalog": catalog.tell,
    "load": transfer.load,
    "save": transfer.save,
}


def main(arguments: list[str]) -> None:
    """Serve until standard input ends."""
    death.with_parent()
    parser = argparse.ArgumentParser(prog="worker")
    parser.add_argument("--flavour", choices=("keras", "tf_keras"), required=True)
    parser.add_argument("--fork-server", action="store_true", help="every run in a process of its own")
    parser.add_argument("--idle", type=float, default=forkserver.IDLE_SECONDS, help="seconds until a child is stuck")
    options = parser.parse_args(arguments)
    channel = Channel(protocol.take_stdout())
    requests = protocol.take_stdin()
    lines = None if options.fork_server else _read_in_thread(requests)
    stack = start(options.flavour, channel)
    if stack is None:
        os._exit(1)
    if lines is None:
        forkserver.ForkServer(stack, requests, channel, handle, options.idle).serve()
    else:
        while True:
            handle(stack, lines.get(), channel)


def start(flavour: str, channel: Channel) -> Stack | None:
    """Import Keras and tell `ready`, or tell why not."""
    try:
        stack = load(flavour)
    except Mistake as mistake:
        channel.emit("failed", **mistake.fields())
        return None
    channel.emit("ready", versions=stack.versions(), flavour=flavour)
    return stack


def _read_in_thread(fd: int) -> queue.Queue[str]:
    """Lines of requests; the end of them ends the process, whatever it is doing."""
    lines: queue.Queue[str] = queue.Queue()

    def read() -> None:
        with os.fdopen(fd, encoding="utf-8") as file:
            for line in file:
                lines.put(line)
        os._exit(0)

    threading.Thread(target=read, name="requests", daemon=True).start()
    return lines


def handle(stack: Stack, line: str, channel: Channel) -> None:
    """Answer one request: events, then exactly one of `failed` and `done`."""
    channel.request = None
    try:
        request = protocol.read_request(line)
        channel.request = request["id"]
        if request.get("do") not in ANSWERS:
            raise Mistake("The worker does not know the request {name}.", name=str(request.get("do")))
        ANSWERS[request["do"]](stack, request, channel)
    except Mistake as mistake:
        channel.emit("failed", **mistake.fields())
    except Exception as error:
        channel.emit("failed", **unexpected(error).fields())
    else:
        channel.emit("done")


def unexpected(error: Exception) -> Mistake:
    """The sentence for an error that nobody foresaw."""
    details = traceback.format_exc()
    if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":
        return Mistake("There is not enough memory.", details=details)
    first = (str(error).splitlines() or [""])[0]
    return Mistake("{kind}: {why}", details=details, kind=type(error).__name__, why=first)
