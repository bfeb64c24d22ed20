"""The child process: what its death, silence and nonsense read like, and what it must not import."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import h5py
import numpy as np
import pytest

from reproviewer import files
from reproviewer.core.message import ReproError
from reproviewer.files import child, reader

pytestmark = pytest.mark.usefixtures("real_readers")
HOME = Path(files.__file__).parents[2]
on_linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere the child reads to its end")


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("import os; os.kill(os.getpid(), 11)", "the process that read it crashed with SIGSEGV"),
        ("import os; os.abort()", "the process that read it crashed with SIGABRT"),
        ("raise SystemExit(3)", "the process that read it ended with status 3"),
        ("raise MemoryError", "it needs too much memory"),
        ("print('rubbish')", "the process that read it ended with status 0"),
        ("while True: pass", "it took longer than 1 second"),
        ("import time; time.sleep(9)", "it took longer than 1 second"),
    ],
)
def test_a_child_that_dies(tmp_path, scratch, monkeypatch, script, words):
    fake = tmp_path / "fake.py"
    fake.write_text(script)
    monkeypatch.setattr(child, "__file__", str(fake))
    monkeypatch.setattr(reader, "SECONDS", 1)
    (tmp_path / "x.h5").write_bytes(b"")
    with pytest.raises(ReproError, match=rf"^x\.h5 cannot be read: {words}"):
        files.read(tmp_path / "x.h5", scratch)


def test_no_python_at_all(tmp_path, scratch, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(ReproError, match=r"x\.h5 cannot be read: no process could be started for it"):
        files.read(tmp_path / "x.h5", scratch)


def test_the_message_keeps_its_parts_for_translation(tmp_path, scratch):
    with pytest.raises(ReproError) as caught:
        files.read(tmp_path / "x.h5", scratch)
    assert caught.value.message.template == "{file} cannot be read: {why}."
    assert dict(caught.value.message.args)["why"].template == "there is no such file"


def test_nothing_in_the_working_folder_is_imported(tmp_path, data, read, monkeypatch):
    for name in ("h5py", "numpy", "json", "npz", "hdf5"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported')")
    monkeypatch.chdir(tmp_path)
    assert len(read(data / "k2_test.h5").weights.tensors) == 2


def imported(code):
    script = f"{code}\nimport sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=HOME)
    return set(done.stdout.split())


def test_neither_qt_nor_tensorflow_nor_the_libraries_are_imported(data, tmp_path):
    modules = imported("import reproviewer.files, reproviewer.files.save, reproviewer.files.formats")
    for name in ("PySide6", "tensorflow", "keras", "h5py", "safetensors", "ml_dtypes", "reproviewer.gui"):
        assert name not in modules


@pytest.mark.parametrize(("kind", "wanted"), [("k2_test.h5", "h5py"), ("k2_ckpt_dir", None)])
def test_a_library_is_imported_only_for_its_files(data, tmp_path, kind, wanted):
    modules = imported(
        "from pathlib import Path; from reproviewer.files.registry import read_index\n"
        f"read_index(Path({str(data / kind)!r}), Path({str(tmp_path / 'x.bin')!r}))"
    )
    for name in ("h5py", "safetensors", "ml_dtypes", "tensorflow", "PySide6"):
        assert (name in modules) == (name == wanted)


def test_the_child_has_limits(tmp_path):
    script = (
        "from reproviewer.files import child; import resource; child.limit(7, 0)\n"
        "print(resource.getrlimit(resource.RLIMIT_CPU)[0], resource.getrlimit(resource.RLIMIT_CORE)[0])\n"
        "try: bytearray(2 << 30)\nexcept MemoryError: print('limited')"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=HOME)
    assert done.stdout.split() == ["7", "0", "limited"]


def test_many_at_once(data, scratch):
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: files.read(data / "k2_test.h5", scratch), range(8)))
    assert all(f.weights == found[0].weights for f in found)


def test_several_are_read_side_by_side(data, scratch, tmp_path):
    paths = [data / "k2_test.h5", data / "k2_ckpt_dir", data / "k2_test.h5"]
    calls = []
    found = files.read_all(paths, scratch, meanwhile=lambda: calls.append(1))
    assert [f.format for f in found] == [files.read(path, scratch).format for path in paths]
    assert calls == [1]
    assert [f.weights for f in files.read_all(paths[:1], scratch)] == [found[0].weights]
    assert files.read_all([], scratch) == []


def test_the_first_that_cannot_be_read_is_named_and_nothing_is_left_running(data, scratch, tmp_path, monkeypatch):
    fake = tmp_path / "fake.py"
    fake.write_text("import sys, time\nif 'bad' in sys.argv[1]: raise SystemExit(3)\ntime.sleep(60)")
    monkeypatch.setattr(child, "__file__", str(fake))
    started = []
    popen = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", lambda *args, **more: started.append(popen(*args, **more)) or started[-1])
    with pytest.raises(ReproError, match=r"^bad\.h5 cannot be read: .* status 3"):
        files.read_all([tmp_path / "bad.h5", tmp_path / "slow.h5", tmp_path / "bad_too.h5"], scratch)
    assert len(started) == 2
    assert all(process.returncode is not None for process in started)
    assert not list(scratch.iterdir())


def running(path):
    """The processes that have been given this file."""
    found = set()
    for line in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            found |= {int(line.parent.name)} if os.fsencode(path) in line.read_bytes() else set()
    return found


def until(condition, seconds):
    """Whether it comes true in time."""
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()


@on_linux
@pytest.mark.parametrize("wait", [0, 0.02, 0.5])
def test_nobody_goes_on_reading_for_a_dead_program(tmp_path, wait):
    """The file takes seconds: it is unpacked, byte by byte."""
    slow = tmp_path / "slow.h5"
    with h5py.File(slow, "w") as file:
        numbers = np.tile(np.arange(6, dtype="u1"), 12 << 20).reshape(-1, 1 << 20) * 3
        numbers[:, ::7] = np.random.default_rng(1).integers(0, 9, numbers[:, ::7].shape)
        file.create_dataset("w", data=numbers, chunks=(8, 1 << 20), compression="lzf")
    program = [sys.executable, "-m", "reproviewer", "compare", slow, slow]
    with subprocess.Popen(program, cwd=HOME, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as parent:
        assert until(lambda: len(running(slow)) > 1, 20)
        time.sleep(wait)
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        assert until(lambda: not running(slow), 1)


def test_a_file_is_read_for_a_thread_whose_starter_has_ended(data, scratch):
    found = []
    inner = threading.Thread(target=lambda: found.append(files.read(data / "k2_test.h5", scratch)))
    outer = threading.Thread(target=inner.start)
    outer.start()
    outer.join()
    inner.join()
    assert [len(contents.weights.tensors) for contents in found] == [2]


@on_linux
def test_a_child_that_nobody_listens_to_reads_nothing(data, tmp_path):
    hearer, teller = os.pipe()
    os.close(hearer)
    reading = [sys.executable, "-P", child.__file__, data / "k2_test.h5", tmp_path / "x.bin", "9"]
    done = subprocess.run(reading, stdout=teller, stderr=subprocess.PIPE, check=False)
    os.close(teller)
    assert (done.returncode, done.stderr) == (1, b"")
