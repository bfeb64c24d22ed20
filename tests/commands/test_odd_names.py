"""Tensors may be called whatever UTF-8 can write; what a screen cannot show is escaped there, and there only."""

import csv
import io
import json
import os
import shutil
import subprocess
import sys

import h5py
import numpy as np
import pytest
from safetensors.numpy import save_file

from reproviewer import files
from reproviewer.cli import main
from reproviewer.core.known import Findings
from reproviewer.core.session import Item, Session, add
from reproviewer.core.tensor_list import tensor_list

FAMILY, PERSIAN = "👨\u200d👩\u200d👧/kernel", "\u0646\u06cc\u200c\u0645"
INVISIBLE = [FAMILY, PERSIAN, "zero\u200bwidth", "no\u00a0break", "rtl\u202eltr"]
NAMES = [*INVISIBLE, "a\ttab", "two\nlines", "\x1b[2J\x1b[31mred"]
SHOWN = "\\x1b[2J\\x1b[31mred"


@pytest.fixture(params=["npz", "safetensors", "h5"])
def pair(tmp_path, request):
    """Two files of one format whose tensors have odd names, and differ."""
    paths = [tmp_path / f"{name}.{request.param}" for name in "ab"]
    for number, path in enumerate(paths):
        arrays = {name: np.full(2, i + number, "f4") for i, name in enumerate(NAMES)}
        if request.param == "npz":
            np.savez(path, **arrays)
        elif request.param == "safetensors":
            save_file(arrays, path)
        else:
            with h5py.File(path, "w") as file:
                for name, array in arrays.items():
                    file[name] = array
    return paths


def test_names_are_read_as_they_are(pair, capsys):
    assert main(["inspect", str(pair[0]), "--json"]) == 0
    assert {t["name"] for t in json.loads(capsys.readouterr().out)["tensors"]} == set(NAMES)


def test_names_survive_a_conversion(pair, tmp_path, capsys):
    assert main(["convert", str(pair[0]), str(tmp_path / "c.npz")]) == 0
    assert main(["convert", str(tmp_path / "c.npz"), str(tmp_path / "d.safetensors")]) == 0
    assert main(["compare", str(pair[0]), str(tmp_path / "d.safetensors")]) == 0
    assert set(np.load(tmp_path / "c.npz").files) == set(NAMES)


def test_a_terminal_gets_no_control_codes(pair, tmp_path, capsys):
    html, table = tmp_path / "r.html", tmp_path / "r.csv"
    assert main(["compare", *map(str, pair), "--report", str(html), "--report", str(table)]) == 1
    assert main(["inspect", str(pair[0])]) == 0
    out = capsys.readouterr().out
    assert SHOWN in out
    for text in (out, html.read_text(encoding="utf-8")):
        assert all(sign.isprintable() or sign == "\n" for sign in text)
    assert SHOWN in html.read_text(encoding="utf-8")
    rows = list(csv.DictReader(io.StringIO(table.read_text(encoding="utf-8"), newline="")))
    assert {row["tensor"] for row in rows} == set(NAMES)


def test_the_window_lists_what_can_be_shown(pair, tmp_path):
    weights = files.read(pair[0], tmp_path / "scratch").weights
    listed = tensor_list(add(Session(), Item("a", "file", "a", weights)), Findings())
    assert {row.name for row in listed.rows} == set(NAMES)
    assert SHOWN in {row.label for row in listed.rows}
    assert all(row.label.isprintable() for row in listed.rows)
    assert all(node.label.isprintable() for node in listed.tree)


@pytest.mark.skipif(not os.path.exists("/dev/fd") or not shutil.which("bash"), reason="needs a shell with pipes")
def test_a_pipe_of_the_shell_is_no_regular_file(tmp_path):
    np.savez(tmp_path / "a.npz", w=np.ones(2))
    line = f"{sys.executable} -m reproviewer inspect <(cat {tmp_path / 'a.npz'})"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith(" cannot be read: it is not a regular file.\n")
