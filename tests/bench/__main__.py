"""`make bench`: the program and its rivals side by side, as a table. `python tests/bench P1 P4`: only those.

No part of `make test`: figures need a quiet machine. Exit status 1 when a goal is not met.
"""

import importlib
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
HEADS = ("", "what", "ours", "rival", "ratio", "goal", "", "the rival")


def main(wanted: list[str]) -> int:
    """Measure what is wanted, or everything."""
    sys.path.insert(0, str(HERE.parents[1]))
    results, failures = [], []
    for number, measure in _measures().items():
        if wanted and number.upper() not in {w.upper() for w in wanted}:
            continue
        print(f"{number.upper()} ...", flush=True, file=sys.stderr)
        try:
            found = measure()
            results += found if isinstance(found, tuple) else [found]
        except Exception as error:
            failures.append(f"{number.upper()} could not be measured: {error}")
    print(f"\n{_machine()}\n", _table(results), *failures, sep="\n")
    return 0 if not failures and all(result.met for result in results) else 1


def _measures():
    """All functions `p1`, `p2`, ... of the modules `bench_*`, by number."""
    found = {}
    for path in HERE.glob("bench_*.py"):
        module = importlib.import_module(path.stem)
        found |= {name: getattr(module, name) for name in dir(module) if re.fullmatch(r"p\d+", name)}
    return dict(sorted(found.items(), key=lambda item: int(item[0][1:])))


def _cells(result) -> tuple[str, ...]:
    ratio = result.ours / result.rival
    return (
        result.number,
        result.what,
        f"{result.ours:.3g} {result.unit}",
        f"{result.rival:.3g} {result.unit}",
        f"{ratio:.2f} x" if ratio > 0.3 else f"1/{1 / ratio:.1f} x",
        result.goal,
        "met" if result.met else "NOT MET",
        result.rival_is,
    )


def _table(results) -> str:
    rows = [HEADS, *map(_cells, results)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(cell.ljust(n) for cell, n in zip(row, widths, strict=True)).rstrip() for row in rows)


def _machine() -> str:
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    screen = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or "offscreen"
    python, load = sys.version.split()[0], os.getloadavg()[0]
    return f"{os.cpu_count()} cores, {memory_gib:.0f} GiB, Python {python}, screen {screen}, load {load:.1f}"


def _on_a_screen() -> None:
    """Without a display start again under xvfb-run, or have Qt paint off screen."""
    if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or os.environ.get("QT_QPA_PLATFORM"):
        return
    if xvfb := shutil.which("xvfb-run"):
        os.execv(xvfb, [xvfb, "-a", "-s", "-screen 0 1920x1200x24", sys.executable, *sys.argv])
    os.environ["QT_QPA_PLATFORM"] = "offscreen"


if __name__ == "__main__":
    _on_a_screen()
    with tempfile.TemporaryDirectory() as home:
        os.environ["XDG_CONFIG_HOME"] = home
        status = main(sys.argv[1:])
    sys.exit(status)
