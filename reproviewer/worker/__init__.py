"""Runs in the other process: standard library, numpy and TensorFlow/Keras only, syntax of Python 3.7."""
