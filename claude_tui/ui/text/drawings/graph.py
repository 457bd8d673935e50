"""Graphs of values over time, as lines of cells: an area, a band and a line over a scale with three values. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from claude_tui.ui.text.drawings.bars import STEPS

AXIS: Final = 8
"""Cells left of a graph: the values of the scale."""

LEVELS: Final = 4
"""Colours an area goes through from its foot to its top."""

BAND: Final = "░"
GRID: Final = "╌"
LIMIT: Final = "━"

Piece = tuple[str, str]
"""Text, and what it is a part of: "area-1" to "area-4", "band", "grid", "limit", "axis" or ""."""


def nice_top(value: float) -> float:
    """The next greater of 1, 2, 2.5, 4, 5, 8 times a power of ten: where an axis may end."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next((step * power for step in (1, 2, 2.5, 4, 5, 8, 10) if step * power >= value * 0.999_999), 10 * power)


@dataclass(frozen=True)
class Graph:
    """What a graph shows, one value per column.

    `area` are the values from the left on, `band` the lowest and the highest expected in each column after them,
    `limit` a value that is marked across. `ticks` are texts below columns.
    """

    area: Sequence[float] = ()
    band: Sequence[tuple[float, float]] = ()
    limit: float | None = None
    ticks: Sequence[tuple[int, str]] = ()

    @property
    def highest(self) -> float:
        """The greatest value there is."""
        return max([*self.area, *(high for _, high in self.band), self.limit or 0.0], default=0.0)


def draw(graph: Graph, width: int, height: int, label: Callable[[float], str]) -> list[list[Piece]]:
    """The lines of a graph, top line first, the last with the texts of the ticks; empty lines without room.

    `label` writes a value of the scale in at most `AXIS` - 1 cells.
    """
    columns, rows = width - AXIS, height - 1
    if columns < 8 or rows < 2:
        return [[] for _ in range(max(0, height))]
    top = nice_top(graph.highest)
    marked = {rows - 1: top, (rows - 1) // 2: top * ((rows - 1) // 2 + 1) / rows, 0: 0.0}
    limit = round(graph.limit / top * rows * 8) if graph.limit is not None else None
    limit_row = min(rows - 1, max(0, (limit - 1) // 8)) if limit is not None else None
    lines = []
    for row in range(rows - 1, -1, -1):
        value = f"{label(marked[row])} " if row in marked else ""
        cells = [_cell(graph, column, row, rows, top, row == limit_row, row in marked) for column in range(columns)]
        lines.append([(value.rjust(AXIS), "axis"), *joined(cells)])
    foot = ""
    for column, text in graph.ticks:
        at = max(0, min(column - len(text) // 2, columns - len(text)))
        if not foot or at > len(foot):
            foot = foot.ljust(at) + text
    lines.append([(" " * AXIS + foot, "axis")])
    return lines


def _cell(graph: Graph, column: int, row: int, rows: int, top: float, is_limit: bool, is_marked: bool) -> Piece:
    if column < len(graph.area):
        value = graph.area[column]
        level = round(value / top * rows * 8)
        filled = (max(1, level) if value > 0 else 0) - row * 8
        if filled > 0:
            return STEPS[min(7, filled - 1)], f"area-{1 + row * LEVELS // rows}"
    elif column < len(graph.area) + len(graph.band):
        low, high = graph.band[column - len(graph.area)]
        if low / top * rows < row + 1 and high / top * rows > row:
            return (LIMIT, "limit") if is_limit else (BAND, "band")
    if is_limit:
        return LIMIT, "limit"
    return (GRID, "grid") if is_marked else (" ", "")


def joined(cells: Sequence[Piece]) -> list[Piece]:
    """The same with neighbours of one kind as one piece."""
    pieces: list[Piece] = []
    for text, kind in cells:
        if pieces and pieces[-1][1] == kind:
            pieces[-1] = (pieces[-1][0] + text, kind)
        else:
            pieces.append((text, kind))
    return pieces
