"""The burn graph and the cards above the live table: where there is room, and with what they should say."""

from __future__ import annotations

import pytest

from claude_tui.model import Activity, SessionState
from claude_tui.ui.table.kinds.agent_rows import AgentLine
from claude_tui.ui.views.live import LEAST_TABLE, LiveView
from claude_tui.ui.widgets.burn_graph import BurnGraph
from claude_tui.ui.widgets.cards import LiveCards, SessionCard
from claude_tui.ui.widgets.folded_line import FoldedLine
from tests.replacing import replace
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
async def test_of_those_that_are_done_the_newest_fill_the_table_until_the_line_is_clicked_or_d_pressed(
    size: tuple[int, int],
) -> None:
    given = snapshot()
    going_on = [row for row in given.sessions if row.state is not SessionState.DONE]
    done = [row for row in given.sessions if row.state is SessionState.DONE]
    async with running(size=size) as (app, pilot):
        await settled(pilot)
        table, line = app.main.view.table, app.query_one(FoldedLine)
        assert table is not None and len(table.rows) == table.size.height - 1
        shown = len(table.rows) - len(going_on)
        assert sorted(table.rows) == sorted([*going_on, *done[:shown]])
        assert f"{len(done) - shown} more done  d shows them" in screen_text(app)
        await press(pilot, "d")
        assert table.total == len(given.sessions) and not line.display
        await press(pilot, "d")
        assert line.display and line.region.bottom <= table.region.bottom + 1
        await pilot.click(FoldedLine)
        await pilot.pause()
        assert table.total == len(given.sessions)


async def test_whatever_comes_and_goes_the_table_is_full_and_the_selected_row_stays() -> None:
    given = snapshot()
    done = [row for row in given.sessions if row.state is SessionState.DONE]
    sessions = list(given.sessions)
    async with running(FakeSource(lambda query, now_ms: replace(given, sessions=tuple(sessions)))) as (app, pilot):
        table = app.main.view.table
        assert table is not None
        await press(pilot, "G")
        selected, count = table.cursor_row, len(table.rows)
        assert selected in done
        for at, row in enumerate(sessions):
            if row in done and row != selected:
                sessions[at] = row._replace(activity=Activity(SessionState.IDLE))
                await settled(pilot)
                going_on = sum(one.state is not SessionState.DONE for one in sessions)
                assert table.cursor_row == selected
                assert len(table.rows) == max(count, going_on + 1) == len({one.key for one in table.rows})
        await press(pilot, "g")
        assert selected not in table.rows  # it stood there because it was selected


@pytest.mark.parametrize("height", [36, 44])
async def test_all_that_are_done_are_shown_where_the_line_for_the_others_is_all_that_lacks(height: int) -> None:
    given = snapshot()
    async with running(size=(120, height)) as (app, pilot):
        await settled(pilot)
        table = app.main.view.table
        assert table is not None
        fits = table.size.height - 1 + app.query_one(FoldedLine).display
    sessions = [row._replace(key=f"more-{at}-{row.key}") for at in range(3) for row in given.sessions]
    for count, is_folded in ((fits, False), (fits + 1, True)):
        async with running(FakeSource(replace(given, sessions=tuple(sessions[:count]))), size=(120, height)) as (
            app,
            _,
        ):
            table = app.main.view.table
            assert table is not None and app.query_one(FoldedLine).display == is_folded
            assert len(table.rows) == fits - is_folded and table.max_scroll_y == 0


async def test_sub_agents_take_lines_of_their_own() -> None:
    async with running(size=(120, 36)) as (app, pilot):
        table = app.main.view.table
        assert table is not None
        await press(pilot, "t")
        assert any(isinstance(row, AgentLine) for row in table.rows) and table.max_scroll_y == 0
        assert app.query_one(FoldedLine).display


async def test_a_filter_finds_those_that_are_folded() -> None:
    given = snapshot()
    done = [row for row in given.sessions if row.state is SessionState.DONE][-1]
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


async def test_the_key_that_folds_is_offered_where_it_does_something() -> None:
    given = snapshot()
    done = tuple(row for row in given.sessions if row.state is SessionState.DONE)
    async with running(FakeSource(replace(given, sessions=done))) as (app, _):
        assert "fold" not in app.main.view.keys  # none goes on, so all are shown
    async with running() as (app, pilot):
        assert "fold" in app.main.view.keys and app.query_one(FoldedLine).display
        await press(pilot, "d")
        await settled(pilot)
        assert "fold" in app.main.view.keys and not app.query_one(FoldedLine).display
