"""The burn graph and the cards above the live table: where there is room, and with what they should say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from claude_tui.model import Activity, SessionState
from claude_tui.ui.views.live import LEAST_TABLE, LiveView
from claude_tui.ui.widgets.burn_graph import BurnGraph
from claude_tui.ui.widgets.cards import LiveCards, SessionCard
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
            assert table.size.height >= LEAST_TABLE - 2
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
