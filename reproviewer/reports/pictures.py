"""Pictures for a report: two tensors and their difference as heat maps, reduced so that no difference is lost."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from reproviewer.core import colormap, elements, summary
from reproviewer.core.slices import plane_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from reproviewer.core.weights import Tensor

CELLS = (192, 256)
_VALUES = colormap.diverging("#1C4E9A", "#F3F3F0", "#80540A")
_DISTANCES = colormap.sequential("#FFFFFF", "#DB7340", "#541800")
_NAN = 0xFF8B8B93


@dataclass(frozen=True)
class Pictures:
    """PNG files of both tensors and of their difference; `limit` is the magnitude at the ends of the colours.

    `largest` is the largest finite distance, `not_finite` counts the elements that have none.
    """

    a: bytes
    b: bytes
    difference: bytes
    limit: float
    largest: float
    not_finite: int
    lead: tuple[int, ...]
    """The slice that is shown, of a tensor with more than two axes: the first one in which something differs."""


def pictures(a: Tensor, b: Tensor, first: tuple[int, ...], cancelled: Callable[[], bool]) -> Pictures | None:
    """Draw two tensors of one shape whose first difference is at index `first`; None where there is nothing to draw.

    Raises
    ------
    ReproError
        A file cannot be read any more.
    summary.Stopped
        It was cancelled.
    """
    plane = plane_of(a.shape, first[:-2])
    numbers = all(elements.kind(tensor.dtype) != "raw" for tensor in (a, b))
    if a.shape != b.shape or not plane.size or not numbers:
        return None
    both = [summary.picture(tensor, plane, plane.region, CELLS, cancelled) for tensor in (a, b)]
    apart = summary.difference(a, b, plane, plane.region, CELLS, cancelled)
    limit = max(picture.tally.limit for picture in both)
    drawn = [png(colormap.paint_values(picture.values, limit, _VALUES, _NAN)) for picture in both]
    difference = png(colormap.paint_distances(apart.distance, apart.differs, apart.tally.limit, _DISTANCES))
    return Pictures(drawn[0], drawn[1], difference, limit, apart.tally.limit, apart.tally.infinite, plane.lead)


def png(cells: np.ndarray[Any, Any]) -> bytes:
    """Colours (uint32 `0xffrrggbb`, rows and columns) as a PNG file, see https://www.w3.org/TR/png-3 for its parts."""
    height, width = cells.shape
    channels = [((cells >> shift) & 0xFF).astype(np.uint8) for shift in (16, 8, 0)]
    rows = np.zeros((height, 1 + 3 * width), np.uint8)
    rows[:, 1:] = np.stack(channels, axis=-1).reshape(height, 3 * width)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes(), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
