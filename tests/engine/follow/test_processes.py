from __future__ import annotations

import asyncio
import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from claude_tui.engine.follow.processes import LiveRegistry
from claude_tui.engine.monitor import Monitor
from claude_tui.engine.queries.snapshots.sessions import Presence, session_state
from claude_tui.engine.setup import Setup
from claude_tui.model import Query, SessionState
from claude_tui.sources.claude.registry import process_start
from claude_tui.sources.protocol import FileFacts
from tests.engine.counting import NOW_MS, PRICER, config_of
from tests.logs import ClaudeHome, assistant, usage

MINUTE_MS = 60_000


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sleep", "60"]) as started:
        yield started
        started.kill()


def register(folder: Path, pid: int, session: str = "s1", status: str = "busy", **more: Any) -> Path:
    """Write an entry the way the client does: beside, then renamed into place."""
    folder.mkdir(parents=True, exist_ok=True)
    entry = {"pid": pid, "procStart": process_start(pid), "sessionId": session, "status": status, **more}
    draft = folder / f"{pid}.json.tmp"
    draft.write_text(json.dumps(entry))
    return draft.replace(folder / f"{pid}.json")


def test_a_running_session_is_found_and_its_status_followed(tmp_path: Path, process: subprocess.Popen[bytes]) -> None:
    registry = LiveRegistry([tmp_path])
    assert not registry.look(1)
    register(tmp_path, process.pid, statusUpdatedAt=5)
    assert registry.look(2)
    assert registry.sessions == {("claude", "s1"): Presence(True, "busy", 5, process.pid)}
    register(tmp_path, process.pid, status="idle", statusUpdatedAt=7)
    assert registry.look(3)
    assert registry.sessions["claude", "s1"].status == "idle"


def test_an_unchanged_entry_is_not_read_again(tmp_path: Path, process: subprocess.Popen[bytes]) -> None:
    register(tmp_path, process.pid)
    registry = LiveRegistry([tmp_path])
    for now_ms in range(1, 20):
        registry.look(now_ms)
    assert (registry.files_read, registry.revision) == (1, 1)


def test_the_end_of_a_killed_process_is_noticed_once(tmp_path: Path, process: subprocess.Popen[bytes]) -> None:
    register(tmp_path, process.pid)
    registry = LiveRegistry([tmp_path])
    registry.look(1)
    process.kill()
    process.wait()
    assert registry.look(20)
    assert registry.sessions["claude", "s1"] == Presence(False, "", 20, process.pid)
    assert not registry.look(30)


def test_an_entry_that_is_removed_ends_its_session(tmp_path: Path, process: subprocess.Popen[bytes]) -> None:
    path = register(tmp_path, process.pid)
    registry = LiveRegistry([tmp_path])
    registry.look(1)
    path.unlink()
    assert registry.look(20)
    assert registry.sessions["claude", "s1"] == Presence(False, "", 20, process.pid)
    register(tmp_path, process.pid)
    assert registry.look(30)
    assert registry.sessions["claude", "s1"].is_alive


def test_a_process_that_turns_to_another_session_leaves_the_first(
    tmp_path: Path, process: subprocess.Popen[bytes]
) -> None:
    register(tmp_path, process.pid, "before-clear")
    registry = LiveRegistry([tmp_path])
    registry.look(1)
    register(tmp_path, process.pid, "after-clear")
    registry.look(2)
    assert not registry.sessions["claude", "before-clear"].is_alive
    assert registry.sessions["claude", "after-clear"].is_alive


def test_of_two_processes_of_a_session_the_busy_one_speaks(tmp_path: Path, process: subprocess.Popen[bytes]) -> None:
    with subprocess.Popen(["sleep", "60"]) as other:
        register(tmp_path, process.pid, status="idle", statusUpdatedAt=9)
        register(tmp_path, other.pid, status="busy", statusUpdatedAt=1)
        registry = LiveRegistry([tmp_path])
        registry.look(1)
        assert registry.sessions["claude", "s1"].pid == other.pid
        other.kill()
        other.wait()
        registry.look(2)
        assert registry.sessions["claude", "s1"] == Presence(True, "idle", 9, process.pid)


def test_garbage_and_missing_folders_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "1.json").write_bytes(b"\x00\xff{")
    (tmp_path / "2.json").mkdir()
    (tmp_path / "notes.json").write_text("{}")
    registry = LiveRegistry([tmp_path, tmp_path / "missing", tmp_path / "1.json"])
    assert not registry.look(1)
    assert registry.sessions == {}


ANSWERED = FileFacts(session="s1", last_kind="assistant")
ASKED = FileFacts(session="s1", last_kind="user")
ALIVE = Presence(True, "", NOW_MS)


@pytest.mark.parametrize(
    ("facts", "age_minutes", "presence", "expected"),
    [
        (ASKED, 1, None, SessionState.WORKING),
        (ANSWERED, 1, None, SessionState.WAITING),
        (ANSWERED, 30, None, SessionState.IDLE),
        (ANSWERED, 90, None, SessionState.DONE),
        # A process that works does so however long nothing was logged.
        (ANSWERED, 90, Presence(True, "busy", NOW_MS - 90 * MINUTE_MS), SessionState.WORKING),
        # It asks for a permission: the log shows only a tool that seems to run.
        (FileFacts(last_kind="tool_use"), 1, Presence(True, "waiting", NOW_MS), SessionState.WAITING),
        # It was interrupted: the log shows a prompt that seems to be worked on.
        (ASKED, 1, Presence(True, "idle", NOW_MS - MINUTE_MS), SessionState.WAITING),
        (ASKED, 1, Presence(True, "shell", NOW_MS - MINUTE_MS), SessionState.WAITING),
        (ANSWERED, 300, Presence(True, "idle", NOW_MS - 300 * MINUTE_MS), SessionState.IDLE),
        # A process that does not say what it does leaves that to its log, but it is there.
        (ASKED, 1, Presence(True), SessionState.WORKING),
        (ANSWERED, 300, Presence(True), SessionState.IDLE),
        # It was killed in the middle of its work.
        (ASKED, 1, Presence(False, "", NOW_MS), SessionState.DONE),
        # The process looks dead from here, yet its log grows: it runs where we cannot see it.
        (ASKED, 1, Presence(False, "", NOW_MS - 2 * MINUTE_MS), SessionState.WORKING),
    ],
)
def test_log_and_process_together_say_what_a_session_does(
    facts: FileFacts, age_minutes: int, presence: Presence | None, expected: SessionState
) -> None:
    assert session_state(facts, NOW_MS - age_minutes * MINUTE_MS, NOW_MS, presence) is expected


async def test_a_snapshot_shows_when_a_session_starts_to_work_and_when_its_process_is_killed(
    claude_home: ClaudeHome, process: subprocess.Popen[bytes]
) -> None:
    now_ms = int(time.time() * 1000)
    claude_home.append(assistant("msg_1", now_ms - 30 * MINUTE_MS, usage(output=5)))
    sessions = claude_home.folder / "sessions"
    register(sessions, process.pid, status="idle", statusUpdatedAt=now_ms - MINUTE_MS)
    monitor = Monitor(Setup(config_of(claude_home.folder), PRICER, ZoneInfo("UTC")))
    moved = asyncio.Event()
    loop = asyncio.get_running_loop()

    def tell() -> None:
        loop.call_soon_threadsafe(moved.set)

    monitor.subscribe(tell)

    async def becomes(state: SessionState) -> None:
        while [row.state for row in monitor.snapshot(Query(), now_ms).sessions] != [state]:
            moved.clear()
            await moved.wait()

    running = asyncio.create_task(monitor.run())
    try:
        await becomes(SessionState.WAITING)
        register(sessions, process.pid, status="busy", statusUpdatedAt=now_ms)
        await becomes(SessionState.WORKING)
        process.kill()
        process.wait()
        await becomes(SessionState.DONE)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
