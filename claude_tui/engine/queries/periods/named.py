"""Which days are shown: the choices of `p`, and what they mean on a given day. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final

from claude_tui import moments
from claude_tui.engine.queries.periods.calendar import cycle
from claude_tui.model import Totals
from claude_tui.records import NamedTuple


class Period(NamedTuple):
    """A choice of days. `days` counts back from today (0: no limit); `since`/`until` are a custom range.

    `first_day` is the day of the month a month begins on: of a billing cycle any, else the 1st.
    """

    id: str
    label: str
    days: int = 0
    since: date | None = None
    until: date | None = None
    first_day: int = 1

    @property
    def short(self) -> str:
        """The label in few cells: `1 Nov-5 Nov` for a range of days, with the year where it ends in another."""
        days = [day for day in (self.since, self.until) if day is not None]
        if not days:
            return self.label
        has_year = days[0].year != days[-1].year
        first, last = (
            f"{day.day} {moments.MONTHS[day.month - 1]}{f' {day:%y}' if has_year else ''}"
            for day in (days[0], days[-1])
        )
        if len(days) == 1:
            return f"from {first}" if self.until is None else f"to {last}"
        return first if self.since == self.until else f"{first}-{last}"

    def range(self, today: date) -> tuple[date | None, date | None]:
        """Return first and last day, both inclusive; None if there is no limit. "30 days" are 30 including today."""
        if self.id in ("month", CYCLE):
            return cycle(today, self.first_day)
        if self.days:
            return today - timedelta(days=self.days - 1), today
        return self.since, self.until

    def covers(self, day: date, today: date) -> bool:
        """Whether a day is included."""
        since, until = self.range(today)
        return (since is None or day >= since) and (until is None or day <= until)


CYCLE: Final = "cycle"
"""The billing month, which begins on a day of its own."""

PERIODS: Final = (
    Period("today", "today", days=1),
    Period("7d", "7 days", days=7),
    Period("30d", "30 days", days=30),
    Period("month", "this month"),
    Period(CYCLE, "this cycle"),
    Period("all", "all time"),
)
BY_ID: Final = {period.id: period for period in PERIODS}


def periods(cycle_day: int) -> tuple[Period, ...]:
    """Return the usual periods, with a billing cycle that begins on a day of the month."""
    return tuple(period._replace(first_day=cycle_day) if period.id == CYCLE else period for period in PERIODS)


def named(text: str, cycle_day: int = 1) -> Period:
    """Return the period with an id, or a custom range of days. Raises ValueError with a message to show."""
    usual = {period.id: period for period in periods(cycle_day)}
    return usual.get(text.strip()) or parse(text)


def parse(text: str) -> Period:
    """Parse a custom range `since..until`, either side empty for no limit, or one day.

    Raises ValueError with a message to show.
    """
    since_text, dots, until_text = text.strip().partition("..")
    try:
        since = date.fromisoformat(since_text.strip()) if since_text.strip() else None
        until = date.fromisoformat(until_text.strip()) if until_text.strip() else None
    except ValueError:
        raise ValueError("write days as 2026-11-01..2026-11-30") from None
    if not dots:
        until = since
    if since is None and until is None:
        raise ValueError("write days as 2026-11-01..2026-11-30")
    if since and until and until < since:
        raise ValueError("the last day is before the first")
    label = f"{since or ''}..{until or ''}" if since != until else str(since)
    return Period("custom", label, since=since, until=until)


def add(totals: Iterable[Totals]) -> Totals:
    """Return the sum of totals: counters added, first and last instant widened."""
    sums = dict.fromkeys(Totals._fields, 0)
    for part in totals:
        for name in sums:
            value = getattr(part, name)
            if name == "first_ms":
                sums[name] = min(sums[name] or value, value or sums[name])
            elif name == "last_ms":
                sums[name] = max(sums[name], value)
            else:
                sums[name] += value
    return Totals(**sums)
