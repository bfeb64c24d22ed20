"""What the area shows, as a picture, a drawing or rows of text."""

from __future__ import annotations

import contextlib
import csv
from typing import TYPE_CHECKING

from PySide6.QtCore import QBuffer, QIODevice, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

from reproviewer.core.listing import read_rows
from reproviewer.core.summary import Stopped
from reproviewer.files.save import replace_bytes, replacing
from reproviewer.gui.plots.pair_rows import pair_rows
from reproviewer.gui.plots.panes import focus_pair, is_whole, lead_plane, ordered
from reproviewer.gui.plots.texts import caption_font, text_font, tr

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from reproviewer.core.plot_state import PlotState
    from reproviewer.gui.theme import Theme

ROWS_AT_ONCE = 4096


def save_png(widget: QWidget, path: Path) -> None:
    """Write a widget as a picture. Raises ReproError when the file cannot be written."""
    image = QImage(widget.size(), QImage.Format.Format_RGB32)
    image.fill(widget.palette().window().color())
    widget.render(image)
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    replace_bytes(path, bytes(buffer.data().data()))


def save_svg(widget: QWidget, path: Path, title: str) -> None:
    """Write a widget as a drawing. Raises ReproError when the file cannot be written."""
    from PySide6.QtSvg import QSvgGenerator

    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setSize(widget.size())
    generator.setViewBox(QRect(0, 0, widget.width(), widget.height()))
    generator.setTitle(title)
    with QPainter(generator) as painter:
        widget.render(painter, QPoint())
    replace_bytes(path, bytes(buffer.data().data()))


def rows_csv(state: PlotState, cancelled: Callable[[], bool] = lambda: False) -> Iterator[list[str]]:
    """What the plots show as a table under a heading; the tensor's name is the first cell of every row.

    Of two whole tensors what was counted; else the values of the shown slice in every run, the reference first, and
    the focus minus the reference: they read back exactly.
    """
    rows = pair_rows(state, cancelled) if is_whole(state) else _value_rows(state)
    heading = next(rows, None)
    if heading is not None:
        yield [tr("tensor"), *heading]
        yield from ([state.title, *row] for row in rows)


def _value_rows(state: PlotState) -> Iterator[list[str]]:
    panes, plane, pair = ordered(state), lead_plane(state), focus_pair(state)
    if plane is None:
        return
    focus = panes.index(pair[1]) if pair else None
    difference = [f"{pair[1].label} - {pair[0].label}"] if pair else []
    yield [tr("index"), *(pane.label for pane in panes), *difference]
    tensors = [pane.tensor for pane in panes]
    for start in range(0, plane.size, ROWS_AT_ONCE):
        size = min(ROWS_AT_ONCE, plane.size - start)
        rows = read_rows(tensors, focus, plane, start, size)
        for i in range(size):
            index = ", ".join(map(str, plane.index(*divmod(start + i, plane.cols))))
            values = (column.values[i] if i < len(column.values) else "" for column in rows.columns)
            apart = [repr(rows.difference[i]) if i < len(rows.difference) else ""] if pair else []
            yield [f"[{index}]", *values, *apart]


def write_csv(state: PlotState, path: Path, cancelled: Callable[[], bool]) -> None:
    """Write what the plots show as a table. For a thread of the background.

    Raises
    ------
    ReproError
        The disk is full, the folder is gone, a weight file has become shorter; the old file is untouched.
    """
    with contextlib.suppress(Stopped), replacing(path) as fresh, fresh.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        for row in rows_csv(state, cancelled):
            if cancelled():
                raise Stopped
            writer.writerow(row)


class Sheet(QFrame):
    """A page off the screen: a title, a caption and, below them, a widget."""

    def __init__(self, theme: Theme, size: QSize) -> None:
        super().__init__()
        self._theme = theme
        self.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
        self.setObjectName("sheet")
        self.setStyleSheet(f"#sheet {{ background: {theme.card}; }}")
        self.resize(size)

    def add(self, widget: QWidget, title: str, about: str) -> None:
        """Show the widget under the title and what is said about it."""
        label, caption = QLabel(title), QLabel(about)
        label.setFont(text_font(bold=True))
        caption.setFont(caption_font())
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 8)
        column.addWidget(label)
        column.addWidget(caption)
        column.addWidget(widget, 1)
        self.show()
