"""The command line: `reproviewer run`, `compare`, `inspect`, `convert`, `picture`, or the window.

Every command is imported only when it is asked for: `compare`, `inspect` and `convert` need neither Qt nor TensorFlow.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import signal
import sys
import threading
import traceback
from typing import TYPE_CHECKING

from reproviewer import __version__
from reproviewer.commands import arguments, terminal
from reproviewer.core.message import ReproError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from types import FrameType

_ENDS = [signal.Signals[name] for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line (default: this process's); returns the exit status.

    0: identical, or within the tolerance given. 1: not identical. 2: no answer; a line on stderr says why. What nobody
    expected is no answer either: an uncaught exception would end Python with 1.
    """
    _write_what_can_be_written()
    try:
        return _answer(arguments.parse(sys.argv[1:] if argv is None else argv))
    except ReproError as error:
        terminal.complain(str(error))
        return terminal.NO_ANSWER
    except KeyboardInterrupt as stopped:
        # Python may end itself by SIGINT after an interrupt within a text that it executed; another one resets that.
        exec("")
        terminal.complain("Interrupted.")
        return terminal.stopped_by(stopped.args[0] if stopped.args else signal.SIGINT)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else terminal.IDENTICAL
    except (OSError, MemoryError) as error:
        terminal.complain(_why(error))
        return terminal.NO_ANSWER
    except Exception as error:
        traceback.print_exc()
        terminal.complain(f"Something went wrong inside ReproViewer ({type(error).__name__}); there is no answer.")
        return terminal.NO_ANSWER


def _answer(args: argparse.Namespace) -> int:
    if args.command == "window":
        return _window(args)
    terminal.check_stdout()
    _stop_when_told()
    command = importlib.import_module(f"reproviewer.commands.{args.command}")
    return int(command.main(args))


def _window(args: argparse.Namespace) -> int:
    if args.version:
        terminal.emit(f"reproviewer {__version__}\n")
        return terminal.IDENTICAL
    from reproviewer import app

    return app.main(args.files)


def _stop_when_told() -> None:
    """End as by Ctrl+C when the process is asked to go, so that workers and folders go with it.

    Once it ends, it is not disturbed again; and what it was told to ignore (`nohup`), it ignores.
    """

    def stop(number: int, frame: FrameType | None) -> None:
        for one in ends:
            signal.signal(one, signal.SIG_IGN)
        raise KeyboardInterrupt(number)

    ends = [one for one in _ENDS if signal.getsignal(one) is not signal.SIG_IGN]
    if threading.current_thread() is threading.main_thread():
        for one in ends:
            signal.signal(one, stop)


def _write_what_can_be_written() -> None:
    """A terminal that lacks a sign shows a question mark in its place."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            with contextlib.suppress(ValueError, OSError):
                stream.reconfigure(errors="replace")


def _why(error: OSError | MemoryError) -> str:
    if isinstance(error, MemoryError):
        return "There is not enough memory."
    where = f"{error.filename}: " if error.filename else ""
    return f"{where}{error.strerror or error}"


if __name__ == "__main__":
    sys.exit(main())
