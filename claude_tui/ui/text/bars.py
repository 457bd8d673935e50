"""Small drawings made of characters: share bars, gauges, sparklines. Pure text, one line each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

EIGHTHS: Final = " ▏▎▍▌▋▊▉█"
STEPS: Final = "▁▂▃▄▅▆▇█"
NOTHING: Final = "·"
"""A point of a sparkline at which nothing happened: unlike the lowest step, it is not a little of something."""


def bar(share: float, width: int) -> str:
    """A bar of `share` (0..1) of `width` cells, in eighths; anything above zero shows at least a sliver."""
    if width <= 0:
        return ""
    eighths = round(max(0.0, min(1.0, share)) * width * 8)
    if share > 0:
        eighths = max(1, eighths)
    whole, rest = divmod(eighths, 8)
    return ("█" * whole + (EIGHTHS[rest] if rest else "")).ljust(width)


def gauge(share: float, width: int) -> tuple[str, str]:
    """A gauge as its filled and its empty part, together `width` cells."""
    filled = round(max(0.0, min(1.0, share)) * width)
    if share > 0:
        filled = max(1, filled)
    return "━" * filled, "─" * (width - filled)


def buckets(values: Sequence[int], width: int) -> list[int]:
    """The newest of `values` summed into at most `width` buckets of one size, oldest first."""
    if not values or width <= 0:
        return []
    per_bucket = -(-len(values) // width)
    start = len(values) % per_bucket
    summed = [sum(values[i : i + per_bucket]) for i in range(start, len(values), per_bucket)]
    return ([sum(values[:start])] if start and len(summed) < width else []) + summed


def sparkline(values: Sequence[int], width: int) -> str:
    """One line of steps from zero to the greatest value, newest at the right; a dot if nothing happened."""
    summed = buckets(values, width)
    top = max(summed, default=0)
    steps = "".join(STEPS[min(7, value * 8 // (top + 1))] if value > 0 else NOTHING for value in summed)
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
