from __future__ import annotations

from datetime import date, timedelta
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_tui.ui.text.drawings.week import HOURS, LABELS, LEAST_WIDTH, busiest, draw, levels, week_of

hours = st.lists(st.integers(0, 10**9), min_size=24, max_size=24)
days = st.dictionaries(st.dates(date(2026, 1, 1), date(2026, 12, 31)), hours, max_size=20)


@given(days)
def test_every_hour_is_in_its_place_in_the_week(given_days: dict[date, list[int]]) -> None:
    week = week_of(given_days)
    assert sum(map(sum, week)) == sum(map(sum, given_days.values()))
    for weekday in range(7):
        for hour in range(24):
            of = (found[hour] for day, found in given_days.items() if day.weekday() == weekday)
            assert week[weekday][hour] == sum(of)


@given(days)
def test_levels_grow_with_the_cost_and_nothing_is_none(given_days: dict[date, list[int]]) -> None:
    week = week_of(given_days)
    pairs = sorted(zip(chain(*week), chain(*levels(week)), strict=True))
    assert [level for _, level in pairs] == sorted(level for _, level in pairs)
    assert all((level == 0) == (nano == 0) for nano, level in pairs)
    assert not any(nano for nano, _ in pairs) or pairs[-1][1] == 4


@pytest.mark.parametrize("width", [LEAST_WIDTH - 1, LEAST_WIDTH, 60, 90, 140])
@pytest.mark.parametrize("height", [6, 7, 8, 16, 30])
def test_the_picture_fits_and_hours_stand_over_their_names(width: int, height: int) -> None:
    monday = date(2026, 11, 16)
    week = week_of({monday + timedelta(days=2): [0] * 18 + [5] + [0] * 5})
    lines = ["".join(text for text, _ in line) for line in draw(week, width, height, "·░▒▓█")]
    assert len(lines) <= height and all(len(line) <= width for line in lines)
    if width < LEAST_WIDTH or height < 7:
        assert not lines
        return
    (used,) = [line for line in lines if "█" in line]
    assert used.startswith("Wed") and used.index("█") == LABELS + 18 * ((width - LABELS) // HOURS)
    if height > 7:
        assert lines[-1].index("18h") == used.index("█")
    assert busiest(week) == ("Wed", 18, 5)
