"""Files larger than the memory that there is: compared, listed and drawn in blocks, and stopped between two of them."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from reproviewer.core import summary
from reproviewer.core.distance_histogram import distance_histogram
from reproviewer.core.histogram import common_bins, histogram
from reproviewer.core.scatter import scatter
from reproviewer.core.slices import plane_of
from reproviewer.core.summary import Stopped
from reproviewer.core.weights import Tensor

SIDE = 8192
NBYTES = SIDE * SIDE * 4
CHANGED = 5000, 123
FEW_MIB = 110
"""Above what the program and its libraries take, far below what one of the two files would."""

MEASURE = """
import resource, subprocess, sys
status = subprocess.run(sys.argv[1:]).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024, file=sys.stderr)
sys.exit(status)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two arrays that take no room on the disk and differ in one element."""
    folder = tmp_path_factory.mktemp("large")
    for name in "ab":
        with (folder / f"{name}.npy").open("wb") as file:
            header = {"descr": "<f4", "fortran_order": False, "shape": (SIDE, SIDE)}
            np.lib.format.write_array_header_1_0(file, header)
            file.truncate(file.tell() + NBYTES)
            if name == "b":
                file.seek((CHANGED[0] * SIDE + CHANGED[1]) * 4, 1)
                file.write(np.float32(1.5).tobytes())
    return folder


def pair(folder):
    """The two as tensors."""
    paths = (Path(folder) / f"{name}.npy" for name in "ab")
    return [Tensor("w", "float32", (SIDE, SIDE), str(p), p.stat().st_size - NBYTES) for p in paths]


def draw_picture(a, b, cancelled):
    plane = plane_of(b.shape, ())
    found = summary.picture(b, plane, plane.region, (400, 400), cancelled)
    assert found.tally.high == 1.5


def draw_difference(a, b, cancelled):
    plane = plane_of(a.shape, ())
    found = summary.difference(a, b, plane, plane.region, (400, 400), cancelled)
    assert found.differing == found.differs.sum() == 1


def draw_histogram(a, b, cancelled):
    bins = common_bins([summary.Tally(0.0, 1.5, SIDE * SIDE)], False)
    assert histogram(b, plane_of(b.shape, ()), bins, cancelled).sum() == SIDE * SIDE


def draw_distances(a, b, cancelled):
    assert distance_histogram(a, b, cancelled).unequal == 1


def draw_scatter(a, b, cancelled):
    assert scatter(a, b, cancelled).unequal == 1


DRAWN = {work.__name__: work for work in (draw_picture, draw_difference, draw_histogram, draw_distances, draw_scatter)}


def peak_mib(*command):
    """What a command printed, its status, and the most memory that it or a process of it took at once.

    It is asked of a small parent, whose own peak a child inherits.
    """
    done = subprocess.run([sys.executable, "-I", "-S", "-c", MEASURE, *command], capture_output=True, text=True)
    return done.stdout, done.returncode, int(done.stderr.splitlines()[-1])


def test_the_commands_take_little_memory(folder):
    program, files = [sys.executable, "-m", "reproviewer"], [str(folder / f"{name}.npy") for name in "ab"]
    text, status, peak = peak_mib(*program, "compare", *files)
    assert status == 1
    assert f"1 of {SIDE * SIDE:,} weights differs, at a[{CHANGED[0]}, {CHANGED[1]}]" in text
    assert peak < FEW_MIB
    text, status, peak = peak_mib(*program, "inspect", files[0])
    assert (status, f"({SIDE}, {SIDE})" in text) == (0, True)
    assert peak < FEW_MIB


@pytest.mark.parametrize("name", DRAWN)
def test_a_plot_takes_little_memory(folder, name):
    _, status, peak = peak_mib(sys.executable, __file__, name, str(folder))
    assert status == 0
    assert peak < FEW_MIB


@pytest.mark.parametrize("name", DRAWN)
def test_a_plot_stops_between_two_blocks(folder, name):
    answers = iter([False, False, True])
    with pytest.raises(Stopped):
        DRAWN[name](*pair(folder), lambda: next(answers))


if __name__ == "__main__":
    DRAWN[sys.argv[1]](*pair(sys.argv[2]), lambda: False)
