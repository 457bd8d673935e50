"""What each hour of the week cost, as a picture: weekdays below each other, hours side by side. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from claude_tui.moments import WEEKDAYS
from claude_tui.ui.text.drawings.graph import Piece, joined

LABELS: Final = 4
"""Cells left of the hours: the names of the days."""

HOURS: Final = 24
LEAST_WIDTH: Final = LABELS + HOURS


def week_of(days: Mapping[date, Sequence[int]]) -> list[list[int]]:
    """The sums of each hour of each weekday, Monday first."""
    sums = [[0] * HOURS for _ in WEEKDAYS]
    for day, hours in days.items():
        of = sums[day.weekday()]
        for hour, nano in enumerate(hours):
            of[hour] += nano
    return sums


def levels(week: Sequence[Sequence[int]]) -> list[list[int]]:
    """How much each hour is among those that have anything: 0 nothing, 1 to 4 by quarters of them, the greatest 4."""
    used = sorted(nano for hours in week for nano in hours if nano > 0)
    if not used:
        return [[0] * HOURS for _ in week]
    last = len(used) - 1
    limits = (used[last // 4], used[last // 2], used[last * 3 // 4])

    def level(nano: int) -> int:
        return 0 if nano <= 0 else 4 if nano == used[-1] else 1 + bisect_left(limits, nano)

    return [[level(nano) for nano in hours] for hours in week]


def draw(week: Sequence[Sequence[int]], width: int, height: int, glyphs: str) -> list[list[Piece]]:
    """The lines of the picture, a glyph of `glyphs` per level; below them the hours. Empty without room."""
    cell = (width - LABELS) // HOURS
    if cell < 1 or height < len(WEEKDAYS):
        return []
    tall = max(1, min(3, (height - 1) // len(WEEKDAYS)))
    full, gap = max(1, cell - 1), cell - max(1, cell - 1)
    lines: list[list[Piece]] = []
    for name, hours in zip(WEEKDAYS, levels(week), strict=True):
        cells = [
            piece
            for level in hours
            for piece in (
                (glyphs[level] * (full if level else 1), f"heat-{level}"),
                (" " * (gap + (0 if level else full - 1)), ""),
            )
        ]
        lines += [[("", "")]] * (tall - 1)
        lines.append([(name.ljust(LABELS), "label"), *joined(cells)])
    if height > len(lines):
        foot = "".join(f"{hour}h".ljust(6 * cell) for hour in range(0, HOURS, 6))
        lines.append([(" " * LABELS + foot.rstrip(), "label")])
    return lines


def busiest(week: Sequence[Sequence[int]]) -> tuple[str, int, int]:
    """The greatest hour: weekday, hour, cost."""
    nano, day, hour = max((nano, -day, -hour) for day, hours in enumerate(week) for hour, nano in enumerate(hours))
    return WEEKDAYS[-day], -hour, nano
