"""The window's door: starts Qt and paints an empty window, then has it furnished."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

from reproviewer.commands import terminal
from reproviewer.core.message import ReproError


def main(files: list[str] | None = None, *, on_painted: Callable[[], None] | None = None) -> int:
    """Open the window with these files on the shelf; returns the exit status.

    `on_painted` is called once, when the window is first on screen. A file that does not exist, or no display, is one
    line on stderr: Qt would end the process.
    """
    paths = [Path(name) for name in (sys.argv[1:] if files is None else files)]
    try:
        _check_files(paths)
        _check_display()
    except ReproError as error:
        terminal.complain(str(error))
        return terminal.NO_ANSWER
    from PySide6.QtWidgets import QApplication

    from reproviewer.gui.main_window import MainWindow
    from reproviewer.gui.opening import Opening
    from reproviewer.gui.settings import Settings

    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    app.setApplicationName("ReproViewer")
    settings = Settings()
    window = MainWindow(settings)
    _catch_crashes(window.crashed.emit)
    if on_painted is not None:
        window.painted.connect(on_painted)
    opening = Opening(window, settings, paths)
    window.painted.connect(opening.start)
    window.show()
    try:
        return app.exec()
    finally:
        opening.close()


def _check_files(paths: list[Path]) -> None:
    """A checkpoint is named by its prefix, which is no file itself."""
    for path in paths:
        if not path.exists() and not path.with_name(f"{path.name}.index").exists():
            raise ReproError(
                "There is no file {file}; the commands are run, compare, inspect and picture "
                "(see `reproviewer --help`).",
                file=path,
            )


def _check_display() -> None:
    known = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    if sys.platform == "linux" and not any(os.environ.get(name) for name in known):
        raise ReproError(
            "There is no display for the window; use `reproviewer run`, `compare` or `picture`, which need none."
        )


def _catch_crashes(show: Callable[[BaseException], None]) -> None:
    """Show what nobody caught: nothing is lost in silence."""

    def caught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        sys.__excepthook__(kind, error, trace)
        if not issubclass(kind, KeyboardInterrupt):
            show(error)

    def caught_error(error: BaseException) -> None:
        caught(type(error), error, error.__traceback__)

    sys.excepthook = caught
    sys.unraisablehook = lambda raised: caught_error(raised.exc_value or RuntimeError(str(raised.err_msg)))


if __name__ == "__main__":
    sys.exit(main())
