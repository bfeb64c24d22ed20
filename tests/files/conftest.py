"""Files written by the real libraries, and helpers around `files.read`."""

import json
import subprocess
import sys
import time
from pathlib import Path

import h5py
import numpy as np
import pytest

from reproviewer import files
from reproviewer.core.message import ReproError
from reproviewer.core.weights import Tensor, WeightSet, tensor_sha256
from reproviewer.files import child, reader
from reproviewer.files.contents import quoted
from tests.files import watch

HERE = Path(__file__).parent


@pytest.fixture(autouse=True)
def _many_readings(forked_readers):
    """In all tests of this folder but those that ask for `real_readers`."""


@pytest.fixture(scope="session")
def data():
    """The files written by Keras 2 years ago."""
    return HERE / "data"


@pytest.fixture(scope="session")
def samples(written):
    """A folder of files written by Keras 3, Keras 2 and TensorFlow; `samples.json` tells what they hold."""
    return written(HERE / "make_samples.py")


@pytest.fixture(scope="session")
def told(samples):
    return json.loads((samples / "samples.json").read_text())


@pytest.fixture
def scratch(tmp_path):
    return tmp_path / "scratch"


@pytest.fixture
def read(scratch):
    return lambda path: files.read(Path(path), scratch)


CANARY = "the canary sings"
"""What no file that is to be read holds; it must not be met in what is told about one."""


@pytest.fixture
def refused(scratch, tmp_path, monkeypatch):
    """Read a file that cannot be read: one line that names it comes within limits, and nothing else is done."""

    def refuse(path, *words, dies=False):
        scratch.mkdir(exist_ok=True)
        with monkeypatch.context() as patch, watch.watched(path, tmp_path, scratch, dies):
            patch.setattr(child, "__file__", watch.CHILD)
            with pytest.raises(ReproError) as caught:
                files.read(Path(path), scratch)
        assert list(scratch.iterdir()) == []
        return one_line(caught.value, path, *words)

    return refuse


@pytest.fixture
def accepted(scratch, tmp_path, monkeypatch):
    """Read a file that is odd and yet sound, within the same limits."""

    def accept(path):
        scratch.mkdir(exist_ok=True)
        with monkeypatch.context() as patch, watch.watched(path, tmp_path, scratch):
            patch.setattr(child, "__file__", watch.CHILD)
            contents = files.read(Path(path), scratch)
        return contents

    return accept


@pytest.fixture
def answer(tmp_path):
    """What the child process would answer, in this process, which is quicker; within the same limits."""

    def ask(path):
        start = time.process_time()
        with watch.opened_files(tmp_path, tmp_path) as opened, watch.own_peak() as taken:
            found = child.answer(path, tmp_path / "unpacked.bin")
        assert time.process_time() - start < watch.SECONDS
        assert taken[0] < watch.MEMORY
        assert opened <= watch.own_files(path) | {str(tmp_path / "unpacked.bin")}
        return one_line(reader._error(found["error"]), path)

    return ask


def one_line(error, path, *words):
    """The text of an error, which says why `path` cannot be read in one line, with these words."""
    text = str(error)
    assert text.startswith(f"{quoted(Path(path).name)} cannot be read: ")
    assert text.isprintable()
    assert len(text) < 500
    assert CANARY not in text
    for word in words:
        assert word in text
    return text


@pytest.fixture
def canary(tmp_path):
    """A file that nothing may read: an HDF5 file with weights that spell a secret."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    with h5py.File(folder / "canary.weights.h5", "w") as root:
        root["layers/dense/vars/0"] = np.frombuffer(CANARY.encode(), "u1")
    return folder / "canary.weights.h5"


MEASURE = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


@pytest.fixture
def peak_memory(tmp_path):
    """Bytes of memory that reading a file takes at most; asked of a small parent, whose own peak the child inherits."""

    def measure(path):
        reading = [sys.executable, "-P", child.__file__, str(path), str(tmp_path / "measured.bin"), "20"]
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", MEASURE, *reading], capture_output=True, text=True, check=True
        )
        return int(done.stdout) * 1024

    return measure


@pytest.fixture
def facts():
    """Dtype, shape and sha256 of tensors, to compare with what was told about a file."""

    def collect(weights):
        return [{"dtype": t.dtype, "shape": list(t.shape), "sha256": tensor_sha256(t)} for t in weights.tensors]

    return collect


@pytest.fixture
def weight_set(tmp_path):
    """Tensors from arrays, lying in a file as a worker would leave them."""

    def make(arrays, dtypes=(), aliases=()):
        path = tmp_path / "run.bin"
        tensors = []
        with path.open("ab") as file:
            for name, array in arrays.items():
                dtype = dict(dtypes).get(name, array.dtype.name)
                extra = dict(aliases).get(name, ())
                tensors.append(Tensor(name, dtype, array.shape, str(path), file.tell(), aliases=extra))
                file.write(array.tobytes())
        return WeightSet(tuple(tensors))

    return make
