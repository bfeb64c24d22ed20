"""Asking the command line: what it says, and with which status it ends."""

import json
import signal
import sys

from reproviewer.cli import main

MODEL = "Dense(5, input_dim=1)"
PROGRAM = [sys.executable, "-m", "reproviewer"]


def heed_signals():
    """Before a program starts: it can be interrupted and hung up, though whoever runs the tests ignores that."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def strict(text):
    """Strict JSON: no NaN, no Infinity."""

    def refuse(constant):
        raise AssertionError(constant)

    return json.loads(text, parse_constant=refuse)


def answer(capsys, *argv):
    """Exit status, stdout and stderr of a command line."""
    status = main([str(a) for a in argv])
    printed = capsys.readouterr()
    return status, printed.out, printed.err


def no_answer(capsys, *argv):
    """The line on stderr of a command line that has no answer."""
    status, out, err = answer(capsys, *argv)
    assert (status, out) == (2, "")
    assert err.endswith("\n")
    assert err.count("\n") == 1
    return err
