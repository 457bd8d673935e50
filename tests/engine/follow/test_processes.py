from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from claude_tui.engine.follow.processes import LiveRegistry
from claude_tui.engine.monitor import Monitor
from claude_tui.engine.queries.snapshots.sessions import Presence, session_activity
from claude_tui.engine.setup import Setup
from claude_tui.model import Activity, Query, SessionState
from claude_tui.sources.protocol import FileFacts, SourceConfig
from tests.engine.counting import NOW_MS, PRICER, config_of
from tests.engine.running import register
from tests.logs import ClaudeHome, assistant, usage

MINUTE_MS = 60_000


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sleep", "60"]) as started:
        yield started
        started.kill()


def doing(registry: LiveRegistry, session: str = "s1") -> tuple[SessionState, int]:
    activity = registry.sessions["claude", session].activity
    return activity.state, activity.since_ms


def test_a_running_session_is_found_and_its_status_followed(tmp_path: Path, process: subprocess.Popen[bytes]) -> None:
    registry = LiveRegistry([tmp_path])
    assert not registry.look(1)
    register(tmp_path, process.pid, statusUpdatedAt=5)
    assert registry.look(2)
    assert doing(registry) == (SessionState.WORKING, 5)
    register(tmp_path, process.pid, status="idle", statusUpdatedAt=7)
    assert registry.look(3)
    assert doing(registry) == (SessionState.IDLE, 7)


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
    assert doing(registry) == (SessionState.DONE, 20)
    assert not registry.look(30)


def test_an_entry_that_is_removed_ends_its_session(tmp_path: Path, process: subprocess.Popen[bytes]) -> None:
    path = register(tmp_path, process.pid)
    registry = LiveRegistry([tmp_path])
    registry.look(1)
    path.unlink()
    assert registry.look(20)
    assert doing(registry) == (SessionState.DONE, 20)
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
        assert doing(registry) == (SessionState.IDLE, 9)


def test_garbage_and_missing_folders_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "1.json").write_bytes(b"\x00\xff{")
    (tmp_path / "2.json").mkdir()
    (tmp_path / "notes.json").write_text("{}")
    registry = LiveRegistry([tmp_path, tmp_path / "missing", tmp_path / "1.json"])
    assert not registry.look(1)
    assert registry.sessions == {}


THREAD = "01a229be-bac6-7f80-b31f-47907b5eab87"
ANSWERED = FileFacts(session="s1", last_kind="assistant")
ASKED = FileFacts(session="s1", last_kind="user")
RUNS = Presence(Activity(SessionState.BLOCKED, "permission", since_ms=NOW_MS))
ENDED = Presence(Activity(SessionState.DONE, since_ms=NOW_MS))


@pytest.mark.parametrize(
    ("facts", "age_minutes", "presence", "expected"),
    [
        (ASKED, 1, None, SessionState.WORKING),
        (ANSWERED, 1, None, SessionState.FINISHED),
        (ANSWERED, 30, None, SessionState.IDLE),
        (ANSWERED, 90, None, SessionState.DONE),
        # A process that was found knows what it does however long nothing was logged.
        (ANSWERED, 90, RUNS, SessionState.BLOCKED),
        # It was killed in the middle of its work.
        (ASKED, 1, ENDED, SessionState.DONE),
        # The process looks dead from here, yet its log grows: it runs where we cannot see it.
        (ASKED, 1, Presence(Activity(SessionState.DONE, since_ms=NOW_MS - 2 * MINUTE_MS)), SessionState.WORKING),
    ],
)
def test_log_and_process_together_say_what_a_session_does(
    facts: FileFacts, age_minutes: int, presence: Presence | None, expected: SessionState
) -> None:
    assert session_activity(facts, NOW_MS - age_minutes * MINUTE_MS, NOW_MS, presence).state is expected


def test_a_spare_process_is_nobodys_session(tmp_path: Path, process: subprocess.Popen[bytes]) -> None:
    register(tmp_path, process.pid, status="idle", spare=True, kind="bg")
    registry = LiveRegistry([tmp_path])
    assert not registry.look(1)
    register(tmp_path, process.pid, status="busy", kind="bg")
    assert registry.look(2)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a stopped process is not told from a running one")
def test_a_suspended_process_is_seen_and_goes_on(tmp_path: Path, process: subprocess.Popen[bytes]) -> None:
    register(tmp_path, process.pid, statusUpdatedAt=5)
    registry = LiveRegistry([tmp_path])
    os.kill(process.pid, signal.SIGSTOP)
    os.waitpid(process.pid, os.WUNTRACED)
    registry.look(10)
    registry.look(11)
    assert doing(registry) == (SessionState.SUSPENDED, 10)
    os.kill(process.pid, signal.SIGCONT)
    os.waitpid(process.pid, os.WCONTINUED)
    registry.look(12)
    assert doing(registry) == (SessionState.WORKING, 5)


def test_a_process_of_another_container_proves_nothing(tmp_path: Path, process: subprocess.Popen[bytes]) -> None:
    register(tmp_path, process.pid, pidDomain="linux:0123:pid:[1]")
    registry = LiveRegistry([tmp_path])
    assert not registry.look(1)
    assert registry.sessions == {}


def logged(kind: str, content: Any, second: int, **more: Any) -> dict[str, Any]:
    role = {"role": kind, "content": content}
    return {"type": kind, "timestamp": f"2026-11-29T23:54:{second:02d}.000Z", "message": role, **more}


CALL = [{"type": "tool_use", "id": "t1", "name": "Bash", "input": {"command": "make"}}]
RESULT = [{"type": "tool_result", "tool_use_id": "t1", "content": "x" * 300_000}]


def append(path: Path, *rows: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.writelines(json.dumps(row, separators=(",", ":")) + "\n" for row in rows)


def test_what_is_asked_for_is_read_from_the_end_of_the_log_as_it_grows(
    tmp_path: Path, process: subprocess.Popen[bytes]
) -> None:
    sessions, log = tmp_path / "sessions", tmp_path / "projects" / "-home-user-work" / "s1.jsonl"
    waits: dict[str, Any] = {
        "status": "waiting",
        "waitingFor": "permission prompt",
        "statusUpdatedAt": 9,
        "cwd": "/home/user/work",
    }
    append(log, logged("user", "go", 1), logged("assistant", CALL, 2))
    register(sessions, process.pid, **waits)
    registry = LiveRegistry([sessions])
    registry.look(1)
    assert registry.sessions["claude", "s1"].activity == Activity(
        SessionState.BLOCKED, "permission", tool="Bash", argument="make", since_ms=9
    )
    # The result is longer than what is read at first, and a question follows.
    append(log, logged("user", RESULT, 3))
    append(log, logged("assistant", [{**CALL[0], "id": "t2", "name": "AskUserQuestion"}], 4))
    registry.look(2)
    assert registry.sessions["claude", "s1"].activity.why == "question"
    assert LiveRegistry([sessions]).look(3)
    other = LiveRegistry([sessions])
    other.look(3)
    assert other.sessions["claude", "s1"].activity.why == "question"
    # A sub-agent asks, in a log of its own.
    append(log, logged("user", [{"type": "tool_result", "tool_use_id": "t2"}], 5))
    agent = log.with_suffix("") / "subagents" / "agent-a1.jsonl"
    append(agent, logged("assistant", [{**CALL[0], "name": "Write"}], 6, isSidechain=True))
    registry.look(4)
    activity = registry.sessions["claude", "s1"].activity
    assert (activity.tool, activity.is_in_agent) == ("Write", True)
    # The file is another one now, under the same name.
    log.unlink()
    append(log, logged("assistant", [{**CALL[0], "name": "ExitPlanMode"}], 7))
    agent.unlink()
    registry.look(5)
    assert registry.sessions["claude", "s1"].activity.why == "plan"


def test_a_transcript_is_found_in_whatever_project_it_lies(tmp_path: Path, process: subprocess.Popen[bytes]) -> None:
    append(tmp_path / "projects" / "-elsewhere" / "s1.jsonl", logged("assistant", CALL, 2))
    register(tmp_path / "sessions", process.pid, cwd="/home/user/work")
    registry = LiveRegistry([tmp_path / "sessions"])
    registry.look(1)
    assert registry.sessions["claude", "s1"].activity.tool == "Bash"


def test_what_the_hook_was_told_is_heeded(tmp_path: Path, process: subprocess.Popen[bytes]) -> None:
    register(tmp_path / "sessions", process.pid)
    registry = LiveRegistry([tmp_path / "sessions"], tmp_path / "state")
    registry.look(1)
    (tmp_path / "state" / "hooks").mkdir(parents=True)
    (tmp_path / "state" / "hooks" / "s1.json").write_text('{"compacting_ms": 7}')
    assert registry.look(2)
    assert registry.sessions["claude", "s1"].activity.doing == "compacting"
    (tmp_path / "state" / "hooks" / "s1.json").write_text('{"compacting_ms": "x"')
    assert registry.look(3)
    assert registry.sessions["claude", "s1"].activity.doing == "model"


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
        await becomes(SessionState.FINISHED)
        register(sessions, process.pid, status="busy", statusUpdatedAt=now_ms)
        await becomes(SessionState.WORKING)
        process.kill()
        process.wait()
        await becomes(SessionState.DONE)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_session_is_listed_from_its_first_moment_and_is_nobodys_number(
    claude_home: ClaudeHome, process: subprocess.Popen[bytes]
) -> None:
    sessions = claude_home.folder / "sessions"
    monitor = Monitor(Setup(config_of(claude_home.folder), PRICER, ZoneInfo("UTC")))
    moved = asyncio.Event()
    loop = asyncio.get_running_loop()

    def tell() -> None:
        loop.call_soon_threadsafe(moved.set)

    monitor.subscribe(tell)
    running = asyncio.create_task(monitor.run())
    try:
        register(sessions, process.pid, name="new one", cwd="/home/user/shop", startedAt=5)
        now_ms = int(time.time() * 1000)
        while not monitor.snapshot(Query(), now_ms).unanswered:
            moved.clear()
            await moved.wait()
        snapshot = monitor.snapshot(Query(), now_ms)
        (row,) = snapshot.unanswered
        assert (row.name, row.project, row.state, row.totals.responses) == (
            "new one", "/home/user/shop", SessionState.WORKING, 0,
        )  # fmt: skip
        assert (snapshot.sessions, snapshot.projects, snapshot.waiting_sessions) == ((), (), 0)
        assert not monitor.snapshot(Query(project="/home/user/other"), now_ms).unanswered
        assert not monitor.snapshot(Query(source="codex"), now_ms).unanswered
        assert monitor.snapshot(Query(project="/home/user/shop"), now_ms).unanswered == (row,)
        register(sessions, process.pid, status="waiting", waitingFor="permission prompt", statusUpdatedAt=5)
        while not monitor.snapshot(Query(), now_ms).waiting_sessions:
            moved.clear()
            await moved.wait()
        register(sessions, process.pid, name="renamed", status="waiting", waitingFor="permission prompt")
        claude_home.append(assistant("msg_1", now_ms, usage(output=5)))
        while not monitor.snapshot(Query(), now_ms).sessions:
            moved.clear()
            await moved.wait()
        snapshot = monitor.snapshot(Query(), now_ms)
        assert [row.state for row in snapshot.sessions] == [SessionState.BLOCKED]
        while monitor.snapshot(Query(), now_ms).sessions[0].name != "renamed":
            moved.clear()
            await moved.wait()
        assert not snapshot.unanswered
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_codex_thread_is_listed_from_its_first_request_and_asks_and_stops(tmp_path: Path) -> None:
    known = json.loads((Path(__file__).parents[2] / "golden/states/codex.blocked.json").read_bytes())["rollout"]
    meta = {"id": THREAD, "cwd": "/home/user/work", "cli_version": "0.171.0"}
    now_ms = int(time.time() * 1000)
    stamp = datetime.fromtimestamp(now_ms / 1000, timezone.utc).isoformat(timespec="milliseconds")[:23] + "Z"

    def rows(*kinds: str) -> list[dict[str, Any]]:
        found = [{**row, "timestamp": stamp} for row in known if row["payload"]["type"] in kinds]
        return found or [{"timestamp": stamp, "type": "event_msg", "payload": {"type": kinds[0]}}]

    log = tmp_path / "codex" / "sessions" / "2026" / "11" / "29" / f"rollout-2026-11-29T23-58-15-{THREAD}.jsonl"
    append(log, {"timestamp": stamp, "type": "session_meta", "payload": meta}, *rows("task_started"))
    config = SourceConfig(tmp_path, {"CODEX_HOME": str(tmp_path / "codex")}, {}, ("codex",))
    monitor = Monitor(Setup(config, PRICER, ZoneInfo("UTC")))
    moved = asyncio.Event()
    loop = asyncio.get_running_loop()

    def tell() -> None:
        loop.call_soon_threadsafe(moved.set)

    monitor.subscribe(tell)

    async def becomes(*wanted: object) -> None:
        def found() -> list[tuple[object, ...]]:
            rows = monitor.snapshot(Query(), now_ms).unanswered
            return [(row.name, row.activity.state, row.activity.tool) for row in rows]

        while found() != [(THREAD[-8:], *wanted)]:
            moved.clear()
            await moved.wait()

    running = asyncio.create_task(monitor.run())
    try:
        await becomes(SessionState.WORKING, "")
        append(log, *rows("function_call"))
        await becomes(SessionState.BLOCKED, "exec_command")
        append(log, *rows("turn_aborted"))
        await becomes(SessionState.FINISHED, "")
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
