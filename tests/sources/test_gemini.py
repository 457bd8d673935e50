from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claude_tui.model import ProblemKind, Usage
from claude_tui.sources.gemini import GeminiSource
from claude_tui.sources.gemini.chat import usage_of
from claude_tui.sources.protocol import Checkpoint, SourceConfig
from claude_tui.sources.records.events import ResponseEvent
from tests.sources.settle import GOLDEN, expected, log_file, read_all, settle, totals

HOMES = sorted(path for path in (GOLDEN / "gemini").iterdir() if path.is_dir())
SOURCE = GeminiSource()
AT = "2026-11-21T07:06:45.564Z"
AT_MS = 1795244805564


def tokens(**counts: int) -> dict[str, int]:
    return {"input": 100, "output": 20, "cached": 40, "thoughts": 5, "tool": 0, "total": 125} | counts


def reply(id: str = "m1", at: str = AT, **more: Any) -> dict[str, Any]:
    message = {
        "id": id,
        "timestamp": at,
        "type": "gemini",
        "content": "hi",
        "tokens": tokens(),
        "model": "gemini-3-pro",
    }
    return message | more


def meta(session: str = "s1", **more: Any) -> dict[str, Any]:
    return {"sessionId": session, "projectHash": "x", "startTime": AT, "lastUpdated": AT, "kind": "main"} | more


def write_lines(path: Path, *records: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def write_whole(path: Path, session: str, *messages: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(meta(session) | {"messages": messages}, indent=2))
    return path


@pytest.mark.parametrize("home", HOMES, ids=lambda home: home.name)
def test_golden_home_is_exact_in_any_order(home: Path) -> None:
    settled = read_all(SOURCE, home)
    want = expected(home)
    assert totals(settled) == {name: want[name] for name in totals(settled)}
    assert read_all(SOURCE, home, backward=True) == settled


def test_a_message_written_again_with_its_tool_results_counts_once(tmp_path: Path) -> None:
    write_lines(tmp_path / "tmp/p/chats/c.jsonl", meta(), reply(), reply(toolCalls=[{"id": "t"}]))
    (only,) = read_all(SOURCE, tmp_path).values()
    assert only.usage == Usage(input=60, output=25, cache_read=40)
    assert (only.reasoning, only.time_ms, only.session, only.agent, only.model) == (5, AT_MS, "s1", "", "gemini-3-pro")


def test_the_earliest_timestamp_of_an_id_counts(tmp_path: Path) -> None:
    later = "2026-11-22T00:00:00.000Z"
    write_lines(tmp_path / "tmp/p/chats/c.jsonl", meta(), reply(at=later), reply())
    (only,) = read_all(SOURCE, tmp_path).values()
    assert only.time_ms == AT_MS


def test_a_rewrite_that_lost_tokens_takes_nothing_back(tmp_path: Path) -> None:
    without = reply()
    del without["tokens"]
    renamed = dict(without, id="m1-new")
    log = write_lines(tmp_path / "tmp/p/chats/c.jsonl", meta(), reply(), reply("m2"))
    first = SOURCE.read_events(log_file(SOURCE, tmp_path))
    with log.open("a") as f:
        f.write(json.dumps({"$set": {"messages": [without, renamed]}}) + "\n" + json.dumps({"$rewindTo": "m1"}) + "\n")
    assert set(read_all(SOURCE, tmp_path)) == {"m1", "m2"}
    more = SOURCE.read_events(log_file(SOURCE, tmp_path), first[0].checkpoint)
    assert not more[1]
    assert not more[0].restarted


def test_messages_that_only_a_rewrite_carries_are_counted(tmp_path: Path) -> None:
    write_lines(tmp_path / "tmp/p/chats/c.jsonl", meta(), {"$set": {"messages": [reply("a"), reply("b")]}})
    assert set(read_all(SOURCE, tmp_path)) == {"a", "b"}


def test_one_chat_as_hash_copy_json_and_resumed_jsonl_counts_once(tmp_path: Path) -> None:
    folder = "/home/me/code"
    hashed = sha256(folder.encode()).hexdigest()
    write_whole(tmp_path / f"tmp/{hashed}/chats/session-1.json", "s1", reply("a"))
    write_whole(tmp_path / "tmp/code/chats/session-1.json", "s1", reply("a"))
    write_lines(tmp_path / "tmp/code/chats/session-2.jsonl", meta(), {"$set": {"messages": [reply("a")]}}, reply("b"))
    (tmp_path / "tmp/code/.project_root").write_text(folder)
    settled = read_all(SOURCE, tmp_path)
    assert set(settled) == {"a", "b"}
    assert {value.cwd for value in settled.values()} == {folder}


def test_a_hashed_project_is_found_in_the_register(tmp_path: Path) -> None:
    hashed = sha256(b"/srv/app").hexdigest()
    write_whole(tmp_path / f"tmp/{hashed}/chats/session-1.json", "s1", reply("a"))
    write_whole(tmp_path / "tmp/app-2/chats/session-1.json", "s2", reply("b"))
    (tmp_path / "projects.json").write_text(json.dumps({"projects": {"/srv/app": "app-1", "/srv/other": "app-2"}}))
    assert {key: value.cwd for key, value in read_all(SOURCE, tmp_path).items()} == {"a": "/srv/app", "b": "/srv/other"}


def test_a_project_is_found_by_the_hash_its_chat_carries(tmp_path: Path) -> None:
    write_lines(
        tmp_path / "tmp/slug/chats/c.jsonl", meta(projectHash=sha256(b"/srv/app").hexdigest()), reply("a")
    )  # fmt: skip
    (tmp_path / "projects.json").write_text(json.dumps({"projects": {"/srv/app": "renamed"}}))
    assert read_all(SOURCE, tmp_path)["a"].cwd == "/srv/app"


def test_a_message_whose_folder_is_unknown_yields_to_its_copy_in_a_known_one(tmp_path: Path) -> None:
    write_whole(tmp_path / "tmp/0123abc/chats/session-1.json", "s1", reply("a"))
    write_whole(tmp_path / "tmp/code/chats/session-1.json", "s1", reply("a"))
    (tmp_path / "tmp/code/.project_root").write_text("/home/me/code")
    assert read_all(SOURCE, tmp_path)["a"].cwd == "/home/me/code"


@pytest.mark.parametrize("name", ["sub.jsonl", "sub.json"])
def test_a_sub_agent_belongs_to_the_session_its_folder_is_named_after(tmp_path: Path, name: str) -> None:
    path = tmp_path / "tmp/p/chats/s1" / name
    if name.endswith("l"):
        write_lines(path, meta("sub", kind="subagent"), reply("a"))
    else:
        write_whole(path, "sub", reply("a"))
    (only,) = read_all(SOURCE, tmp_path).values()
    assert (only.session, only.agent) == ("s1", "sub")
    facts = SOURCE.read(log_file(SOURCE, tmp_path)).facts
    assert (facts.session, facts.parent, facts.agent) == ("", "s1", "sub")


def test_a_second_header_in_the_middle_changes_nothing(tmp_path: Path) -> None:
    write_lines(tmp_path / "tmp/p/chats/c.jsonl", meta(), reply("a"), meta(), reply("b"))
    assert {value.session for value in read_all(SOURCE, tmp_path).values()} == {"s1"}


@pytest.mark.parametrize(
    ("counts", "usage"),
    [
        ({}, Usage(input=60, output=25, cache_read=40)),
        ({"tool": 7, "total": 132}, Usage(input=67, output=25, cache_read=40)),
        ({"tool": 7, "total": 125}, Usage(input=60, output=25, cache_read=40)),
        ({"cached": 0, "thoughts": 0, "total": 120}, Usage(input=100, output=20)),
        ({"cached": 130}, Usage(input=0, output=25, cache_read=130)),
    ],
)
def test_counters_become_disjoint(counts: dict[str, int], usage: Usage) -> None:
    assert usage_of(tokens(**counts))[0] == usage


def test_a_bad_counter_is_told_and_its_neighbours_are_counted(tmp_path: Path) -> None:
    bad = reply("bad", tokens=tokens(output=-1))
    log = write_lines(tmp_path / "tmp/p/chats/c.jsonl", meta(), {"$set": {"messages": [bad, reply("a")]}}, bad)
    read, events = SOURCE.read_events(log_file(SOURCE, tmp_path))
    assert [event.row.key for event in events] == ["a"]
    assert [(p.kind, p.path, p.detail) for p in read.problems] == [
        (ProblemKind.BAD_COUNT, str(log), "tokens.output")
    ] * 2


def test_a_half_written_json_is_told_and_counted_once_it_is_whole(tmp_path: Path) -> None:
    log = write_whole(tmp_path / "tmp/p/chats/c.json", "s1", reply("a"))
    whole = log.read_text()
    log.write_text(whole[: len(whole) // 2])
    read, events = SOURCE.read_events(log_file(SOURCE, tmp_path))
    assert not events
    assert [p.kind for p in read.problems] == [ProblemKind.MALFORMED]
    log.write_text(whole)
    read, events = SOURCE.read_events(log_file(SOURCE, tmp_path), read.checkpoint)
    assert [event.row.key for event in events] == ["a"]
    assert not read.problems


def test_an_unchanged_json_is_not_read_again(tmp_path: Path) -> None:
    write_whole(tmp_path / "tmp/p/chats/c.json", "s1", reply("a"))
    file = log_file(SOURCE, tmp_path)
    again = SOURCE.read(file, SOURCE.read(file).checkpoint)
    assert (again.rows, again.bytes_read, again.restarted) == ([], 0, False)


def test_a_json_file_may_hold_lines_and_lone_surrogates(tmp_path: Path) -> None:
    write_lines(tmp_path / "tmp/p/chats/lines.json", meta(), reply("a"), reply("b"))
    write_whole(tmp_path / "tmp/p/chats/odd.json", "s1", reply("c", content="cut \ud83d"))
    assert set(read_all(SOURCE, tmp_path)) == {"a", "b", "c"}


@pytest.mark.parametrize("name", ["c.json", "c.jsonl"])
def test_a_chat_of_which_nothing_is_understood_is_a_problem(tmp_path: Path, name: str) -> None:
    write_lines(tmp_path / "tmp/p/chats" / name, {"kind": "call", "tokens": 5}, {"kind": "call"})
    read, events = SOURCE.read_events(log_file(SOURCE, tmp_path))
    assert (events, [(one.kind, one.offset) for one in read.problems]) == ([], [(ProblemKind.UNRECOGNISED, 0)])


def test_only_chats_are_logs(tmp_path: Path) -> None:
    for name in ("tmp/p/logs.json", "tmp/p/checkpoint-1.json", "sessions/s.jsonl", "tmp/p/chats/notes.txt"):
        write_lines(tmp_path / name, reply("a"))
    assert list(SOURCE.discover(tmp_path)) == []
    assert list(SOURCE.discover(tmp_path / "missing")) == []


def test_roots() -> None:
    home = Path("/home/me")
    assert SOURCE.roots(SourceConfig(home)) == [home / ".gemini"]
    assert SOURCE.roots(SourceConfig(home, {"GEMINI_CLI_HOME": "/srv"})) == [Path("/srv/.gemini")]
    assert SOURCE.roots(SourceConfig(home, {}, {"gemini": (Path("/x"),)})) == [Path("/x")]


LINES = sorted(path for home in HOMES for path in home.glob("tmp/*/chats/**/*.jsonl"))


@settings(deadline=None)
@given(st.sampled_from(LINES), st.lists(st.floats(0, 1), max_size=5))
def test_any_chunking_settles_to_one_whole_read(
    tmp_path_factory: pytest.TempPathFactory, path: Path, shares: list[float]
) -> None:
    data = path.read_bytes()
    root = tmp_path_factory.mktemp("gemini")
    log = root / "tmp/p/chats" / path.name
    log.parent.mkdir(parents=True)
    log.write_bytes(b"")
    mark: Checkpoint | None = None
    events: list[tuple[str, ResponseEvent]] = []
    for end in [*sorted(int(share * len(data)) for share in shares), len(data)]:
        with log.open("ab") as f:
            f.write(data[log.stat().st_size : end])
        read, found = SOURCE.read_events(log_file(SOURCE, root), mark)
        assert not read.restarted
        mark = read.checkpoint
        events += [(str(log), event) for event in found]
    assert settle(events) == read_all(SOURCE, root)
