"""Several folders of a client are accounts side by side: limits and totals of their own, which add up."""

from __future__ import annotations

import json
import os
from functools import partial
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest

from claude_tui.cli import main
from claude_tui.engine.count import count
from claude_tui.engine.monitor import Monitor
from claude_tui.engine.queries.allowances.limits import remember
from claude_tui.engine.queries.periods.hours import HourBook
from claude_tui.engine.queries.responses import list_responses, totals_of
from claude_tui.engine.queries.snapshots.maker import SnapshotMaker
from claude_tui.engine.scan.reading import FileReader, Task
from claude_tui.engine.setup import Setup
from claude_tui.engine.state.accounts import Accounts
from claude_tui.engine.state.store import Store
from claude_tui.model import Query
from claude_tui.sources.protocol import SourceConfig
from claude_tui.sources.registry import reader
from tests.engine.counting import NOW_MS, PRICER, assert_sums_agree, here
from tests.logs import ClaudeHome, assistant, usage
from tests.ui.helpers import press, running, screen_text, wait_until

HOUR_MS = 3_600_000
AGENT_MODE = "Library/Application Support/Claude/local-agent-mode-sessions"


@pytest.fixture
def home(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with two accounts, Claude Desktop's agent mode, and folders that only look like accounts."""
    monkeypatch.delenv("CLAUDE_CONFIG_DIR")
    spend(own_home / ".claude", 1, "s1")
    spend(own_home / ".claude-work", 2, "s2")
    spend(own_home / ".claude-work", 3, "s2", agent="a1")
    inside = own_home / AGENT_MODE / "org" / "user" / "local_1"
    spend(inside / ".claude", 4, "s3")
    for odd in ("audit.jsonl", "outputs/data.jsonl", "outputs/.claude/projects/p/s.jsonl", ".claude/history.jsonl"):
        path = inside / odd
        path.parent.mkdir(parents=True, exist_ok=True)
        kept = (inside / ".claude/projects/-home-user-project/s3.jsonl").read_bytes()
        path.write_bytes(kept.replace(b"msg_", b"msg_x"))
    (own_home / ".claude-mem").mkdir()
    (own_home / ".claude-notes").write_text("no folder")
    return own_home


def spend(folder: Path, number: int, session: str, agent: str = "") -> None:
    row = assistant(f"msg_{number}", NOW_MS - number * 60_000, usage(output=number * 1000), session=session)
    if agent:
        row["agentId"] = agent
    ClaudeHome(folder).append(row, session=session, agent=agent)


def store_of(home: Path) -> Store:
    return count(Setup(SourceConfig(home), PRICER, ZoneInfo("UTC")), processes=here())


def test_the_folders_are_found(home: Path) -> None:
    roots = reader("claude").roots(SourceConfig(home))
    found = [str(file.path) for root in roots for file in reader("claude").discover(root)]
    assert sorted(os.path.relpath(path, home) for path in found) == [
        ".claude-work/projects/-home-user-project/s2.jsonl",
        ".claude-work/projects/-home-user-project/s2/subagents/agent-a1.jsonl",
        ".claude/projects/-home-user-project/s1.jsonl",
        f"{AGENT_MODE}/org/user/local_1/.claude/projects/-home-user-project/s3.jsonl",
    ]
    assert [os.path.relpath(root, home) for root in roots] == [
        ".claude/projects", ".config/claude/projects", ".claude-work/projects", AGENT_MODE,
    ]  # fmt: skip
    named = SourceConfig(home, {"CLAUDE_CONFIG_DIR": f"{home}/.claude"})
    assert len(reader("claude").roots(named)) == 1, "whoever names folders means only these"


def test_below_the_agent_mode_the_same_is_found_as_from_its_root(home: Path) -> None:
    discover = reader("claude").discover
    (whole,) = discover(home / AGENT_MODE)
    for below in ("org", "org/user", "org/user/local_1", "org/user/local_1/.claude/projects"):
        assert [file.path for file in discover(home / AGENT_MODE / below)] == [whole.path]
    assert list(discover(home / AGENT_MODE / "org/user/local_1/outputs")) == []


def test_a_folder_whose_name_only_reminds_of_the_agent_mode_is_read(tmp_path: Path) -> None:
    path = ClaudeHome(tmp_path).append(assistant("m", NOW_MS, usage(1)), project="-x-local-agent-mode-sessions-y")
    assert [file.path for file in reader("claude").discover(tmp_path / "projects")] == [str(path)]


def test_the_accounts_add_up_in_every_way_to_ask(home: Path) -> None:
    store = store_of(home)
    maker = SnapshotMaker(store)
    whole = maker.take(Query(), NOW_MS)
    work = str(home / ".claude-work")
    assert whole.accounts == (str(home / ".claude"), work, str(home / AGENT_MODE))
    assert [maker.take(Query(account=one), NOW_MS).totals.output for one in whole.accounts] == [1000, 5000, 4000]
    assert whole.totals.output == 10_000
    shown = assert_sums_agree(store, Query(account=work))
    assert ([row.key for row in shown.sessions], len(shown.sessions[0].agents)) == (["s2"], 1)
    assert totals_of(list_responses(store, Query(account=work))).output == 5000
    hours = HourBook(store).hours(Query(account=work))
    assert hours is not None and sum(hours) == shown.totals.cost_nano
    assert maker.take(Query(account="/elsewhere"), NOW_MS).totals.responses == 0


def test_a_session_that_turns_out_to_be_of_another_account_moves(home: Path) -> None:
    """Of two accounts that have the same session it is the first by name."""
    store = store_of(home)
    maker, work = SnapshotMaker(store), str(home / ".claude-work")
    assert maker.take(Query(account=work), NOW_MS).totals.output == 5000
    path = home / ".claude-work" / "projects" / "-home-user-project" / "s1.jsonl"
    path.write_bytes((home / ".claude/projects/-home-user-project/s1.jsonl").read_bytes())
    assert SnapshotMaker(store_of(home)).take(Query(account=work), NOW_MS).totals.output == 6000
    (file,) = [one for one in reader("claude").discover(home / ".claude-work/projects") if one.path == str(path)]
    store.take_in(FileReader(PRICER, ZoneInfo("UTC")).read_all([Task(file)]))
    assert maker.take(Query(account=work), NOW_MS).totals.output == 6000


def test_each_account_has_its_own_block_and_limits(home: Path, tmp_path: Path) -> None:
    spend(home / ".claude-work", 600, "s9")  # ten hours before
    for account, percent in ((".claude", 10), (".claude-work", 90)):
        window = {"used_percentage": percent, "resets_at": (NOW_MS + percent * 60_000) / 1000}
        remember(str(tmp_path), str(home / account), {"rate_limits": {"five_hour": window}}, NOW_MS)
    monitor = Monitor(Setup(SourceConfig(home), PRICER, ZoneInfo("UTC"), limits_folder=tmp_path))
    store = store_of(home)
    monitor.store.__dict__.update(store.__dict__)
    whole = monitor.blocks(NOW_MS)
    assert [one.used_percent for one in whole.reported] == [10, 90]
    work = monitor.blocks(NOW_MS, str(home / ".claude-work"))
    assert [one.used_percent for one in work.reported] == [90]
    assert work.window is not None and work.window.end_ms == NOW_MS + 90 * 60_000
    assert sum(block.entries for block in work.blocks) == 3
    assert sum(block.entries for block in whole.blocks) == 5


def test_what_lies_nowhere_belongs_to_the_first_folder() -> None:
    roots = [("claude", "/h/.claude/projects"), ("claude", "/h/.claude-work/projects"), ("codex", "/h/.codex")]
    accounts = Accounts(roots)
    assert accounts.of("claude", "/h/.claude-work/projects/p/s.jsonl") == "/h/.claude-work"
    assert accounts.of("claude", "") == accounts.of("claude", "/other/s.jsonl") == "/h/.claude"
    assert (accounts.of("codex", "x"), accounts.of("pi", "x"), Accounts().of("claude", "x")) == ("/h/.codex", "", "")


def test_reports_by_account_and_of_one(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "--by", "account", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {os.path.relpath(row["account"], home): row["output"] for row in found["accounts"]} == {
        ".claude-work": 5000, AGENT_MODE: 4000, ".claude": 1000,
    }  # fmt: skip
    assert sum(row["cost_nano"] for row in found["accounts"]) == found["totals"]["cost_nano"]
    assert main(["report", "--by", "account"]) == 0
    assert ".claude-work" in capsys.readouterr().out
    for name in ("work", ".claude-work", str(home / ".claude-work")):
        assert main(["report", "--account", name, "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["totals"]["output"] == 5000
    assert main(["report", "--account", "play"]) == 2
    assert "the folders are .claude, .claude-work, local-agent-mode-sessions" in capsys.readouterr().err


async def test_a_key_goes_through_the_accounts(home: Path) -> None:
    monitor = Monitor(Setup(SourceConfig(home), PRICER, ZoneInfo("UTC")))
    async with running(cast(Any, monitor)) as (app, pilot):
        screen = app.main

        def shows(account: str, output: int) -> bool:
            shown = screen.shown
            return (
                shown is not None
                and shown.query is not None
                and shown.query.account == account
                and shown.snapshot.totals.output == output
                and (f"@ {os.path.basename(account)[:20]}" in screen_text(app)) is bool(account)
            )

        await wait_until(pilot, lambda: shows("", 10_000))
        for folder, output in ((".claude", 1000), (".claude-work", 5000), (AGENT_MODE, 4000)):
            await press(pilot, "A")
            await wait_until(pilot, partial(shows, str(home / folder), output))
        await press(pilot, "A")
        await wait_until(pilot, lambda: shows("", 10_000))
