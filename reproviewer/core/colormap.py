"""Perceptually even colour tables: straight lines in the OKLab space, so that equal steps look equally large.

OKLab: https://bottosson.github.io/posts/oklab/
"""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def oklab(colour: str) -> Array:
    """The OKLab coordinates of `#rrggbb`."""
    srgb = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    return np.asarray(_TO_LAB @ np.cbrt(_TO_LMS @ linear))


def rgb(lab: Array) -> Array:
    """OKLab coordinates (..., 3) as bytes of red, green and blue; what a screen cannot show is cut off."""
    lms = (lab @ np.linalg.inv(_TO_LAB).T) ** 3
    linear = np.clip(lms @ np.linalg.inv(_TO_LMS).T, 0, 1)
    srgb = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.asarray(np.rint(srgb * 255)).astype(np.uint8)


def ramp(start: str, end: str, steps: int) -> Array:
    """`steps` colours in even steps from `start` to `end`, as uint32 `0xffrrggbb`."""
    at = np.linspace(0, 1, steps)[:, None]
    return pack(rgb(oklab(start) * (1 - at) + oklab(end) * at))


def diverging(low: str, middle: str, high: str) -> Array:
    """255 colours; number 127 is `middle`."""
    return np.concatenate([ramp(low, middle, 128), ramp(middle, high, 128)[1:]])


def sequential(ground: str, least: str, most: str) -> Array:
    """256 colours: number 0 is the ground, from 1 on it goes from `least` to `most`."""
    return np.concatenate([ramp(ground, ground, 1), ramp(least, most, 255)])


def pack(colours: Array) -> Array:
    """Bytes (..., 3) as uint32 `0xffrrggbb`."""
    red, green, blue = (colours[..., i].astype(np.uint32) for i in range(3))
    return np.asarray(np.uint32(0xFF000000) | red << np.uint32(16) | green << np.uint32(8) | blue)


def paint_values(values: Array, limit: float, table: Array, nan_colour: int) -> Array:
    """Cells coloured by a diverging table with zero in its middle; `limit` is the magnitude at its ends."""
    with np.errstate(all="ignore"):
        place = np.rint(values * (127 / limit if limit > 0 else 0.0))
        if limit <= 0:
            place = np.where(np.isinf(values), np.sign(values) * 127, place)
        np.clip(place, -127, 127, out=place)
    blank = np.isnan(place)
    if not blank.any():
        return np.asarray(table[place.astype(np.int16) + 127])
    painted = table[np.where(blank, 0, place).astype(np.int16) + 127]
    painted[np.isnan(values)] = nan_colour
    return np.asarray(painted)


def paint_distances(distance: Array, differs: Array, limit: float, table: Array) -> Array:
    """Cells coloured by a sequential table: the ground where nothing differs, never the ground where any bit does."""
    with np.errstate(all="ignore"):
        share = np.clip(np.nan_to_num(distance / limit, nan=0.0, posinf=1.0), 0, 1) if limit > 0 else np.zeros(1)
        share = np.where(np.isinf(distance), 1.0, share)
    place = np.where(differs, 1 + np.rint(share * 254), 0).astype(np.int16)
    return np.asarray(table[place])
