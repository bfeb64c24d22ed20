"""The script of an experiment repeats it: same digests as the program's own runs, same answer."""

import ast
import subprocess
import sys
from dataclasses import replace

import pytest

from reproviewer.core.experiment import DRAW_CALLS, Draw, Environment, Experiment, SeedCall, Seeding
from reproviewer.core.message import ReproError
from reproviewer.core.script import as_python
from reproviewer.core.weights import digest
from reproviewer.engine.events import RunFinished

SEEDED = Seeding((SeedCall("keras.utils.set_random_seed", 7),))
MODEL = "\n".join(
    [
        "Dense(5, input_dim=4, kernel_initializer=HeNormal(), bias_regularizer=L2(0.1))",
        "Dropout(0.5)",
        "BatchNormalization()",
        "Reshape((5, 1))",
        "Bidirectional(LSTM(3))",
        'Dense(2, activation="relu", kernel_constraint=NonNeg())',
    ]
)


def digests_of(engine, experiment):
    return [
        digest(event.weights.only("weight", "draw"))
        for event in engine.run(experiment)
        if isinstance(event, RunFinished)
    ]


def printed(experiment, tmp_path):
    script = tmp_path / "again.py"
    script.write_text(as_python(experiment), encoding="utf-8")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True, cwd=tmp_path)
    *runs, verdict = [line for line in done.stdout.splitlines() if line]
    return [line.split()[-1] for line in runs], verdict


@pytest.mark.parametrize(
    "experiment",
    [
        Experiment(MODEL, tuple(Draw(call, 3) for call in DRAW_CALLS if "rng" not in call), SEEDED),
        Experiment(MODEL, seeding=Seeding(SEEDED.calls, "once"), runs=3),
        Experiment(MODEL, seeding=SEEDED, environment=Environment("tf_keras")),
        Experiment("Dense(5, input_dim=1)", seeding=SEEDED, environment=Environment(process="fresh")),
    ],
    ids=["each, with draws", "once", "Keras 2", "fresh"],
)
def test_script_prints_the_digests_of_the_programs_own_runs(engine, experiment, tmp_path):
    own = digests_of(engine, experiment)
    assert len(own) == experiment.runs
    assert printed(experiment, tmp_path) == (own, "identical" if len(set(own)) == 1 else "different")


def test_draws_alone_need_no_keras(tmp_path):
    experiment = Experiment(draws=(Draw("random.random"),), seeding=Seeding((SeedCall("random.seed", 1),)))
    text = as_python(experiment)
    assert "keras" not in text
    assert "tensorflow" not in text
    digests, verdict = printed(experiment, tmp_path)
    assert len(set(digests)) == 1
    assert verdict == "identical"


def test_unseeded_draws_differ(tmp_path):
    assert printed(Experiment(draws=(Draw("numpy.random.default_rng", 4),)), tmp_path)[1] == "different"


def test_layers_stay_as_written():
    text = as_python(Experiment("Dense(5, input_dim=1, kernel_initializer=GlorotUniform(seed=7))"))
    assert "Dense(5, input_dim=1, kernel_initializer=initializers.GlorotUniform(seed=7))" in text
    assert "def seed" not in text


def test_one_run_has_no_verdict():
    assert "identical" not in as_python(Experiment("Dense(5, input_dim=1)", runs=1))


@pytest.mark.parametrize("title", ['"""', "a\nimport os; os.abort()", "\\", "\u2028print(1)", "\x00"])
def test_a_title_cannot_leave_its_comment(title):
    tree = ast.parse(as_python(replace(Experiment("Dense(1, input_dim=1)"), title=title, notes=title)))
    assert not any(isinstance(node, ast.Expr) and not isinstance(node.value, ast.Call) for node in tree.body)
    assert "abort" not in ast.unparse(tree)


def test_a_mistake_in_the_model_is_said():
    with pytest.raises(ReproError):
        as_python(Experiment("Dense(5"))


@pytest.mark.parametrize("model", ["", "# only a comment", "[]"])
def test_nothing_is_not_repeated(model):
    with pytest.raises(ReproError, match="nothing to repeat"):
        as_python(Experiment(model))


def test_what_is_no_seed_is_not_left_out():
    with pytest.raises(ReproError, match="marked"):
        as_python(Experiment("Dense(5)", seeding=Seeding((SeedCall("random.seed", 9, "99999999999"),))))
