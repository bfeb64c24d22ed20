"""Where the keys take the cursor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent

    from reproviewer.core.slices import Plane

STEPS = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}


def moved(plane: Plane, index: tuple[int, ...] | None, event: QKeyEvent, in_a_row: bool) -> tuple[int, ...] | None:
    """The index after this key; None when the key moves nothing. With Ctrl the arrows go ten elements.

    `in_a_row`: all elements stand in one row (bars), so left and right run through the rows of the matrix.
    """
    key = Qt.Key(event.key())
    control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
    if not plane.size or key not in (*STEPS, Qt.Key.Key_Home, Qt.Key.Key_End):
        return None
    cell = plane.cell(index)
    if cell is None:
        return plane.index(0, 0)
    rows, cols = (1, plane.size) if in_a_row else (plane.rows, plane.cols)
    row, col = (0, cell[0] * plane.cols + cell[1]) if in_a_row else cell
    if key in STEPS:
        down, right = (step * (10 if control else 1) for step in STEPS[key])
        row, col = max(0, min(rows - 1, row + down)), max(0, min(cols - 1, col + right))
    else:
        row = (0 if key == Qt.Key.Key_Home else rows - 1) if control else row
        col = 0 if key == Qt.Key.Key_Home else cols - 1
    return plane.index(*divmod(col, plane.cols)) if in_a_row else plane.index(row, col)
