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


@pytest.mark.parametrize(
    "text",
    [
        "2025-11-20T10:00:00Z", "2025-11-20T10:00Z", "2025-11-20T10:00:00.0004Z", "2025-11-20T10:00:00.000999999Z",
        "2025-11-20T10:00:00,000Z", "2025-11-20T10:00:00.000z", "2025-11-20t10:00:00", "2025-11-20 10:00:00.000Z",
        "2025-11-20 10:00:00 UTC", "2025-11-20 10:00:00 +0000", " 2025-11-20T10:00:00.000Z\n", "20251120T100000Z",
        "2025-11-20T12:00:00.000+02:00", "2025-11-20T12:30:00+0230", "2025-11-20T00:00:00-10", "2025-11-21T00:00+14:00",
    ],
)  # fmt: skip
def test_other_ways_to_write_an_instant_are_read(text: str) -> None:
    assert instant_ms(text) == T


@pytest.mark.parametrize(
    "text",
    ["2025-11-20T10:00:60Z", "2025-11-20T25:00:00Z", "2025-11-20T24:00:01Z", "2025-11-20T10:00:00+99:00", "10:00:00Z",
     "2025-1-20T10:00:00Z", "2025-1120T10:00:00Z", "2025-11-20T10:00:00.Z",
     "2025-W47-4", "soon", "２０２５-11-20T10:00:00Z"],
)  # fmt: skip
def test_what_is_no_instant_is_none(text: str) -> None:
    assert instant_ms(text) == 0


def test_an_instant_stays_on_its_day() -> None:
    end_of_day = 1_763_683_199_999
    assert instant_ms("2025-11-20T23:59:59.999999Z") == end_of_day
    assert instant_ms("2025-11-20T23:59:59.9999999+00:00") == end_of_day
    assert instant_ms(end_of_day * 1000 + 999) == instant_ms(end_of_day * 10**6 + 999_999) == end_of_day
    assert instant_ms("2025-11-20T24:00:00.000Z") == instant_ms("2025-11-21T00:00:00.000Z") == end_of_day + 1
