"""What makes saving fail: a full disk, a folder that nobody may write to, a process that is killed."""

import contextlib
import ctypes
import os
import resource
import signal
import struct
import sys

_DAC_OVERRIDE, _VERSION = 1 << 1, 0x20080522


@contextlib.contextmanager
def full_disk(*processes):
    """Let this process, or others, write next to nothing into any file: the system refuses it like a full disk."""
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    for process in processes or [0]:
        resource.prlimit(process, resource.RLIMIT_FSIZE, (100, unlimited[1]))
    try:
        yield
    finally:
        for process in processes or [0]:
            with contextlib.suppress(ProcessLookupError):
                resource.prlimit(process, resource.RLIMIT_FSIZE, unlimited)


@contextlib.contextmanager
def read_only(folder):
    """Let nobody write to a folder, root included."""
    folder.chmod(0o500)
    try:
        with as_anybody():
            yield
    finally:
        folder.chmod(0o700)


@contextlib.contextmanager
def as_anybody():
    """Take from this thread the right of root to write everywhere."""
    if os.geteuid() or not sys.platform.startswith("linux"):
        yield
        return
    libc = ctypes.CDLL(None, use_errno=True)
    who, rights = ctypes.create_string_buffer(struct.pack("Ii", _VERSION, 0)), ctypes.create_string_buffer(24)

    def call(act, data):
        assert act(who, data) == 0, os.strerror(ctypes.get_errno())

    call(libc.capget, rights)
    fewer = bytearray(rights.raw)
    effective = struct.unpack_from("I", fewer)[0]
    struct.pack_into("I", fewer, 0, effective & ~_DAC_OVERRIDE)
    call(libc.capset, ctypes.create_string_buffer(bytes(fewer), 24))
    try:
        yield
    finally:
        call(libc.capset, rights)


def die(*_):
    """End this process as if it had lost its power."""
    os.kill(os.getpid(), signal.SIGKILL)
