"""The burn graph and the cards above the live table: where there is room, and with what they should say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from claude_tui.model import Activity, SessionState
from claude_tui.ui.views.live import LEAST_TABLE, LiveView
from claude_tui.ui.widgets.burn_graph import BurnGraph
from claude_tui.ui.widgets.cards import LiveCards, SessionCard
from claude_tui.ui.widgets.folded_line import FoldedLine
from tests.ui.fakes import NOW_MS, FakeSource, snapshot
from tests.ui.helpers import press, running, screen_text, settled


@pytest.mark.parametrize("size", [(200, 60), (120, 36), (80, 24), (60, 15), (40, 8), (90, 60)])
async def test_the_table_keeps_its_room_and_the_graph_grows_with_the_pane(size: tuple[int, int]) -> None:
    async with running(size=size) as (app, pilot):
        await settled(pilot)
        graph, cards, table = app.query_one(BurnGraph), app.query_one(LiveCards), app.main.view.table
        assert table is not None
        assert graph.display == (size[1] >= 36)
        assert cards.display == (size[1] >= 36)
        if graph.display:
            assert graph.outer_size.height == max(7, app.main.view.size.height // 3)
            assert table.size.height >= LEAST_TABLE - 3  # the panel's border, and the line of those that are done
            assert "now $4.21/h" in screen_text(app)


async def test_b_goes_through_the_ranges_and_so_does_a_click() -> None:
    async with running() as (app, pilot):
        await settled(pilot)
        assert "burn, $/h" in screen_text(app)
        await press(pilot, "b")
        await settled(pilot)
        assert "09:00" in screen_text(app) and "now $2.11/h" in screen_text(app)
        await pilot.click(BurnGraph)
        await settled(pilot)
        assert "spent in this 5h block" in screen_text(app) and "at its end" in screen_text(app)
        await press(pilot, "b")
        view = app.main.view
        assert isinstance(view, LiveView) and view.range == "hour"


async def test_those_that_wait_come_first_and_a_click_selects_their_row() -> None:
    given = snapshot()
    waits = given.sessions[5]._replace(
        activity=Activity(SessionState.BLOCKED, "permission", tool="Bash", since_ms=NOW_MS - 180_000)
    )
    given = replace(given, sessions=(*given.sessions[:5], waits, *given.sessions[6:]))
    async with running(FakeSource(given)) as (app, pilot):
        await settled(pilot)
        first = app.query(SessionCard).first()
        assert "waits for your permission" in str(first.render()) and first.has_class("-waits")
        await press(pilot, "G")
        await pilot.click(SessionCard)
        await pilot.pause()
        table = app.main.view.table
        assert table is not None and table.cursor_row == waits


async def test_without_running_sessions_there_are_no_cards() -> None:
    given = snapshot()
    idle = tuple(row._replace(activity=Activity(SessionState.DONE)) for row in given.sessions)
    async with running(FakeSource(replace(given, sessions=idle))) as (app, pilot):
        await settled(pilot)
        assert not app.query_one(LiveCards).display


@pytest.mark.parametrize("size", [(120, 36), (80, 24), (60, 15)])
async def test_sessions_that_are_done_are_one_line_until_it_is_clicked_or_d_pressed(size: tuple[int, int]) -> None:
    given = snapshot()
    done = [row for row in given.sessions if row.state is SessionState.DONE]
    async with running(size=size) as (app, pilot):
        await settled(pilot)
        table, line = app.main.view.table, app.query_one(FoldedLine)
        assert table is not None and table.total == len(given.sessions) - len(done)
        assert f"{len(done)} done  d shows them" in screen_text(app)
        await press(pilot, "d")
        assert table.total == len(given.sessions) and not line.display
        await press(pilot, "d")
        assert line.display and line.region.bottom <= table.region.bottom + 1
        await pilot.click(FoldedLine)
        await pilot.pause()
        assert table.total == len(given.sessions)


async def test_a_filter_finds_those_that_are_folded() -> None:
    given = snapshot()
    done = next(row for row in given.sessions if row.state is SessionState.DONE)
    async with running() as (app, pilot):
        table = app.main.view.table
        assert table is not None and done not in table.rows
        await press(pilot, "slash", *"done")
        await pilot.pause()
        assert done in table.rows and not app.query_one(FoldedLine).display
        await press(pilot, "escape")
        await pilot.pause()
        assert done not in table.rows and app.query_one(FoldedLine).display


@pytest.mark.parametrize("size", [(40, 8), (120, 36)])
async def test_where_nothing_goes_on_or_a_line_is_dear_nothing_is_folded(size: tuple[int, int]) -> None:
    given = snapshot()
    sessions = given.sessions
    if size[1] > 8:
        sessions = tuple(row for row in sessions if row.state is SessionState.DONE)
    async with running(FakeSource(replace(given, sessions=sessions)), size=size) as (app, _):
        table = app.main.view.table
        assert table is not None and table.total == len(sessions) and not app.query_one(FoldedLine).display
