"""Files written by the real libraries, and helpers around `files.read`."""

import json
import resource
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from reproviewer import files
from reproviewer.core.message import ReproError
from reproviewer.core.weights import Tensor, WeightSet, tensor_sha256
from reproviewer.files import child, reader

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def data():
    """The files written by Keras 2 years ago."""
    return HERE / "data"


@pytest.fixture(scope="session")
def samples(tmp_path_factory):
    """A folder of files written by Keras 3, Keras 2 and TensorFlow; `samples.json` tells what they hold."""
    folder = tmp_path_factory.mktemp("samples")
    done = subprocess.run(
        [sys.executable, HERE / "make_samples.py", folder], capture_output=True, text=True, timeout=110, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return folder


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
def refused(scratch, tmp_path):
    """Read a file that cannot be read; one line that names it comes within two seconds of work, and nothing is left."""

    def refuse(path, *words):
        before = on_disk(tmp_path, scratch)
        start = processor_seconds()
        with pytest.raises(ReproError) as caught:
            files.read(Path(path), scratch)
        assert processor_seconds() - start < 2
        assert on_disk(tmp_path, scratch) == before
        text = str(caught.value)
        assert "\n" not in text
        assert len(text) < 500
        assert text.isprintable()
        assert Path(path).name in text
        assert CANARY not in text
        for word in words:
            assert word in text
        assert list(scratch.iterdir()) == []
        return text

    return refuse


@pytest.fixture
def answer(tmp_path):
    """What the child process would answer, in this process, which is quicker."""

    def ask(path):
        text = str(reader._error(child.answer(path, tmp_path / "unpacked.bin")["error"]))
        assert text.startswith(f"{path.name} cannot be read: ")
        assert text.isprintable()
        assert len(text) < 500
        return text

    return ask


def on_disk(folder, scratch):
    """Every file below a folder, but for the scratch folder: its kind, size and time."""
    found = (p for p in folder.rglob("*") if p != scratch and scratch not in p.parents)
    return {str(p): (p.lstat().st_mode, p.lstat().st_size, p.lstat().st_mtime_ns) for p in found}


@pytest.fixture
def canary(tmp_path):
    """A file that nothing may read: an HDF5 file with weights that spell a secret."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    with h5py.File(folder / "canary.weights.h5", "w") as root:
        root["layers/dense/vars/0"] = np.frombuffer(CANARY.encode(), "u1")
    return folder / "canary.weights.h5"


def processor_seconds():
    """Of the children so far; unlike the clock, it does not count what else the machine does."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


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
