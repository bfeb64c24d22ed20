"""Run files are written over spare ones, and over nothing that is read."""

import os

import numpy as np
import pytest

from reproviewer.core.experiment import Experiment, SeedCall, Seeding
from reproviewer.core.weights import digest, open_tensor, read_bits, read_run_file
from reproviewer.worker import runfile
from reproviewer.worker.protocol import Mistake
from reproviewer.worker.tensors import Entry


def entries(*arrays):
    return [Entry(f"w{i}", a.dtype.name, "weight", a, ()) for i, a in enumerate(arrays)]


def write(folder, number, *arrays, spares=()):
    request = {"folder": str(folder), "spares": [str(path) for path in spares]}
    weights, _ = read_run_file(folder / runfile.write(np, request, number, entries(*arrays), {}))
    return weights.tensors


@pytest.fixture
def spare(tmp_path):
    path = tmp_path / "spare-1.bin"
    path.write_bytes(b"\xff" * 10_000)
    return path


def test_a_spare_file_becomes_the_run(tmp_path, spare):
    place = spare.stat().st_ino
    small, empty, large = np.arange(3, dtype="f4"), np.empty((0, 2), "f4"), np.arange(300, dtype="f8")
    tensors = write(tmp_path, 1, small, large, empty, spares=[spare])
    assert [read_bits(t).tobytes() for t in tensors] == [small.tobytes(), large.tobytes(), b""]
    data = tmp_path / "run-1.bin"
    assert (data.stat().st_ino, data.stat().st_size) == (place, 64 + large.nbytes + 32)
    assert not spare.exists()


def test_a_run_may_be_larger_than_the_spare(tmp_path, spare):
    (tensor,) = write(tmp_path, 1, np.arange(10_000), spares=[spare])
    assert np.array_equal(read_bits(tensor), np.arange(10_000))


def test_every_spare_is_taken_once(tmp_path, spare):
    taken = [write(tmp_path, number, np.full(5, number), spares=[spare])[0] for number in (1, 2)]
    assert [read_bits(t)[0] for t in taken] == [1, 2]
    assert taken[0].path != taken[1].path


def test_a_file_that_is_being_read_is_not_written_over(tmp_path):
    (old,) = write(tmp_path, 1, np.full(1000, 7))
    spare = tmp_path / "spare-1.bin"
    with open_tensor(old) as reader:
        os.replace(old.path, spare)
        (new,) = write(tmp_path, 2, np.full(1000, 8), spares=[spare])
        assert set(reader.elements(0, 1000)) == {7}
    assert set(read_bits(new)) == {8}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run-1.json", "run-2.bin", "run-2.json"]


def test_a_run_that_cannot_be_written_leaves_nothing(tmp_path, spare):
    (tmp_path / "run-1.json").mkdir()
    with pytest.raises(Mistake, match=r"Run 1 cannot be written: Is a directory\."):
        write(tmp_path, 1, np.arange(3), spares=[spare])
    assert [path.name for path in tmp_path.iterdir()] == ["run-1.json"]


def test_a_run_takes_the_place_of_a_forgotten_one(engine, ask):
    seeding = Seeding((SeedCall("keras.utils.set_random_seed", 1),))
    experiment = Experiment("Dense(4096, input_dim=4096, use_bias=False)", seeding=seeding, runs=1)
    (first,) = ask(engine.run(experiment)).runs
    place, bits = os.stat(first.weights.tensors[0].path).st_ino, digest(first.weights)
    engine.forget(first.index)
    assert not list(first.index.parent.iterdir())
    second, third = ask(engine.run(Experiment(experiment.model, seeding=seeding))).runs
    assert os.stat(second.weights.tensors[0].path).st_ino == place
    assert digest(second.weights) == digest(third.weights) == bits
    for run in (second, third):
        engine.forget(run.index)
    ask(engine.run(Experiment("Dense(1, input_dim=1)", runs=1)))
    assert not list(first.index.parent.parent.glob("spare-*"))
