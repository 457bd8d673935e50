"""Local days and hours: what the clock on the wall says, also on the days it is changed."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claude_tui.engine.queries.periods.calendar import month_end, week_start
from claude_tui.engine.state.sums.calendar import Calendar
from tests.engine.counting import assert_sums_agree, counted
from tests.logs import ClaudeHome, assistant, usage

ZONES = ["UTC", "Europe/Berlin", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe", "America/St_Johns",
         "Pacific/Apia", "America/Los_Angeles", "Africa/Casablanca"]  # fmt: skip
MS = timedelta(milliseconds=1)


def ms(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=timezone.utc)) // MS


def on_the_wall(time_ms: int, zone: str) -> tuple[int, int]:
    moment = datetime(1970, 1, 1, tzinfo=timezone.utc) + time_ms * MS
    local = moment.astimezone(ZoneInfo(zone))
    return local.toordinal(), local.hour


def length(day: date, zone: str) -> float:
    """How many hours of a local day the calendar knows, probed every quarter."""
    calendar = Calendar(ZoneInfo(zone))
    start = ms(datetime(day.year, day.month, day.day, tzinfo=timezone.utc)) - 2 * 86_400_000
    return sum(calendar.day(start + n * 900_000) == day for n in range(5 * 96)) / 4


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("Europe/Berlin", date(2026, 7, 1), 24),
        ("Asia/Kolkata", date(2026, 3, 29), 24),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
        ("Australia/Lord_Howe", date(2026, 10, 4), 23.5),
        ("Pacific/Apia", date(2011, 12, 30), 0),
    ],
)
def test_days_are_as_long_as_they_are(zone: str, day: date, hours: float) -> None:
    assert length(day, zone) == hours


@pytest.mark.parametrize("zone", ZONES)
@settings(max_examples=200)
@given(
    time_ms=st.integers(ms(datetime(1990, 1, 1, tzinfo=timezone.utc)), ms(datetime(2090, 1, 1, tzinfo=timezone.utc)))
)
def test_every_instant_falls_on_the_day_and_hour_of_the_wall_clock(zone: str, time_ms: int) -> None:
    assert Calendar(ZoneInfo(zone)).day_hour(time_ms) == on_the_wall(time_ms, zone)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 4, 5), date(2026, 10, 4), date(2026, 10, 25)])
def test_around_a_change_of_the_clock_every_minute_is_right(zone: str, day: date) -> None:
    calendar = Calendar(ZoneInfo(zone))
    start = ms(datetime(day.year, day.month, day.day, tzinfo=timezone.utc)) - 86_400_000
    for minute in range(3 * 1440):
        for time_ms in (start + minute * 60_000, start + minute * 60_000 + 59_999):
            assert calendar.day_hour(time_ms) == on_the_wall(time_ms, zone)


@pytest.mark.parametrize("zone", ZONES)
def test_instants_at_the_end_of_time_are_some_day(zone: str) -> None:
    for time_ms in (0, 1, 253_402_300_799_999, 2**62):
        assert Calendar(ZoneInfo(zone)).day(time_ms).year >= 1969


@pytest.mark.parametrize(
    ("zone", "midnight"),
    [
        ("Europe/Berlin", datetime(2026, 10, 25, 23, tzinfo=timezone.utc)),
        ("Asia/Kolkata", datetime(2026, 10, 25, 18, 30, tzinfo=timezone.utc)),
        ("Australia/Lord_Howe", datetime(2026, 10, 4, 13, tzinfo=timezone.utc)),
    ],
)
def test_responses_fall_on_their_local_day(claude_home: ClaudeHome, zone: str, midnight: datetime) -> None:
    at = ms(midnight)
    claude_home.append(assistant("msg_1", at - 1, usage(1)), assistant("msg_2", at, usage(2)))
    claude_home.append(assistant("msg_3", at + 60_000, usage(4)), assistant("msg_3", at - 60_000, usage(4)))
    days = assert_sums_agree(counted(claude_home.folder, zone=ZoneInfo(zone))).days
    today = midnight.astimezone(ZoneInfo(zone)).date()
    assert [(row.day, row.totals.input, row.totals.responses) for row in days] == [
        (today - timedelta(days=1), 5, 2), (today, 2, 1),
    ]  # fmt: skip


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Berlin"])
@pytest.mark.parametrize(
    "time_ms", [-(2**63), -(10**15), -1, 0, 253_370_764_799_999, 253_370_764_800_000, 253_402_300_799_999, 2**62, 2**63]
)
def test_an_instant_out_of_reach_falls_on_a_day_whose_week_and_month_exist(time_ms: int, zone: str) -> None:
    calendar = Calendar(ZoneInfo(zone))
    day, hour = calendar.day_hour(time_ms)
    start_ms, end_ms = calendar.span_ms(day)
    assert 0 <= hour < 24 and 22 * 3_600_000 < end_ms - start_ms < 26 * 3_600_000
    at = calendar.day(time_ms)
    assert week_start(at) <= at <= month_end(at)
