"""The folders of runs: swept when their owner is dead, left alone while it lives."""

import os
import time

from reproviewer.engine.folders import FRESH_SECONDS, LOCK, PREFIX, RunFolder, sweep


def test_a_folder_goes_with_its_owner(tmp_path):
    folder = RunFolder(tmp_path)
    (folder.request(1) / "run-1.bin").write_bytes(b"x")
    folder.close()
    assert not list(tmp_path.iterdir())


def test_only_the_folders_of_the_dead_are_swept(tmp_path):
    living = RunFolder(tmp_path)
    dead = tmp_path / f"{PREFIX}dead"
    dead.mkdir()
    (dead / LOCK).touch()
    (dead / "run-1.bin").write_bytes(b"x")
    being_made, abandoned = tmp_path / f"{PREFIX}new", tmp_path / f"{PREFIX}old"
    being_made.mkdir()
    abandoned.mkdir()
    long_ago = time.time() - 2 * FRESH_SECONDS
    os.utime(abandoned, (long_ago, long_ago))
    sweep(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted([living.path, being_made])
    living.close()
