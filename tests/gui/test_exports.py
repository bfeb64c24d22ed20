"""What leaves the window: pictures, tables, scripts, experiment files; and what it remembers."""

import csv
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox

from reproviewer.core.experiment import Experiment, SeedCall, Seeding, dumps, loads
from reproviewer.core.verdict import Criteria, Verdict
from reproviewer.core.weights import digest, read_values
from reproviewer.gui import dialogs
from reproviewer.gui.opening import first_experiment
from reproviewer.gui.settings import Settings
from tests.files import obstacles


def answer(monkeypatch, path):
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *a, **k: (str(path), ""))
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *a, **k: ([str(path)], ""))


def test_plots_are_saved_as_png_and_svg(desk, tmp_path, monkeypatch):
    desk.build()
    desk.wait(lambda: desk.window.plots.area.wait_until_drawn())
    answer(monkeypatch, tmp_path / "plots")
    desk.window.actions_.export_png.trigger()
    image = QImage(str(tmp_path / "plots.png"))
    assert (image.width(), image.height()) == (1600, 900)
    colours = {image.pixel(x, y) for x in range(0, 1600, 7) for y in range(0, 900, 7)}
    assert len(colours) > 3
    desk.window.actions_.export_svg.trigger()
    assert "<svg" in (tmp_path / "plots.svg").read_text()


def test_numbers_are_saved_as_a_table_that_reads_back_to_the_bit(desk, tmp_path, monkeypatch):
    desk.build()
    path = tmp_path / "values.csv"
    answer(monkeypatch, path)
    desk.window.actions_.export_csv.trigger()
    desk.wait(path.exists)
    heading, *rows = list(csv.reader(path.read_text(encoding="utf-8").splitlines()))
    assert heading == ["tensor", "index", "Run 1", "Run 2", "Run 2 - Run 1"]
    assert {row[0] for row in rows} == {"dense/kernel"}
    both = [read_values(item.weights.tensors[0]).ravel() for item in desk.session.items]
    for column, values in enumerate(both, 2):
        np.testing.assert_array_equal(np.float32([row[column] for row in rows]), values)
    apart = both[1].astype(np.float64) - both[0].astype(np.float64)
    np.testing.assert_array_equal(np.float64([row[4] for row in rows]), apart)
    desk.wait(lambda: list(tmp_path.iterdir()) == [path])


def test_a_table_that_cannot_be_written_says_so(desk, tmp_path, monkeypatch):
    desk.build()
    said = []
    desk.controller.said.connect(lambda sentence: said.append(str(sentence)))
    (tmp_path / "file").write_text("old")
    answer(monkeypatch, tmp_path / "file" / "values.csv")
    desk.window.actions_.export_csv.trigger()
    desk.wait(lambda: bool(said))
    assert "values.csv" in said[-1]


def test_a_report_is_saved_as_a_page(desk, tmp_path, monkeypatch):
    assert not desk.window.actions_.export_report.isEnabled()
    desk.build()
    path = tmp_path / "report.html"
    answer(monkeypatch, path)
    assert desk.window.actions_.export_report.isEnabled()
    desk.window.actions_.export_report.trigger()
    desk.wait(path.exists)
    page = path.read_text(encoding="utf-8")
    assert "different" in page
    assert "Run 1" in page
    assert page.count("<img") == 3


def test_a_report_is_not_saved_of_what_is_not_compared_yet(desk, tmp_path, monkeypatch):
    desk.build()
    path = tmp_path / "report.html"

    def choose(*_args, **_options):
        desk.controller.desk.set_criteria(Criteria(with_state=True))
        return str(path), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", choose)
    desk.window.actions_.export_report.trigger()
    assert "All have to be compared first." in desk.window.statusBar().currentMessage()
    desk.wait_done()
    assert not path.exists()


EXPORTS = {
    "export_png": "x.png",
    "export_svg": "x.svg",
    "export_csv": "x.csv",
    "export_report": "x.html",
    "save_experiment": "x.json",
}


@pytest.mark.parametrize("name", EXPORTS)
def test_an_old_file_survives_a_full_disk_and_a_folder_that_is_read_only(desk, tmp_path, monkeypatch, name):
    desk.build()
    desk.wait(lambda: desk.window.plots.area.wait_until_drawn())
    path = tmp_path / "out" / EXPORTS[name]
    path.parent.mkdir()
    path.write_text("old")
    answer(monkeypatch, path)
    monkeypatch.setattr(dialogs, "ask_replace", lambda *_: True)
    said = []
    desk.controller.said.connect(lambda sentence: said.append(str(sentence)))

    def export():
        said.clear()
        getattr(desk.window.actions_, name).trigger()
        desk.wait(lambda: any(path.name in sentence for sentence in said))
        return said[-1]

    with obstacles.full_disk():
        assert export() == f"{path.name} was not saved: the disk is full."
    if name not in ("export_csv", "export_report"):  # these are written by another thread, which keeps root's rights
        with obstacles.read_only(path.parent):
            assert "cannot be written to" in export()
    assert [(p.name, p.read_bytes()) for p in path.parent.iterdir()] == [(path.name, b"old")]
    with path.open() as reader:
        assert export() == f"Saved {path.name}."
        assert reader.read() == "old"
    assert path.read_bytes() != b"old"


def test_the_settings_survive_a_full_disk():
    kept = Settings()
    kept.theme, kept.experiment = "dark", "an experiment" * 100
    kept.save()
    more = Settings()
    more.theme, more.experiment = "light", "another" * 100
    with obstacles.full_disk():
        more.save()
    path = Path(more._store.fileName())
    assert "an experiment" in path.read_text()
    assert "dark" in path.read_text()
    assert [p.name for p in path.parent.iterdir() if p.suffix == ".ini"] == [path.name]


def test_the_copied_script_prints_the_same_digest(desk, tmp_path):
    seeding = Seeding((SeedCall("keras.utils.set_random_seed", 7),))
    desk.controller.desk.edit(replace(desk.state.experiment, seeding=seeding))
    desk.build()
    desk.window.actions_.copy_python.trigger()
    script = tmp_path / "script.py"
    script.write_text(QApplication.clipboard().text(), encoding="utf-8")
    ran = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=100, check=True)
    assert digest(desk.session.items[0].weights) in ran.stdout
    assert "identical" in ran.stdout


def test_an_experiment_is_saved_and_opened_again(desk, tmp_path, monkeypatch):
    experiment = Experiment("Dense(3, input_dim=2)", runs=4, title="Mine")
    desk.controller.desk.edit(experiment)
    answer(monkeypatch, tmp_path / "mine.json")
    desk.window.actions_.save_experiment.trigger()
    assert loads((tmp_path / "mine.json").read_text()) == experiment
    desk.window.actions_.new.trigger()
    assert desk.state.experiment == Experiment()
    desk.window.actions_.open_experiment.trigger()
    assert desk.state.experiment == experiment


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema": "reproviewer/experiment-99"}', '{"seeding": 3}'])
def test_a_bad_experiment_file_is_one_sentence_and_changes_nothing(desk, tmp_path, monkeypatch, text):
    before = desk.session
    said = []
    desk.controller.said.connect(lambda sentence: said.append(str(sentence)))
    (tmp_path / "bad.json").write_text(text)
    answer(monkeypatch, tmp_path / "bad.json")
    desk.window.actions_.open_experiment.trigger()
    assert len(said) == 1
    assert said[0].endswith(".")
    assert desk.session == before


def test_closing_in_the_middle_of_a_build_asks_first(desk):
    desk.controller.desk.edit(replace(desk.state.experiment, runs=300))
    desk.qtbot.keyClick(desk.window, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    desk.window.close()
    assert desk.window.isVisible()
    box = desk.window.findChild(QMessageBox)
    box.button(QMessageBox.StandardButton.Cancel).click()
    desk.controller.stop()
    desk.wait(lambda: not desk.state.busy)
    assert desk.window.isVisible()


def test_the_experiment_of_the_last_session_is_there_again(open_desk):
    desk = open_desk()
    desk.wait_ready()
    mine = Experiment("Dense(7, input_dim=3)", runs=5)
    desk.controller.desk.edit(mine)
    desk.window.close()
    assert first_experiment(Settings().experiment) == mine
    assert first_experiment("").model == "Dense(5, input_dim=1)"
    assert first_experiment(dumps(mine)[:-9]).model == "Dense(5, input_dim=1)"


def test_reference_keep_rename_and_remove_on_the_shelf(desk):
    desk.build()
    second = desk.state.cards[1]
    menu = desk.window.shelf.menu_for(second)
    reference, keep, *_ = [action for action in menu.actions() if not action.isSeparator()]
    reference.trigger()
    desk.wait_done()
    assert [card.is_reference for card in desk.state.cards] == [False, True]
    assert desk.state.verdict.verdict is Verdict.DIFFERENT
    keep.trigger()
    assert desk.state.cards[1].kept
    desk.controller.desk.rename(second.id, "kept one")
    desk.build()
    assert [card.label for card in desk.state.cards] == ["kept one", "Run 1", "Run 2"]
    desk.controller.desk.remove(second.id)
    desk.wait_done()
    assert [card.label for card in desk.state.cards] == ["Run 1", "Run 2"]
    menu.deleteLater()


def test_a_blank_experiment_is_not_copied_as_a_script(open_desk):
    desk = open_desk(Experiment())
    assert not desk.window.actions_.copy_python.isEnabled()
    desk.controller.desk.edit(Experiment("Dense(5)"))
    assert desk.window.actions_.copy_python.isEnabled()


def test_a_bad_seed_is_not_saved_as_the_one_before(desk, tmp_path, monkeypatch):
    seeding = Seeding((SeedCall("random.seed", 9, "99999999999"),))
    desk.controller.desk.edit(replace(desk.state.experiment, seeding=seeding))
    answer(monkeypatch, tmp_path / "mine.json")
    desk.window.actions_.save_experiment.trigger()
    assert not (tmp_path / "mine.json").exists()
    assert "Correct what is marked" in desk.window.statusBar().currentMessage()
