"""Sessions without a title are called by what they were asked first: on screen alone, and kept nowhere."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from claude_tui.engine.follow import first_prompts
from claude_tui.engine.follow.first_prompts import FirstPrompts
from claude_tui.engine.monitor import Monitor
from claude_tui.engine.setup import Setup
from claude_tui.model import Phase, Query
from claude_tui.reports import sessions
from claude_tui.sources.turns.first_prompt import PromptOf, first_prompt
from tests.engine.counting import NOW_MS, PRICER, UTC, config_of, counted
from tests.engine.living import Living, running
from tests.logs import ClaudeHome, assistant, timestamp, usage

SECRET = "Rename the spaceship"


def asked(text: str, session: str = "s1") -> dict[str, Any]:
    return {
        "type": "user", "sessionId": session, "cwd": "/home/user/project", "timestamp": timestamp(NOW_MS),
        "message": {"role": "user", "content": text},
    }  # fmt: skip


async def test_a_session_is_called_by_its_first_prompt_until_it_has_a_title(claude_home: ClaudeHome) -> None:
    claude_home.append(asked(SECRET), assistant("msg_1", NOW_MS, usage(output=1)), asked("and then"))
    living = Living(claude_home.folder)
    living.monitor.call_sessions("prompt")
    async with running(living):
        snapshot = await living.until(lambda found: bool(found.sessions[0].prompt))
        (row,) = snapshot.sessions
        assert (row.called, row.name) == (SECRET, "s1")
        assert SECRET not in str(sessions.record(row))
        claude_home.append(asked("More", "s2"), assistant("msg_2", NOW_MS, usage(output=1), session="s2"), session="s2")
        await living.until(lambda found: {row.called for row in found.sessions} == {SECRET, "More"})
        claude_home.append({"type": "custom-title", "customTitle": "Spaceships", "sessionId": "s1"})
        await living.until(lambda found: {row.called for row in found.sessions} == {"Spaceships", "More"})


@pytest.mark.parametrize(("by", "called"), [("title", {"s1", "Spaceships"}), ("id", {"s1", "s2"})])
async def test_no_prompt_is_read_unless_sessions_are_called_by_it(
    by: str, called: set[str], claude_home: ClaudeHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(first_prompts, "first_prompt", lambda *_: pytest.fail("nobody asked for it"))
    claude_home.append(asked(SECRET), assistant("msg_1", NOW_MS, usage(output=1)))
    title = {"type": "custom-title", "customTitle": "Spaceships", "sessionId": "s2"}
    claude_home.append(title, assistant("msg_2", NOW_MS, usage(output=1), session="s2"), session="s2")
    living = Living(claude_home.folder)
    living.monitor.call_sessions(by)
    async with running(living):
        snapshot = await living.settle()
        assert {row.called for row in snapshot.sessions} == called


async def test_nothing_of_a_prompt_is_kept(claude_home: ClaudeHome, tmp_path: Path) -> None:
    claude_home.append(asked(SECRET), assistant("msg_1", NOW_MS, usage(output=1)))
    kept = tmp_path / "kept"
    setup = Setup(config_of(claude_home.folder), PRICER, UTC, kept / "cache", kept / "ledger.sqlite", kept / "state")
    monitor = Monitor(setup)
    monitor.call_sessions("prompt")
    is_named = asyncio.Event()
    loop = asyncio.get_running_loop()

    def look() -> None:
        snapshot = monitor.snapshot(Query(), NOW_MS)
        if snapshot.progress.phase is Phase.LIVE and snapshot.sessions[0].prompt:
            loop.call_soon_threadsafe(is_named.set)

    monitor.subscribe(look)
    task = asyncio.create_task(monitor.run())
    await asyncio.wait_for(is_named.wait(), 60)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    monitor.saver.stop()
    files = [path for path in kept.rglob("*") if path.is_file()]
    assert files, "something was kept"
    assert not [path for path in files if b"spaceship" in path.read_bytes()]


def test_a_log_is_looked_at_again_only_if_it_grew_and_has_no_prompt_yet(
    claude_home: ClaudeHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []

    def noted(path: str, prompt_of: PromptOf) -> str:
        read.append(path)
        return first_prompt(path, prompt_of)

    monkeypatch.setattr(first_prompts, "first_prompt", noted)
    path = claude_home.append(assistant("msg_1", NOW_MS, usage(output=1)))
    store = counted(claude_home.folder)
    prompts = FirstPrompts(store)
    assert not prompts.look() and len(read) == 1
    store.revision += 1
    assert not prompts.look() and len(read) == 1, "it did not change"
    claude_home.append(asked(SECRET))
    store.revision += 1
    assert prompts.look() and len(read) == 2 and prompts.found == {("claude", "s1"): SECRET}
    claude_home.append(asked("more"))
    store.revision += 1
    assert not prompts.look() and len(read) == 2, "its name is known"
    path.unlink()
    store.revision += 1
    assert not FirstPrompts(store).look(), "what is gone has no prompt"


def test_the_newest_sessions_are_looked_at_first_and_none_while_nothing_changes(
    claude_home: ClaudeHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(first_prompts, "MOST", 1)
    for at, session in enumerate(("s2", "s3", "s1")):
        claude_home.append(
            asked(session, session),
            assistant(f"msg_{at}", NOW_MS + at, usage(output=1), session=session),
            session=session,
        )
    prompts = FirstPrompts(counted(claude_home.folder))
    assert prompts.look() and {session for _, session in prompts.found} == {"s1"}
    monkeypatch.setattr(first_prompts, "first_prompt", lambda *_: pytest.fail("nothing has changed"))
    assert not prompts.look()
