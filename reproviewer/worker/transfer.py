"""The requests that move weights between files and a model: `load` and `save`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Callable

from . import build, record, runfile, runs, seeds, tensors, values
from .protocol import Mistake
from .stack import version_of

if TYPE_CHECKING:
    from .protocol import Channel
    from .stack import Stack


ROOM = 4096
"""Bytes for what a file notes of itself and of each tensor."""


def load(stack: Stack, request: dict[str, Any], channel: Channel) -> None:
    """Build the model (run 1), put the tensors into it (run 2); nothing is assigned unless all fit."""
    windows = request["tensors"]
    seeds.freshen(stack)
    seeds.reset(stack)
    base = record.fixed(stack, request.get("process", "same"))

    def tell(number: int, clock: record.Stopwatch, entries: list[tensors.Entry]) -> None:
        made_now = calls if number == 1 else []
        governs = 1 if calls else None
        written = record.of_run(base, request["experiment"], clock, made_now, governs, {})
        index = runfile.write(stack.np, request, number, entries, written)
        channel.emit("run", number=number, index=index)

    channel.emit("started", number=1)
    clock = record.Stopwatch()
    calls = seeds.apply(stack, request["experiment"]["seeding"]["calls"])
    model = build.model(stack, request["layers"])
    entries = runs.model_entries(stack, model, request["layers"])
    tell(1, clock, entries)
    channel.emit("started", number=2)
    clock = record.Stopwatch()
    values.fit(_weights(entries), windows)
    values.assign(stack, model, windows)
    base["loaded"] = sorted({os.path.basename(window["path"]) for window in windows})
    tell(2, clock, runs.model_entries(stack, model, request["layers"]))


def _weights(entries: list[tensors.Entry]) -> list[tensors.Entry]:
    return [entry for entry in entries if entry.role == "weight"]


def save(stack: Stack, request: dict[str, Any], channel: Channel) -> None:
    """Build the model, give it the tensors, let Keras write them to the target."""
    writer = WRITERS.get(request["format"])
    if writer is None:
        raise Mistake("Keras writes no format {name}.", name=request["format"])
    seeds.reset(stack)
    model = build.model(stack, request["layers"])
    if model is None or not model.weights:
        raise Mistake("The model has no weights to save.")
    entries = runs.model_entries(stack, model, request["layers"])
    values.fit(_weights(entries), request["tensors"])
    values.assign(stack, model, request["tensors"])
    try:
        _check_room(entries, request["target"])
        writer(stack, model, entries, request["target"])
    except OSError as error:
        if error.errno in runfile.FULL:
            raise Mistake("The disk is full.") from None
        raise Mistake("Keras cannot write the file: {why}", why=build.reason(error)) from None
    channel.emit("reply", data={"format": request["format"], "target": request["target"]})


def _check_room(entries: list[tensors.Entry], target: str) -> None:
    """Raise OSError while nothing is written yet: HDF5 crashes when it finds out on closing that the disk is full."""
    if not hasattr(os, "posix_fallocate"):
        return
    probe = target + ".room"
    try:
        with open(probe, "wb") as file:
            os.posix_fallocate(file.fileno(), 0, sum(entry.array.nbytes + ROOM for entry in entries) + ROOM)
    finally:
        if os.path.exists(probe):
            os.remove(probe)


def _keras_weights(stack: Stack, model: Any, entries: list[tensors.Entry], target: str) -> None:
    if not hasattr(stack.private("saving.saving_lib"), "save_weights_only"):
        version = version_of(stack.keras)
        raise Mistake("Keras {version} does not know the format .weights.h5: save as legacy .h5.", version=version)
    _written_as(target, ".weights.h5", model.save_weights)


def _legacy_h5(stack: Stack, model: Any, entries: list[tensors.Entry], target: str) -> None:
    if not stack.is_keras3:
        _written_as(target, ".h5", lambda path: model.save_weights(path, save_format="h5"))
        return
    import h5py

    with h5py.File(target, "w") as file:
        stack.private("legacy.saving.legacy_h5_format").save_weights_to_hdf5_group(file, model)


def _written_as(target: str, suffix: str, write: Callable[[str], None]) -> None:
    """Write under a name that Keras accepts, then give the file the name that was asked for."""
    if target.endswith(suffix):
        write(target)
        return
    write(target + suffix)
    os.replace(target + suffix, target)


def _checkpoint(stack: Stack, model: Any, entries: list[tensors.Entry], target: str) -> None:
    if not stack.is_keras3:
        model.save_weights(target, save_format="tf")
        return
    tf = stack.tf
    root = tf.Module()
    variables = [variable for variable, role in tensors.variables(model) if role == "weight"]
    for variable, entry in zip(variables, _weights(entries)):
        key = next((alias for alias in entry.aliases if alias.startswith("layer_with_weights-")), None)
        if key is None:
            raise Mistake("A checkpoint of Keras 2 has no place that is known for {name}.", name=entry.name)
        *nodes, leaf = key.split("/")
        setattr(_node(tf, root, nodes), leaf, variable.value)
    tf.train.Checkpoint(root=root).write(target)
    folder = os.path.dirname(target) or "."
    tf.compat.v1.train.update_checkpoint_state(folder, os.path.basename(target), [os.path.basename(target)])


def _node(tf: Any, root: Any, names: list[str]) -> Any:
    """The node at the end of a path below `root`; nodes that are missing are made."""
    for name in names:
        if not hasattr(root, name):
            setattr(root, name, tf.Module())
        root = getattr(root, name)
    return root


WRITERS: dict[str, Callable[..., None]] = {
    "keras-weights": _keras_weights,
    "legacy-h5": _legacy_h5,
    "tf-checkpoint": _checkpoint,
}
