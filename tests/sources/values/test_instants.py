"""Instants of the usual form, however often their day or minute was seen before, are those of the calendar."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_tui.sources.values.instants import EARLIEST_MS, instant_ms

T = 1_763_632_800_000
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
days = st.dates().map(str) | st.sampled_from(["1969-12-31", "1970-01-01", "2026-05-28", "2026-02-29", "2026-13-01"])
clocks = st.tuples(st.integers(0, 24), st.integers(0, 60), st.integers(0, 60), st.integers(0, 999))


@given(st.lists(st.tuples(days, st.sampled_from("T "), clocks), min_size=1, max_size=20))
def test_what_was_seen_before_changes_no_instant(times: list[tuple[str, str, tuple[int, int, int, int]]]) -> None:
    for day, separator, (hour, minute, second, ms) in [*times, *times]:
        if hour == 24:  # taken for the next day by newer versions of Python
            continue
        text = f"{day}{separator}{hour:02d}:{minute:02d}:{second:02d}.{ms:03d}Z"
        try:
            start = datetime.fromisoformat(f"{day}T{hour:02d}:{minute:02d}:{second:02d}+00:00")
        except ValueError:
            assert instant_ms(text) == 0
            continue
        time_ms = (start - EPOCH) // timedelta(milliseconds=1) + ms
        assert instant_ms(text) == (time_ms if time_ms >= EARLIEST_MS else 0)


@pytest.mark.parametrize("value", [T, T / 1, str(T), T // 1000, str(T // 1000), T * 1000, T * 10**6, T / 1000])
def test_numbers_are_of_the_unit_that_makes_them_an_instant_of_this_age(value: object) -> None:
    assert instant_ms(value) == T


@pytest.mark.parametrize(
    "value", [0, -1, 5, 1.5, True, 10**20, 10**400, "9" * 21, "0", "5", float("inf"), float("nan")]
)
def test_what_is_no_instant_of_this_age_is_none(value: object) -> None:
    assert instant_ms(value) == 0
