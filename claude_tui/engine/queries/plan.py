"""How plan limits stand and where they are heading, and some days beside those before them. Must not draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from claude_tui.engine.queries.allowances.forecast import DAY_H, Forecast, forecast
from claude_tui.engine.queries.allowances.limits import ReportedWindow
from claude_tui.engine.queries.periods.comparison import Compared
from claude_tui.engine.queries.periods.hours import Hours
from claude_tui.engine.state.sums.calendar import Calendar
from claude_tui.model import Query
from claude_tui.records import NamedTuple
from claude_tui.units import DAY_MS, HOUR_MS

WEEKLY: Final = "seven_day"
HISTORY_DAYS: Final = 35
"""So many days of the past are looked at: four weeks for stretches of a week, which end on each of their days."""


class PlanLimit(NamedTuple):
    """A limit that still holds, and where it is heading if that can be said."""

    window: ReportedWindow
    forecast: Forecast | None = None


@dataclass(frozen=True, slots=True)
class PlanPicture:
    """The limits of all clients and accounts, and `query` beside `before`."""

    query: Query
    before: Query
    limits: tuple[PlanLimit, ...] = ()
    parts: Sequence[Compared] = ()


def heading(window: ReportedWindow, by_day: Mapping[date, Hours], calendar: Calendar, now_ms: int) -> Forecast | None:
    """Return where a weekly limit is heading, by the cost of each hour of its client and account; None for others."""
    if window.name != WEEKLY or not window.seen_ms <= now_ms < window.resets_ms:
        return None
    day, hour = calendar.day_hour(window.seen_ms)
    first = date.fromordinal(day) - timedelta(days=HISTORY_DAYS)
    hours = [
        nano for number in range(HISTORY_DAYS + 1) for nano in by_day.get(first + timedelta(days=number), (0,) * DAY_H)
    ]
    known = hours[: len(hours) - DAY_H + hour + 1]
    gone = -(-(window.seen_ms - (window.resets_ms - 7 * DAY_MS)) // HOUR_MS)
    return forecast(window.used_percent, known, gone, -(-(window.resets_ms - window.seen_ms) // HOUR_MS))
