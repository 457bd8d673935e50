"""Budgets are seen: in the box of today, in the line of a day, and beside the limits of plans."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from claude_tui.engine.queries.allowances.budgets import Budget, BudgetState
from claude_tui.ui.views.base.view import EVERYTHING
from claude_tui.ui.widgets.days.day_detail import day_summary
from claude_tui.ui.widgets.days.heatmap import OVER, REMEMBERED, Heatmap
from claude_tui.ui.widgets.limits import budget_lines
from tests.replacing import replace
from tests.ui.fakes import TODAY, FakeSource, snapshot
from tests.ui.helpers import press, running, screen_text

NANO = 10**9
DAY = Budget("day", 10 * NANO)
"""Today of the fakes is $12.34."""


async def test_the_box_of_today_says_how_its_budget_stands_and_turns_red_at_once_when_it_is_passed() -> None:
    given = snapshot()
    exact = replace(given, today=given.today._replace(cost_nano=DAY.limit_nano))
    source = FakeSource(exact)
    async with running(source, budgets=(DAY,)) as (app, pilot):
        box = app.query_one("#meter-today")
        assert "$10.00 of $10.00" in screen_text(app) and "100%" in str(box.render()) and not box.has_class("-over")
        source.given = replace(exact, revision=exact.revision + 1, today=given.today)
        await press(pilot)
        assert "$12.34 of $10.00" in screen_text(app) and "123%" in str(box.render()) and box.has_class("-over")


async def test_a_day_over_its_budget_says_so_and_one_below_does_not() -> None:
    given = snapshot()
    costs = {row.day: row.totals.cost_nano for row in given.days}
    days = sorted(costs)[:-6:-1]
    limit_nano = sorted(costs[day] for day in days)[2]
    async with running(view="days", budgets=(Budget("day", limit_nano),), size=(120, 40)) as (app, pilot):
        said = {}
        for back in range((days[0] - days[-1]).days + 1):
            said[TODAY - timedelta(days=back)] = " of $" in str(app.query_one("#day-summary").render())
            await press(pilot, "up")
    assert said == {day: costs.get(day, 0) > limit_nano for day in said} and sum(said.values()) == 2


async def test_the_view_of_plans_has_a_line_for_each_budget() -> None:
    async with running(view="plan", budgets=(DAY, Budget("month", 400 * NANO, "webshop"))) as (app, _):
        text = screen_text(app)
        assert "budget day" in text and "budget month webshop" in text and "over" in text


@pytest.mark.parametrize(
    ("spent", "limit", "said"),
    [(5, 10, "$5.00 of $10.00"), (10, 10, "$0.00 left"), (13, 10, "$3.00 over"), (1, 0, "nothing may be spent")],
)
def test_what_is_spent_stays_in_a_narrow_pane(spent: int, limit: int, said: str) -> None:
    state = BudgetState(Budget("day", limit * NANO), TODAY, spent * NANO)
    assert said in budget_lines([state], 100)[0].plain
    for width in range(16, 100):
        (line,) = budget_lines([state], width)
        assert f"of ${limit}" in line.plain and len(line.plain) <= width


async def test_days_over_their_budget_carry_a_mark_that_the_legend_names() -> None:
    given = snapshot()
    costs = sorted(row.totals.cost_nano for row in given.days)
    async with running(view="days", budgets=(Budget("day", costs[-4]),), size=(120, 40)) as (app, pilot):
        await press(pilot, "home")
        heatmap = app.query_one(Heatmap)
        drawn = "".join(heatmap.render_line(y).text for y in range(1, 8))
        assert drawn.count(OVER) == 3 and "! over budget" in screen_text(app)


async def test_that_a_day_was_dear_is_said_before_anything_else_of_it_and_in_red() -> None:
    dear, known = TODAY - timedelta(days=8), TODAY - timedelta(days=9)
    async with running(view="days", size=(120, 40)) as (app, _):
        heatmap = app.query_one(Heatmap)
        red = heatmap.get_component_rich_style("heatmap--over").color
        days = dict.fromkeys((dear, known, TODAY), 5)
        marks: dict[bool, list[Any]] = {}
        for is_cursor in (False, True):
            heatmap.cursor_day = dear if is_cursor else TODAY
            remembered = frozenset({known} if is_cursor else {dear, known})
            heatmap.show(days, TODAY, known, remembered=remembered, over=frozenset({dear}))
            line = heatmap.render_line(1 + dear.weekday())
            marks[is_cursor] = [part for part in line if OVER in part.text]
            assert REMEMBERED not in line.text
        assert REMEMBERED in heatmap.render_line(1 + known.weekday()).text
        (mark,), (below_cursor,) = marks[False], marks[True]
        assert mark.style is not None and mark.style.color == red and below_cursor.style != mark.style


def test_the_line_of_a_dear_day_is_red() -> None:
    totals = snapshot().today
    for limit_nano, style in ((totals.cost_nano - 1, "bold $error"), (totals.cost_nano, "bold $primary")):
        line = day_summary(TODAY, totals, TODAY, limit_nano=limit_nano)
        (cost,) = [span for span in line.spans if line.plain[span.start : span.end] == "$12.34"]
        assert cost.style == style


async def test_a_budget_for_everything_marks_no_day_of_a_part() -> None:
    several = ("claude", "codex")
    source = FakeSource(lambda query, now_ms: replace(snapshot(query=query, now_ms=now_ms), sources=several))
    async with running(source, view="days", budgets=(Budget("day", 1),), size=(120, 40)) as (app, pilot):
        assert "over budget" in screen_text(app)
        await press(pilot, "a")
        assert app.main.navigation.scope != EVERYTHING and "over budget" not in screen_text(app)
