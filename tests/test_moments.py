"""Instants as text."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import example, given
from hypothesis import strategies as st

from claude_tui.model import Totals
from claude_tui.moments import instant
from claude_tui.reports.columns import FLAT, flat

EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001
FIRST_MS, LAST_MS = ((end - EPOCH) // timedelta(milliseconds=1) for end in (datetime.min, datetime.max))  # noqa: DTZ901


@given(st.integers(FIRST_MS, LAST_MS))
@example(0)
@example(-1)
@example(FIRST_MS)
@example(LAST_MS)
def test_an_instant_is_written_as_python_writes_it(time_ms: int) -> None:
    expected = EPOCH + timedelta(milliseconds=time_ms)
    assert instant(time_ms) == expected.isoformat("T", "milliseconds") + "Z"


@given(st.integers(max_value=FIRST_MS - 1) | st.integers(min_value=LAST_MS + 1))
@example(FIRST_MS - 1)
@example(LAST_MS + 1)
def test_an_instant_that_no_calendar_has_is_1970(time_ms: int) -> None:
    assert instant(time_ms) == "1970-01-01T00:00:00.000Z"


def test_totals_are_written_in_their_order() -> None:
    made = flat(Totals(*range(1, 18)))
    assert (*made,) == FLAT
    assert [*made.values()][:15] == [*range(1, 16)]
    assert made["tokens"] == 2 + 3 + 4 + 5 + 6
    assert (made["first"], made["last"]) == ("1970-01-01T00:00:00.016Z", "1970-01-01T00:00:00.017Z")
    assert flat(Totals())["first"] is None
