"""Runs in the other process, by path: `python reproviewer/worker --flavour keras`.

Python 3.7 or newer, the standard library, numpy and TensorFlow/Keras only; it imports nothing else of this package.
"""
