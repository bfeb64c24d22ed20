"""A file that changes on disk after it was opened: an error in words, never a mix of old and new."""

import os
import shutil

import numpy as np
import pytest

from reproviewer.core.compare import compare
from reproviewer.core.verdict import Verdict
from reproviewer.core.weights import ChangedOnDisk, open_tensor, read_values

SIZE = 1000


def write(path, value):
    np.savez(path, kernel=np.full(SIZE, value, np.float32))
    return path


def replaced(path, tmp_path):
    os.replace(write(tmp_path / "new.npz", 2), path)


def overwritten(path, tmp_path):
    with open(path, "r+b") as file:
        file.seek(-500, 2)
        file.write(b"\1")
    os.utime(path, ns=(1, 1))


def shortened(path, tmp_path):
    os.truncate(path, 200)


def lengthened(path, tmp_path):
    with open(path, "ab") as file:
        file.write(b"more")


@pytest.mark.parametrize("change", [replaced, overwritten, shortened, lengthened])
def test_a_changed_file_is_not_read(tmp_path, read, change):
    path = write(tmp_path / "model.npz", 1)
    weights, same = read(path).weights, read(shutil.copy(path, tmp_path / "same.npz")).weights
    assert compare(weights, same).verdict is Verdict.IDENTICAL
    change(path, tmp_path)
    for work in (
        lambda: compare(weights, same),
        lambda: compare(same, weights),
        lambda: read_values(weights.tensors[0]),
    ):
        with pytest.raises(ChangedOnDisk, match=r"^model\.npz has changed on disk since it was opened; reload it\.$"):
            work()


def test_a_change_while_it_is_read_is_noticed_at_the_end(tmp_path, read):
    path = write(tmp_path / "model.npz", 1)
    reading = open_tensor(read(path).weights.tensors[0])
    reader = reading.__enter__()
    assert (reader.elements(0, SIZE // 2) == 1).all()
    overwritten(path, tmp_path)
    assert reader.elements(SIZE // 2, SIZE // 2).size == SIZE // 2
    with pytest.raises(ChangedOnDisk):
        reading.__exit__(None, None, None)


def test_all_files_that_were_read_are_known(tmp_path, read, data):
    path = write(tmp_path / "model.npz", 1)
    assert list(read(path).stamps) == [str(path)]
    folder = shutil.copytree(data / "k2_ckpt_dir", tmp_path / "checkpoint")
    found = read(folder / "record_weight.index")
    names = sorted(os.path.basename(path) for path in found.stamps)
    assert names == ["record_weight.data-00000-of-00001", "record_weight.index"]
    np.savez_compressed(tmp_path / "packed.npz", kernel=np.zeros(SIZE))
    packed = read(tmp_path / "packed.npz")
    assert list(packed.stamps) == [str(tmp_path / "packed.npz")]
    assert packed.weights.tensors[0].stamp is None
