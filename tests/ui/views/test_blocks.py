from __future__ import annotations

from datetime import timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_tui.engine.queries.allowances.blocks import BlockEntry, UsageBlock, Window, blocks
from claude_tui.engine.queries.allowances.limits import ReportedWindow
from claude_tui.engine.queries.allowances.windows import BlocksPicture
from claude_tui.model import DayRow, Totals, Usage
from claude_tui.ui.text import explanation as explain
from claude_tui.ui.text.statements import laid_out
from claude_tui.ui.views.blocks import rows_of
from claude_tui.ui.widgets.block_lines import reported_lines, week_lines, weeks, window_lines
from tests.ui.fakes import EVERYTHING, NOW_MS, TODAY, FakeSource
from tests.ui.helpers import press, running, screen_text, wait_until

HOUR_MS = 3_600_000
BLOCK = UsageBlock(NOW_MS - HOUR_MS, NOW_MS + 4 * HOUR_MS, 12, 12, Usage(1, 2, 3, 4, 5), 5_000_000_000)


def said(window: Window | None) -> str:
    lines = window_lines(BlocksPicture(window=window), NOW_MS, timezone.utc, 70)
    return "\n".join(line.plain for line in lines)


def test_the_open_block_counts_down_and_says_how_its_bounds_are_known() -> None:
    text = said(Window(BLOCK.start_ms, BLOCK.end_ms, BLOCK, False, 20_000_000_000, 30_000_000_000))
    assert "4h 00m left" in text
    assert "14:30 to 19:30" in text
    assert "$20.00 to $30.00" in text
    assert "estimated" in text
    assert "reported" in said(Window(BLOCK.start_ms, BLOCK.end_ms, BLOCK, True))


def test_a_projection_on_thin_evidence_is_withheld() -> None:
    assert "no projection" in said(Window(BLOCK.start_ms, BLOCK.end_ms, BLOCK, False))


def test_no_open_block() -> None:
    assert "no 5h block is open" in said(None)


def test_reported_limits_are_shown_with_their_age_while_they_hold() -> None:
    seven = ReportedWindow("a", "seven_day", 41.0, NOW_MS + 5, NOW_MS - 60_000, None)
    over = ReportedWindow("c", "five_hour", 10.0, NOW_MS - 1, NOW_MS, None)
    assert reported_lines(BlocksPicture(reported=(seven, over)), NOW_MS) == ["7d 41% used, 1m ago"]


def test_limits_of_several_clients_and_accounts_are_told_apart() -> None:
    def window(account: str, name: str, percent: float, source: str = "claude") -> ReportedWindow:
        return ReportedWindow(account, name, percent, NOW_MS + 5, NOW_MS, None, source)

    found = (
        window("/me/.claude", "five_hour", 10),
        window("/me/.claude-work", "five_hour", 20),
        window("/me/.claude-work", "seven_day", 30),
        window("/me/.codex", "five_hour", 40, "codex"),
    )
    assert reported_lines(BlocksPicture(reported=found), NOW_MS) == [
        "Claude Code .claude 5h 10% used, now",
        "Claude Code .claude-work 5h 20% used, now · 7d 30% used, now",
        "Codex 5h 40% used, now",
    ]
    assert reported_lines(BlocksPicture(reported=found[3:]), NOW_MS) == ["Codex 5h 40% used, now"]
    lines = window_lines(BlocksPicture(reported=found[3:]), NOW_MS, timezone.utc, 70)
    assert lines[-1].plain == "Codex 5h 40% used, now", "also while no block of Claude Code is open"


async def test_the_days_that_are_shown_narrow_the_blocks_too() -> None:
    async with running(view="blocks", size=(120, 36)) as (app, pilot):
        table = app.main.view.table
        assert table is not None
        everything = len(table.rows)
        await press(pilot, "p", "1")
        today = [row for row in table.rows if not row.block.is_gap]
        assert 0 < len(table.rows) < everything and today
        assert all(row.block.end_ms > NOW_MS - 24 * HOUR_MS for row in today)
        await press(pilot, "p", "tab", *"2020-01-01", "enter")
        assert not table.rows and "nothing in 2020-01-01" in screen_text(app)


def test_a_week_before_the_first_day_with_anything_is_not_nothing_but_unknown() -> None:
    days = [DayRow(TODAY - timedelta(days=number), Totals(1, cost_nano=10**9)) for number in (0, 20)]
    lines = [line.plain for line in week_lines(days, TODAY, 40)]
    assert [line.rpartition("  ")[2].strip() for line in lines] == ["$1.00", "$0.00", "$0.00", "$1.00", "no data"]


def test_weeks_begin_on_monday_and_lose_nothing() -> None:
    days = [DayRow(TODAY - timedelta(days=number), Totals(cost_nano=1)) for number in range(35)]
    found = weeks(days, TODAY, 6)
    assert all(monday.weekday() == 0 for monday, _ in found)
    assert sum(totals.cost_nano for _, totals in found) == 35


async def test_blocks_and_gaps_are_listed_the_open_one_on_top() -> None:
    async with running(FakeSource()) as (app, pilot):
        await press(pilot, "6")
        lines = screen_text(app).split("\n")
        text = "\n".join(lines)
        assert "open 5h block" in text
        assert "gap" in text
        table = app.main.view.table
        assert table is not None
        assert table.rows[0].is_active
        counted = str(app.main.view.subtitle()).split(" ")[0]
        assert counted == str(sum(not row.block.is_gap for row in table.rows)), "gaps are no blocks"
        assert sum(row.block.entries for row in table.rows) == len(FakeSource().responses(EVERYTHING))


@given(st.lists(st.integers(0, 60 * HOUR_MS), min_size=1, max_size=40))
def test_blocks_and_gaps_never_lie_inside_each_other(times: list[int]) -> None:
    rows = rows_of(blocks(BlockEntry(NOW_MS + time_ms, Usage(1), 1) for time_ms in times), NOW_MS)
    for row, following in pairwise(rows):
        assert row.block.start_ms < row.block.end_ms <= following.block.start_ms
        if row.block.is_gap:
            assert row.block.end_ms == following.block.start_ms
        if following.block.is_gap:
            assert row.block.end_ms == following.block.start_ms
    assert sum(row.block.entries for row in rows) == len(times)


async def test_a_gap_says_how_long_nothing_was_open() -> None:
    async with running(FakeSource()) as (app, pilot):
        await press(pilot, "6")
        table = app.main.view.table
        assert table is not None
        table.move_to(next(at for at, row in enumerate(table.rows) if row.block.is_gap))
        await pilot.press("i")
        await wait_until(pilot, lambda: "no 5h block was open" in screen_text(app))
        assert "replies" not in screen_text(app)


def test_what_the_cache_saved_is_only_said_where_it_is_known() -> None:
    known = explain.of_totals(Totals(cache_read=5, read_saved_nano=3_000_000_000), timezone.utc)
    assert "cache saved  $3.00" in laid_out(known, 90).plain
    assert "cache s" not in laid_out(explain.of_totals(Totals(cache_read=5), timezone.utc), 90).plain


@pytest.mark.parametrize("width", range(37, 80, 7))
def test_the_open_blocks_lines_are_whole_at_every_width(width: int) -> None:
    window = Window(BLOCK.start_ms, BLOCK.end_ms, BLOCK, False, 20_000_000_000, 30_000_000_000)
    lines = [line.plain for line in window_lines(BlocksPicture(window=window), NOW_MS, timezone.utc, width)]
    assert all(len(line) <= width for line in lines)
    assert "so far $5.00" in lines[1]


@pytest.mark.parametrize("key", "2356")
async def test_panels_stand_beside_each_other_and_never_cut_their_borders(key: str) -> None:
    async with running(size=(120, 36)) as (_, pilot):
        await press(pilot, key)
        text = screen_text(pilot.app)
        assert text.count("╭") == text.count("╮") == text.count("╰") == text.count("╯") >= 7


@pytest.mark.parametrize(
    ("is_loaded", "is_counted", "said"),
    [(True, True, "no 5h block is open"), (False, True, "counting…"), (True, False, "counting…")],
)
def test_that_no_window_is_open_is_said_only_once_all_is_counted(is_loaded: bool, is_counted: bool, said: str) -> None:
    found = BlocksPicture(is_loaded=is_loaded)
    assert window_lines(found, NOW_MS, timezone.utc, 70, is_counted=is_counted)[0].plain == said
