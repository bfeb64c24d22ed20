"""What lies over all of the view and is drawn in pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyqtgraph as pg
from PySide6.QtCore import QRectF

if TYPE_CHECKING:
    from PySide6.QtGui import QPainter, QTransform


class ViewItem(pg.GraphicsObject):  # type: ignore[misc]
    """Its bounding rectangle is that of the view, so that nothing at its edge is cut."""

    def boundingRect(self) -> QRectF:
        """All of the view."""
        view = self.getViewBox()
        return QRectF(view.viewRect()) if view is not None else QRectF()

    def viewTransformChanged(self) -> None:
        """Follow the view: the bounding rectangle depends on it."""
        self.prepareGeometryChange()
        super().viewTransformChanged()

    def to_pixels(self, painter: QPainter) -> tuple[QTransform, QRectF]:
        """Let the painter draw in pixels; returns the way from the view's units to them, and the item's rectangle."""
        world = painter.worldTransform()
        painter.resetTransform()
        return world, world.mapRect(self.boundingRect()).normalized()
