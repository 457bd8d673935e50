from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest

from claude_tui.engine.queries.periods import month_end, months, sum_totals, week_start, weeks
from claude_tui.model import DayRow, Totals


def day(text: str, cost: int = 1) -> DayRow:
    return DayRow(date.fromisoformat(text), Totals(responses=1, cost_nano=cost, first_ms=cost, last_ms=cost + 5))


def test_weeks_are_iso_weeks_with_the_year_they_belong_to() -> None:
    rows = weeks([day("2026-12-31", 3), day("2027-01-03", 4), day("2027-01-04", 5), day("2026-11-21", 7)])
    assert [(row.label, row.first.isoformat(), row.last.isoformat(), row.totals.cost_nano) for row in rows] == [
        ("2026-W47", "2026-11-16", "2026-11-22", 7),
        ("2026-W53", "2026-12-28", "2027-01-03", 7),
        ("2027-W01", "2027-01-04", "2027-01-10", 5),
    ]
    assert [row.days for row in rows] == [1, 2, 1]


def test_weeks_may_start_on_sunday() -> None:
    rows = weeks([day("2026-11-21"), day("2026-11-22"), day("2026-11-28")], "sunday")
    assert [(row.label, row.days) for row in rows] == [("2026-11-15", 1), ("2026-11-22", 2)]


def test_months_end_on_their_last_day() -> None:
    rows = months([day("2028-02-29"), day("2028-02-01"), day("2026-12-31")])
    assert [(row.label, row.last.isoformat(), row.days) for row in rows] == [
        ("2026-12", "2026-12-31", 1),
        ("2028-02", "2028-02-29", 2),
    ]


def test_every_day_is_in_exactly_one_week_and_month() -> None:
    first = date(2025, 12, 20)
    days = [DayRow(first + timedelta(days=n), Totals(responses=1, cost_nano=n)) for n in range(800)]
    for rows in (weeks(days), weeks(days, "sunday"), months(days)):
        assert sum(row.days for row in rows) == 800
        assert sum_totals(row.totals for row in rows) == sum_totals(one.totals for one in days)
        assert all(before.last < after.first for before, after in pairwise(rows))


def test_instants_of_a_sum_are_the_outermost_known() -> None:
    total = sum_totals([Totals(), Totals(first_ms=5, last_ms=9), Totals(first_ms=3, last_ms=4)])
    assert (total.first_ms, total.last_ms) == (3, 9)
    assert sum_totals([]) == Totals()


def test_a_week_starts_on_a_day_that_is_known() -> None:
    assert week_start(date(2026, 11, 22)) == date(2026, 11, 16)
    assert month_end(date(2026, 2, 3)) == date(2026, 2, 28)
    with pytest.raises(KeyError):
        week_start(date(2026, 11, 22), "tuesday")
