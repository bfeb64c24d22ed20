"""The colours of the plots for one theme."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtGui import QColor, QImage

from reproviewer.core import colormap

if TYPE_CHECKING:
    from reproviewer.core.summary import Array, Difference
    from reproviewer.gui.theme import Theme

_VALUES = {
    "light": ("#1C4E9A", "#F3F3F0", "#80540A"),
    "dark": ("#6FA9FF", "#2A2E33", "#E9BF4D"),
}
"""The most negative value, zero, the most positive one: blue and gold, which every kind of eye tells apart."""
_DISTANCES = {"light": ("#DB7340", "#541800"), "dark": ("#B95B30", "#FFDCC2")}
"""The smallest difference, clearly off the ground already, and the largest."""
_NAN = {"light": "#8B8B93", "dark": "#7D7F88"}


@dataclass(frozen=True, eq=False)
class Palette:
    """Colour tables and single colours."""

    theme: Theme
    values: Array
    distances: Array
    nan: QColor

    def values_colours(self, values: Array, limit: float) -> Array:
        """The colours of values, in an array of the same shape."""
        return colormap.paint_values(values, limit, self.values, self.nan.rgb())

    def values_image(self, values: Array, limit: float) -> QImage:
        """Cells of a picture of values."""
        return pack_image(self.values_colours(values, limit))

    def difference_image(self, found: Difference, limit: float) -> QImage:
        """Cells of a picture of differences."""
        return pack_image(colormap.paint_distances(found.distance, found.differs, limit, self.distances))


@cache
def palette(theme: Theme) -> Palette:
    """The colours of the plots in this theme."""
    name = theme.name if theme.name in _VALUES else "light"
    return Palette(
        theme,
        colormap.diverging(*_VALUES[name]),
        colormap.sequential(theme.card, *_DISTANCES[name]),
        QColor(_NAN[name]),
    )


def pack_image(cells: Array) -> QImage:
    """Colours (uint32 `0xffrrggbb`) as an image of their own."""
    data = np.ascontiguousarray(cells, dtype=np.uint32)
    height, width = data.shape
    image = QImage(data.data, width, height, width * 4, QImage.Format.Format_RGB32)
    return image.copy()
