"""Talks to a worker process: start, send, receive events, cancel, outcome. No Qt, no TensorFlow."""

from reproviewer.engine.engine import Engine

__all__ = ["Engine"]
