"""Real models in every format, each file against each: a weight is paired with its own kind or not at all."""

from itertools import product
from pathlib import Path

import pytest

from reproviewer.core.compare import compare
from reproviewer.core.pairing import AMBIGUOUS, EXTRA, MISSING, RULES, pair
from reproviewer.core.verdict import Verdict
from reproviewer.core.weights import Tensor, WeightSet, tensor_sha256
from reproviewer.files.registry import read_index

FLAT = ("dense", "convolution", "nested", "recurrent", "attention", "shared", "named", "halves")
SUBCLASSED = ("subclassed", "beside", "replaced")
MODELS = FLAT + SUBCLASSED


@pytest.fixture(scope="session")
def zoo(written):
    return written(Path(__file__).with_name("make_zoo.py"))


def read(path, scratch):
    """What `files.read` gives, without a process for each of so many files."""
    tensors = [{**t, "shape": tuple(t["shape"])} for t in read_index(path, scratch)["tensors"]]
    return WeightSet(tuple(Tensor(**t) for t in tensors)).only("weight")


@pytest.fixture
def files(zoo, tmp_path):
    def every(model):
        names = sorted(p for p in (zoo / model).glob("*/*") if p.name != "checkpoint" and ".data-" not in p.name)
        return {p.relative_to(zoo / model).as_posix(): read(p, tmp_path / str(i)) for i, p in enumerate(names)}

    return every


def is_settled(model, one, other):
    """Whether both files tell names, or a place for each weight, so that no pair may be left open."""
    tells = {"legacy.h5", "named.npz", "checkpoint.index", "train_checkpoint.index", "x.weights.h5", "exported"}
    kinds = {Path(one).name, Path(other).name}
    is_flat = model == "nested" and "named.npz" in kinds  # Keras 2 does not name models inside of models
    return model in FLAT and kinds <= tells and not (is_flat and "x.weights.h5" in kinds)


@pytest.mark.parametrize("model", MODELS)
def test_a_weight_is_paired_with_its_own_or_said_to_be_ambiguous(files, model):
    sets = files(model)
    assert len(sets) >= 16
    values = {id(t): tensor_sha256(t) for weights in sets.values() for t in weights.tensors}
    first_builds = {name: weights for name, weights in sets.items() if "-1/" in name}
    for (one, a), (other, b) in product(first_builds.items(), sets.items()):
        held = {values[id(t)] for t in b.tensors}
        for p in pair(a, b):
            if p.a is not None and p.b is not None:
                assert p.rule in RULES
                assert values[id(p.a)] == values[id(p.b)], (one, other, p)
            elif p.a is not None and values[id(p.a)] in held:
                assert p.rule == AMBIGUOUS
                assert not is_settled(model, one, other), (one, other, p)


def test_the_verdict_is_never_a_guess(files):
    """Values are the same whatever wrote them, so every verdict is identical but for what could not be paired."""
    sets = {name: weights for name, weights in files("recurrent").items() if "-1/" in name}
    for (one, a), (other, b) in product(sets.items(), repeat=2):
        found = compare(a, b)
        unlike = {t.rule for t in found.tensors if t.verdict is not Verdict.IDENTICAL}
        assert unlike <= {AMBIGUOUS, MISSING, EXTRA}, (one, other)
        assert found.verdict is (Verdict.MISMATCHED if unlike else Verdict.IDENTICAL)
