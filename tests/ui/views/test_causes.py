"""Where the money went, on screen: the same rows as in every report, whatever is pressed while logs grow."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from textual.pilot import Pilot

from claude_tui.cli import main
from claude_tui.engine.monitor import Monitor
from claude_tui.engine.queries.causes.causes import Causes
from claude_tui.engine.queries.causes.costs.split import split
from claude_tui.engine.queries.causes.dimensions import DIMENSIONS
from claude_tui.engine.queries.causes.tables import CauseTable, Facts
from claude_tui.engine.queries.responses import list_responses
from claude_tui.engine.setup import Setup
from claude_tui.model import Phase, Progress, Query
from claude_tui.pricing import load_pricer
from claude_tui.sources.protocol import SourceConfig
from claude_tui.ui.app import ClaudeTop
from claude_tui.ui.settings.file import Settings
from claude_tui.ui.table.columns import Column
from claude_tui.ui.table.kinds.cause_columns import CauseLine
from claude_tui.ui.table.line_table import LineTable
from claude_tui.ui.views.causes import CausesView
from claude_tui.ui.views.shares import SessionShare
from claude_tui.ui.widgets.dimensions import KEYS
from tests.engine.counting import counted
from tests.logs import ClaudeHome, assistant, usage
from tests.replacing import replace
from tests.ui.fakes import NOW_MS, FakeCauses, FakeSource, snapshot
from tests.ui.helpers import press, running, screen_text, settled, wait_until
from tests.ui.views.test_rows import exported

GOLDEN = Path(__file__).parents[2] / "golden" / "causes"
SETS = sorted(path.name for path in GOLDEN.iterdir() if path.is_dir())


def source_of(folder: Path) -> Monitor:
    config = SourceConfig(home=Path("/nonexistent"), explicit={"claude": (folder,)}, sources=("claude",))
    return Monitor(Setup(config, load_pricer(), ZoneInfo("UTC")))


@asynccontextmanager
async def showing(folder: Path, **settings: Any) -> AsyncIterator[tuple[ClaudeTop, Pilot[None]]]:
    """The app over real logs, everything counted and the causes on screen."""
    app = ClaudeTop(source_of(folder), Settings(view="causes", **settings))
    async with app.run_test(size=(140, 60)) as pilot:
        await wait_until(pilot, lambda: app.main.snapshot is not None and app.main.is_up_to_date)
        await settled(pilot)
        yield app, pilot


def view_of(app: ClaudeTop) -> CausesView:
    view = app.main.view
    assert isinstance(view, CausesView)
    return view


async def choose(app: ClaudeTop, pilot: Pilot[None], by: str) -> CausesView:
    """Choose a dimension, and wait until it is drawn."""
    await pilot.press({"#": "number_sign"}.get(KEYS[by], KEYS[by]))
    await wait_until(pilot, lambda: view_of(app).by == by and app.main.is_up_to_date)
    return view_of(app)


def shown(view: CausesView) -> dict[tuple[str | None, str, str], int]:
    """What is on screen, by name, label and project."""
    lines: Sequence[CauseLine] = view.table.arrangement.given
    return {(line.row.name, line.row.label, line.row.project): line.row.cost_nano for line in lines}


async def test_the_screen_the_report_and_the_export_say_the_same(
    own_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = own_home / ".claude"
    for name in SETS:
        shutil.copytree(GOLDEN / name / "projects", home / "projects", dirs_exist_ok=True)
    assert main(["export", "--causes"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    reports = {}
    for by in DIMENSIONS:
        assert main(["report", "--by", by, "--json"]) == 0
        reports[by] = json.loads(capsys.readouterr().out)
    assert main(["explain", "waste", "--json"]) == 0
    wasted = {one["what"]: one["saved_nano"] for one in json.loads(capsys.readouterr().out)["waste"]}
    async with showing(home) as (app, pilot):
        for by, reported in reports.items():
            view = await choose(app, pilot, by)
            costs = {(row["name"], row["label"], row["project"] or ""): row["cost_nano"] for row in reported["rows"]}
            assert shown(view) == costs
            assert sum(costs.values()) == reported["total_cost_nano"] == sum(one["cost_nano"] for one in lines)
            assert sum(line.tenths for line in view.table.arrangement.given) == 1000
            if by in OF_EXPORT:
                assert named(costs) == named_of_export(lines, OF_EXPORT[by])
            assert DIMENSIONS[by].convention[1:] in screen_text(app)
        await choose(app, pilot, "waste")
        assert {name: cost for (name, _, _), cost in shown(view_of(app)).items()} == wasted


def _tools(line: dict[str, Any]) -> list[str]:
    return [tool.split("__")[1] if tool.startswith("mcp__") else tool for tool in line["tools"]]


OF_EXPORT: dict[str, Callable[[dict[str, Any]], list[str]]] = {
    "tool": _tools,
    "mcp": lambda line: [tool.split("__")[1] if tool.startswith("mcp__") else "" for tool in line["tools"]],
    "skill": lambda line: [line["skill"]],
    "plugin": lambda line: [line["plugin"]],
    "agent": lambda line: [line["agent_type"]],
    "branch": lambda line: [line["branch"]],
}


def named(costs: dict[tuple[str | None, str, str], int]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for (name, _, _), cost_nano in costs.items():
        if name is not None:
            found[name] += cost_nano
    return dict(found)


def named_of_export(lines: list[dict[str, Any]], names: Callable[[dict[str, Any]], list[str]]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for line in lines:
        whom = names(line) if not line["causes_problem"] else []
        for name, part in zip(whom, split(line["cost_nano"], [1] * len(whom)) if whom else (), strict=True):
            found[name] += part
    found.pop("", None)
    return {name: cost_nano for name, cost_nano in found.items() if cost_nano}


def calling(key: str, time_ms: int, *tools: str, **more: Any) -> dict[str, Any]:
    row = assistant(key, time_ms, usage(10, 20_000), **more)
    row["message"]["content"] = [
        {"type": "tool_use", "id": f"{key}-{number}", "name": tool, "input": {}} for number, tool in enumerate(tools)
    ]
    return row


async def test_a_row_that_is_appended_is_on_screen(claude_home: ClaudeHome) -> None:
    claude_home.append(calling("msg_1", NOW_MS, "Bash"))
    async with showing(claude_home.folder) as (app, pilot):
        assert {name for name, _, _ in shown(view_of(app))} == {"Bash"}
        claude_home.append(calling("msg_2", NOW_MS + 1, "Edit", "Read"))
        await wait_until(pilot, lambda: {name for name, _, _ in shown(view_of(app))} == {"Bash", "Edit", "Read"})
        assert "Edit" in screen_text(app)


async def test_whatever_is_pressed_while_rows_arrive_the_last_dimension_is_whole(claude_home: ClaudeHome) -> None:
    dice = random.Random(5)
    claude_home.append(calling("msg_0", NOW_MS, "Bash"))
    async with showing(claude_home.folder, interval_s=0.01) as (app, pilot):
        for number in range(1, 60):
            tools = dice.choices(("Bash", "Edit", "mcp__shop__list", "Agent"), k=dice.randrange(3))
            branch = dice.choice(("main", "fix-7", "ABC-12"))
            claude_home.append(calling(f"msg_{number}", NOW_MS + number, *tools, gitBranch=branch))
            by = dice.choice([*KEYS])
            keys = [
                {"#": "number_sign"}.get(KEYS[by], KEYS[by]),
                *dice.choices(("enter", "escape", "S", "o", "down"), k=2),
            ]
            await pilot.press(*keys)
            assert app.is_running and not app.main.failures
        for _ in range(4):
            await pilot.press("escape")
        await pilot.press("7")
        await wait_until(pilot, lambda: isinstance(app.main.view, CausesView) and app.main.is_up_to_date)
        for by in DIMENSIONS:
            view = await choose(app, pilot, by)
            store = counted(claude_home.folder)
            table = Causes(store).table(Query(), by)
            wanted = {(row.name, row.label, row.project): row.cost_nano for row in table.rows}

            def is_level(view: CausesView = view, wanted: dict[tuple[str | None, str, str], int] = wanted) -> bool:
                return shown(view) == wanted

            await wait_until(pilot, is_level)
            assert sum(wanted.values()) == sum(one.price.nano or 0 for one in list_responses(store))


@pytest.mark.parametrize("by", ["tool", "mcp", "skill", "agent", "branch", "kind", "cache"])
async def test_a_row_opens_its_sessions_and_they_their_responses(by: str, own_home: Path) -> None:
    home = own_home / ".claude"
    for name in ("mixed-332", "agents-332"):
        shutil.copytree(GOLDEN / name / "projects", home / "projects", dirs_exist_ok=True)
    async with showing(home) as (app, pilot):
        for at in range(len((await choose(app, pilot, by)).table.rows)):
            view = view_of(app)
            await press(pilot, "home", *["down"] * at)
            line = view.table.cursor_row
            assert line is not None
            if line.of is None:
                continue  # a tool of a server is in its server's row
            await press(pilot, "enter")
            await wait_until(pilot, lambda: app.main.navigation.here.view == "shares" and app.main.is_up_to_date)
            sessions = app.main.view.table
            assert sessions is not None
            spent = sum(row.cost_nano for row in sessions.rows)
            assert spent == line.row.cost_nano
            if sessions.rows:
                row: SessionShare = sessions.rows[0]
                await press(pilot, "enter")
                await wait_until(pilot, lambda: app.main.navigation.here.view == "turns" and app.main.is_up_to_date)
                turns = app.main.view.table
                assert turns is not None and len(turns.rows) == row.responses
                part = next(column for column in turns.columns if column.id == "part")
                assert sum(part.order(turn) for turn in turns.rows) == row.cost_nano
                await press(pilot, "escape")
            await press(pilot, "escape")
            await wait_until(pilot, lambda: isinstance(app.main.view, CausesView) and app.main.is_up_to_date)


def has_any(column: Column[Any], table: LineTable[Any]) -> bool:
    return any(map(column.order, table.rows))


async def test_a_session_marks_the_responses_that_lost_their_cache(own_home: Path) -> None:
    home = own_home / ".claude"
    shutil.copytree(GOLDEN / "gap-332" / "projects", home / "projects")
    truth = json.loads((GOLDEN / "gap-332" / "expected.json").read_bytes())
    lost = {one["id"]: one["cache_miss"]["nano"] for one in truth["responses"] if one["cache_miss"]}
    assert lost
    store = counted(home)
    sessions = {line.session for line in list_responses(store) if line.key in lost}
    async with showing(home) as (app, pilot):
        marked: Counter[int] = Counter()
        await press(pilot, "4")
        for at in range(len(app.main.view.table.rows if app.main.view.table else ())):
            await press(pilot, "4", "home", *["down"] * at, "enter")
            table = app.main.view.table
            assert table is not None
            column = next(one for one in table.columns if one.id == "lost")
            if app.main.navigation.here.scope.session in sessions:
                await wait_until(pilot, partial(has_any, column, table))
                assert any(column.plain is not None and "paused" in column.plain(row) for row in table.rows)
            marked.update(nano for nano in map(column.order, table.rows) if nano)
        assert marked == Counter(lost.values())


async def test_a_response_says_what_it_was_made_for_and_what_a_lost_cache_cost() -> None:
    async with running(size=(120, 40)) as (app, pilot):
        await press(pilot, "4", "enter")
        await wait_until(pilot, lambda: "$2.74" in screen_text(app))
        await press(pilot, "down", "i")
        text = screen_text(app)
        assert "deploy" in text and "paused over 1 hour, after 1h 06m" in text and "272k" in text


async def test_explain_says_the_convention_and_waste_its_proofs() -> None:
    async with running(size=(120, 40)) as (app, pilot):
        await press(pilot, "7", "i")
        text = " ".join(screen_text(app).split())
        assert "evenly over the calls of each response" in text and "$19,607.00, the total" in text
        await press(pilot, "escape", "w", "i")
        assert "272k tokens paid anew after 1h 06m" in screen_text(app)
        assert "read from the cache, had it been there" in screen_text(app)


async def test_lost_caches_say_the_last_of_them_and_what_the_next_would_cost() -> None:
    async with running(size=(140, 30)) as (app, pilot):
        await press(pilot, "7", "l")
        await wait_until(pilot, lambda: "paused over 1 hour" in screen_text(app))
        assert "$2.74 272k themes-svg" in screen_text(app)
        assert "$30.06 of $19,607.00. A pause of more than 4m now costs $2.90." in screen_text(app)


async def test_sub_agents_say_their_model_on_a_usual_terminal() -> None:
    async with running(size=(80, 24)) as (app, pilot):
        await press(pilot, "7", "a")
        await wait_until(pilot, lambda: "opus-4-8" in screen_text(app))
        assert all(title in screen_text(app) for title in ("Agents", "$/agent", "Model", "Msgs"))


async def test_rows_can_be_filtered_sorted_and_written_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with running(size=(140, 30)) as (app, pilot):
        await press(pilot, "7", "slash", *"brow", "enter")
        assert [line.name for line in view_of(app).table.rows] == ["Claude_Browser"]
        await press(pilot, "escape", "o")
        assert view_of(app).table.rows[0].name == "(answer)"
        await pilot.press("x", "enter")
        await wait_until(pilot, lambda: [*map(os.path.getsize, tmp_path.iterdir())] > [0])
    rows = exported(tmp_path)
    assert [row["What"] for row in rows][-1] == "Bash" and rows[-1]["Calls"] == "120" and rows[-1]["Tokens"] == "64810"
    assert rows[-2]["Started"] == "'+ $2.31 by 3 agents"


async def test_a_project_and_a_session_have_causes_of_their_own() -> None:
    source = FakeSource()
    async with running(source, size=(120, 30)) as (app, pilot):
        await press(pilot, "3", "W")
        assert app.main.navigation.here.view == "causes"
        assert source.causes.asked[-1][0].project == "/home/me/webshop"
        assert "causes › webshop" in screen_text(app)
        await press(pilot, "escape", "4", "W")
        assert source.causes.asked[-1][0].session == "session-0"
        await press(pilot, "k", "enter", "W")
        assert app.main.navigation.here.view == "shares", "what a part of a session went for is not asked"


async def test_the_period_narrows_and_an_idle_screen_asks_nothing() -> None:
    source = FakeSource()
    async with running(source) as (app, pilot):
        await press(pilot, "7")
        asked = len(source.causes.asked)
        for _ in range(5):
            await settled(pilot)
        assert len(source.causes.asked) == asked
        await press(pilot, "p", "down", "enter")
        await wait_until(pilot, lambda: len(source.causes.asked) > asked and app.main.is_up_to_date)
        assert source.causes.asked[-1][0].since is not None


async def test_names_from_logs_are_safe_to_show() -> None:
    class Hostile(FakeCauses):
        def table(self, query: Query, by: str) -> CauseTable:
            made = super().table(query, by)
            first = made.rows[0]._replace(name="\x1b]0;x\x07", label="\x1b]0;x\x07", project="/home/\x1b[31mred")
            rows = (first, *made.rows[1:])
            return made._replace(rows=rows)

        def facts(self, query: Query) -> dict[str, Any]:
            return {key: (Facts(skill="\x1b[2J"), miss) for key, (_, miss) in super().facts(query).items()}

    source = FakeSource()
    source.causes = Hostile(source.turns)
    async with running(source, size=(120, 40)) as (app, pilot):
        await press(pilot, "7")
        assert "\x1b" not in screen_text(app) and "\ufffd]0;x\ufffd" in screen_text(app)
        await press(pilot, "b")
        await wait_until(pilot, lambda: "Project" in screen_text(app) and app.main.is_up_to_date)
        assert "\x1b" not in screen_text(app) and "\ufffd[31mred" in screen_text(app)
        for keys in (("i",), ("enter",), ("enter",), ("i",)):
            await press(pilot, *keys)
            assert "\x1b" not in screen_text(app)
            await pilot.press("escape") if keys == ("i",) else None


async def test_a_live_session_says_when_its_cache_gets_cold_once_all_is_counted() -> None:
    counting = replace(snapshot(), progress=Progress(Phase.SCANNING, 1, 2))
    source = FakeSource(counting)
    async with running(source, size=(200, 40)) as (app, pilot):
        assert "cold in" not in screen_text(app)
        source.change(replace(snapshot(), revision=2))
        await wait_until(pilot, lambda: "cold in 4m" in screen_text(app))
        assert "$2.90" in screen_text(app)
        await press(pilot, "i")
        text = " ".join(screen_text(app).split())
        assert "4m 30s unless something is asked before" in text and "187k tokens written anew" in text


async def test_a_failure_is_said_and_holds_up_no_key() -> None:
    class Failing(FakeCauses):
        def table(self, query: Query, by: str) -> CauseTable:
            raise OSError("no logs")

    source = FakeSource()
    source.causes = Failing(source.turns)
    async with running(source, size=(120, 30)) as (app, pilot):
        await press(pilot, "7", "k")
        await wait_until(pilot, lambda: "causes" in app.main.failures)
        await press(pilot, "1")
        assert app.main.navigation.here.view == "live"
