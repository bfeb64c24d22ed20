"""How wide the columns of the cursor's table are: enough for what may come in them, so that nothing jumps."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtGui import QFont, QFontMetricsF

from reproviewer.core import elements
from reproviewer.core.bit_groups import bit_groups
from reproviewer.core.weights import storage_dtype
from reproviewer.gui.plots import texts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reproviewer.core.plot_state import PlotState

PADDING_PX, HEADER_PADDING_PX, SWATCH_PX = 14, 24, 10
LEAST = (96, 100, 72, 80, 80)
"""Of the run, the value, the distance, its ULP and the bits, in pixels."""
RUN_PX, MOST_RUN_PX = 150, 240
"""So much the names of runs get before the bits, and at most."""
MOST_MEASURED = 8
_FLOAT_SIGNS = {1: 10, 2: 12, 4: 14, 8: 24}
_INT_SIGNS = {1: 4, 2: 6, 4: 11, 8: 20}


def wanted(state: PlotState) -> tuple[int, ...]:
    """So much room would each column like that shows an element of this state."""
    bold, plain = texts.text_font(bold=True), texts.text_font()
    kinds = {(pane.tensor.shape, pane.tensor.dtype) for pane in state.panes if pane.tensor is not None}
    last = [place_name(state.title, tuple(max(0, n - 1) for n in shape)) for shape, _ in kinds]
    longest = sorted((pane.label for pane in state.panes), key=len)[-MOST_MEASURED:]
    runs = [_px(label, plain) + SWATCH_PX + PADDING_PX // 2 for label in longest]
    headings = (_px(name, plain, HEADER_PADDING_PX) for name in (*last, no_place()))  # Qt cuts as if in this font
    run = max([*runs, *headings])
    value = max((signs(dtype) for _, dtype in kinds), default=0)
    bits = max((len(_bits(dtype)) for _, dtype in kinds), default=0)
    others = _px("0" * value, bold), _px("1.234e-308", plain), _px("9,999,999,999", plain), _px("0" * bits, mono_font())
    return min(MOST_RUN_PX, run), *others


def mono_font() -> QFont:
    """The font of the bits."""
    font = QFont("monospace")
    font.setStyleHint(QFont.StyleHint.Monospace)
    font.setPixelSize(11)
    return font


def signs(dtype: str) -> int:
    """How many signs the longest value of a dtype takes that reads back exactly."""
    kind, size = elements.kind(dtype), storage_dtype(dtype).itemsize
    if kind == "complex":
        return 2 * _FLOAT_SIGNS.get(size // 2, 30) + 3
    if kind == "float":
        return 14 if dtype == "bfloat16" else _FLOAT_SIGNS.get(size, 30)
    return {"int": _INT_SIGNS.get(size, 20), "bool": 5}.get(kind, 2 * size)


def shared(width: int, wishes: Sequence[int]) -> tuple[int, ...]:
    """The widths of all columns, for so many pixels: values are served first, the bits take what is left over.

    >>> shared(700, (200, 150, 90, 110, 230))
    (150, 150, 90, 110, 200)
    >>> shared(460, (100, 150, 90, 110, 230))
    (96, 132, 72, 80, 80)
    """
    widths, left = list(LEAST), width - sum(LEAST)
    order = (
        (1, wishes[1]),
        (2, wishes[2]),
        (0, min(RUN_PX, wishes[0])),
        (3, wishes[3]),
        (4, wishes[4]),
        (0, wishes[0]),
    )
    for place, wish in order:
        more = max(0, min(left, wish - widths[place]))
        widths[place] += more
        left -= more
    widths[-1] += max(0, left)
    return tuple(widths)


def no_place() -> str:
    """What stands in the place of the element's name while there is none."""
    return texts.tr("Under the cursor")


def place_name(title: str, index: tuple[int, ...]) -> str:
    """The last part of a tensor's name, with an index: `kernel[0, 3]`."""
    dotted = re.fullmatch(r"[\w.]+", name := title.rsplit("/", 1)[-1])
    name = name.rsplit(".", 1)[-1] if dotted else name
    return f"{name}[{', '.join(map(str, index))}]" if index else name


def _bits(dtype: str) -> str:
    nothing = np.zeros(1, storage_dtype(dtype))
    return " ".join(bit_groups(nothing, dtype))


def _px(text: str, font: QFont, padding: int = PADDING_PX) -> int:
    return int(QFontMetricsF(font).horizontalAdvance(text)) + padding
