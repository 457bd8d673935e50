"""What each day of a year's grid means: nothing known, nothing spent, or in which quarter of the days it is. Pure.

A day without any record is not a day of zero: before the first day anything was recorded there is nothing to know.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from claude_tui.moments import MONTHS

MOST: Final = 4
"""The level of the greatest day, and so of the only one: the fourth quarter of the days that have something."""
NO_DATA: Final = -1
"""Level of a day from before the first record: not known, rather than zero."""
FUTURE: Final = -2
"""Level of a day that has not come."""


@dataclass(frozen=True)
class Day:
    """One cell of the grid."""

    day: date
    value: int
    level: int
    is_remembered: bool = False


def thresholds(values: list[int]) -> tuple[int, int, int]:
    """The quartiles of the days that are not zero, so that one huge day does not flatten the year."""
    ranked = sorted(value for value in values if value > 0)
    if not ranked:
        return (0, 0, 0)
    top = len(ranked) - 1
    return (ranked[top // 4], ranked[top // 2], ranked[top * 3 // 4])


def build_grid(
    daily: Mapping[date, int],
    today: date,
    weeks: int,
    first: date | None = None,
    remembered: Collection[date] = frozenset(),
) -> list[list[Day]]:
    """The weeks of the grid, oldest first, each of seven days from Monday; the last one holds today.

    Args:
        daily: Value per day; a day that is missing is zero from `first` on and unknown before it.
        today: Days after it have not come.
        weeks: How many columns.
        first: The first day anything was recorded; by default the first of `daily`.
        remembered: The days whose logs are gone, as far as the ledger kept them.
    """
    first = first or min(daily, default=None)
    monday = today - timedelta(days=today.weekday() + 7 * (weeks - 1))
    shown = [monday + timedelta(days=number) for number in range(7 * max(0, weeks))]
    values = [daily.get(day, 0) for day in shown if day <= today]
    limits, top = thresholds(values), max(values, default=0)

    def cell(day: date) -> Day:
        value = daily.get(day, 0)
        if day > today:
            return Day(day, 0, FUTURE)
        if first is None or day < first:
            return Day(day, 0, NO_DATA)
        level = 0 if value <= 0 else MOST if value == top else 1 + bisect_left(limits, value)
        return Day(day, value, level, day in remembered)

    return [[cell(day) for day in shown[at : at + 7]] for at in range(0, len(shown), 7)]


def month_labels(grid: list[list[Day]], cell_width: int, room: int) -> str:
    """The names of the months over the weeks in which they begin, whole: none that would touch the one before or end
    beyond `room`.
    """
    line = ""
    for index, week in enumerate(grid):
        begins = next((day.day for day in week if day.day.day == 1), None)
        if begins is None and index == 0 and week[0].day.day <= 15:
            begins = week[0].day
        at = index * cell_width
        name = MONTHS[begins.month - 1] if begins is not None else ""
        if name and (not line or len(line) < at) and at + len(name) <= room:
            line = line.ljust(at) + name
    return line
