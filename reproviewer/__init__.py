"""ReproViewer: are two builds of a model the same to the last bit, where do they differ, and why."""

__version__ = "0.1.0"
