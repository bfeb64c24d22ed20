"""Small multiples in one picture: a thumbnail of the tensor in every run, with its verdict."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPen

from reproviewer.core.sentences import SIGNS
from reproviewer.core.summary import edges
from reproviewer.gui.plots import texts
from reproviewer.gui.plots.palette import pack_image

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reproviewer.core.plot_state import Pane
    from reproviewer.core.summary import Array
    from reproviewer.gui.plots.load import RunData, Thumbnails
    from reproviewer.gui.plots.palette import Palette
    from reproviewer.gui.theme import Theme

LABEL_PX, GAP_PX = 16, 8
LEAST_PX, MOST_PX = 72, 176
ASPECT = 0.62
LEAST_HEIGHT_PX = LABEL_PX + int(LEAST_PX * ASPECT)
"""Of one row."""
BAR_LEAST_PX = 4


@dataclass(frozen=True)
class Sheet:
    """So many columns of thumbnails of `width` x `height` pixels, each under its label."""

    count: int
    columns: int
    width: int
    height: int

    @property
    def rows(self) -> int:
        """How many rows of thumbnails."""
        return math.ceil(self.count / self.columns)

    @property
    def full_height(self) -> int:
        """The height of all of them, in pixels."""
        return self.rows * (self.height + LABEL_PX + GAP_PX)

    def whole_rows(self, height: int) -> int:
        """The height of as many whole rows as fit into `height` pixels, of one at least."""
        step = self.height + LABEL_PX + GAP_PX
        return max(1, min(self.rows, height // step)) * step

    def spare(self, height: int) -> int:
        """How much of `height` pixels is better left free than filled with the upper end of a row, hardly its name."""
        over = height - self.whole_rows(height)
        return over if self.full_height > height and 0 < over < LABEL_PX + self.height // 2 else 0

    def cell(self, place: int) -> QRect:
        """Where thumbnail number `place` lies, label and all."""
        row, column = divmod(place, self.columns)
        height = self.height + LABEL_PX + GAP_PX
        return QRect(column * (self.width + GAP_PX), row * height, self.width, height - GAP_PX)

    def at(self, x: int, y: int) -> int | None:
        """The number of the thumbnail at a point."""
        column, row = x // (self.width + GAP_PX), y // (self.height + LABEL_PX + GAP_PX)
        place = row * self.columns + column
        inside = 0 <= column < self.columns and 0 <= place < self.count
        return place if inside and self.cell(place).contains(x, y) else None


def sheet_for(count: int, width: int, height: int) -> Sheet:
    """The largest thumbnails with which all fit into the height; at a least size they are scrolled."""
    count = max(1, count)
    for size in range(MOST_PX, LEAST_PX - 1, -4):
        sheet = _sheet(count, width, size)
        if sheet.full_height <= height:
            return sheet
    return _sheet(count, width, LEAST_PX)


def compose(shown: Thumbnails, panes: Mapping[str, Pane], sheet: Sheet, colours: Palette, scale: float) -> QImage:
    """Paint all thumbnails; `panes` by id say what is known of the verdicts by now.

    A run that has left the shelf since it was read is painted as it was.
    """
    width = sheet.columns * (sheet.width + GAP_PX)
    image = QImage(int(width * scale), int(sheet.full_height * scale), QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(scale)
    image.fill(QColor(colours.theme.card))
    span = _span(shown)
    painted = _coloured(shown, (int(sheet.height * scale), int(sheet.width * scale)), colours)
    with QPainter(image) as painter:
        painter.setFont(texts.caption_font())
        _paint_labels(painter, shown, panes, sheet, colours.theme)
        for place, run in enumerate(shown.runs):
            cell = sheet.cell(place)
            box = QRectF(cell.left(), cell.top() + LABEL_PX, sheet.width, sheet.height)
            _paint_values(painter, box, run, colours, painted.get(place), span)
    return image


def bars_image(values: Array, size: tuple[int, int], span: tuple[float, float], colours: tuple[int, int]) -> QImage:
    """Bars from zero as pixels: `size` is (height, width), `colours` are the bars' and the ground's."""
    height, width = size
    low, high = span if span[0] < span[1] else (-1.0, 1.0)
    flat = np.nan_to_num(values.ravel().astype(np.float64), posinf=high, neginf=low)
    if flat.size > width:
        parts = edges(flat.size, width)[:-1]
        tops, bottoms = np.maximum.reduceat(flat, parts), np.minimum.reduceat(flat, parts)
    else:
        tops = bottoms = flat[np.arange(width) * flat.size // width]
    rows = (high - np.arange(height) * ((high - low) / max(1, height - 1)))[:, None]
    inside = (rows <= np.maximum(tops, 0)) & (rows >= np.minimum(bottoms, 0))
    if flat.size * BAR_LEAST_PX <= width:
        inside[:, np.flatnonzero(np.diff(np.arange(width) * flat.size // width)) + 1] = False
    return pack_image(np.where(inside, np.uint32(colours[0]), np.uint32(colours[1])))


def _sheet(count: int, width: int, size: int) -> Sheet:
    columns = max(1, (width + GAP_PX) // (size + GAP_PX))
    wide = min(MOST_PX, max(size, (width + GAP_PX) // columns - GAP_PX))
    return Sheet(count, columns, wide, int(size * ASPECT))


def _span(shown: Thumbnails) -> tuple[float, float]:
    finite = [run.tally for run in shown.runs if run.tally.finite]
    return min((t.low for t in finite), default=0.0) or 0.0, max((t.high for t in finite), default=0.0)


def _paint_labels(painter: QPainter, shown: Thumbnails, panes: Mapping[str, Pane], sheet: Sheet, theme: Theme) -> None:
    metrics = QFontMetricsF(painter.font())
    inks = {verdict: QColor(theme.ink(verdict)) for verdict in SIGNS}
    loud, quiet = QColor(theme.text), QColor(theme.muted)
    steps = {verdict: metrics.horizontalAdvance(sign) + 4 for verdict, sign in SIGNS.items()}
    chosen = (shown.state.reference, shown.state.focus)
    for place, run in enumerate(shown.runs):
        cell, pane = sheet.cell(place), panes.get(run.pane.item_id, run.pane)
        x, base = float(cell.left()), cell.top() + 12.0
        if pane.comparison is not None:
            verdict = pane.comparison.verdict
            painter.setPen(inks[verdict])
            painter.drawText(QPointF(x, base), SIGNS[verdict])
            x += steps[verdict]
        label = pane.label
        if pane.item_id == shown.state.reference:
            label = texts.tr("{run} · ref.").format(run=label)
        painter.setPen(loud if pane.item_id in chosen else quiet)
        room = cell.right() - x
        painter.drawText(QPointF(x, base), metrics.elidedText(label, Qt.TextElideMode.ElideRight, room))


def _coloured(shown: Thumbnails, pixels: tuple[int, int], colours: Palette) -> dict[int, QImage]:
    """The pictures by the thumbnails' numbers, no cell smaller than a pixel; those of one size are coloured at once."""
    sizes: dict[tuple[int, ...], list[tuple[int, Array]]] = {}
    for place, run in enumerate(shown.runs):
        if run.picture is not None:
            values = run.picture.fitted(*pixels).values
            sizes.setdefault(values.shape, []).append((place, values))
    images: dict[int, QImage] = {}
    for alike in sizes.values():
        painted = colours.values_colours(np.stack([values for _, values in alike]), shown.limit)
        images |= {place: pack_image(cells) for (place, _), cells in zip(alike, painted, strict=True)}
    return images


def _paint_values(
    painter: QPainter, box: QRectF, run: RunData, colours: Palette, image: QImage | None, span: tuple[float, float]
) -> None:
    theme = colours.theme
    if image is not None:
        painter.drawImage(box, image)
    elif run.values is not None:
        pair = (QColor(theme.run(run.pane.colour)).rgb(), QColor(theme.card).rgb())
        span = (min(0.0, span[0]), max(0.0, span[1]))
        painter.drawImage(box, bars_image(run.values, (int(box.height()), int(box.width())), span, pair))
    else:
        painter.setPen(QColor(theme.muted))
        painter.drawText(box, 0x84, texts.tr("none"))
    painter.setPen(QPen(QColor(theme.line), 1))
    painter.drawRect(box.adjusted(0, 0, -1, -1))
