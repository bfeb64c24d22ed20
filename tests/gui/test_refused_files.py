"""What the window neither reads nor writes over: pipes, devices, and the files of its own shelf."""

import os

import numpy as np
import pytest
from PySide6.QtWidgets import QFileDialog


@pytest.fixture
def said(desk):
    sentences = []
    desk.controller.said.connect(lambda sentence: sentences.append(str(sentence)))
    return sentences


def test_an_experiment_in_a_pipe_is_not_waited_for(desk, said, tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "pipe.json")
    before = desk.session
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *a, **k: ([str(tmp_path / "pipe.json")], ""))
    desk.window.actions_.open_experiment.trigger()
    assert len(said) == 1
    assert said[0].endswith("pipe.json is not an experiment: it is not a regular file.")
    assert desk.session == before


@pytest.mark.parametrize("action", ["export_png", "export_svg", "export_csv", "export_report", "save_experiment"])
def test_an_export_never_replaces_a_file_of_the_shelf(desk, said, tmp_path, monkeypatch, action):
    suffix = {"export_report": "html", "save_experiment": "json"}.get(action, action[-3:])
    weights, target = tmp_path / "weights", tmp_path / f"out.{suffix}"
    np.savez(tmp_path / "b.npz", w=np.zeros(3))
    with weights.open("wb") as file:
        np.savez_compressed(file, w=np.ones(3))
    target.symlink_to(weights)
    before = weights.read_bytes()
    desk.controller.files.open([weights, tmp_path / "b.npz"])
    desk.wait(lambda: len(desk.state.cards) == 2 and desk.state.verdict.face == "done")
    said.clear()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *a, **k: (str(target), ""))
    getattr(desk.window.actions_, action).trigger()
    desk.wait(lambda: bool(said))
    assert said == [f"out.{suffix} was not saved: something is read from that very file; choose another name."]
    assert weights.read_bytes() == before
