"""The folders of runs: swept when their owner is dead, left alone while it lives. What is given back is used again."""

import os
import time

import pytest

from reproviewer.engine.folders import LARGE, PREFIX, SPARE_BYTES, RunFolder
from reproviewer.files.scratch import FRESH_SECONDS, LOCK, sweep


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
    sweep(tmp_path, PREFIX)
    assert sorted(tmp_path.iterdir()) == sorted([living.path, being_made])
    living.close()


@pytest.fixture
def folder(tmp_path):
    folder = RunFolder(tmp_path)
    yield folder
    folder.close()


def made(folder, *sizes):
    """Data files of these sizes, which take no room on the disk."""
    paths = [folder.path / f"run-{number}.bin" for number in range(1, len(sizes) + 1)]
    for path, size in zip(paths, sizes, strict=True):
        path.touch()
        os.truncate(path, size)
    return paths


def test_only_large_files_are_kept_to_be_written_over(folder):
    for path in made(folder, LARGE - 1, LARGE):
        folder.give_back(path)
        folder.give_back(path)
        assert not path.exists()
    with folder.spares() as spares:
        assert [path.stat().st_size for path in spares] == [LARGE]
        with folder.spares() as others:
            assert not others
    assert [path.name for path in folder.path.iterdir()] == [LOCK]


def test_what_is_kept_has_a_limit(folder):
    for path in made(folder, LARGE, SPARE_BYTES - LARGE, LARGE):
        folder.give_back(path)
    with folder.spares() as spares:
        assert sum(path.stat().st_size for path in spares) == SPARE_BYTES
