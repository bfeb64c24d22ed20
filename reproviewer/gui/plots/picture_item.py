"""A heat map: one image over the whole plane, and a finer one over the part that is looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QBrush, QImage, QPainter

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from reproviewer.core.slices import Region
    from reproviewer.core.summary import Array
    from reproviewer.gui.plots.palette import Palette

HATCH_FROM_PX = 5
MAX_HATCHED = 20_000


class PictureItem(pg.GraphicsObject):  # type: ignore[misc]
    """Draws cells without smoothing, so that none is mixed with its neighbours or left out."""

    def __init__(self) -> None:
        super().__init__()
        self._whole: tuple[QRectF, QImage] | None = None
        self._detail: tuple[QRectF, QImage] | None = None
        self._nan: Array | None = None
        self._palette: Palette | None = None

    def show_image(self, region: Region, image: QImage, nan: Array | None, palette: Palette) -> None:
        """Show the whole plane; `nan` says which cells have no number, when each cell is one element."""
        self.prepareGeometryChange()
        self._whole, self._detail = (_rect(region), image), None
        self._nan = nan if nan is not None and nan.any() else None
        self._palette = palette
        self.update()

    def show_detail(self, region: Region, image: QImage) -> None:
        """Show a finer image of a part."""
        self._detail = (_rect(region), image)
        self.update()

    def boundingRect(self) -> QRectF:
        """The plane, in elements."""
        return self._whole[0] if self._whole else QRectF()

    def paint(self, painter: QPainter, option: Any, widget: QWidget | None = None) -> None:
        """Draw the images."""
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        for layer in (self._whole, self._detail):
            if layer is not None:
                painter.drawImage(layer[0], layer[1])
        if self._nan is not None:
            self._hatch(painter)

    def _hatch(self, painter: QPainter) -> None:
        assert self._nan is not None
        assert self._palette is not None
        world = painter.worldTransform()
        if min(abs(world.m11()), abs(world.m22())) < HATCH_FROM_PX:
            return
        cells = np.argwhere(self._nan)[:MAX_HATCHED]
        painter.save()
        painter.resetTransform()
        brush = QBrush(self._palette.theme.text, Qt.BrushStyle.BDiagPattern)
        for row, col in cells.tolist():
            painter.fillRect(world.mapRect(QRectF(col, row, 1, 1)), brush)
        painter.restore()


def _rect(region: Region) -> QRectF:
    return QRectF(region.left, region.top, region.cols, region.rows)
