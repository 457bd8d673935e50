from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from textual.color import Color

from claude_tui.model import Snapshot, Totals
from claude_tui.ui.terminal.ascii import TABLE
from claude_tui.ui.widgets.days.chart import CostChart
from claude_tui.ui.widgets.days.day_detail import DayFound, day_detail, day_summary
from claude_tui.ui.widgets.days.day_grid import build_grid
from claude_tui.ui.widgets.days.heatmap import REMEMBERED, Heatmap
from claude_tui.ui.widgets.days.legend import legend
from tests.replacing import replace
from tests.ui.fakes import TODAY, FakeSource, snapshot
from tests.ui.helpers import press, running, screen_text, settled

DAY = date(2026, 11, 20)


def with_remembered(back: int) -> Snapshot:
    """A snapshot whose ledger alone knows one day."""
    given = snapshot()
    gone = TODAY - timedelta(days=back)
    assert any(row.day == gone for row in given.days)
    return replace(given, days=tuple(row._replace(is_remembered=row.day == gone) for row in given.days))


@pytest.mark.parametrize("theme", ["claude-dark", "claude-light", "colour-blind", "ansi-dark", "ansi-light"])
async def test_the_selected_day_is_seen_in_every_theme(theme: str) -> None:
    async with running(theme=theme, view="days") as (app, _):
        style = app.query_one(Heatmap).get_component_rich_style("heatmap--cursor")
        named = app.theme_variables
        assert style.color != style.bgcolor
        if app.current_theme.ansi:
            assert named["cursor-text"] != named["cursor"]
            assert style.color == Color.parse(named["cursor-text"]).rich_color


async def test_a_chart_of_more_bars_than_fit_says_how_many_it_shows() -> None:
    async with running(view="days") as (_, pilot):
        assert "cost per month  all time" in screen_text(pilot.app)
        await press(pilot, "w", "w")
        assert re.search(r"cost per day  the last \d+ of 3\d\d days", screen_text(pilot.app))


def test_a_remembered_day_keeps_its_level() -> None:
    daily = {TODAY - timedelta(days=number): number + 1 for number in range(9)}
    gone = TODAY - timedelta(days=3)
    plain = [day for week in build_grid(daily, TODAY, 3) for day in week]
    marked = [day for week in build_grid(daily, TODAY, 3, remembered={gone}) for day in week]
    assert [day.day for day in marked if day.is_remembered] == [gone]
    assert [day.level for day in marked] == [day.level for day in plain]


@pytest.mark.parametrize("size", [(120, 36), (80, 24), (60, 15)])
async def test_a_day_only_the_ledger_kept_has_a_mark_and_the_legend_says_which(size: tuple[int, int]) -> None:
    async with running(FakeSource(with_remembered(2)), size=size) as (_, pilot):
        await press(pilot, "5")
        lines = screen_text(pilot.app).split("\n")
        (row,) = [line for line in lines if " Wed " in line]
        assert row.count(REMEMBERED) == 1
        assert any(f"{REMEMBERED} logs gone" in line for line in lines)
        await press(pilot, "up", "up")
        text = screen_text(pilot.app)
        assert next(line for line in text.split("\n") if " Wed " in line).count(REMEMBERED) == 1
        assert ("kept in the ledger" if size[0] > 80 else f"{REMEMBERED} logs gone") in text


async def test_without_remembered_days_nothing_is_said_of_them() -> None:
    async with running() as (_, pilot):
        await press(pilot, "5")
        text = screen_text(pilot.app)
        assert REMEMBERED not in text and "logs gone" not in text
        assert "more" in text and "no data" in text


def test_the_mark_is_plain_and_its_own_without_drawing_characters() -> None:
    plain = legend("cost", 80, True).plain.translate(TABLE)
    mark = REMEMBERED.translate(TABLE)
    assert plain.isascii()
    assert plain.count(mark) == 1


async def test_the_lines_below_a_low_heatmap_say_more_of_the_day() -> None:
    source = FakeSource()
    async with running(source, size=(60, 15)) as (_, pilot):
        await press(pilot, "5")
        lines = screen_text(pilot.app).split("\n")
        assert "hit · 24 sess" in lines[-2]
        assert all(line.strip() for line in lines)


@pytest.mark.parametrize("size", [(60, 12), (60, 15), (60, 19), (80, 13), (40, 9)])
async def test_what_a_day_used_is_said_at_every_height(size: tuple[int, int]) -> None:
    async with running(size=size) as (_, pilot):
        await press(pilot, "5")
        assert "Fri 20 Nov 2026" in screen_text(pilot.app)


@pytest.mark.parametrize("height", range(1, 20))
def test_a_days_detail_fits(height: int) -> None:
    found = DayFound(TODAY, snapshot(), tuple(range(24)))
    assert len(day_detail(found, 56, height).plain.split("\n")) <= height


def test_a_day_whose_logs_are_gone_says_so() -> None:
    totals = Totals(responses=3, input=10, cost_nano=1_000_000_000)
    assert "kept in the ledger" in day_summary(DAY, totals, DAY, is_remembered=True).plain
    assert "ledger" not in day_summary(DAY, totals, DAY).plain


def test_a_day_before_the_first_record_is_no_day_of_zero() -> None:
    assert "no data recorded" in day_summary(date(2026, 11, 1), None, DAY).plain
    assert "nothing used" in day_summary(date(2026, 11, 21), None, DAY).plain


async def test_c_goes_on_to_the_hours_of_the_week_and_they_stand_beside_the_chart_where_there_is_room() -> None:
    async with running(size=(120, 36), view="days") as (app, pilot):
        assert "hours of the week" not in screen_text(app)
        await press(pilot, "c", "c")
        await settled(pilot)
        text = screen_text(app)
        assert "hours of the week" in text and "most Mon" in text and "18h" in text
        await press(pilot, "c")
        assert "cost per" in screen_text(app)
    async with running(size=(200, 60), view="days") as (app, pilot):
        await settled(pilot)
        assert "hours of the week" in screen_text(app) and "cost per" in screen_text(app)


async def test_the_chart_has_hours_and_marks_the_selected_day() -> None:
    async with running(size=(120, 36), view="days", period="30d") as (app, pilot):
        await press(pilot, "w")
        await settled(pilot)
        text = screen_text(app)
        assert "cost per hour" in text and "12:00" in text and "all models" in text
        await press(pilot, "w")
        chart = app.query_one(CostChart)
        drawings = chart.drawings
        await press(pilot, "up")
        text = screen_text(app)
        assert "▲ Thu 19 Nov 2026 $" in text and "on average" in text
        assert chart.drawings == drawings, "a mark is no drawing"


async def test_walking_on_from_the_edge_shows_older_weeks() -> None:
    async with running(size=(60, 36), view="days") as (app, pilot):
        heatmap = app.query_one(Heatmap)
        first = heatmap.grid[0][0].day
        await press(pilot, "g", "left")
        assert heatmap.grid[0][0].day == first - timedelta(days=7)
        assert heatmap.cursor_day == first - timedelta(days=7)
        await press(pilot, "G")
        assert heatmap.grid[-1][-1].day >= TODAY


async def test_a_day_without_anything_opens_to_nothing_in_it_and_the_way_back() -> None:
    async with running(view="days", period="all") as (app, pilot):
        await press(pilot, "g", "enter")
        assert app.main.navigation.here.view == "sessions"
        text = screen_text(app)
        if not app.main.view.table or not app.main.view.table.rows:
            assert "nothing in 20" in text and "Esc goes back" in text and "all time   p" not in text
