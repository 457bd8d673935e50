"""A log of which nothing was understood is a problem of its own; one in which there is nothing to count is none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from claude_tui.clients import CLIENTS
from claude_tui.model import ProblemKind
from claude_tui.sources.problems import Problems
from claude_tui.sources.protocol import ColumnsRead, FileRead, LogFile
from claude_tui.sources.recognition import NO_USAGE, NOT_KNOWN
from claude_tui.sources.registry import load, reader
from tests.logs import assistant, usage
from tests.sources.codex.logs import A, count, event, meta, told

CLIENT = {"claude": "projects/-p/s1.jsonl", "codex": "sessions/2026/11/21/rollout-2026-11-21T07-00-00-a.jsonl"}
T = "2026-11-21T07:00:00.000Z"
SAID = [{"type": "assistant", "timestamp": T, "sessionId": "s1", "message": {"id": "msg_1", "model": "m", "tokens": 5}}]
USER = {"type": "user", "timestamp": T, "sessionId": "s1", "cwd": "/p", "message": {"role": "user", "content": "hi"}}


def log(client: str, folder: Path, lines: list[Any]) -> LogFile:
    path = folder / CLIENT[client]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    (found,) = reader(client).discover(folder / "projects" if client == "claude" else folder)
    return found


def both_ways(file: LogFile, since: FileRead | None = None) -> tuple[FileRead, ColumnsRead]:
    mark = since.checkpoint if since is not None else None
    fast: ColumnsRead = load(CLIENTS[file.source].read_columns)(file, mark, keep_names=False)
    return reader(file.source).read(file, mark), fast


def told_of(file: LogFile) -> list[tuple[ProblemKind, int, str]]:
    plain, fast = both_ways(file)
    assert Problems.of(plain.problems) == Problems.of(fast.problems)
    assert {problem.path for problem in plain.problems} <= {file.path}
    return [(one.kind, one.offset, one.detail) for one in plain.problems]


@pytest.mark.parametrize("client", ["claude", "codex"])
@pytest.mark.parametrize("line", [{"v": 9, "entry": USER}, {"type": "turn", "usage": {"in": 5}}, {"type": ["user"]}])
def test_a_log_of_another_format_is_told(client: str, line: Any, tmp_path: Path) -> None:
    assert told_of(log(client, tmp_path, [line] * 3)) == [(ProblemKind.UNRECOGNISED, 0, NOT_KNOWN)]


@pytest.mark.parametrize(
    ("client", "before", "odd"),
    [
        ("claude", [USER], SAID[0]),
        ("claude", [USER], {**SAID[0], "message": "text"}),
        ("claude", [], {**SAID[0], "message": {"id": "msg_1", "usage": 5}}),
        ("codex", [meta("a")], event("token_count", info={"total": {"in": 5}})),
        ("codex", [meta("a")], {**told("a", "r", A), "payload": {"thread_id": "a", "tokens": 5}}),
    ],
)
def test_responses_whose_usage_is_somewhere_else_are_told(
    client: str, before: list[Any], odd: Any, tmp_path: Path
) -> None:
    place = sum(len(json.dumps(line)) + 1 for line in before)
    assert told_of(log(client, tmp_path, [*before, odd, odd])) == [(ProblemKind.UNRECOGNISED, place, NO_USAGE)]


DONE = event("task_complete", last_agent_message="done")


def test_a_rollout_whose_turns_ended_without_a_word_of_usage_is_told(tmp_path: Path) -> None:
    other = {"timestamp": T, "type": "usage_v2", "payload": {"tokens": 5}}
    assert told_of(log("codex", tmp_path, [meta("a"), other, DONE])) == [(ProblemKind.UNRECOGNISED, 0, NO_USAGE)]


@pytest.mark.parametrize(
    ("client", "lines"),
    [
        ("claude", [USER]),
        ("claude", [{"type": "summary", "summary": "Title", "leafUuid": "u"}]),
        ("claude", [{"type": "file-history-snapshot", "snapshot": {}}]),
        ("claude", [USER, {**SAID[0], "message": {"model": "<synthetic>", "content": []}}]),
        ("claude", [USER, {**SAID[0], "isApiErrorMessage": True}]),
        ("claude", [assistant("msg_1", 1_780_000_000_000, usage(1)), *SAID]),
        ("claude", []),
        ("codex", [meta("a"), event("token_count", info=None), event("user_message", message="hi")]),
        ("codex", [meta("a"), count(A, A)]),
        ("codex", [meta("a"), event("token_count", info=None), DONE]),
        ("codex", [meta("a"), event("task_complete", last_agent_message=None)]),
        ("codex", [meta("a", forked_from_id="b"), DONE]),
        ("codex", [{"id": "a", "timestamp": T, "instructions": None}, {"record_type": "state"}, {"type": "message"}]),
    ],
)
def test_nothing_to_count_is_no_problem(client: str, lines: list[Any], tmp_path: Path) -> None:
    assert told_of(log(client, tmp_path, lines)) == []


@pytest.mark.parametrize(("client", "known"), [("claude", USER), ("codex", meta("a"))])
def test_what_is_appended_may_make_it_known(client: str, known: Any, tmp_path: Path) -> None:
    from claude_tui.engine.state.problems import ProblemLog

    file = log(client, tmp_path, [{"kind": "header"}])
    first, _ = both_ways(file)
    book = ProblemLog()
    book.note(file.path, first.problems, is_whole=True)
    assert dict(book.counts) == {"unrecognised": 1}
    again, _ = both_ways(file, first)
    book.note(file.path, again.problems, is_whole=False)
    assert book.counts["unrecognised"] == 1, "still unknown, and still one"
    with open(file.path, "a") as stream:
        stream.write(json.dumps(known) + "\n")
    for read in both_ways(file, first):
        log_of = ProblemLog()
        log_of.note(file.path, first.problems, is_whole=True)
        log_of.note(file.path, read.problems, is_whole=False)
        assert not log_of.counts["unrecognised"]
