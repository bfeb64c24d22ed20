"""What stands in for `subprocess` where many files are read: children that are forks of this process.

A fork is a process of its own, with its own limits and its own death, and runs the same script. What it spares is the
start of an interpreter and of the libraries, which takes longer than most files.
"""

import gc
import multiprocessing
import os
import runpy
import sys
import tempfile
import traceback
from subprocess import DEVNULL, PIPE, TimeoutExpired

__all__ = ["DEVNULL", "PIPE", "Popen", "TimeoutExpired"]

_exit = os._exit
_CONTEXT = multiprocessing.get_context("fork")


class Popen:
    """A child process that runs the script of `python [-X] script arguments`; it gives what it writes in the end."""

    def __init__(self, command, *, env, **_more):
        self._command, self._said, self.returncode = command, None, None
        self._files = [tempfile.TemporaryFile() for _ in range(2)]  # noqa: SIM115
        self._process = _CONTEXT.Process(target=_run, args=(command, env, *(file.fileno() for file in self._files)))
        self._process.start()

    def communicate(self, timeout=None):
        """Wait for its end; return what it wrote to stdout and to stderr."""
        self._process.join(timeout)
        self.returncode = self._process.exitcode
        if self.returncode is None:
            raise TimeoutExpired(self._command, timeout)
        if self._said is None:
            self._said = tuple(os.pread(file.fileno(), 1 << 30, 0) for file in self._files)
            for file in self._files:
                file.close()
        return self._said

    def kill(self):
        self._process.kill()


def _run(command, env, *outputs):
    """In the child: be what a new interpreter would be."""
    try:
        gc.freeze()
        for stream, fd in zip((0, 1, 2), (os.open(os.devnull, os.O_RDONLY), *outputs), strict=True):
            os.dup2(fd, stream)
        os.closerange(3, 4096)
        sys.stdout, sys.stderr = (os.fdopen(fd, "w", closefd=False) for fd in (1, 2))
        sys.dont_write_bytecode = "-B" in command
        os.environ.clear()
        os.environ.update(env)
        sys.argv = command[next(i for i, part in enumerate(command) if i and not part.startswith("-")) :]
        runpy.run_path(sys.argv[0], run_name="__main__")
        status = 0
    except SystemExit as error:
        status = error.code if isinstance(error.code, int) else error.code is not None
    except BaseException:
        traceback.print_exc()
        status = 1
    sys.stdout.flush()
    sys.stderr.flush()
    _exit(status)
