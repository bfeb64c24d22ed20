"""The story of the program, told by keys, mouse and dialogs to a real window with real TensorFlow."""

import os
import signal

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QFileDialog, QPushButton

from reproviewer.core.experiment import Experiment
from reproviewer.core.verdict import Verdict
from reproviewer.core.weights import read_values
from reproviewer.engine import Engine
from reproviewer.gui.shelf import CardButton

FIRST_SEEDED_KERNEL = [-0.48200035, 0.7248938, 0.87680125, -0.3135233, -0.93707347]


def press(desk, button):
    desk.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def verdict_button(desk):
    return desk.window.verdict.findChild(QPushButton, "verdict-action")


def kernel(desk, position=0):
    return read_values(desk.session.items[position].weights.tensors[0])


def test_build_unseeded_seed_save_change_load(desk, tmp_path, monkeypatch):
    assert desk.state.verdict.face == "empty"
    unseeded = desk.build()
    assert unseeded.verdict is Verdict.DIFFERENT
    assert "5 of 10" in str(unseeded.facts)
    assert "dense/kernel[0, 0]" in str(unseeded.facts)
    assert unseeded.reason is not None
    assert unseeded.action == "set-seed"

    press(desk, verdict_button(desk))
    desk.wait_done()
    assert desk.state.verdict.verdict is Verdict.IDENTICAL
    np.testing.assert_array_equal(kernel(desk)[0], np.float32(FIRST_SEEDED_KERNEL))

    target = tmp_path / "test.h5"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *a, **k: (str(target), ""))
    desk.window.actions_.save_weights.trigger()
    desk.wait(lambda: not desk.state.busy)
    assert target.is_file()

    desk.controller.desk.undo()
    assert desk.state.experiment.seeding.calls == ()
    assert desk.build().verdict is Verdict.DIFFERENT

    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *a, **k: ([str(target)], ""))
    desk.window.actions_.load_weights.trigger()
    desk.wait(lambda: desk.state.busy)
    desk.wait_done()
    verdict = desk.state.verdict
    assert verdict.verdict is Verdict.IDENTICAL
    assert "Before the load: different, after: identical" in str(verdict.facts)
    by_kind = {card.kind: card.verdict for card in desk.state.cards if card.kind != "run"}
    assert by_kind == {"file": None, "before": Verdict.DIFFERENT, "after": Verdict.IDENTICAL}


@pytest.mark.parametrize("name", ["a.weights.h5", "test.h5", "your_dir/record_weight", "a.npz", "a.safetensors"])
def test_every_format_comes_back_to_the_bit(desk, tmp_path, monkeypatch, name):
    desk.build()
    saved = kernel(desk).copy()
    target = tmp_path / name
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *a, **k: (str(target), ""))
    desk.window.actions_.save_weights.trigger()
    desk.wait(lambda: not desk.state.busy)
    opened = target.with_name(target.name + ".index") if "record" in name else target
    desk.controller.files.load(opened)
    desk.wait(lambda: any(card.kind == "after" for card in desk.state.cards))
    desk.wait_done()
    assert desk.state.verdict.verdict is Verdict.IDENTICAL
    after = next(item for item in desk.session.items if item.kind == "after")
    np.testing.assert_array_equal(read_values(after.weights.tensors[0]), saved)


def test_a_file_that_does_not_fit_says_which_tensor_and_changes_nothing(desk, tmp_path):
    desk.build()
    before = desk.session
    path = tmp_path / "other.npz"
    np.savez(path, **{"dense/kernel": np.zeros((1, 5), "f4"), "dense/bias": np.zeros(6, "f4")})
    desk.controller.files.load(path)
    desk.wait_face("failed")
    assert "dense/bias" in str(desk.state.verdict.facts)
    assert desk.session == before


def test_a_dropped_file_is_compared_with_the_runs(desk, tmp_path):
    desk.build()
    path = tmp_path / "weights.npz"
    tensors = desk.session.items[0].weights.tensors
    np.savez(path, **{t.name: read_values(t) for t in tensors})
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    drop = QDropEvent(
        QPointF(10, 10),
        Qt.DropAction.CopyAction,
        mime,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    desk.window.dropEvent(drop)
    desk.wait(lambda: len(desk.state.cards) == 3)
    desk.wait_done()
    assert [card.verdict for card in desk.state.cards] == [None, Verdict.DIFFERENT, Verdict.IDENTICAL]


def test_a_build_asked_for_while_tensorflow_loads_waits_and_says_so(open_desk, tmp_path):
    with Engine(tmp_path / "cold") as cold:
        desk = open_desk(own_engine=cold)
        desk.qtbot.keyClick(desk.window, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
        assert desk.state.verdict.face == "waiting"
        desk.wait_done()
        assert desk.state.verdict.verdict is Verdict.DIFFERENT
        desk.window.close()


def test_escape_stops_a_build_and_the_runs_so_far_stay(desk):
    from dataclasses import replace

    desk.controller.desk.edit(replace(desk.state.experiment, runs=1000))
    desk.qtbot.keyClick(desk.window, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    desk.wait(lambda: len(desk.state.cards) >= 3)
    desk.qtbot.keyClick(desk.window, Qt.Key.Key_Escape)
    desk.wait_done()
    finished = len(desk.state.cards)
    assert 3 <= finished < 1000
    assert desk.state.verdict.verdict is Verdict.DIFFERENT
    desk.controller.desk.edit(replace(desk.state.experiment, runs=2))
    assert desk.build().verdict is Verdict.DIFFERENT
    assert len(desk.state.cards) == 2


def test_undo_brings_the_old_shelf_back(desk):
    desk.build()
    first = [card.id for card in desk.state.cards]
    desk.build()
    second = [card.id for card in desk.state.cards]
    assert not set(first) & set(second)
    desk.window.actions_.undo.trigger()
    assert [card.id for card in desk.state.cards] == first
    desk.window.actions_.redo.trigger()
    assert [card.id for card in desk.state.cards] == second


def example(number):
    from reproviewer.gui.chores import examples

    return examples()[number - 1]


@pytest.mark.parametrize(
    ("number", "verdict"),
    [
        (1, Verdict.IDENTICAL),
        (2, Verdict.IDENTICAL),
        (3, Verdict.DIFFERENT),
        (4, Verdict.DIFFERENT),
        (5, Verdict.IDENTICAL),
    ],
)
def test_the_examples_give_the_verdicts_that_were_measured(desk, number, verdict):
    desk.controller.use_example(example(number))
    desk.wait_ready()
    assert desk.build().verdict is verdict


def test_the_first_draws_are_the_numbers_that_python_and_numpy_are_known_for(desk):
    for number, value in ((1, 0.13436424411240122), (2, 0.417022004702574)):
        desk.controller.use_example(example(number))
        desk.wait_ready()
        desk.build()
        assert kernel(desk).tolist() == [value]
        assert kernel(desk, 1).tolist() == [value]


def test_a_call_that_governs_nothing_here_is_found_out_by_trying(desk):
    desk.controller.use_example(example(4))
    desk.wait_ready()
    desk.build()
    desk.wait(lambda: desk.state.verdict.reason is not None)
    assert "tf.random.set_seed does not govern initial weights in Keras 3" in str(desk.state.verdict.reason)
    assert desk.state.verdict.action == "use-set-random-seed"
    press(desk, verdict_button(desk))
    desk.wait_done()
    assert desk.state.verdict.verdict is Verdict.IDENTICAL


def test_seeding_once_before_two_builds_is_named_as_the_reason(desk):
    from dataclasses import replace

    from reproviewer.core.experiment import SeedCall, Seeding

    once = Seeding((SeedCall("keras.utils.set_random_seed", 1),), "once")
    desk.controller.desk.edit(replace(desk.state.experiment, seeding=once))
    assert desk.build().verdict is Verdict.DIFFERENT
    desk.wait(lambda: desk.state.verdict.action == "seed-each")
    press(desk, verdict_button(desk))
    desk.wait_done()
    assert desk.state.verdict.verdict is Verdict.IDENTICAL


def test_what_is_done_to_the_shelf_while_runs_arrive_is_one_step_with_their_build(desk, tmp_path):
    from dataclasses import replace

    desk.build()
    before = [card.id for card in desk.state.cards]
    desk.controller.desk.edit(replace(desk.state.experiment, runs=40))
    desk.controller.build()
    desk.wait(lambda: len(desk.state.cards) >= 3)
    gone = desk.state.cards[1].id
    desk.controller.desk.remove(gone)
    desk.controller.files.save(desk.state.cards[0].id, tmp_path / "no.npz")
    desk.controller.use_example(example(1))
    desk.wait_done()
    assert len(desk.state.cards) == 39
    assert gone not in [card.id for card in desk.state.cards]
    assert desk.state.experiment.model == "Dense(5, input_dim=1)"
    assert not (tmp_path / "no.npz").exists()
    desk.controller.desk.undo()
    assert [card.id for card in desk.state.cards] == before


def test_a_model_without_weights_is_not_called_identical(open_desk):
    from reproviewer.core.experiment import Experiment

    desk = open_desk(Experiment("Flatten(input_shape=(2, 2))"))
    desk.wait_ready()
    assert desk.build().verdict is None
    assert "no weights" in str(desk.state.verdict.facts)
    cards = desk.window.findChildren(CardButton)
    assert [card.text().splitlines()[1] for card in cards if card.card] == ["no weights"] * 2
    assert not any("sha256" in card.toolTip() for card in cards)


MIXED = "Input((4, 2))\nBidirectional(LSTM(3, return_sequences=True))\nBatchNormalization()\nLSTM(2)\nDense(2)"


@pytest.mark.parametrize("first", ["m.weights.h5", "m.safetensors"])
def test_a_file_without_order_is_saved_in_the_order_of_the_model(open_desk, tmp_path, first):
    from reproviewer.core.experiment import Experiment

    desk = open_desk(Experiment(MIXED))
    desk.wait_ready()
    desk.build()
    desk.controller.files.save(desk.state.cards[0].id, tmp_path / first)
    desk.wait(lambda: not desk.state.busy)
    desk.controller.files.load(tmp_path / first)
    desk.wait(lambda: any(card.kind == "after" for card in desk.state.cards))
    desk.wait_done()
    file = next(card for card in desk.state.cards if card.kind == "file")
    assert file.is_reference
    assert desk.state.cards[0] == file
    assert {row.label for row in desk.state.tensors.rows} >= {"dense/kernel", "batch_normalization/gamma"}
    for name in ("again.h5", "folder/again"):
        desk.controller.files.save(file.id, tmp_path / name)
        desk.wait(lambda: not desk.state.busy)
        assert desk.state.verdict.face == "done", desk.state.verdict.facts
        desk.controller.files.load((tmp_path / name).with_suffix(".index" if "folder" in name else ".h5"))
        desk.wait(lambda: desk.state.busy)
        desk.wait_done()
        assert desk.state.verdict.verdict is Verdict.IDENTICAL
        file = next(card for card in desk.state.cards if card.is_reference)
        after = next(item for item in desk.session.items if item.kind == "after")
        run = next(item for item in desk.session.items if item.kind == "run")
        for a, b in zip(run.weights.only("weight").tensors, after.weights.only("weight").tensors, strict=True):
            np.testing.assert_array_equal(read_values(a), read_values(b))


def test_files_that_cannot_be_read_are_not_forgotten_for_one_that_can(desk, tmp_path):
    (tmp_path / "garbage.h5").write_bytes(b"garbage")
    np.savez(tmp_path / "good.npz", a=np.zeros(3))
    desk.controller.files.open([tmp_path / "garbage.h5", tmp_path / "good.npz"])
    desk.wait(lambda: len(desk.state.cards) == 1)
    desk.wait_face("failed")
    assert "garbage.h5" in str(desk.state.verdict.facts)
    desk.qtbot.keyClick(desk.window, Qt.Key.Key_Escape)
    assert desk.state.verdict.face == "single"


def test_a_name_that_a_suffix_was_added_to_is_asked_about(desk, tmp_path, monkeypatch):
    from PySide6.QtWidgets import QMessageBox

    desk.build()
    (tmp_path / "mine.npz").write_bytes(b"precious")
    chosen = (str(tmp_path / "mine"), "NumPy arrays (*.npz)")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *a, **k: chosen)
    monkeypatch.setattr(QMessageBox, "question", lambda *a, **k: QMessageBox.StandardButton.No)
    desk.window.actions_.save_weights.trigger()
    assert not desk.state.busy
    assert (tmp_path / "mine.npz").read_bytes() == b"precious"
    monkeypatch.setattr(QMessageBox, "question", lambda *a, **k: QMessageBox.StandardButton.Yes)
    desk.window.actions_.save_weights.trigger()
    desk.wait(lambda: not desk.state.busy)
    assert (tmp_path / "mine.npz").read_bytes() != b"precious"


def _kill_worker(desk):
    engine = desk.controller._engine
    worker = engine._slots[next(iter(engine._slots))].worker
    os.kill(worker._process.pid, signal.SIGKILL)
    assert worker.wait(20)


def _build_that_waits(desk):
    desk.controller.build()
    assert desk.state.phase == "starting"
    assert str(desk.state.engine) == "Loading TensorFlow…"
    assert desk.state.verdict.face == "waiting"
    desk.wait_face("running")
    assert desk.state.phase == "ready"
    desk.wait(lambda: len(desk.session.items) > 0)


def test_a_worker_that_was_killed_is_not_ready(open_desk, tmp_path):
    """Killed while it waits, and in the middle of a build."""
    with Engine(tmp_path) as engine:
        desk = open_desk(Experiment("Dense(5, input_dim=1)", runs=200), own_engine=engine)
        desk.wait_ready()
        _kill_worker(desk)
        _build_that_waits(desk)
        _kill_worker(desk)
        desk.wait_face("failed")
        assert "SIGKILL" in str(desk.state.verdict.facts)
        assert desk.state.phase == "starting"
        _build_that_waits(desk)
        desk.controller.stop()
        desk.wait(lambda: not desk.state.busy)
        assert desk.state.phase == "starting"
        desk.wait(lambda: desk.state.phase == "ready")
