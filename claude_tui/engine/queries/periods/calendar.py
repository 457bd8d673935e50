"""Where weeks and months begin and end. Pure. Must not know clocks or queries."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

WEEK_STARTS: Final[Mapping[str, int]] = {"monday": 0, "sunday": 6}
"""Names of the days a week may begin on, and their `date.weekday()`."""


def week_start(day: date, starts_on: str = "monday") -> date:
    """Return the first day of the week a day is in. Raises KeyError for a day no week starts on."""
    return day - timedelta(days=(day.weekday() - WEEK_STARTS[starts_on]) % 7)


def month_end(day: date) -> date:
    """Return the last day of a day's month."""
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def cycle(day: date, first_day: int) -> tuple[date, date]:
    """Return the first and the last day of the billing month a day is in, which begins on day `first_day` (1 to 31).

    A month that is too short begins on its last day.
    """
    start = _in_month(day, first_day)
    if start > day:
        start = _in_month(day.replace(day=1) - timedelta(days=1), first_day)
    return start, _in_month(month_end(start) + timedelta(days=1), first_day) - timedelta(days=1)


def _in_month(day: date, number: int) -> date:
    last = month_end(day)
    return last.replace(day=min(number, last.day))
