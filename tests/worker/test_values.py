"""All or nothing: what a failed assignment leaves in the model."""

import importlib.util
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

WORKER = Path(__file__).parents[2] / "reproviewer" / "worker"


@pytest.fixture
def values(monkeypatch):
    spec = importlib.util.spec_from_file_location(
        "worker_under_test", WORKER / "__init__.py", submodule_search_locations=[str(WORKER)]
    )
    package = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "worker_under_test", package)
    return importlib.import_module("worker_under_test.values")


class Variable:
    dtype = np.dtype("float32")

    def __init__(self, *numbers):
        self._array = np.float32(numbers)

    def value(self):
        return self._array

    def assign(self, array):
        self._array = np.array(array)


def window(path, offset):
    return {"name": "w", "dtype": "float32", "shape": [2], "path": str(path), "offset": offset}


def test_a_failure_in_the_middle_puts_everything_back(values, tmp_path):
    file = tmp_path / "run-1.bin"
    file.write_bytes(np.float32([1, 2, 3]).tobytes())
    model = SimpleNamespace(weights=[Variable(7, 8), Variable(9, 9)], variables=[])
    stack = SimpleNamespace(np=np)
    with pytest.raises(Exception, match=r"run-1\.bin has become shorter\."):
        values.assign(stack, model, [window(file, 0), window(file, 8)])
    assert [v.value().tolist() for v in model.weights] == [[7, 8], [9, 9]]
    values.assign(stack, model, [window(file, 0), window(file, 4)])
    assert [v.value().tolist() for v in model.weights] == [[1, 2], [2, 3]]
