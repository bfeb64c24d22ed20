"""How many plots stand side by side."""

from __future__ import annotations

from dataclasses import dataclass


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
