"""Other clients: their calls where a log names those of a response, and else an honest row."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from claude_tui.engine.count import count
from claude_tui.engine.queries.causes.causes import Causes
from claude_tui.engine.queries.causes.dimensions import DIMENSIONS
from claude_tui.engine.setup import Setup
from claude_tui.engine.state.store import Store
from claude_tui.model import Query
from claude_tui.sources.causes import Caused, packed, unpacked
from claude_tui.sources.opencode.causes import read_causes, read_kilo_causes
from claude_tui.sources.opencode.stored.database import Database
from claude_tui.sources.protocol import SourceConfig
from tests.engine.counting import PRICER, UTC, here
from tests.engine.queries.causes.test_causes import sums_hold

GOLDEN = Path(__file__).parents[3] / "golden"
NOT_LOGGED = "(not in the log)"


def counted(client: str, folder: Path) -> Store:
    config = SourceConfig(home=Path("/nonexistent"), explicit={client: (folder,)}, sources=(client,))
    return count(Setup(config, PRICER, UTC), keep_names=True, processes=here())


@pytest.mark.parametrize("name", ["home-0.61", "home-mixed"])
def test_gemini_messages_name_their_calls(name: str) -> None:
    folder = GOLDEN / "gemini" / name
    store = counted("gemini", folder)
    causes = Causes(store)
    sums_hold(store, causes)
    named: dict[str, set[str]] = {}
    for path in folder.rglob("chats/**/*.json*"):
        text = path.read_text()
        for record in [json.loads(text)] if path.suffix == ".json" else map(json.loads, text.splitlines()):
            for message in [record, *record.get("messages", []), *record.get("$set", {}).get("messages", [])]:
                for call in message.get("toolCalls", ()):
                    named.setdefault(message["id"], set()).add(call["id"])
    found = {key: len(facts.tools) for key, (facts, _) in causes.facts(Query()).items() if facts.tools}
    assert found and found == {key: len(named[key]) for key in found}
    labels = {row.label for row in causes.table(Query(), "tool").rows}
    assert "list_directory" in labels or len(labels) > 1
    assert {row.label for row in causes.table(Query(), "skill").rows} == {NOT_LOGGED}
    assert {row.label for row in causes.table(Query(), "context").rows} == {NOT_LOGGED}


def test_a_call_that_failed_when_written_again_has_failed_once(tmp_path: Path) -> None:
    call = {"id": "c1", "name": "glob", "args": {}}
    message: dict[str, Any] = {
        "id": "m1", "type": "gemini", "timestamp": "2026-11-21T07:20:34.521Z", "model": "gemini-2.5-flash",
        "tokens": {"input": 100, "output": 20, "cached": 0, "thoughts": 5, "tool": 0, "total": 125},
    }  # fmt: skip
    chats = tmp_path / "tmp" / "project" / "chats"
    chats.mkdir(parents=True)
    rows = [
        {"sessionId": "s1"},
        {**message, "toolCalls": [call]},
        {**message, "toolCalls": [{**call, "status": "error"}]},
    ]
    (chats / "session-1.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    causes = Causes(counted("gemini", tmp_path), tmp_path / "kept")
    (row,) = causes.table(Query(), "tool").rows
    assert (row.name, row.calls, row.failed_calls) == ("glob", 1, 1)
    kinds = {row.name: row.usage.output for row in causes.table(Query(), "kind").rows}
    assert (kinds["thinking"], kinds["output"]) == (5, 20)


@pytest.mark.parametrize(
    ("client", "name"), [("codex", "home-0.44"), ("codex", "home-0.125"), ("copilot", "home-1.0.92")]
)
def test_what_no_log_says_is_said_to_be_so(client: str, name: str, tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    shutil.copytree(GOLDEN / client / name, folder)
    store = counted(client, folder)
    causes = Causes(store)
    sums_hold(store, causes)
    for by in DIMENSIONS:
        labels = {row.label for row in causes.table(Query(), by).rows}
        assert by in ("kind", "cache", "agent") or labels == {NOT_LOGGED}


def test_pi_answers_name_their_calls(tmp_path: Path) -> None:
    store = counted("pi", GOLDEN / "pi" / "agent-1.6.0")
    causes = Causes(store)
    sums_hold(store, causes)
    lines = [line for path in (GOLDEN / "pi").rglob("*.jsonl") for line in path.read_text().splitlines()]
    records = [json.loads(line) for line in lines]
    wanted = {
        part["id"]
        for record in records
        if record.get("type") == "message" and record["message"].get("role") == "assistant"
        for part in record["message"]["content"]
        if part["type"] == "toolCall" and record["message"]["usage"]["totalTokens"]
    }
    tools = causes.table(Query(), "tool")
    assert sum(row.calls for row in tools.rows) == len(wanted) > 0
    assert {row.name for row in tools.rows} >= {"bash", None}
    assert not any(row.label == NOT_LOGGED for row in tools.rows)
    assert {row.label for row in causes.table(Query(), "branch").rows} == {NOT_LOGGED}


@pytest.mark.parametrize("name", ["home-0.169", "home-0.171", "home-0.171-zst-resumed"])
def test_codex_records_tell_the_calls_before_them(name: str) -> None:
    store = counted("codex", GOLDEN / "codex" / name)
    causes = Causes(store)
    sums_hold(store, causes)
    facts = [one for one, _ in causes.facts(Query()).values()]
    assert any(not one.problem for one in facts)
    rows = {row.label: row for row in causes.table(Query(), "tool").rows}
    assert rows["(answer)"].responses
    kinds = {row.name: row.usage.output for row in causes.table(Query(), "kind").rows}
    assert kinds["thinking"] > 0
    for by in ("skill", "branch", "context"):
        assert {row.label for row in causes.table(Query(), by).rows} == {NOT_LOGGED}


def _codex(kind: str, **payload: Any) -> dict[str, Any]:
    return {"timestamp": "2026-11-29T22:47:45.715Z", "type": kind, "payload": payload}


def _codex_record(response: str) -> dict[str, Any]:
    usage = {
        "input_tokens": 100, "cached_input_tokens": 0, "output_tokens": 40, "reasoning_output_tokens": 8,
        "total_tokens": 140,
    }  # fmt: skip
    return _codex("token_usage_record", thread_id="t1", turn_id="u1", response_id=response, usage=usage)


def test_calls_that_a_codex_thread_inherits_are_not_those_of_its_first_response(tmp_path: Path) -> None:
    """A fork begins with what its parent said; only what stands between the last thing from outside and the record is
    the response's own."""
    rows = [
        _codex("session_meta", id="t1", cwd="/home/user/p", cli_version="0.171.0"),
        _codex("turn_context", turn_id="u1", model="gpt-5.1-codex"),
        _codex("response_item", type="function_call", name="spawn_agent", call_id="c0"),
        _codex("response_item", type="message", role="user", content=[]),
        _codex("response_item", type="reasoning", summary=[]),
        _codex("response_item", type="function_call", name="exec_command", call_id="c1"),
        _codex("response_item", type="custom_tool_call", name="apply_patch", call_id="c2"),
        _codex("response_item", type="local_shell_call", call_id="c3"),
        _codex_record("r1"),
        _codex("response_item", type="function_call_output", call_id="c1", output="ok"),
        _codex("response_item", type="message", role="assistant", content=[]),
        _codex_record("r2"),
    ]
    folder = tmp_path / "sessions" / "2026" / "11" / "29"
    folder.mkdir(parents=True)
    path = folder / "rollout-2026-11-29T22-47-45-01a2297e-3120-7050-a7d0-f7b445c9d365.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    causes = Causes(counted("codex", tmp_path))
    found = [facts.tools for facts, _ in causes.facts(Query()).values()]
    assert sorted(found) == [(), ("exec_command", "apply_patch", "local_shell")]
    assert [facts.thinking for facts, _ in causes.facts(Query()).values()] == [8, 8]
    calls = {row.label: row.calls for row in causes.table(Query(), "tool").rows}
    assert calls == {"exec_command": 1, "apply_patch": 1, "local_shell": 1, "(answer)": 0}


def test_kimi_steps_name_their_calls() -> None:
    folder = GOLDEN / "kimi" / "home-2.1.0"
    store = counted("kimi", folder)
    causes = Causes(store)
    sums_hold(store, causes)
    events = [
        record["event"]
        for path in folder.rglob("wire.jsonl")
        for record in map(json.loads, path.read_text().splitlines())
        if record.get("type") == "context.append_loop_event"
    ]
    wanted = {event["uuid"]: event["name"] for event in events if event["type"] == "tool.call"}
    failed = [event for event in events if event["type"] == "tool.result" and event["result"].get("isError")]
    rows = causes.table(Query(), "tool").rows
    assert {row.name: row.calls for row in rows if row.name} == Counter(wanted.values())
    assert sum(row.failed_calls for row in rows) == len(failed) > 0
    assert NOT_LOGGED not in {row.label for row in rows}
    assert {row.label for row in causes.table(Query(), "skill").rows} == {NOT_LOGGED}


def _kimi(kind: str, **event: Any) -> dict[str, Any]:
    return {"type": "context.append_loop_event", "agentId": "main", "event": {"type": kind, **event}}


def _kimi_usage(time_ms: int) -> dict[str, Any]:
    usage = {"inputOther": 100, "output": 40, "inputCacheRead": 0, "inputCacheCreation": 0}
    return {"type": "usage.record", "model": "kimi-k2.5", "usage": usage, "usageScope": "turn", "time": time_ms}


def test_what_is_used_outside_of_a_kimi_step_or_twice_in_one_has_no_calls_that_are_known(tmp_path: Path) -> None:
    records = [
        {"type": "metadata", "protocol_version": "1.5"},
        _kimi("step.begin"),
        _kimi_usage(1_795_993_392_001),
        _kimi("tool.call", toolCallId="c1", name="Bash"),
        _kimi("step.end"),
        _kimi_usage(1_795_993_392_002),
        _kimi("tool.call", toolCallId="c2", name="Bash"),
        _kimi("step.begin"),
        _kimi_usage(1_795_993_392_003),
        _kimi_usage(1_795_993_392_004),
        _kimi("tool.call", toolCallId="c3", name="Read"),
        _kimi("step.begin"),
        _kimi_usage(1_795_993_392_005),
    ]
    wire = tmp_path / "sessions" / "wd_1" / "session_1" / "agents" / "main" / "wire.jsonl"
    wire.parent.mkdir(parents=True)
    wire.write_text("".join(json.dumps(record) + "\n" for record in records))
    store = counted("kimi", tmp_path)
    causes = Causes(store)
    sums_hold(store, causes)
    found = {row.label: (row.responses, row.calls) for row in causes.table(Query(), "tool").rows}
    assert found == {"Bash": (1, 1), "(answer)": (1, 0), NOT_LOGGED: (3, 0)}


@pytest.mark.parametrize("client", ["opencode", "kilo"])
def test_messages_of_databases_name_their_calls(client: str, tmp_path: Path) -> None:
    name = {"opencode": "data-1.18.33", "kilo": "data-7.7.9"}[client]
    shutil.copytree(GOLDEN / client / name, tmp_path / "data")
    with closing(sqlite3.connect(tmp_path / "data" / f"{client}.db")) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA wal_autocheckpoint = 0")
        store = counted(client, tmp_path / "data")
        causes = Causes(store, tmp_path / "kept")
        sums_hold(store, causes)
        parts = [json.loads(data) for (data,) in database.execute("SELECT data FROM part")]
        wanted = {part["callID"]: part["tool"] for part in parts if part["type"] == "tool"}  # a fork copies its parts
        rows = {row.label: row for row in causes.table(Query(), "tool").rows}
        assert NOT_LOGGED not in rows and wanted
        assert {label: row.calls for label, row in rows.items() if row.calls} == Counter(wanted.values())
        # What was written since stands in the write-ahead log alone.
        database.execute("UPDATE part SET data = replace(data, '\"completed\"', '\"error\"')")
        database.execute("UPDATE message SET time_updated = time_updated + 600000")
        database.commit()
        again = Causes(store, tmp_path / "kept").table(Query(), "tool").rows
        assert {row.label: row.failed_calls for row in again if row.calls} == Counter(wanted.values())
    assert {row.label for row in causes.table(Query(), "branch").rows} == {NOT_LOGGED}


@pytest.mark.parametrize("client", ["opencode", "kilo"])
def test_of_a_database_only_what_changed_is_read_again(
    client: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = {"opencode": "data-1.18.33", "kilo": "data-7.7.9"}[client]
    shutil.copytree(GOLDEN / client / name, tmp_path / "data")
    path = str(tmp_path / "data" / f"{client}.db")
    read = {"opencode": read_causes, "kilo": read_kilo_causes}[client]
    looked_at: list[list[str] | None] = []
    calls_of = Database.calls

    def noted(self: Database, messages: list[str] | None) -> dict[str, list[dict[str, Any]]]:
        looked_at.append(messages)
        return calls_of(self, messages)

    monkeypatch.setattr(Database, "calls", noted)

    def whole() -> dict[int, Caused]:
        return {one.key: one for one in read(path)[0].responses}

    found, checkpoint = read(path)
    with closing(sqlite3.connect(path)) as database:
        for step in range(6):
            is_tool = "WHERE p.data LIKE '%\"tool\"%'"
            parts = f"SELECT p.id, p.message_id FROM part p {is_tool} ORDER BY p.id LIMIT 1 OFFSET {step // 3}"
            ((part, message),) = database.execute(parts)
            if step % 3 == 0:  # a call fails
                database.execute(
                    "UPDATE part SET data = replace(data, '\"completed\"', '\"error\"') WHERE id = ?", (part,)
                )
            elif step % 3 == 1:  # a message calls another tool
                more = "INSERT INTO part SELECT ? || p.id, message_id, session_id, time_created, time_updated,"
                more += ' replace(data, \'"callID":"\', \'"callID":"z\') FROM part p WHERE id = ?'
                database.execute(more, (f"z{step}", part))
            else:  # and there is another message
                more = (
                    "INSERT INTO message SELECT ? || id, session_id, time_created + ?, time_updated, data FROM message"
                )
                database.execute(f"{more} WHERE id = ?", (f"z{step}", step, message))
                more = "INSERT INTO part SELECT ? || id, ? || message_id, session_id, time_created, time_updated, data"
                database.execute(f"{more} FROM part WHERE message_id = ?", (f"y{step}", f"z{step}", message))
            newest = "(SELECT max(time_updated) FROM message) + 100000"
            database.execute(f"UPDATE message SET time_updated = {newest} WHERE id = ?", (message,))
            database.commit()
            found, checkpoint = read(path, unpacked(packed(found)), checkpoint)
            assert {one.key: one for one in found.responses} == whole(), step
    first, *others = [len(messages) for messages in looked_at if messages is not None]
    assert len(others) == 5
    assert first > max(others) > 0  # at first all are of the last minute
    assert max(others) <= 3


@pytest.mark.parametrize("client", ["opencode", "kilo"])
def test_a_part_that_changes_without_its_message_is_noticed(client: str, tmp_path: Path) -> None:
    name = {"opencode": "data-1.18.33", "kilo": "data-7.7.9"}[client]
    shutil.copytree(GOLDEN / client / name, tmp_path / "data")
    with closing(sqlite3.connect(tmp_path / "data" / f"{client}.db")) as database:
        database.execute("UPDATE message SET time_updated = time_updated + 3600000 WHERE rowid > 3")
        database.commit()
        store = counted(client, tmp_path / "data")
        assert not any(row.failed_calls for row in Causes(store, tmp_path / "kept").table(Query(), "tool").rows)
        database.execute(
            "UPDATE part SET data = replace(data, '\"completed\"', '\"error\"'),"
            " time_updated = (SELECT max(time_updated) FROM message) + 1"
        )
        database.commit()
        rows = Causes(store, tmp_path / "kept").table(Query(), "tool").rows
        assert rows == Causes(store).table(Query(), "tool").rows
        assert all(row.failed_calls == row.calls for row in rows) and any(row.calls for row in rows)


@pytest.mark.parametrize("client", ["opencode", "kilo"])
def test_a_call_that_ends_long_after_it_began_is_noticed(client: str, tmp_path: Path) -> None:
    name = {"opencode": "data-1.18.33", "kilo": "data-7.7.9"}[client]
    shutil.copytree(GOLDEN / client / name, tmp_path / "data")
    with closing(sqlite3.connect(tmp_path / "data" / f"{client}.db")) as database:
        called, old = "data LIKE '%\"tool\"%completed%'", "SELECT max(rowid) FROM part"
        ((last, calls),) = database.execute(f"SELECT ({old}), count(*) FROM part WHERE {called}")
        database.execute(f"UPDATE part SET data = replace(data, '\"completed\"', '\"running\"') WHERE {called}")
        others = f"id NOT IN (SELECT message_id FROM part WHERE {called.replace('completed', 'running')})"
        database.execute(f"UPDATE message SET time_updated = time_updated + 3600000 WHERE {others}")
        database.commit()
        store = counted(client, tmp_path / "data")
        causes = Causes(store)
        assert not any(row.failed_calls for row in causes.table(Query(), "tool").rows)
        more = "INSERT INTO part SELECT id || ?, message_id, session_id, time_created, time_updated, '{}' FROM part"
        for number in range(5000 // last + 1):
            database.execute(f"{more} WHERE rowid <= ?", (f"z{number}", last))
        database.commit()
        causes.table(Query(), "tool")
        kept = Causes(store, tmp_path / "kept")
        kept.table(Query(), "tool")
        newest = "(SELECT max(time_updated) FROM message) + 1"
        database.execute(
            f"UPDATE part SET data = replace(data, '\"running\"', '\"error\"'), time_updated = {newest}"
            f" WHERE rowid <= {last}"
        )
        database.commit()
        wanted = Causes(store).table(Query(), "tool")
        assert sum(row.failed_calls for row in wanted.rows) == sum(row.calls for row in wanted.rows) <= calls
        assert causes.table(Query(), "tool").rows == wanted.rows
        assert Causes(store, tmp_path / "kept").table(Query(), "tool").rows == wanted.rows


def test_message_files_and_messages_of_2_name_their_calls() -> None:
    store = counted("opencode", GOLDEN / "opencode" / "data-1.1.65")
    causes = Causes(store)
    sums_hold(store, causes)
    files = (GOLDEN / "opencode" / "data-1.1.65").rglob("part/**/*.json")
    parts = [part for part in map(json.loads, map(Path.read_text, files)) if part["type"] == "tool"]
    rows = {row.label: row for row in causes.table(Query(), "tool").rows}
    assert sum(row.calls for row in rows.values()) == len({part["callID"] for part in parts}) > 0
    assert NOT_LOGGED not in rows
    store = counted("opencode", GOLDEN / "opencode" / "data-2.0preview")
    causes = Causes(store)
    sums_hold(store, causes)
    with closing(
        sqlite3.connect(f"file:{GOLDEN}/opencode/data-2.0preview/opencode.db?immutable=1", uri=True)
    ) as database:
        answers = database.execute("SELECT data FROM session_message WHERE type = 'assistant'")
        parts = [part for (data,) in answers for part in json.loads(data)["content"]]
        named = {part["id"]: part["name"] for part in parts if part["type"] == "tool"}
    tools = {row.label: row.calls for row in causes.table(Query(), "tool").rows}
    assert {label: calls for label, calls in tools.items() if calls} == Counter(named.values())
    assert NOT_LOGGED not in tools
    kinds = {row.name: row.usage.output for row in causes.table(Query(), "kind").rows}
    assert kinds["thinking"] > 0


@pytest.mark.parametrize(("client", "name"), [("qwen", "home-0.24.4"), ("copilot", "home-1.0.102")])
def test_calls_are_of_the_response_they_name(client: str, name: str) -> None:
    folder = GOLDEN / client / name
    store = counted(client, folder)
    causes = Causes(store)
    sums_hold(store, causes)
    wanted: dict[str, list[str]] = {}
    for log in sorted(folder.rglob("*.jsonl")):
        for record in map(json.loads, log.read_text().splitlines()):
            event, data = record.get("systemPayload", {}).get("uiEvent", {}), record.get("data", {})
            if event.get("event.name") == "qwen-code.tool_call":
                wanted.setdefault(event["response_id"], []).append(event["function_name"])
            elif data.get("toolRequests") and data.get("apiCallId"):
                wanted.setdefault(data["apiCallId"], []).extend(one["name"] for one in data["toolRequests"])
    found = {key: [*facts.tools] for key, (facts, _) in causes.facts(Query()).items() if facts.tools}
    assert found and {key: sorted(tools) for key, tools in found.items()} == {
        key: sorted(tools) for key, tools in wanted.items() if key in found
    }
    assert any(row.name and row.cost_nano for row in causes.table(Query(), "tool").rows)
    assert {row.label for row in causes.table(Query(), "skill").rows} == {NOT_LOGGED}


def _rewritten(
    client: str, name: str, folder: Path, change: Callable[[dict[str, Any]], list[dict[str, Any]]]
) -> Causes:
    """What the logs of a captured home say of causes, each record of them replaced."""
    shutil.copytree(GOLDEN / client / name, folder)
    for log in folder.rglob("*.jsonl"):
        records = [json.loads(line) for line in log.read_text().splitlines()]
        log.write_text("".join(json.dumps(made) + "\n" for record in records for made in change(record)))
    store = counted(client, folder)
    causes = Causes(store)
    sums_hold(store, causes)
    return causes


@pytest.mark.parametrize("is_answer_known", [True, False])
def test_calls_of_qwen_that_failed_are_told_by_events_with_or_without_the_answer(
    is_answer_known: bool, tmp_path: Path
) -> None:
    thought: dict[str, int] = {}  # a chat that goes on in another file is copied there

    def change(record: dict[str, Any]) -> list[dict[str, Any]]:
        event = record.get("systemPayload", {}).get("uiEvent", {})
        if "thoughts_token_count" in event:
            thought[event["response_id"]] = event["thoughts_token_count"]
        if event.get("event.name") == "qwen-code.tool_call":
            event["success"] = False
        is_kept = is_answer_known or record["type"] != "assistant"
        return [record] * is_kept

    causes = _rewritten("qwen", "home-0.24.4", tmp_path / "home", change)
    rows = [row for row in causes.table(Query(), "tool").rows if row.name]
    events = [
        json.loads(line)["systemPayload"]["uiEvent"]["call_id"]
        for log in (GOLDEN / "qwen" / "home-0.24.4").rglob("*.jsonl")
        for line in log.read_text().splitlines()
        if '"qwen-code.tool_call"' in line
    ]
    assert sum(row.failed_calls for row in rows) == len({*events}) > 0
    assert sum(facts.thinking for facts, _ in causes.facts(Query()).values()) == sum(thought.values()) > 0


def test_calls_of_copilot_are_told_once_and_failed_where_their_end_says_so(tmp_path: Path) -> None:
    calls: set[str] = set()
    thought = 0

    def change(record: dict[str, Any]) -> list[dict[str, Any]]:
        nonlocal thought
        data = record["data"]
        if record["type"] == "session.usage_record":
            thought += data["usage"].get("reasoningTokens", 0)
        elif record["type"] == "tool.execution_complete":
            data["success"] = False
            calls.add(data["toolCallId"])
        elif record["type"] == "assistant.message":
            return [record, record]
        return [record]

    causes = _rewritten("copilot", "home-1.0.102", tmp_path / "home", change)
    rows = [row for row in causes.table(Query(), "tool").rows if row.name]
    assert sum(row.failed_calls for row in rows) == sum(row.calls for row in rows) == len(calls) > 0
    assert sum(facts.thinking for facts, _ in causes.facts(Query()).values()) == thought > 0


def test_a_response_of_copilot_of_which_no_message_tells_is_not_in_the_log(tmp_path: Path) -> None:
    def change(record: dict[str, Any]) -> list[dict[str, Any]]:
        return [record] * (record["type"] != "assistant.message")

    causes = _rewritten("copilot", "home-1.0.102", tmp_path / "home", change)
    assert {row.label for row in causes.table(Query(), "tool").rows} == {NOT_LOGGED}
