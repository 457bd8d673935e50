from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from claude_tui.moments import MONTHS
from claude_tui.ui.widgets.days.day_grid import FUTURE, NO_DATA, build_grid, month_labels, thresholds
from tests.ui.fakes import TODAY


def test_weeks_begin_on_monday_and_the_last_holds_today() -> None:
    grid = build_grid({TODAY: 5}, TODAY, 53)
    assert len(grid) == 53
    assert all(len(week) == 7 and week[0].day.weekday() == 0 for week in grid)
    assert grid[-1][TODAY.weekday()].day == TODAY


def test_no_data_zero_and_future_are_three_things() -> None:
    first = TODAY - timedelta(days=10)
    days = {day.day: day.level for week in build_grid({first: 1, TODAY: 2}, TODAY, 4) for day in week}
    assert days[first - timedelta(days=1)] == NO_DATA
    assert days[first + timedelta(days=1)] == 0
    assert days[TODAY + timedelta(days=1)] == FUTURE
    assert days[first] >= 1


def test_one_huge_day_does_not_flatten_the_others() -> None:
    daily = {TODAY - timedelta(days=number): number + 1 for number in range(8)} | {TODAY: 10**12}
    levels = {day.level for week in build_grid(daily, TODAY, 3) for day in week if day.value}
    assert levels == {1, 2, 3, 4}


@given(st.dictionaries(st.dates(TODAY - timedelta(days=400), TODAY), st.integers(0, 10**12)), st.integers(1, 53))
def test_levels_follow_values(daily: dict[date, int], weeks: int) -> None:
    days = [day for week in build_grid(daily, TODAY, weeks) for day in week if day.level >= 0]
    for day in days:
        assert (day.level == 0) == (day.value == 0)
    ranked = sorted(days, key=lambda day: day.value)
    assert [day.level for day in ranked] == sorted(day.level for day in ranked)


def test_thresholds_of_nothing() -> None:
    assert thresholds([0, 0]) == (0, 0, 0)


def test_months_stand_over_their_first_week_and_never_touch() -> None:
    grid = build_grid({}, date(2026, 11, 20), 53)
    line = month_labels(grid, 2, 106)
    assert len(line) <= 106
    at = line.index("Mar") // 2
    assert any(day.day == date(2026, 3, 1) for day in grid[at])


def test_a_single_used_day_is_the_most_there_was() -> None:
    grid = build_grid({TODAY: 5}, TODAY, 4)
    assert [day.level for week in grid for day in week if day.day == TODAY] == [4]


def test_the_name_of_a_month_is_whole_or_not_there() -> None:
    for days in range(400):
        grid = build_grid({}, date(2026, 1, 1) + timedelta(days=days), 9)
        for room in (18, 19, 20, 40):
            line = month_labels(grid, 2, room)
            assert len(line) <= room and all(name in MONTHS for name in line.split())
    assert month_labels(build_grid({}, date(2026, 12, 1), 9), 2, 19).endswith("Dec")
