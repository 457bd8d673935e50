from __future__ import annotations

from datetime import timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_tui.engine.queries.allowances.blocks import UsageBlock, Window
from claude_tui.engine.queries.allowances.limits import ReportedWindow
from claude_tui.engine.queries.allowances.windows import BlocksPicture
from claude_tui.engine.queries.snapshots.recent import Course
from claude_tui.model import Query
from claude_tui.ui.text.drawings import burn
from claude_tui.ui.text.drawings.burn import DAY, HOUR, PACES, AskCourse, of_window, paced
from claude_tui.units import HOUR_MS, MINUTE_MS
from tests.ui.fakes import NOW_MS

UTC = timezone.utc
DOLLAR = 1_000_000_000


def asked_of(spent: list[tuple[int, int]]) -> AskCourse:
    """A source of costs at instants."""

    def ask(since_ms: int, until_ms: int, step_ms: int, query: Query) -> Course:
        found = [0] * -(-(until_ms + 1 - since_ms) // step_ms)
        for time_ms, nano in spent:
            if since_ms <= time_ms <= until_ms:
                found[(time_ms - since_ms) // step_ms] += nano
        return tuple(found)

    return ask


@given(
    st.sampled_from([HOUR, DAY]),
    st.lists(st.tuples(st.integers(0, 26 * HOUR_MS), st.integers(1, DOLLAR)), max_size=20),
    st.integers(20, 200),
)
def test_a_column_is_what_was_spent_before_it_an_hour(range_: str, ages: list[tuple[int, int]], columns: int) -> None:
    spent = [(NOW_MS + 12_345 - age_ms, nano) for age_ms, nano in ages]
    now_ms, pace = NOW_MS + 12_345, PACES[range_]
    burned = paced(range_, asked_of(spent), now_ms, UTC, columns, 77)
    step_ms = burn.column_ms(pace, columns)
    assert len(burned.graph.area) == columns and burned.graph.area[-1] == 77
    assert pace.over_ms % step_ms == 0
    end_ms = now_ms // step_ms * step_ms
    for back, value in enumerate(reversed(burned.graph.area[:-1])):
        until_ms = end_ms - back * step_ms
        expected = sum(nano for time_ms, nano in spent if until_ms - pace.over_ms <= time_ms < until_ms)
        assert value == pytest.approx(expected * HOUR_MS / pace.over_ms)


@pytest.mark.parametrize("columns", [61, 108, 180])
def test_all_columns_together_are_the_range_that_is_named(columns: int) -> None:
    for pace in PACES.values():
        assert pace.length_ms <= burn.column_ms(pace, columns) * columns < 2 * pace.length_ms


def test_clock_times_stand_below_their_columns() -> None:
    graph = paced(HOUR, asked_of([]), NOW_MS, UTC, 60, 0).graph
    assert [text for _, text in graph.ticks] == ["14:45", "15:00", "15:15", "15:30"]
    assert [column for column, _ in graph.ticks] == [13, 28, 43, 58]


def window(**changes: object) -> Window:
    start_ms = NOW_MS - 2 * HOUR_MS
    block = UsageBlock(start_ms, start_ms + 5 * HOUR_MS, nano=6 * DOLLAR, first_ms=start_ms, last_ms=NOW_MS)
    given = {"is_reported": True, "low_nano": 12 * DOLLAR, "high_nano": 15 * DOLLAR} | changes
    return Window(block.start_ms, block.end_ms, block, **given)  # type: ignore[arg-type]


def test_the_window_grows_to_what_it_has_cost_and_on_to_what_it_will_have_cost() -> None:
    spent = [(NOW_MS - 110 * MINUTE_MS, 2 * DOLLAR), (NOW_MS - 10 * MINUTE_MS, 4 * DOLLAR)]
    graph = of_window(BlocksPicture(window=window()), asked_of(spent), NOW_MS, UTC, 50).graph
    assert graph.area[-1] == 6 * DOLLAR and sorted(graph.area) == list(graph.area)
    assert len(graph.area) + len(graph.band) == 50
    low, high = graph.band[-1]
    assert low == pytest.approx(12 * DOLLAR) and high == pytest.approx(15 * DOLLAR)
    assert graph.band[0][0] >= 6 * DOLLAR and graph.limit is None


def test_the_limit_is_where_the_reported_share_leads() -> None:
    spent = [(NOW_MS - 110 * MINUTE_MS, 2 * DOLLAR), (NOW_MS - 10 * MINUTE_MS, 4 * DOLLAR)]
    seen_ms = NOW_MS - 60 * MINUTE_MS

    def limit(percent: float, **changes: object) -> int:
        opened = window(**changes)
        reported = ReportedWindow("/home/me/.claude", "five_hour", percent, opened.end_ms, seen_ms, None)
        found = BlocksPicture(window=opened, reported=(reported,))
        return of_window(found, asked_of(spent), NOW_MS, UTC, 50).limit_nano

    assert limit(20.0) == 10 * DOLLAR, "two dollars had been spent by then"
    assert limit(1.0) == 0, "too little is no evidence"
    assert limit(20.0, is_reported=False) == 0


def test_what_is_not_known_is_not_claimed() -> None:
    burned = paced(HOUR, lambda *_: None, NOW_MS, UTC, 60, 0)
    assert not burned.is_known and "$" not in burn.nothing(burned)
    assert "no 5h block" in burn.nothing(of_window(BlocksPicture(), asked_of([]), NOW_MS, UTC, 60))
