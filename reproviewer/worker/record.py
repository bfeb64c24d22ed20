"""What is written down about a run beside its tensors."""

from __future__ import annotations

import os
import platform
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .stack import Stack

VARIABLES = (
    "PYTHONHASHSEED",
    "KERAS_BACKEND",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "CUDA_VISIBLE_DEVICES",
    "ONEDNN_MAX_CPU_ISA",
    "TF_CUDNN_DETERMINISTIC",
    "TF_DETERMINISTIC_OPS",
    "TF_ENABLE_ONEDNN_OPTS",
    "TF_FORCE_GPU_ALLOW_GROWTH",
    "TF_NUM_INTEROP_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_USE_LEGACY_KERAS",
    "TF_XLA_FLAGS",
    "XLA_FLAGS",
)


def environment() -> dict[str, str]:
    """The environment variables that matter and are set."""
    return {name: os.environ[name] for name in VARIABLES if name in os.environ}


def onednn() -> bool | None:
    """Whether oneDNN is in force in this process, None when TensorFlow does not tell."""
    try:
        from tensorflow.python.util import _pywrap_util_port

        return bool(_pywrap_util_port.IsMklEnabled())
    except (ImportError, AttributeError):
        return None


def fixed(stack: Stack, process: str) -> dict[str, Any]:
    """What is the same for every run of this process."""
    gpus = stack.tf.config.list_physical_devices("GPU") if hasattr(stack.tf.config, "list_physical_devices") else []
    return {
        "versions": stack.versions(),
        "flavour": stack.flavour,
        "package": stack.package,
        "environment": environment(),
        "onednn": onednn(),
        "platform": platform.platform(),
        "device": "GPU" if gpus else "CPU",
        "process": process,
        "pid": os.getpid(),
    }


class Stopwatch:
    """When a run began and how long it takes."""

    def __init__(self) -> None:
        self._started = time.time()
        self._clock = time.perf_counter()

    def fields(self) -> dict[str, Any]:
        """`started` in ISO 8601, UTC, and `seconds` since."""
        started = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(self._started))
        return {
            "started": f"{started}.{int(self._started % 1 * 1000):03d}Z",
            "seconds": round(time.perf_counter() - self._clock, 6),
        }


def of_run(
    base: dict[str, Any],
    experiment: dict[str, Any],
    clock: Stopwatch,
    calls: list[str],
    seeded_before_run: int | None,
    made: dict[str, str],
) -> dict[str, Any]:
    """The record of one run.

    `calls` are the seeding calls made for this very run; `seeded_before_run` is the run before which the calls that
    govern it were made. `made` tells draws that were made under another name.
    """
    record = dict(base, experiment=experiment, calls=calls, seeded_before_run=seeded_before_run)
    if made:
        record["draws_made_as"] = made
    record.update(clock.fields())
    return record
