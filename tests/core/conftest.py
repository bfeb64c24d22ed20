"""Arrays as tensors in files."""

import numpy as np
import pytest

from reproviewer.core.weights import Tensor, WeightSet, storage_dtype


class Shelf:
    """Writes arrays into files of a folder, each at an odd offset."""

    def __init__(self, folder):
        self.folder = folder
        self.count = 0

    def tensor(self, array, name="dense/kernel", dtype=None, **more):
        """A tensor with the bytes of `array`."""
        self.count += 1
        path = self.folder / f"{self.count}.bin"
        array = np.asarray(array)
        dtype = dtype or array.dtype.name
        data = array.astype(array.dtype.newbyteorder("<")).tobytes()
        path.write_bytes(b"junk!" + data + b"more")
        assert len(data) == array.size * storage_dtype(dtype).itemsize
        return Tensor(name, dtype, array.shape, str(path), 5, **more)

    def weights(self, **arrays):
        """A weight set of named arrays."""
        return WeightSet(tuple(self.tensor(array, name) for name, array in arrays.items()))


@pytest.fixture
def shelf(tmp_path):
    return Shelf(tmp_path)
