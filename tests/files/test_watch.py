"""The watch over the reader sees what it is there for."""

import pytest

from reproviewer import files
from tests.files import watch

MISDEEDS = {
    "opens a file": ("open(r'{canary}').close()", "opened: .*canary"),
    "opens it unseen by Python": ("import h5py; h5py.h5f.open(rb'{canary}', h5py.h5f.ACC_RDONLY)", "opened: .*canary"),
    "opens a file of the system": ("open('/etc/passwd').close()", "done: .*open '/etc/passwd'"),
    "lists a folder": ("os.listdir('/etc')", "done: .*os.listdir '/etc'"),
    "takes memory": ("bytearray(b'x') * (watch.MEMORY + (20 << 20))", "too much memory in the child"),
    "takes time": ("import time\nwhile time.process_time() < 1: pass", "too slow"),
    "starts a process": ("os.posix_spawn('/bin/true', ['true'], {{}}); os.wait()", "done: .*os.posix_spawn"),
    "leaves a process": ("os.fork() or (os.close(1), os.close(2), time.sleep(9), end(0))", "a process is left"),
    "calls": ("import socket; socket.socket().connect_ex(('127.0.0.1', 9))", "done: .*socket.connect"),
    "writes beside the file": ("open(path + '.new', 'w').close()", "a file has changed"),
    "unpickles": ("pickle.loads(b'cos\\nsystem\\n.')", "done: .*pickle.find_class"),
    "imports": ("sys.path.append(r'{folder}'); import anything", "opened: .*anything"),
}


@pytest.fixture
def unsound(tmp_path):
    (tmp_path / "anything.py").write_text("")
    (tmp_path / "x.h5").write_text("no weights")
    return tmp_path / "x.h5"


@pytest.mark.skipif(not watch.IS_LINUX, reason="only Linux tells")
@pytest.mark.parametrize("readers", ["forked_readers", "real_readers"])
@pytest.mark.parametrize("name", MISDEEDS)
def test_a_child_that_does_more_than_read(tmp_path, unsound, canary, refused, monkeypatch, request, name, readers):
    code, words = MISDEEDS[name]
    request.getfixturevalue(readers)
    monkeypatch.setenv("MISBEHAVE", code.format(canary=canary, folder=tmp_path))
    monkeypatch.setattr(watch, "SECONDS", 0.9)
    with pytest.raises(AssertionError, match=words):
        refused(unsound)


def test_a_reader_that_takes_memory(unsound, refused, monkeypatch):
    real = files.read
    monkeypatch.setattr(files, "read", lambda *args: bytearray(b"x") * (watch.MEMORY + (20 << 20)) and real(*args))
    with pytest.raises(AssertionError, match="too much memory here"):
        refused(unsound)
