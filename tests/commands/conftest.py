"""Weight files to ask about."""

import contextlib

import numpy as np
import pytest

from reproviewer.commands import run


@pytest.fixture(autouse=True)
def _many_readings(forked_readers):
    """In all commands that are given to `main`; those of a process of their own start real readers."""


@pytest.fixture
def warm(engine, monkeypatch):
    """Let `run` ask the engine of all tests, which has TensorFlow loaded, and not start one of its own."""
    monkeypatch.setattr(run, "Engine", lambda: contextlib.nullcontext(engine))


@pytest.fixture
def files(tmp_path):
    """Three weight files: `b` is `a` with one bit flipped, `z` is `a` with another zero."""
    kernel, bias = np.arange(6, dtype=np.float32).reshape(2, 3), np.zeros(3, np.float32)
    flipped = kernel.copy()
    flipped.view(np.uint32)[1, 0] ^= 1
    arrays = {"a": (kernel, bias), "b": (flipped, bias), "z": (kernel, -bias), "again": (kernel, bias)}
    for name, (k, b) in arrays.items():
        np.savez(tmp_path / f"{name}.npz", kernel=k, bias=b)
    np.savez(tmp_path / "nan.npz", kernel=np.full((2, 3), np.nan, np.float32), bias=bias)
    np.savez(tmp_path / "other.npz", kernel=np.zeros((2, 4), np.float32), bias=bias, more=bias)
    np.savez(tmp_path / "double.npz", kernel=kernel.astype(np.float64), bias=bias.astype(np.float64))
    return {path.stem: str(path) for path in tmp_path.glob("*.npz")}
