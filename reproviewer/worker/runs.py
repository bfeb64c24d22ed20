"""Build the runs of an experiment, one after the other."""

from __future__ import annotations

import gc
import json
from typing import TYPE_CHECKING, Any

from . import aliases, build, record, runfile, seeds, tensors

if TYPE_CHECKING:
    from .protocol import Channel
    from .stack import Stack

LARGE = 64 << 20
"""Bytes of a model that are not left for the garbage collector to find by itself."""


def run(stack: Stack, request: dict[str, Any], channel: Channel) -> None:
    """Build every run that the request numbers; each is written and told before the next begins."""
    seeds.freshen(stack)
    base = record.fixed(stack, request.get("process", "same"))
    if request.get("process_reason"):
        base["process_reason"] = request["process_reason"]
    governs: int | None = None
    for number in request["numbers"]:
        channel.emit("started", number=number)
        clock = record.Stopwatch()
        seeds.reset(stack)
        calls: list[str] = []
        seeding = request["experiment"]["seeding"]
        if governs is None or seeding["when"] == "each":
            calls = seeds.apply(stack, seeding["calls"])
            governs = number if calls else None
        entries, made = _build(stack, request)
        written = record.of_run(base, request["experiment"], clock, calls, governs, made)
        index = runfile.write(stack.np, request, number, entries, written)
        channel.emit("run", number=number, index=index)
        large = sum(entry.array.nbytes for entry in entries) > LARGE
        del entries
        if large:
            gc.collect()


def _build(stack: Stack, request: dict[str, Any]) -> tuple[list[tensors.Entry], dict[str, str]]:
    model = build.model(stack, request["layers"])
    drawn, made = seeds.draw(stack, request["experiment"]["draws"])
    return model_entries(stack, model, request["layers"]) + tensors.drawn(drawn), made


def model_entries(stack: Stack, model: Any, layers: list[dict[str, Any]]) -> list[tensors.Entry]:
    """The tensors of a built model with their aliases, which are found once for every list of layers."""
    key = json.dumps(layers)
    return tensors.entries(stack, model, aliases.of(stack, model, key))


def check(stack: Stack, request: dict[str, Any], channel: Channel) -> None:
    """Build the model once and tell what it consists of."""
    seeds.freshen(stack)
    seeds.reset(stack)
    model = build.model(stack, request["layers"])
    entries = model_entries(stack, model, request["layers"])
    count = sum(1 for entry in entries if entry.role == "weight")
    described = [entry.header(0) for entry in entries]
    for header in described:
        del header["offset"]
    channel.emit("reply", data={"tensors": described, "weights": count})
