"""What reading a file must not do, seen from outside of the reader: see `watched`."""

import contextlib
import ctypes
import json
import os
import resource
import struct
import sys
from pathlib import Path

SECONDS, MEMORY = 2.0, 300 << 20
CHILD = str(Path(__file__).with_name("watched_child.py"))
IS_LINUX = sys.platform.startswith("linux")
_IN_OPEN, _IN_ISDIR, _IN_Q_OVERFLOW = 0x20, 0x40000000, 0x4000
_PR_SET_CHILD_SUBREAPER = 36
_LISTS = (".json", ".index", ".meta", ".pb", "checkpoint")


@contextlib.contextmanager
def watched(path, folder, scratch, dies=False):
    """Hold what is done within, the reading of `path`, to its limits. A child that `dies`, or is none, tells nothing.

    It takes little of the processor and of memory, here and in the child; leaves no process, and nothing in `scratch`
    but unpacked data; changes nothing in `folder`; and opens no file but those that `path` stands for: within `folder`
    the system tells so, elsewhere the child's own interpreter.
    """
    before, start, running = on_disk(folder, scratch), processor_seconds(), children()
    with opened_files(folder, scratch) as opened, orphans_come_here(), own_peak() as taken:
        yield
    assert processor_seconds() - start < SECONDS, "too slow"
    assert taken[0] < MEMORY, "too much memory here"
    assert children() <= running, "a process is left"
    assert on_disk(folder, scratch) == before, "a file has changed"
    assert not opened - own_files(path), f"opened: {opened}"
    reports = list(scratch.glob("*.watched"))
    assert len(reports) == (not dies), "the child has not told what it did"
    for report in reports:
        told = json.loads(report.read_text())
        report.unlink()
        assert told["peak"] < MEMORY, "too much memory in the child"
        assert not told["broken"], f"done: {told['broken']}"


def on_disk(folder, scratch):
    """Every file below a folder, but for the scratch folder: its kind, size and time."""
    found = (p for p in folder.rglob("*") if p != scratch and scratch not in p.parents)
    return {str(p): (p.lstat().st_mode, p.lstat().st_size, p.lstat().st_mtime_ns) for p in found}


def processor_seconds():
    """Of the children so far; unlike the clock, it does not count what else the machine does."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def own_files(path):
    """The files that may be opened when `path` is read: itself, or those of a folder, a list or a checkpoint."""
    path = Path(os.path.abspath(path))
    if path.is_file() and not path.name.endswith(_LISTS) and ".data-" not in path.name:
        return {os.path.realpath(path)}
    folder = path if path.is_dir() else path.parent
    inside = [*folder.glob("*"), *folder.glob("variables/*")] if path != Path("/") else []
    return {os.path.realpath(p.parent) + os.sep + p.name for p in inside} | {os.path.realpath(path)}


@contextlib.contextmanager
def opened_files(folder, scratch):
    """Yield a set that holds, afterwards, every file below `folder` that any process opened meanwhile."""
    found = set()
    if not IS_LINUX:
        yield found
        return
    libc = ctypes.CDLL(None, use_errno=True)
    fd = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        folders = [folder, *(p for p in folder.rglob("*") if p.is_dir() and not p.is_symlink() and p != scratch)]
        places = {libc.inotify_add_watch(fd, os.fsencode(one), _IN_OPEN): one for one in folders}
        assert -1 not in places, os.strerror(ctypes.get_errno())
        yield found
        found.update(_events(fd, places))
    finally:
        os.close(fd)


def _events(fd, places):
    with contextlib.suppress(BlockingIOError):
        while data := os.read(fd, 1 << 20):
            while data:
                place, mask, _, length = struct.unpack_from("iIII", data)
                name, data = data[16 : 16 + length].rstrip(b"\0"), data[16 + length :]
                assert not mask & _IN_Q_OVERFLOW
                if not mask & _IN_ISDIR:
                    yield os.path.realpath(places[place]) + os.sep + os.fsdecode(name)


@contextlib.contextmanager
def orphans_come_here():
    """Let processes whose parent ends become children of this one, where they are seen."""
    prctl = ctypes.CDLL(None).prctl if IS_LINUX else lambda *_: None
    prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        prctl(_PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


def children():
    """The processes that are children of this one, those included that ended and nobody waited for."""
    tasks = Path("/proc/self/task").glob("*/children") if IS_LINUX else ()
    return {int(pid) for task in tasks for pid in task.read_text().split()}


@contextlib.contextmanager
def own_peak():
    """Yield a list that holds, afterwards, the memory in bytes that this process took meanwhile at most."""
    taken = [0]
    if not IS_LINUX:
        yield taken
        return
    Path("/proc/self/clear_refs").write_text("5")
    before = memory("VmRSS")
    yield taken
    taken[0] = memory("VmHWM") - before


def memory(key):
    """A figure from the system's account of this process, in bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(key)).split()[1]) << 10
