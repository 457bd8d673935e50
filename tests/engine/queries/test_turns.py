from __future__ import annotations

import json
import resource
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from claude_tui.engine.queries.responses import list_responses
from claude_tui.engine.queries.turns import turn_details
from claude_tui.model import Price, PriceStatus, Response, Usage
from tests.engine.counting import GOLDEN_SETS, NOW_MS, counted
from tests.logs import ClaudeHome, assistant, line, timestamp, usage

FREE = Price(0, PriceStatus.FREE)


def only(home: ClaudeHome, *, keep_names: bool = False) -> Response:
    (response,) = [one for one in list_responses(counted(home.folder, keep_names=keep_names)) if not one.extra]
    return response


def block_row(key: str, time_ms: int, block: Mapping[str, Any], output: int = 9, **more: Any) -> dict[str, Any]:
    row = assistant(key, time_ms, usage(100, output), **more)
    row["message"]["content"] = [block]
    return row


def prompt(uuid: str, time_ms: int) -> dict[str, Any]:
    return {"type": "user", "uuid": uuid, "timestamp": timestamp(time_ms), "message": {"content": "do it"}}


def test_tools_text_and_time_are_those_of_all_rows_of_the_response(claude_home: ClaudeHome) -> None:
    claude_home.append(
        prompt("u1", NOW_MS),
        block_row("msg_a", NOW_MS + 2_000, {"type": "text", "text": "\n First I look.\nThen I act."}, parentUuid="u1"),
        block_row("msg_a", NOW_MS + 2_500, {"type": "tool_use", "name": "Read", "input": {}}),
        {"type": "user", "uuid": "u2", "message": {"content": [{"type": "tool_result", "content": "msg_a"}]}},
        block_row("msg_a", NOW_MS + 4_000, {"type": "tool_use", "name": "mcp__db__query", "input": {}}),
    )
    details = turn_details(only(claude_home))
    assert details.tools == ("Read", "mcp__db__query")
    assert details.text == "First I look."
    assert details.kinds == ("text", "tool_use", "tool_use")
    assert (details.rows, details.line, details.duration_ms) == (3, 5, 4_000)
    assert (details.stop_reason, details.request_id, details.version) == ("end_turn", "req_msg_a", "2.1.329")
    assert details.problem == ""


@pytest.mark.parametrize("keep_names", [True, False])
def test_the_line_is_the_one_an_editor_shows(claude_home: ClaudeHome, keep_names: bool) -> None:
    separator = {"type": "user", "message": {"content": "a\u2028b"}}
    path = claude_home.append(separator, b"\n", assistant("msg_a", NOW_MS, usage(1, 2)))
    details = turn_details(only(claude_home, keep_names=keep_names))
    assert details.line == 3
    assert b"msg_a" in path.read_bytes().split(b"\n")[details.line - 1]


@pytest.mark.parametrize("folder", GOLDEN_SETS, ids=lambda folder: folder.name)
def test_every_response_of_real_logs_is_found_again_where_it_was_counted(folder: Path) -> None:
    for response in list_responses(counted(folder, keep_names=False)):
        details = turn_details(response)
        assert (details.problem, details.rows > 0) == ("", True)
        text = Path(response.path).read_bytes().split(b"\n")[details.line - 1]
        row = json.loads(text)
        assert row["message"].get("id", "") == details.message_id
        assert row["message"]["usage"]["output_tokens"] >= 0


def test_the_details_of_an_extra_are_those_of_its_response(claude_home: ClaudeHome) -> None:
    advisor = {"type": "advisor_message", "model": "claude-opus-4-5", "input_tokens": 5, "output_tokens": 6}
    claude_home.append(assistant("msg_a", NOW_MS, usage(1, 2, iterations=[advisor])))
    for keep_names in (True, False):
        response, extra = list_responses(counted(claude_home.folder, keep_names=keep_names))
        assert extra.extra == "advisor"
        assert turn_details(extra) == turn_details(response)
        assert turn_details(extra).message_id == "msg_a"


def test_a_file_that_is_gone_is_said_to_be(claude_home: ClaudeHome) -> None:
    path = claude_home.append(assistant("msg_a", NOW_MS, usage(1, 2)))
    response = only(claude_home)
    path.unlink()
    assert turn_details(response).problem == "the file is gone"


def test_a_file_that_shrank_is_said_to_have(claude_home: ClaudeHome) -> None:
    path = claude_home.append(prompt("u1", NOW_MS), assistant("msg_a", NOW_MS, usage(1, 2)))
    response = only(claude_home)
    path.write_bytes(line(prompt("u1", NOW_MS)))
    assert "shorter" in turn_details(response).problem


@pytest.mark.parametrize(
    "content",
    [
        line(assistant("msg_b", NOW_MS, usage(1, 2))),
        b"x" * 5_000,
        b"{" * 5_000 + b"\n",
        line({"type": "user", "message": {"content": "msg_a"}}),
        b"\n" * 5_000,
    ],
)
def test_a_file_with_something_else_there_is_said_to_have_changed(claude_home: ClaudeHome, content: bytes) -> None:
    path = claude_home.append(assistant("msg_a", NOW_MS, usage(1, 2)))
    response = only(claude_home)
    path.write_bytes(content)
    details = turn_details(response)
    assert "changed" in details.problem
    assert details.rows == 0


def test_names_and_text_cannot_act_on_the_terminal(claude_home: ClaudeHome) -> None:
    claude_home.append(
        block_row("msg_a", NOW_MS, {"type": "tool_use", "name": "\x1b]0;owned\x07", "input": {}}, version="\x1b[2J"),
        block_row("msg_a", NOW_MS, {"type": "text", "text": "\x1b[31mred\r\u202e"}, version="\x1b[2J"),
    )
    details = turn_details(only(claude_home))
    shown = "".join((*details.tools, details.text, details.version, details.stop_reason, details.request_id))
    assert not any(character in shown for character in "\x1b\x07\r\u202e")


def test_content_of_any_shape_is_read(claude_home: ClaudeHome) -> None:
    for number, content in enumerate(("text", None, [1, None, {"type": 5, "name": 6, "text": 7}], {"a": 1})):
        row = assistant(f"msg_{number}", NOW_MS, usage(1, 2))
        row["message"]["content"] = content
        claude_home.append(row)
    for response in list_responses(counted(claude_home.folder)):
        assert turn_details(response).problem == ""


def test_a_turn_at_the_end_of_a_huge_file_is_read_without_loading_it(claude_home: ClaudeHome) -> None:
    path = claude_home.append(assistant("msg_a", NOW_MS, usage(1, 2)))
    size = 400 << 20
    with path.open("r+b") as log:
        log.truncate(size)
        log.seek(size - 1)
        log.write(b"\n" + line(assistant("msg_z", NOW_MS, usage(3, 4))))
    response = Response(
        "msg_z", "claude", NOW_MS, "s1", "", "", "claude-sonnet-4-5", Usage(3, 4), FREE, False, str(path), size
    )
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    details = turn_details(response)
    assert (details.message_id, details.line) == ("msg_z", 3)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 << 10


def test_a_line_too_long_to_read_again_is_said_to_be(claude_home: ClaudeHome) -> None:
    row = assistant("msg_a", NOW_MS, usage(1, 2))
    row["message"]["content"][0]["text"] = "x" * (9 << 20)
    claude_home.append(row)
    details = turn_details(only(claude_home))
    assert (details.problem, details.line) == ("the line is too long to show", 1)
