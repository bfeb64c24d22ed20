"""The wheel, installed away from the checkout, has all that the program needs."""

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    out = tmp_path_factory.mktemp("wheel")
    _run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, ROOT)
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """The `bin` of an environment with the wheel in it; what the wheel depends on is borrowed from ours."""
    home = tmp_path_factory.mktemp("installed")
    venv.create(home, with_pip=False)
    python = home / "bin" / "python"
    site = Path(_run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    _run(sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index", wheel)
    # A plain path in a .pth file: its own .pth files, and with them an editable install, are not read.
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return home / "bin"


def test_holds_the_package_and_the_resources_and_nothing_else(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert {n.split("/")[0] for n in names if ".dist-info/" not in n} == {"reproviewer"}
    packed = {n.removeprefix("reproviewer/") for n in names if n.startswith("reproviewer/resources/")}
    assert packed == {str(p.relative_to(ROOT)) for p in (ROOT / "resources").rglob("*") if p.is_file()}


def test_runs_away_from_the_checkout(installed, tmp_path):
    code = "import reproviewer.resources as r; print(r.folder()); r.path('examples'); r.path('themes/window.qss')"
    folder = Path(_run(installed / "python", "-c", code, cwd=tmp_path).strip())
    assert folder.is_relative_to(installed.parent)
    assert list(folder.glob("examples/*.json"))


def test_has_its_commands(installed, tmp_path):
    assert "compare" in _run(installed / "reproviewer", "--help", cwd=tmp_path)
    assert "compare" in _run(installed / "python", "-m", "reproviewer", "--help", cwd=tmp_path)
    assert (installed / "reproviewer-window").exists()


def _run(*command, cwd=None):
    env = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run([str(c) for c in command], cwd=cwd, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
