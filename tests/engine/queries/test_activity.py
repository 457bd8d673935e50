"""Real sessions, caught in the middle of everything a session can be doing, and what a person saw on their screens."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from claude_tui.engine.queries.activity import Process, activity_of, activity_of_log
from claude_tui.model import Activity, SessionState
from claude_tui.sources.claude.running.hook_marks import NO_MARKS, marked
from claude_tui.sources.claude.running.registry import RegistryEntry, entry_of
from claude_tui.sources.claude.running.turn_end import ClaudeTurnReader
from claude_tui.sources.codex.turn_end import CodexTurnReader
from claude_tui.sources.turns.turn_end import NOTHING, OpenTool, TurnEnd, TurnReader

GOLDEN = Path(__file__).parents[2] / "golden" / "states"
CASES = sorted(path.stem for path in GOLDEN.glob("*.json") if not path.name.startswith("codex."))
CODEX = sorted(path.stem for path in GOLDEN.glob("codex.*.json"))
SNAPSHOT = "shell-snapshots/snapshot-"


def load(case: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((GOLDEN / f"{case}.json").read_bytes())
    return found


def end_of(reader: TurnReader, rows: list[dict[str, Any]]) -> TurnEnd:
    for row in rows:
        reader.see(row)
    return reader.end()


def judged(case: Mapping[str, Any], *, has_hook: bool) -> Activity:
    """The way from what lies on the disk to the activity, for the one session of a case."""
    entry = entry_of(case["entries"][0]) if case["entries"] else None
    if entry is None:  # the client took its entry back as it left, or is too old to have made one
        entry = RegistryEntry(0, "gone")
    shown = case["processes"].get(str(entry.pid)) or next(iter(case["processes"].values()))
    runs_shell = any(SNAPSHOT in child["cmd"] for child in shown["children"])
    process = Process(shown["state"] is not None, shown["state"] == "T", case["now_ms"], runs_shell)
    marks = NO_MARKS
    for told in case["hooks"] if has_hook else ():
        marks = marked(marks, told["hook"], told["t"])
    agents = [end_of(ClaudeTurnReader(is_agent=True), rows) for rows in case["agents"].values()]
    return activity_of(entry, process, end_of(ClaudeTurnReader(), case["main"]), agents, marks, case["now_ms"])


def expected(expect: Mapping[str, Any]) -> dict[str, Any]:
    state = expect["state"]
    state = {"gone": "done", "unknown or blocked: PermissionRequest hook only": "blocked"}.get(state, state)
    return {
        "state": SessionState(state),
        "why": expect.get("why", "permission" if state == "blocked" else ""),
        **({"doing": expect["doing"]} if "doing" in expect else {}),
        **({"tool": expect["tool"]} if "tool" in expect else {}),
        **({"tool": expect["tools"][0]} if "tools" in expect else {}),
        **({"argument": expect["arg"]} if "arg" in expect else {}),
        **({"is_in_agent": True} if expect.get("in") == "subagent" else {}),
        **({"error": expect["error"]} if "error" in expect else {}),
        "background": tuple(expect.get("background", ())),
    }


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("has_hook", [True, False], ids=["hook", "no-hook"])
def test_what_a_real_session_was_doing_is_said(case: str, has_hook: bool) -> None:
    known = load(case)
    found, wanted = judged(known, has_hook=has_hook)._asdict(), expected(known["expect"])
    if not has_hook and case.startswith("f_compacting"):
        wanted["doing"] = "model"  # nothing but the hook tells a compaction from an answer
    assert {name: found[name] for name in wanted} == wanted


@pytest.mark.parametrize("case", CODEX)
def test_what_a_real_codex_thread_was_doing_is_said(case: str) -> None:
    known = load(case)
    end = end_of(CodexTurnReader(), known["rollout"])
    found, wanted = activity_of_log(end, end.newest_ms + 500), expected(known["expect"])
    assert {name: getattr(found, name) for name in wanted} == wanted


def test_since_when_a_real_permission_is_waited_for() -> None:
    known = load("c_permission.2.1.332-bash")
    assert judged(known, has_hook=False).since_ms == known["entries"][0]["statusUpdatedAt"]
    known = load("c_permission.2.1.150-bash")
    assert judged(known, has_hook=False).since_ms == known["entries"][0]["updatedAt"]


def test_which_attempt_is_waited_for() -> None:
    found = judged(load("g_errors.2.1.150-429-retrying"), has_hook=False)
    assert (found.attempt, found.attempts, found.until_ms - found.since_ms) == (2, 10, 2000)


NOW_MS = 1_795_996_500_000
ENTRY = RegistryEntry(7, "s1", status="busy", status_ms=NOW_MS - 9_000, started_ms=NOW_MS - 3_600_000)
BASH = OpenTool("Bash", NOW_MS - 8_000, "make")


def now(
    entry: RegistryEntry, main: TurnEnd = NOTHING, agents: list[TurnEnd] | None = None, process: Process | None = None
) -> Activity:
    return activity_of(entry, process or Process(), main, agents or [], NO_MARKS, NOW_MS)


def failed_row(**limits: Any) -> dict[str, Any]:
    return {
        "type": "assistant", "timestamp": "2026-11-29T23:54:50.000Z", "isApiErrorMessage": True, "error": "rate_limit",
        "message": {"role": "assistant", "model": "<synthetic>", "content": [], "stop_reason": "stop_sequence"},
        "quotaLimits": {"rateLimitType": "five_hour", **limits},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("limits", "state", "until_ms"),
    [
        ({"status": "rejected", "resetsAt": NOW_MS // 1000 + 3600}, SessionState.LIMITED, NOW_MS + 3_600_000),
        ({"status": "rejected", "resetsAt": NOW_MS // 1000 - 60}, SessionState.FAILED, 0),
        ({"status": "allowed_warning", "resetsAt": NOW_MS // 1000 + 3600}, SessionState.FAILED, 0),
        ({"status": "rejected"}, SessionState.FAILED, 0),
    ],
)
def test_a_reached_limit_is_told_with_its_end(limits: dict[str, Any], state: SessionState, until_ms: int) -> None:
    found = now(ENTRY._replace(status="idle"), end_of(ClaudeTurnReader(), [failed_row(**limits)]))
    assert (found.state, found.until_ms, found.error) == (state, until_ms, "rate_limit")


def test_a_prompt_after_an_error_is_no_failure_any_more() -> None:
    prompt = {"type": "user", "timestamp": "2026-11-29T23:54:55.000Z", "message": {"content": "again"}}
    end = end_of(ClaudeTurnReader(), [failed_row(), prompt])
    assert now(ENTRY._replace(status="idle"), end).state is SessionState.FINISHED


@pytest.mark.parametrize(
    "rows",
    [
        ("<command-name>/status</command-name>", "<local-command-stdout>well</local-command-stdout>"),
        ("<bash-input>ls</bash-input>", "<bash-stdout>a.txt</bash-stdout><bash-stderr></bash-stderr>"),
    ],
)
def test_a_command_of_the_users_own_leaves_a_failure_and_a_limit_as_they_are(rows: tuple[str, str]) -> None:
    limit = failed_row(status="rejected", resetsAt=NOW_MS // 1000 + 3600)
    typed = [
        {"type": "user", "timestamp": "2026-11-29T23:54:55.000Z", "message": {"role": "user", "content": text}}
        for text in rows
    ]
    idle = ENTRY._replace(status="idle")
    found = now(idle, end_of(ClaudeTurnReader(), [limit, *typed]))
    assert (found.state, found.until_ms, found.error) == (SessionState.LIMITED, NOW_MS + 3_600_000, "rate_limit")
    assert now(idle, end_of(ClaudeTurnReader(), [failed_row(), *typed])).state is SessionState.FAILED


def test_a_stale_reason_to_wait_is_not_believed() -> None:
    entry = entry_of({"pid": 7, "sessionId": "s1", "status": "busy", "waitingFor": "permission prompt"})
    assert entry is not None
    assert now(entry, TurnEnd(asked_ms=NOW_MS)).doing == "model"


def test_the_tool_that_asks_is_not_the_one_that_runs_elsewhere() -> None:
    entry = ENTRY._replace(status="waiting", status_ms=NOW_MS - 5_000, waiting_for="permission prompt")
    runs = TurnEnd(NOW_MS - 60_000, newest_ms=NOW_MS - 60_000, tools=(OpenTool("Bash", NOW_MS - 60_000, "sleep"),))
    asks = TurnEnd(NOW_MS - 6_000, newest_ms=NOW_MS - 5_100, tools=(OpenTool("Write", NOW_MS - 5_100, "a.txt"),))
    found = now(entry, asks, [runs])
    assert (found.tool, found.is_in_agent) == ("Write", False)
    found = now(entry, runs, [asks])
    assert (found.tool, found.is_in_agent) == ("Write", True)
    later = asks._replace(tools=(OpenTool("Read", NOW_MS - 1_000),))
    found = now(entry, asks, [later])
    assert (found.tool, found.is_in_agent) == ("Write", False)


def test_what_an_earlier_process_left_open_is_not_asked_for() -> None:
    old = TurnEnd(asked_ms=1, newest_ms=2, tools=(OpenTool("AskUserQuestion", 2),))
    assert now(ENTRY._replace(status="", started_ms=NOW_MS - 60_000), old).state is SessionState.IDLE
    assert now(ENTRY._replace(started_ms=NOW_MS - 60_000), old).doing == "model"


def test_a_tool_that_was_allowed_runs_since_then() -> None:
    end = TurnEnd(asked_ms=NOW_MS - 30_000, newest_ms=NOW_MS - 20_000, tools=(OpenTool("Bash", NOW_MS - 20_000),))
    assert now(ENTRY, end).since_ms == ENTRY.status_ms
    assert now(ENTRY, end._replace(tools=(BASH,))).since_ms == BASH.since_ms


def test_hooks_at_the_end_of_a_turn_are_still_the_turn() -> None:
    end = TurnEnd(asked_ms=NOW_MS - 8_000, over_ms=NOW_MS - 1_000, newest_ms=NOW_MS - 1_000)
    assert now(ENTRY, end).state is SessionState.WORKING
    agent = TurnEnd(asked_ms=NOW_MS - 3_000, newest_ms=NOW_MS - 2_000, tools=(BASH,))
    assert now(ENTRY, end, [agent]).background == ("subagent",)
    assert now(ENTRY, end._replace(is_closed=True)).background == ("subagent",)


def test_a_session_that_was_asked_nothing_is_idle() -> None:
    assert now(ENTRY._replace(status="idle")).state is SessionState.IDLE


@pytest.mark.parametrize(
    ("runs_shell", "age_ms", "state", "is_certain"),
    [
        (False, 8_000, SessionState.BLOCKED, False),
        (False, 1_000, SessionState.WORKING, False),
        (True, 8_000, SessionState.WORKING, True),
        (None, 8_000, SessionState.WORKING, False),
    ],
)
def test_a_version_without_status_is_judged_by_its_processes(
    runs_shell: bool | None, age_ms: int, state: SessionState, is_certain: bool
) -> None:
    asked_ms = NOW_MS - age_ms
    end = TurnEnd(asked_ms=asked_ms, newest_ms=asked_ms, tools=(OpenTool("Bash", asked_ms, "make"),))
    found = now(ENTRY._replace(status=""), end, process=Process(runs_shell=runs_shell))
    assert (found.state, found.is_certain, found.tool) == (state, is_certain, "Bash")


def test_an_interrupted_turn_of_a_version_without_status_is_over() -> None:
    stopped = {
        "type": "user", "timestamp": "2026-11-29T23:54:50.000Z",
        "message": {"content": [{"type": "text", "text": "[Request interrupted by user]"}]},
    }  # fmt: skip
    assert now(ENTRY._replace(status=""), end_of(ClaudeTurnReader(), [stopped])).state is SessionState.FINISHED


def test_a_users_own_command_is_no_turn() -> None:
    rows = [
        {"type": "user", "timestamp": f"2026-11-29T23:54:5{second}.000Z", "message": {"content": text}}
        for second, text in enumerate(["<command-name>/model</command-name>", "<local-command-stdout>Set</local-…>"])
    ]
    assert now(ENTRY._replace(status=""), end_of(ClaudeTurnReader(), rows)).state is SessionState.FINISHED


@pytest.mark.parametrize("garbage", [
    {}, {"type": "user"}, {"type": "assistant", "timestamp": "2026-11-29T23:54:50.000Z", "message": 5},
    {"type": "assistant", "timestamp": 1_795_996_490, "message": {"content": [None, {"type": "tool_use"}]}},
    {"type": "system", "subtype": "api_error", "timestamp": 1, "retryInMs": "x"},
    {"type": "user", "timestamp": "2026-11-29T23:54:50.000Z", "message": {"content": [3, {"type": "tool_result"}]}},
    {"type": "response_item", "timestamp": "2026-11-29T23:54:50.000Z", "payload": {"type": "function_call",
                                                                                  "arguments": "[1"}},
])  # fmt: skip
@pytest.mark.parametrize("reader", [ClaudeTurnReader, CodexTurnReader])
def test_rows_that_make_no_sense_are_passed_over(reader: type[ClaudeTurnReader], garbage: dict[str, Any]) -> None:
    activity_of_log(end_of(reader(), [garbage]), NOW_MS)
