"""However fast keys are typed, they do what they do when each waits for the one before."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from claude_tui.engine.monitor import Monitor
from claude_tui.engine.queries.allowances.budgets import Budget, BudgetState
from claude_tui.engine.setup import Setup
from claude_tui.model import Phase, Query, Snapshot
from claude_tui.pricing import load_pricer
from claude_tui.sources.protocol import SourceConfig
from claude_tui.ui.app import ClaudeTop
from claude_tui.ui.settings.file import Settings
from tests.benchmarks.corpus import END_MS, write_corpus
from tests.replacing import replace
from tests.ui.fakes import FakeSource, snapshot
from tests.ui.helpers import press, running, screen_text, settled, type_at_once, wait_until
from tests.ui.views.test_clients import mixed


def narrowed(query: Query, now_ms: int) -> Snapshot:
    """Other rows wherever one is: those of another place would be told from those of this one."""
    whole = snapshot(query=query, now_ms=now_ms)
    turn = sum(map(ord, f"{query.model}{query.since}{query.source}")) % len(whole.projects)
    projects = whole.projects[turn:] + whole.projects[:turn]
    costs = [row.totals for row in whole.projects]
    rows = tuple(row._replace(totals=sums) for row, sums in zip(projects, costs, strict=True))
    sessions = tuple(row for row in whole.sessions if not query.project or row.project == query.project)
    return replace(whole, projects=rows, sessions=sessions or whole.sessions[:3])


class SlowSource(FakeSource):
    """A source whose pictures take as long as the test says."""

    def __init__(self, given: Callable[[Query, int], Snapshot] = narrowed) -> None:
        super().__init__(given)
        self.may_answer = threading.Event()
        self.may_answer.set()

    def snapshot(self, query: Query, now_ms: int) -> Snapshot:
        """The picture, when it is ready."""
        assert self.may_answer.wait(60)
        return super().snapshot(query, now_ms)


SEQUENCES = [
    ("2", "enter", "enter", "enter"),
    ("2", "enter", "escape", "enter"),
    ("2", "enter", "enter", "escape", "j", "enter"),
    ("2", "j", "enter", "k", "enter"),
    ("3", "j", "j", "enter", "G", "enter"),
    ("4", "G", "enter"),
    ("5", "k", "enter", "enter"),
    ("3", "enter", "2", "enter"),
    ("2", "tab", "enter", "tab", "tab"),
    ("2", "slash", "s", "o", "n", "enter", "enter"),
    ("2", "slash", "s", "o", "n", "enter", "enter", "enter"),
    ("2", "slash", "4", "enter", "n", "enter"),
    ("2", "slash", "4", "enter", "N", "enter"),
    ("2", "slash", "x", "escape", "enter"),
    ("3", "p", "2", "enter", "enter"),
    ("3", "p", "down", "down", "enter", "enter"),
    ("3", "p", "tab", *"2026-11-01..2026-11-05", "enter", "enter"),
    ("3", "enter", "p", "1", "enter"),
    ("3", "p", "escape", "enter"),
    ("4", "t", "j", "enter"),
    ("2", "question_mark", "escape", "enter"),
    ("2", "i", "escape", "j", "enter"),
    ("2", "s", "enter", "I", "enter"),
]


FOLLOWING = (Phase.LIVE, Phase.POLLING)
SELECTING = {"2", "4", "5"}
"""Keys that lead to views where nothing changes which row is selected before one is opened."""


def place(app: ClaudeTop) -> tuple[object, ...]:
    table = app.main.view.table
    return (
        app.main.navigation.stops,
        app.main.period,
        app.main.navigation.client,
        table.filter if table else None,
        table.cursor_key if table else None,
        len(app.screen_stack),
    )


async def walked(keys: Sequence[str], *, is_slow: bool, at_once: bool) -> tuple[object, ...]:
    """Where keys lead, from where the first of them leads."""
    source = SlowSource()
    async with running(source) as (app, pilot):
        if not at_once or keys[0] not in SELECTING:
            await press(pilot, keys[0])
            keys = keys[1:]
        if at_once:
            if is_slow:
                source.may_answer.clear()
            await type_at_once(app, *keys)
            source.may_answer.set()
            await wait_until(pilot, lambda: not app.main.typed.is_waiting and app.main.is_up_to_date)
        else:
            for key in keys:
                await pilot.press(key)
                await pilot.pause()
                if len(app.screen_stack) == 1:
                    await wait_until(pilot, lambda: app.main.is_up_to_date)
        await settled(pilot)
        return place(app)


@pytest.mark.parametrize("keys", SEQUENCES, ids=lambda keys: " ".join(keys))
async def test_keys_typed_at_once_lead_where_they_lead_one_by_one(
    keys: Sequence[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    patient = await walked(keys, is_slow=False, at_once=False)
    for is_slow in (False, True):
        assert await walked(keys, is_slow=is_slow, at_once=True) == patient
    assert not os.listdir(tmp_path), "what was meant for the filter was taken for an export"


async def test_a_row_is_of_the_client_that_was_chosen_just_before() -> None:
    source = SlowSource(mixed)
    async with running(source) as (app, pilot):
        await press(pilot, "2", "a")
        assert app.main.navigation.client == "claude"
        source.may_answer.clear()
        await type_at_once(app, "a", "enter")
        assert (app.main.navigation.client, len(app.main.navigation.stops)) == ("opencode", 1), (
            "the rows on screen are those of the client before"
        )
        source.may_answer.set()
        await wait_until(pilot, lambda: not app.main.typed.is_waiting and app.main.is_up_to_date)
        assert [place.scope.source for place in app.main.navigation.stops] == ["", "opencode"]


async def test_a_click_on_rows_of_another_place_opens_nothing() -> None:
    source = SlowSource()
    async with running(source) as (app, pilot):
        await press(pilot, "2")
        table = app.main.view.table
        assert table is not None
        source.may_answer.clear()
        await type_at_once(app, "p", "2")
        for _ in range(2):
            await pilot.click(table, offset=(4, 1))
        await pilot.pause()
        assert len(app.main.navigation.stops) == 1 and app.main.period.id == "7d"
        source.may_answer.set()


async def test_leaving_waits_for_nothing() -> None:
    source = SlowSource()
    async with running(source) as (app, _):
        source.may_answer.clear()
        await type_at_once(app, "2", "enter", "enter", "q")
        assert app._exit
        source.may_answer.set()


@pytest.mark.timeout(600)
async def test_sessions_of_one_model_alone_however_fast_one_gets_there(tmp_path: Path) -> None:
    write_corpus(tmp_path / ".claude", "XS")
    monitor = Monitor(Setup(SourceConfig(home=tmp_path, env={}), load_pricer(), ZoneInfo("UTC")))
    app = ClaudeTop(monitor, Settings(), clock=lambda: END_MS)
    async with app.run_test(size=(120, 36)) as pilot:
        await wait_until(pilot, lambda: app.main.snapshot is not None and app.main.snapshot.progress.phase in FOLLOWING)
        await settled(pilot)
        await type_at_once(app, "2", "enter", "enter", "j", "enter")
        await wait_until(pilot, lambda: not app.main.typed.is_waiting and app.main.is_up_to_date)
        scopes = [place.scope for place in app.main.navigation.stops]
        assert [place.view for place in app.main.navigation.stops] == ["models", "projects", "sessions", "turns"]
        turns = app.main.view.shown.extra if app.main.view.shown else []
        assert turns and {turn.session for turn in turns} == {scopes[-1].session}
        opened = Query(model=scopes[2].model, project=scopes[2].project)
        assert scopes[2].model and scopes[2].project
        shown = {row.key for row in monitor.snapshot(opened, END_MS).sessions}
        assert scopes[-1].session in shown, "a session of another model or project was opened"


class BrokenBudgets(SlowSource):
    """A source that cannot say how budgets stand, as long as the test says."""

    is_broken = True

    def budgets(self, budgets: Iterable[Budget], now_ms: int) -> Sequence[BudgetState]:
        """How budgets stand, if it can say."""
        if self.is_broken:
            raise OSError("no space left")
        return super().budgets(budgets, now_ms)


async def test_early_keys_wait_for_rows_whatever_else_has_failed() -> None:
    source = BrokenBudgets()
    async with running(source, budgets=(Budget("month", 5 * 10**9),)) as (app, pilot):
        await wait_until(pilot, lambda: "budgets failed" in screen_text(app).split("\n")[0])
        source.may_answer.clear()
        await type_at_once(app, "2", "enter")
        source.may_answer.set()
        await wait_until(pilot, lambda: not app.main.typed.is_waiting and app.main.is_up_to_date)
        assert [stop.view for stop in app.main.navigation.stops] == ["models", "projects"]
        source.is_broken = False
        app.background.check_budgets()
        await wait_until(pilot, lambda: "budgets failed" not in screen_text(app).split("\n")[0])


async def test_no_key_waits_for_rows_that_can_never_come() -> None:
    def broken(query: Query, now_ms: int) -> Snapshot:
        if query.model:
            raise OSError("no rows any more")
        return narrowed(query, now_ms)

    async with running(SlowSource(broken)) as (app, pilot):
        await press(pilot, "2")
        await pilot.press("enter")
        await wait_until(pilot, lambda: "refresh failed" in screen_text(app).split("\n")[0])
        await type_at_once(app, "enter", "escape")
        assert not app.main.typed.is_waiting
        assert [stop.view for stop in app.main.navigation.stops] == ["models"]
