"""What is no weight file, or is not called what it is."""

import os
import shutil

import numpy as np
import pytest


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it is empty"),
        (b"just some text\n" * 20, "no known kind"),
        (b"\x00", "no known kind"),
        (bytes(10_000), "no known kind"),
        (b"\x80\x04\x95\x00\x00", "is a pickle, which can run code"),
        (b"\x93NUMPY\x01\x00", "the header of `x` is malformed"),
        (b"PK\x03\x04", "damaged zip file"),
        (np.random.default_rng(1).bytes(5000), "no known kind"),
        (b"\x89HDF\r\n\x1a\n", "damaged"),
        (b"\x89HDF\r\n\x1a\n" + bytes(3000), "damaged"),
        (b"\x89HDF\r\n\x1a\n" + np.random.default_rng(1).bytes(3000), "damaged"),
    ],
)
def test_not_a_weight_file(tmp_path, refused, content, words):
    path = tmp_path / "x.h5"
    path.write_bytes(content)
    refused(path, words)


def test_not_there(tmp_path, refused):
    refused(tmp_path / "x.h5", "x.h5 cannot be read: there is no such file.")
    refused(tmp_path / "no" / "folder" / "x.h5", "there is no such file")


def test_a_folder_without_weights(tmp_path, refused):
    (tmp_path / "x.weights.h5").mkdir()
    refused(tmp_path / "x.weights.h5", "a folder without a checkpoint")


def test_a_fifo_does_not_block(tmp_path, refused):
    os.mkfifo(tmp_path / "x.weights.h5")
    refused(tmp_path / "x.weights.h5", "not a regular file", dies=True)


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/null", "/dev/stdin"])
def test_devices(refused, path):
    refused(path, "not a regular file", dies=True)


def test_what_it_may_not_read(tmp_path, refused):
    path = tmp_path / "x.h5"
    path.write_bytes(b"secret")
    path.chmod(0)
    if os.geteuid():
        refused(path, "Permission denied")
    else:
        refused(path, "no known kind")


@pytest.mark.parametrize(
    "name", ["weights", "x.weights.h5", "x.npz", "x.safetensors", "ä ö.한글", "a\nb", "-rf", "x" * 250]
)
def test_names_do_not_count(data, tmp_path, read, name):
    shutil.copy(data / "k2_test.h5", tmp_path / name)
    contents = read(tmp_path / name)
    assert contents.format == "legacy-h5"
    assert contents.source == tmp_path / name


def test_a_name_that_is_not_text(data, tmp_path, read):
    path = tmp_path / os.fsdecode(b"\xff\xfe.h5")
    shutil.copy(data / "k2_test.h5", path)
    assert read(path).source == path


def test_a_relative_path_stays_good(data, tmp_path, read, monkeypatch):
    shutil.copy(data / "k2_test.h5", tmp_path / "a.h5")
    monkeypatch.chdir(tmp_path)
    assert {t.path for t in read("a.h5").weights.tensors} == {str(tmp_path / "a.h5")}


def test_a_name_too_long(tmp_path, scratch):
    from reproviewer import files
    from reproviewer.core.message import ReproError

    with pytest.raises(ReproError, match="cannot be read"):
        files.read(tmp_path / ("x" * 5000), scratch)
    with pytest.raises(ReproError, match="cannot be read"):
        files.read(tmp_path / "x\0y", scratch)
