from __future__ import annotations

from datetime import date, timedelta

import pytest

from claude_tui.engine.queries.periods.calendar import cycle, month_end, week_start
from claude_tui.engine.queries.periods.named import named


def test_a_week_starts_on_a_day_that_is_known() -> None:
    assert week_start(date(2026, 11, 22)) == date(2026, 11, 16)
    assert week_start(date(2026, 11, 22), "sunday") == date(2026, 11, 22)
    assert week_start(date(2026, 11, 21), "sunday") == date(2026, 11, 15)
    with pytest.raises(KeyError):
        week_start(date(2026, 11, 22), "tuesday")


@pytest.mark.parametrize("starts_on", ["monday", "sunday"])
def test_a_week_has_seven_days(starts_on: str) -> None:
    days = [date(2025, 12, 20) + timedelta(days=n) for n in range(800)]
    starts = {week_start(day, starts_on) for day in days}
    assert all(0 <= (day - week_start(day, starts_on)).days < 7 for day in days)
    assert {(start - min(starts)).days % 7 for start in starts} == {0}


def test_months_end_on_their_last_day() -> None:
    assert month_end(date(2026, 2, 3)) == date(2026, 2, 28)
    assert month_end(date(2028, 2, 1)) == month_end(date(2028, 2, 29)) == date(2028, 2, 29)
    assert month_end(date(2026, 12, 31)) == date(2026, 12, 31)


@pytest.mark.parametrize("first_day", [1, 15, 28, 29, 30, 31])
def test_billing_months_follow_each_other_without_a_gap(first_day: int) -> None:
    days = [date(2027, 11, 20) + timedelta(days=n) for n in range(500)]
    for day in days:
        start, end = cycle(day, first_day)
        assert start <= day <= end and 28 <= (end - start).days + 1 <= 31
        assert cycle(end + timedelta(days=1), first_day)[0] == end + timedelta(days=1)
        assert start.day == first_day or (start.day < first_day and start == month_end(start))


def test_the_period_cycle_begins_on_the_day_of_the_bill() -> None:
    assert named("cycle", 15).range(date(2026, 11, 14)) == (date(2026, 10, 15), date(2026, 11, 14))
    assert named("cycle", 31).range(date(2028, 3, 1)) == (date(2028, 2, 29), date(2028, 3, 30))
    assert named("cycle").range(date(2026, 11, 14)) == named("month").range(date(2026, 11, 14))
