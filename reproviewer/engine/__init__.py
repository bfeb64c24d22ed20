"""Talks to a worker process: start, send, receive events, cancel, outcome. No Qt, no TensorFlow."""
