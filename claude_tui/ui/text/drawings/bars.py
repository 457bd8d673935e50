"""Small drawings made of characters: share bars, gauges, sparklines. Pure text, one line each."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

FULL: Final = "▄"
HALF: Final = "▖"
"""A cell of a bar and half a one: half as high as a line, so that bars of neighbouring lines do not melt."""
STEPS: Final = "▁▂▃▄▅▆▇█"
COMPACTED: Final = "↻"
"""Where in a gauge the context was as it was compacted."""
NOTHING: Final = "·"
"""A point of a sparkline at which nothing happened: unlike the lowest step, it is not a little of something."""


def bar(share: float, width: int) -> str:
    """A bar of `share` (0..1) of `width` cells, in halves of a cell; anything above zero shows at least one half."""
    if width <= 0:
        return ""
    halves = round(max(0.0, min(1.0, share)) * width * 2)
    if share > 0:
        halves = max(1, halves)
    return (FULL * (halves // 2) + HALF * (halves % 2)).ljust(width)


def gauge(share: float, width: int) -> tuple[str, str]:
    """A gauge as its filled and its empty part, together `width` cells."""
    filled = round(max(0.0, min(1.0, share)) * width)
    if share > 0:
        filled = max(1, filled)
    return "━" * filled, "─" * (width - filled)


def mark(share: float, width: int) -> int | None:
    """The cell of a gauge in which a mark of `share` stands; None if there is none to set, or no room to tell where."""
    return min(width - 1, int(width * share)) if share > 0 and width >= 4 else None


def buckets(values: Sequence[int], width: int) -> list[int]:
    """The newest of `values` summed into at most `width` buckets of one size, oldest first."""
    if not values or width <= 0:
        return []
    per_bucket = -(-len(values) // width)
    start = len(values) % per_bucket
    summed = [sum(values[i : i + per_bucket]) for i in range(start, len(values), per_bucket)]
    return ([sum(values[:start])] if start and len(summed) < width else []) + summed


def fitted(values: Sequence[int], width: int) -> list[int]:
    """The values of `width` columns that all of them fill: repeated if they are fewer, else means of neighbours."""
    if not values or width <= 0:
        return []
    bounds = [column * len(values) // width for column in range(width + 1)]
    return [sum(values[a : max(b, a + 1)]) // max(1, b - a) for a, b in pairwise(bounds)]


def sparkline(values: Sequence[int], width: int) -> str:
    """One line of steps from zero to the greatest value, newest at the right; a dot if nothing happened.

    The highest step leaves an eighth of the line empty, so that two below each other do not melt.
    """
    summed = buckets(values, width)
    top = max(summed, default=0)
    steps = "".join(STEPS[min(6, value * 7 // (top + 1))] if value > 0 else NOTHING for value in summed)
    return steps.rjust(width)


def columns(values: Sequence[int], width: int, height: int) -> list[str]:
    """A graph of `height` lines, top line first, one column per bucket, from zero to the greatest value."""
    summed = buckets(values, width)
    top = max(summed, default=0)
    lines = []
    for row in range(height - 1, -1, -1):
        cells = []
        for value in summed:
            level = 0 if top <= 0 else -(-value * height * 8 // top) - row * 8
            cells.append(STEPS[min(7, level - 1)] if level > 0 else " " if row else "▁")
        lines.append("".join(cells).rjust(width))
    return lines
