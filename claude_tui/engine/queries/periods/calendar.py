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
