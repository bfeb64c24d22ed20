"""How many plots stand side by side, and where."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from reproviewer.gui.plots.axes import LEFT_PX

COLUMN_GAP_PX, ROW_GAP_PX = 16, 8


@dataclass(frozen=True)
class Grid:
    """Rows and columns of plots."""

    rows: int
    columns: int


def grid_for(plots: int, width: float, height: float) -> Grid:
    """The grid in which the plots are largest; one row as long as they stay readable.

    >>> grid_for(3, 700, 300)
    Grid(rows=1, columns=3)
    """
    plots = max(1, plots)
    if plots <= 3 and width / plots >= 150:
        return Grid(1, plots)
    sizes = {}
    for columns in range(1, plots + 1):
        rows = -(-plots // columns)
        sizes[columns] = min(width / columns, 1.4 * (height / rows - 54))
    columns = max(sizes, key=lambda n: (round(sizes[n]), -n))
    return Grid(-(-plots // columns), columns)


class Axes(Enum):
    """Which plots have an upright axis of their own besides those of the first column."""

    FIRST = "none"
    LAST = "the last"
    ALL = "all"


@dataclass(frozen=True)
class Place:
    """Where a plot lies, its axis included."""

    x: float
    y: float
    width: float
    height: float
    has_axis: bool


@dataclass(frozen=True)
class Arrangement:
    """The places of all plots; without their axes they are `plot_width` wide, all alike."""

    grid: Grid
    plot_width: float
    places: tuple[Place, ...]


def arrange(plots: int, size: tuple[float, float], axes: Axes) -> Arrangement:
    """Place the plots in so much room (width, height); plots of one column stand exactly below each other.

    In several rows every plot has an axis when the last one needs its own: room that only one of a column fills
    would be a gap.
    """
    width, height = size
    grid = grid_for(plots, width, height)
    gap = axes is Axes.LAST and grid.rows > 1 and (plots - 1) % grid.columns
    own = {Axes.FIRST: set[int](), Axes.LAST: {plots - 1}, Axes.ALL: set(range(plots))}[Axes.ALL if gap else axes]
    wide_columns = {0} | {i % grid.columns for i in own}
    plot = (width - len(wide_columns) * LEFT_PX - (grid.columns - 1) * COLUMN_GAP_PX) / grid.columns
    tall = (height - (grid.rows - 1) * ROW_GAP_PX) / grid.rows
    places = []
    for i in range(plots):
        row, column = divmod(i, grid.columns)
        has_axis = column == 0 or i in own
        before = sum(c < column for c in wide_columns)
        inset = 0 if has_axis or column not in wide_columns else LEFT_PX
        x = column * (plot + COLUMN_GAP_PX) + before * LEFT_PX + inset
        places.append(Place(x, row * (tall + ROW_GAP_PX), plot + has_axis * LEFT_PX, tall, has_axis))
    return Arrangement(grid, plot, tuple(places))
