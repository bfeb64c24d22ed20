"""P1 and P2: the window is there at once, and stays alive while TensorFlow loads."""

from measure import Result, in_child, interleaved, until_line


def p1() -> Result:
    """From the start of the process until the window has been painted."""
    ours, rival = interleaved(
        lambda: until_line("window.py", "ours"), lambda: until_line("window.py", "bare"), rounds=7
    )
    return Result("P1", "window painted, whole process", "bare PlotWidget", ours, rival, ratio=0.5)


def p2() -> Result:
    """The longest time in which the window does not answer while TensorFlow starts."""
    ours, rival = interleaved(lambda: in_child("gaps.py", "worker"), lambda: in_child("gaps.py", "thread"), rounds=3)
    what = "longest gap while TensorFlow starts"
    return Result("P2", what, "import in a thread", ours, rival, ratio=1 / 20, limit=20, unit="ms")
