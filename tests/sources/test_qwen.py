from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from claude_tui.model import ProblemKind, Usage
from claude_tui.sources.protocol import FileRead, SourceConfig
from claude_tui.sources.qwen import QwenSource
from claude_tui.sources.qwen.chat import usage_of
from claude_tui.sources.qwen.fast import read_columns
from tests.fuzz.sameness import disagreements

SOURCE = QwenSource()
AT = "2026-11-29T23:01:56.070Z"


def row(kind: str, **more: Any) -> dict[str, Any]:
    return {"sessionId": "s1", "timestamp": AT, "type": kind, "cwd": "/home/me/code", "version": "0.24.4"} | more


def response(id: str = "r1", session: str = "s1", **more: Any) -> dict[str, Any]:
    event = {"event.name": "qwen-code.api_response", "response_id": id, "model": "gpt-5.5", **counters()} | more
    return row("system", subtype="ui_telemetry", sessionId=session, systemPayload={"uiEvent": event})


def counters(**more: int) -> dict[str, int]:
    return {
        "input_token_count": 100, "output_token_count": 20, "cached_content_token_count": 40,
        "thoughts_token_count": 5, "total_token_count": 120,
    } | more  # fmt: skip


def read(root: Path, *records: object, name: str = "s1") -> FileRead:
    path = root / "projects" / "-home-me-code" / "chats" / f"{name}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    (file,) = [file for file in SOURCE.discover(root) if file.path == str(path)]
    return SOURCE.read(file)


@pytest.mark.parametrize(
    ("event", "usage"),
    [
        (counters(), Usage(input=60, output=20, cache_read=40)),
        (counters(total_token_count=125), Usage(input=60, output=25, cache_read=40)),
        (counters(total_token_count=0), Usage(input=60, output=20, cache_read=40)),
        (counters(total_token_count=0) | {"auth_type": "gemini"}, Usage(input=60, output=25, cache_read=40)),
        (counters(cached_content_token_count=130), Usage(input=0, output=20, cache_read=130)),
    ],
)
def test_counters_become_disjoint(event: dict[str, Any], usage: Usage) -> None:
    assert usage_of(event) == usage


def test_what_the_conversation_repeats_is_not_added(tmp_path: Path) -> None:
    answer = row("assistant", message={"parts": [{"functionCall": {}}]}, usageMetadata={"promptTokenCount": 100})
    found = read(tmp_path, row("user"), response(), answer)
    assert [one.key for one in found.rows] == ["r1"]
    assert (found.facts.last_kind, found.facts.context_tokens, list(found.problems)) == ("tool_use", 100, [])


def test_usage_that_only_the_conversation_tells_is_a_problem(tmp_path: Path) -> None:
    found = read(tmp_path, row("user"), row("assistant", usageMetadata={"promptTokenCount": 100}))
    assert [problem.kind for problem in found.problems] == [ProblemKind.UNKNOWN_SHAPE, ProblemKind.UNRECOGNISED]


def test_a_copied_row_is_a_copy(tmp_path: Path) -> None:
    found = read(tmp_path, response(session="s2") | {"forkedFrom": {"sessionId": "s1"}}, response("r2"), name="s2")
    assert [(one.key, one.is_copy) for one in found.rows] == [("r1", True), ("r2", False)]


def test_calls_of_helpers_belong_to_the_session_and_leave_its_context_alone(tmp_path: Path) -> None:
    helper = response("r2", subagent_id="memory-1", subagent_name="memory", input_token_count=9, total_token_count=29)
    squeeze = response("r3", prompt_id="compress-1", input_token_count=8, total_token_count=28)
    found = read(tmp_path, response(), helper, squeeze)
    assert [(one.session, one.agent) for one in found.rows] == [("s1", ""), ("s1", "memory-1"), ("s1", "")]
    assert found.facts.context_tokens == 100


def test_a_compression_leaves_what_it_says(tmp_path: Path) -> None:
    squeezed = row("system", subtype="chat_compression", systemPayload={"info": {"newTokenCount": 7}})
    facts = read(tmp_path, response(), squeezed).facts
    assert (facts.compactions, facts.context_tokens, facts.largest_prompt) == (1, 7, 100)


def test_the_window_is_what_was_said_last(tmp_path: Path) -> None:
    said = [row("assistant", contextWindowSize=size) for size in (272_000, 1_000_000, None, -1, "much", 2.0, True)]
    for number, window in ((0, 0), (1, 272_000), (2, 1_000_000), (len(said), 1_000_000)):
        found = read(tmp_path, response(), *said[:number])
        assert found.facts.context_window == window
        (file,) = SOURCE.discover(tmp_path)
        assert disagreements(found, read_columns(file, keep_names=True)) == []


def test_odd_responses_are_told_with_their_place_and_their_neighbours_count(tmp_path: Path) -> None:
    bare = response("r0")
    bare["systemPayload"]["uiEvent"] = {"event.name": "qwen-code.api_response"}
    found = read(tmp_path, bare, response("r1", output_token_count=-1), response("r2"))
    assert [one.key for one in found.rows] == ["r2"]
    first = len(json.dumps(bare)) + 1
    assert [(one.kind, one.offset) for one in found.problems] == [
        (ProblemKind.UNKNOWN_SHAPE, 0), (ProblemKind.BAD_COUNT, first),
    ]  # fmt: skip


def test_roots() -> None:
    home = Path("/home/me")
    assert SOURCE.roots(SourceConfig(home)) == [home / ".qwen"]
    assert SOURCE.roots(SourceConfig(home, {"QWEN_HOME": "/srv"})) == [Path("/srv")]
    assert SOURCE.roots(SourceConfig(home, {"QWEN_HOME": "/srv", "QWEN_RUNTIME_DIR": "/run"})) == [Path("/run")]
