import json

import pytest

from reproviewer import resources
from reproviewer.core.catalog import check, shipped
from reproviewer.core.experiment import Experiment, Seeding, dumps, loads
from reproviewer.core.keras_text import parse

PATHS = sorted((resources.folder() / "examples").glob("*.json"))
DENSE = "Dense(5, input_dim=1)"


def example(number: int) -> Experiment:
    (path,) = (resources.folder() / "examples").glob(f"{number}-*.json")
    return loads(path.read_text(encoding="utf-8"))


def seeded_by(experiment: Experiment) -> list[tuple[str, int]]:
    return [(call.function, call.seed) for call in experiment.seeding.calls]


def test_they_are_numbered_from_one() -> None:
    numbers = [int(path.name.split("-")[0]) for path in PATHS]
    assert numbers == list(range(1, len(PATHS) + 1))
    assert len(PATHS) >= 6


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_each_is_whole(path) -> None:
    text = path.read_text(encoding="utf-8")
    experiment = loads(text)
    assert dumps(experiment) == text
    assert json.loads(text)["schema"] == "reproviewer/experiment-1"
    assert experiment.title
    assert 2 <= experiment.notes.count(". ") + experiment.notes.endswith(".") <= 3
    assert experiment.model or experiment.draws


@pytest.mark.parametrize("flavour", ["keras", "tf_keras"])
@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_each_model_can_be_built_by_either_keras(path, flavour) -> None:
    parsed = parse(loads(path.read_text(encoding="utf-8")).model)
    assert parsed.problems == ()
    assert check(parsed, shipped(flavour)) == ()


def test_the_numbers_of_python_and_numpy() -> None:
    python, numpy = example(1), example(2)
    assert (python.model, numpy.model) == ("", "")
    assert [draw.call for draw in (*python.draws, *numpy.draws)] == ["random.random", "numpy.random.random"]
    assert seeded_by(python) == [("random.seed", 1)]
    assert seeded_by(numpy) == [("numpy.random.seed", 1)]


def test_the_weights_of_one_layer() -> None:
    assert {example(number).model for number in (3, 4, 5, 6)} == {DENSE}
    assert example(3).seeding == Seeding()
    assert seeded_by(example(4)) == [("tf.random.set_seed", 1)]
    assert seeded_by(example(5)) == [("keras.utils.set_random_seed", 1)]


def test_what_depends_on_the_version_is_not_promised() -> None:
    assert not any(character.isdigit() for character in example(4).notes.replace("(1)", ""))


def test_saving_and_loading_names_the_files() -> None:
    for name in ("test.h5", "your_dir/record_weight"):
        assert name in example(6).notes
