"""Days rolled up into weeks and months. Pure: day rows in, period rows out. Must not know clocks or queries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Final

from claude_tui.model import DayRow, Totals

WEEK_STARTS: Final[Mapping[str, int]] = {"monday": 0, "sunday": 6}
"""Names of the days a week may begin on, and their `date.weekday()`."""

_PLAIN: Final = Totals._fields[:-2]


@dataclass(frozen=True, slots=True)
class PeriodRow:
    """A run of calendar days from `first` to `last`, both inclusive. `days` are those with data in it.

    `label` is "2026-W47" for an ISO week, the first day for a week from Sunday on, "2026-11" for a month.
    """

    label: str
    first: date
    last: date
    totals: Totals
    days: int


def weeks(days: Iterable[DayRow], starts_on: str = "monday") -> tuple[PeriodRow, ...]:
    """Return the weeks with data, the earliest first. ISO weeks where they start on Monday."""

    def row(first: date, rows: list[DayRow]) -> PeriodRow:
        year, week, _ = first.isocalendar()
        label = f"{year}-W{week:02d}" if starts_on == "monday" else first.isoformat()
        return _row(label, first, first + timedelta(days=6), rows)

    return _grouped(days, lambda day: week_start(day, starts_on), row)


def months(days: Iterable[DayRow]) -> tuple[PeriodRow, ...]:
    """Return the calendar months with data, the earliest first."""

    def row(first: date, rows: list[DayRow]) -> PeriodRow:
        return _row(f"{first:%Y-%m}", first, month_end(first), rows)

    return _grouped(days, lambda day: day.replace(day=1), row)


def week_start(day: date, starts_on: str = "monday") -> date:
    """Return the first day of the week a day is in. Raises KeyError for a day no week starts on."""
    return day - timedelta(days=(day.weekday() - WEEK_STARTS[starts_on]) % 7)


def month_end(day: date) -> date:
    """Return the last day of a day's month."""
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def sum_totals(many: Iterable[Totals]) -> Totals:
    """Add totals up; first and last instants are the outermost of those that are known."""
    rows = list(many)
    sums = [sum(getattr(row, name) for row in rows) for name in _PLAIN]
    first_ms = min((row.first_ms for row in rows if row.first_ms), default=0)
    return Totals(*[*sums, first_ms, max((row.last_ms for row in rows), default=0)])


def _grouped(
    days: Iterable[DayRow], first_of: Callable[[date], date], row: Callable[[date, list[DayRow]], PeriodRow]
) -> tuple[PeriodRow, ...]:
    ordered = sorted(days, key=lambda one: one.day)
    return tuple(row(first, list(rows)) for first, rows in groupby(ordered, lambda one: first_of(one.day)))


def _row(label: str, first: date, last: date, rows: list[DayRow]) -> PeriodRow:
    return PeriodRow(label, first, last, sum_totals(one.totals for one in rows), len(rows))
