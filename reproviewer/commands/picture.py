"""`reproviewer picture`: what the window would show, into a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from reproviewer.commands import builds, terminal
from reproviewer.core.experiment import load
from reproviewer.core.message import ReproError, one_line
from reproviewer.core.session import Item
from reproviewer.files import read
from reproviewer.files.save import check_target
from reproviewer.files.scratch import scratch_folder

if TYPE_CHECKING:
    import argparse

    from reproviewer.core.verdict_view import VerdictView


def main(args: argparse.Namespace) -> int:
    """Draw; returns the exit status of the verdict that the picture shows.

    One run or file alone has no verdict, but its picture is what was asked for. Where there are no weights there is no
    picture either: that is no answer.
    """
    out = Path(args.output)
    if out.suffix.lower() not in (".png", ".svg"):
        raise ReproError("A picture is a .png or a .svg file, not {file}.", file=out.name)
    terminal.check_folder(out)
    paths = [Path(name) for name in args.files]
    experiments = [path for path in paths if _is_experiment(path)]
    if experiments and len(paths) > 1:
        raise ReproError("An experiment is drawn alone; {file} is one.", file=experiments[0])
    shown = _draw_experiment(paths[0], out) if experiments else _draw_files(paths, out)
    _tell(shown, out)
    return terminal.IDENTICAL if shown.verdict is None else terminal.status_of(shown.verdict)


def _tell(shown: VerdictView, out: Path) -> None:
    facts = shown.facts or shown.headline
    lines = [terminal.headline(shown.verdict, facts) if shown.verdict else f"{facts}\n"]
    lines += [f"  {shown.reason}\n"] if shown.reason else []
    terminal.emit("".join([*lines, f"  Picture: {out}\n"]))


def _is_experiment(path: Path) -> bool:
    """Keras' own weights in several files end in `.weights.json`, safetensors in `.index.json`."""
    name = path.name.lower()
    return name.endswith(".json") and not name.endswith((".weights.json", ".index.json"))


def _draw_experiment(path: Path, out: Path) -> VerdictView:
    from reproviewer.engine import Engine

    experiment = load(path)
    check_target(out, [path])
    with Engine() as engine:
        runs = builds.build(engine, experiment)
        items = [Item(f"run-{r.number}", "run", f"Run {r.number}", r.weights, r.record) for r in runs]
        from reproviewer.gui.picture import render_items

        return render_items(items, out, experiment)


def _draw_files(paths: list[Path], out: Path) -> VerdictView:
    with scratch_folder() as scratch:
        contents = [read(path, scratch) for path in paths]
        check_target(out, [path for content in contents for path in content.stamps])
        items = [
            Item(f"file-{i}", "file", one_line(path.name), content.weights, path=str(path))
            for i, (path, content) in enumerate(zip(paths, contents, strict=True))
        ]
        from reproviewer.gui.picture import render_items

        return render_items(items, out)
