"""Instants of the usual form, however often their day or minute was seen before, are those of the calendar."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from claude_tui.sources.instants import instant_ms

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
        assert instant_ms(text) == max(0, (start - EPOCH) // timedelta(milliseconds=1) + ms)
