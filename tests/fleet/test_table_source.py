"""The screen over a table: its numbers, what it says of their age, and looking again."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
import time_machine

from claude_tui.cli import main
from claude_tui.fleet.lake import Lake
from claude_tui.fleet.read import read_fleet
from claude_tui.fleet.table.meta import read_meta
from claude_tui.fleet.table_source import Looked, TableSource
from claude_tui.model import Query, Totals
from claude_tui.pricing import load_pricer
from claude_tui.ui.app import ClaudeTop
from claude_tui.ui.settings.file import Settings
from claude_tui.ui.widgets.edges.header import top_line
from claude_tui.ui.widgets.edges.status import HeaderStatus
from tests.fleet.machine import DAY, NOON, SAME, Machine, printed, three
from tests.logs import assistant, usage
from tests.ui.helpers import screen_text, wait_until

HOUR = 3_600_000


@pytest.fixture
def machines(tmp_path: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch) -> list[Machine]:
    return three(tmp_path, monkeypatch)


def look(table: Path, grouped_by: str = "project") -> Looked:
    lake = Lake(str(table))
    meta = read_meta(lake)
    return Looked(read_fleet(lake, load_pricer(), grouped_by=grouped_by).store, meta.merged_ms if meta else 0)


def test_a_screen_says_how_old_the_merge_is_and_looks_again(machines: list[Machine], tmp_path: Path) -> None:
    table = tmp_path / "table"
    with time_machine.travel(NOON / 1000, tick=False) as clock:
        for machine in machines:
            machine.run("fleet", "push", str(table), *SAME)
        machines[0].run("fleet", "merge", str(table))
        source = TableSource(lambda by: look(table, by))
        before = source.snapshot(Query(), NOON)
        assert before.totals.responses == 21
        clock.shift(timedelta(hours=5))
        later = NOON + 5 * HOUR
        status = HeaderStatus("projects", later, "30 days", Totals(), saved_ms=source.saved_ms)
        assert "not live, merged 5h ago" in top_line(source.snapshot(Query(), later), status, 140).plain
        machines[0].logs.append(assistant("msg_new", NOON, usage(output=9)))
        machines[0].run("fleet", "push", str(table), *SAME)
        machines[0].run("fleet", "merge", str(table))
        heard: list[int] = []
        source.subscribe(lambda: heard.append(1))
        assert source.snapshot(Query(), later).totals == before.totals
        source.refresh()
    assert heard and source.saved_ms == later
    assert source.snapshot(Query(), later).totals.responses == 22
    (table / "_claude_top.json").unlink()
    source.refresh()
    after = source.snapshot(Query(), later)
    assert after.totals.responses == 22 and after.progress.detail == "cannot be read now"


def test_what_a_table_cannot_give_is_said(
    own_home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEXTUAL_DRIVER", "none")
    for arguments, code in ((["--user", "ann"], 2), (["--from", "x", "--once"], 2), (["--from", "x", "--demo"], 2),
                            (["--from", "nowhere"], 1)):  # fmt: skip
        assert main(arguments) == code
        assert capsys.readouterr().err.count("\n") == 1


def is_seen(app: ClaudeTop, text: str) -> bool:
    return text in screen_text(app)


HEADINGS = {"team": "Team", "user": "User", "host": "Machine", "project": "Project"}


def test_a_screen_sums_by_whose_it_is(
    machines: list[Machine], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "table"
    for machine, team in zip(machines, ("web", "web", ""), strict=True):
        machine.run("fleet", "push", str(table), "--user", f"u-{machine.name}", "--team", team, *SAME)
    machines[0].run("fleet", "merge", str(table))
    reports = {
        by: printed(capsys, machines[0], "report", "--json", "--from", str(table), "--by", by)[f"{by}s"]
        for by in HEADINGS
    }
    source = TableSource(lambda by: look(table, by))
    app = ClaudeTop(source, Settings(view="projects", period="all"), clock=lambda: NOON + 5 * DAY)

    async def walk() -> None:
        async with app.run_test(size=(120, 30)) as pilot:
            await wait_until(pilot, partial(is_seen, app, "Project "))
            for by, heading in HEADINGS.items():
                await pilot.press("u")
                await wait_until(pilot, partial(is_seen, app, f"{heading} "))
                wanted = {row[by] or f"(no {by})": row["cost_nano"] for row in reports[by]}
                shown = source.snapshot(Query(), NOON + 5 * DAY).projects
                assert {row.name: row.totals.cost_nano for row in shown} == wanted
                for name in wanted:
                    await wait_until(pilot, partial(is_seen, app, name.rpartition("/")[2]))
            await wait_until(pilot, partial(is_seen, app, "not live"))
            assert "$0.00/h" not in screen_text(app)
            for key, said in (("7", "not what they were for"), ("6", "no blocks")):
                await pilot.press(key)
                await wait_until(pilot, partial(is_seen, app, said))

    asyncio.run(walk())
