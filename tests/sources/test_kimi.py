from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from claude_tui.model import ProblemKind, Usage
from claude_tui.sources.kimi import KimiSource
from claude_tui.sources.protocol import FileRead, SourceConfig

SOURCE = KimiSource()
AT_MS = 1_795_993_241_978
HEAD = {"type": "metadata", "protocol_version": "1.5", "created_at": AT_MS - 1000}
REQUEST = {"type": "llm.request", "provider": "openai", "model": "kimi-k2.5", "modelAlias": "k", "time": AT_MS - 500}


def record(time_ms: int = AT_MS, **more: Any) -> dict[str, Any]:
    usage = {"inputOther": 10, "output": 20, "inputCacheRead": 30, "inputCacheCreation": 40}
    return {"type": "usage.record", "model": "k", "usage": usage, "usageScope": "turn", "time": time_ms} | more


def read(
    root: Path, *records: object, session: str = "session_1", agent: str = "main", state: dict[str, Any] | None = None
) -> FileRead:
    folder = root / "sessions" / "wd_code_1" / session
    path = folder / "agents" / agent / "wire.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(one) + "\n" for one in records))
    if state is not None:
        (folder / "state.json").write_text(json.dumps(state))
    (file,) = [file for file in SOURCE.discover(root) if file.path == str(path)]
    return SOURCE.read(file)


def test_a_record_counts_once_at_the_model_that_was_asked_for(tmp_path: Path) -> None:
    again = {"type": "step.end", "finishReason": "tool_use", "usage": record()["usage"]}
    step = {"type": "context.append_loop_event", "event": again, "time": AT_MS}
    found = read(tmp_path, HEAD, REQUEST, record(), step, state={"cwd": "/home/me/code"})
    (row,) = found.rows
    assert row.usage == Usage(input=10, output=20, cache_write_5m=40, cache_read=30)
    assert (row.session, row.agent, row.model, row.cwd) == ("session_1", "", "kimi-k2.5", "/home/me/code")
    assert (found.facts.last_kind, found.facts.context_tokens, list(found.problems)) == ("tool_use", 80, [])


def test_an_alias_without_a_request_is_its_own_name(tmp_path: Path) -> None:
    assert [row.model for row in read(tmp_path, HEAD, record(model="mine")).rows] == ["mine"]


def test_what_is_older_than_the_fork_is_a_copy_of_the_same_record(tmp_path: Path) -> None:
    (first,) = read(tmp_path, HEAD, REQUEST, record()).rows
    forked = {"forkedFrom": "session_1", "createdAt": AT_MS + 50}
    copied, own = read(tmp_path, HEAD, REQUEST, record(), record(AT_MS + 99), session="session_2", state=forked).rows
    assert (copied.key, copied.is_copy, own.is_copy, own.session) == (first.key, True, False, "session_2")


def test_a_sub_agent_belongs_to_its_session(tmp_path: Path) -> None:
    found = read(tmp_path, HEAD, REQUEST, record(), agent="agent-3")
    assert [(row.session, row.agent, row.is_sidechain) for row in found.rows] == [("session_1", "agent-3", True)]
    assert (found.facts.session, found.facts.parent, found.facts.agent) == ("", "session_1", "agent-3")


def test_the_folder_of_a_session_that_does_not_say_is_that_of_its_workspace(tmp_path: Path) -> None:
    (tmp_path / "workspaces.json").write_text(json.dumps({"workspaces": {"wd_code_1": {"root": "/srv/code"}}}))
    assert [row.cwd for row in read(tmp_path, HEAD, record()).rows] == ["/srv/code"]


def test_what_is_not_understood_is_told_with_its_place(tmp_path: Path) -> None:
    head = HEAD | {"protocol_version": "2.0"}
    odd = {"type": "usage.sum", "usage": {"output": 5}}
    wrong = record(usage={"output": True})
    found = read(tmp_path, head, odd, record(usage={}), wrong, record(usageScope="session"))
    assert [row.key.partition("/")[0] for row in found.rows] == [str(AT_MS)]
    assert [(one.kind, one.detail.partition(":")[0]) for one in found.problems] == [
        (ProblemKind.UNKNOWN_SHAPE, "protocol '2.0'"),
        (ProblemKind.UNKNOWN_SHAPE, "usage in a record of unknown type 'usage.sum'"),
        (ProblemKind.UNKNOWN_SHAPE, "a usage record without counters"),
        (ProblemKind.BAD_COUNT, "output is no count"),
        (ProblemKind.UNKNOWN_SHAPE, "usage of scope 'session'"),
    ]
    assert [one.offset for one in found.problems][:2] == [0, len(json.dumps(head)) + 1]


def test_roots() -> None:
    home = Path("/home/me")
    assert SOURCE.roots(SourceConfig(home)) == [home / ".kimi-code"]
    assert SOURCE.roots(SourceConfig(home, {"KIMI_CODE_HOME": "/srv"})) == [Path("/srv")]
