"""Which format a name asks for."""

from pathlib import Path

import pytest

from reproviewer.core.message import ReproError
from reproviewer.files import formats


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("test.h5", "legacy-h5"),
        ("test.hdf5", "legacy-h5"),
        ("a.weights.h5", "keras-weights"),
        ("UP.WEIGHTS.H5", "keras-weights"),
        ("./your_dir/record_weight", "tf-checkpoint"),
        ("record_weight.index", "tf-checkpoint"),
        ("model.ckpt-100", "tf-checkpoint"),
        ("weights.v1.2", "tf-checkpoint"),
        ("a.npz", "npz"),
        ("a.safetensors", "safetensors"),
    ],
)
def test_by_name(name, key):
    assert formats.format_for_name(Path(name)).key == key


@pytest.mark.parametrize("name", ["a.keras", "a.pt", "a.txt", "a.JSON", "a.npy"])
def test_names_of_something_else(name):
    with pytest.raises(ReproError, match=f"{name} cannot be saved: no weight format is called"):
        formats.format_for_name(Path(name))


@pytest.mark.parametrize(
    ("typed", "chosen", "path", "key"),
    [
        ("a", "keras-weights", "a.weights.h5", "keras-weights"),
        ("a.h5", "keras-weights", "a.h5", "legacy-h5"),
        ("a.npz", "safetensors", "a.npz", "npz"),
        ("dir/a", "tf-checkpoint", "dir/a", "tf-checkpoint"),
        ("dir/a.index", "tf-checkpoint", "dir/a", "tf-checkpoint"),
        ("a.keras", "npz", "a.keras.npz", "npz"),
        ("dir/a", None, "dir/a", "tf-checkpoint"),
        ("a.npz", None, "a.npz", "npz"),
    ],
)
def test_what_a_person_means(typed, chosen, path, key):
    form = formats.by_key(chosen) if chosen else None
    assert formats.complete(Path(typed), form) == (Path(path), key)


def test_every_suffix_leads_back_to_its_format():
    for form in formats.FORMATS:
        assert formats.format_for_name(Path(f"name{form.suffix}")) == form
        assert form.pattern == f"*{form.suffix}"
