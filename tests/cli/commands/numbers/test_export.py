from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from claude_tui.cli import main
from tests.logs import ClaudeHome, assistant, usage

NOON = 1_795_176_000_000
FIELDS = [
    "key", "source", "time", "session", "agent", "project", "model", "input", "output", "cache_write_5m",
    "cache_write_1h", "cache_read", "web_search", "cost_nano", "premium_milli", "status", "flags",
    "output_lower_bound", "origin", "query_source", "effort", "speed", "client_cost_nano", "prices",
]  # fmt: skip
ADVISED = {"type": "advisor_message", "model": "claude-opus-4-5-20251101", "input_tokens": 300, "output_tokens": 30}


def export(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    assert main(["export", *arguments]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_lines_are_in_order_of_time_then_key(claude_home: ClaudeHome, capsys: pytest.CaptureFixture[str]) -> None:
    for key, later in (("msg_b", 1), ("msg_a", 1), ("msg_c", 0)):
        claude_home.append(assistant(key, NOON + later, usage(output=1)))
    assert [line["key"] for line in export(capsys)] == ["msg_c", "msg_a", "msg_b"]


def test_a_line_says_all_there_is_to_say(claude_home: ClaudeHome, capsys: pytest.CaptureFixture[str]) -> None:
    counters = usage(input=1, output=2, write_5m=3, write_1h=4, read=5, server_tool_use={"web_search_requests": 6})
    claude_home.append(assistant("msg_1", NOON, counters, isSidechain=True, agentId="a7"), agent="a7")
    (line,) = export(capsys, "--jsonl")
    assert list(line) == FIELDS
    assert line["cost_nano"] == 3_000 + 2 * 15_000 + 3 * 3_750 + 4 * 6_000 + 5 * 300 + 6 * 10_000_000
    del line["cost_nano"]
    assert len(line.pop("prices")) == 12
    assert line == {
        "key": "msg_1", "source": "claude", "time": "2026-11-20T12:00:00.000Z", "session": "s1", "agent": "a7",
        "project": "/home/user/project", "model": "claude-sonnet-4-5-20250929", "input": 1, "output": 2,
        "cache_write_5m": 3, "cache_write_1h": 4, "cache_read": 5, "web_search": 6, "status": "priced", "flags": [],
        "output_lower_bound": False, "premium_milli": 0,
        "origin": "log", "query_source": "", "effort": "", "speed": "", "client_cost_nano": None,
    }  # fmt: skip


def test_what_is_billed_beside_a_response_has_its_own_line(
    claude_home: ClaudeHome, capsys: pytest.CaptureFixture[str]
) -> None:
    claude_home.append(assistant("msg_1", NOON, usage(input=1, output=2, iterations=[ADVISED, ADVISED])))
    lines = export(capsys)
    assert [line["key"] for line in lines] == ["msg_1", "msg_1/advisor/0", "msg_1/advisor/1"]
    assert {line["model"] for line in lines[1:]} == {"claude-opus-4-5-20251101"}
    assert [line["input"] for line in lines] == [1, 300, 300]


def test_no_price_is_null_and_never_zero(claude_home: ClaudeHome, capsys: pytest.CaptureFixture[str]) -> None:
    claude_home.append(assistant("msg_1", NOON, usage(output=2), model="claude-opus-77"))
    (line,) = export(capsys)
    assert line["cost_nano"] is None and line["status"] == "unpriced"


def test_names_that_are_no_text_survive_as_json(claude_home: ClaudeHome, capsys: pytest.CaptureFixture[str]) -> None:
    claude_home.append(assistant("msg_1", NOON, usage(output=2), cwd="/home/\ud83d/\x1b]0;x\x07"))
    (line,) = export(capsys)
    assert line["project"].startswith("/home/") and line["project"].endswith("/\x1b]0;x\x07")


def test_csv_has_the_same_rows(claude_home: ClaudeHome, capsys: pytest.CaptureFixture[str]) -> None:
    claude_home.append(assistant("msg_1", NOON, usage(input=1, output=2), cwd='/home/a "b", c'))
    claude_home.append(assistant("=msg", NOON + 1, usage(input=1, output=3), model="nobody-knows"))
    lines = export(capsys)
    assert main(["export", "--csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert list(rows[0]) == FIELDS
    assert [row["project"] for row in rows] == [line["project"] for line in lines]
    assert [int(row["output"]) for row in rows] == [2, 3]
    assert rows[1]["cost_nano"] == ""
    assert [row["key"] for row in rows] == [line["key"] for line in lines]


def test_flat_lines_have_one_schema(claude_home: ClaudeHome, capsys: pytest.CaptureFixture[str]) -> None:
    claude_home.append(assistant("msg_1", NOON, usage(input=1, output=2, iterations=[ADVISED])))
    for what in ("responses", "days", "sessions"):
        rows = export(capsys, "--flat", "--what", what)
        assert rows and not any(isinstance(value, (list, dict)) for row in rows for value in row.values())


def test_a_file_appears_whole(claude_home: ClaudeHome, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    claude_home.append(assistant("msg_1", NOON, usage(output=2)))
    target = tmp_path / "out.jsonl"
    target.write_text("old")
    assert main(["export", "--output", str(target)]) == 0
    assert json.loads(target.read_text())["key"] == "msg_1"
    assert capsys.readouterr().out == ""
    assert [path.name for path in tmp_path.iterdir()] == ["out.jsonl"]
    assert main(["export", "--output", str(tmp_path / "missing" / "out")]) == 1
    assert "missing" in capsys.readouterr().err


def test_a_breakdown_has_a_row_per_day_project_and_model(
    claude_home: ClaudeHome, capsys: pytest.CaptureFixture[str]
) -> None:
    claude_home.append(assistant("msg_1", NOON, usage(output=2)))
    claude_home.append(assistant("msg_2", NOON + 1, usage(output=3)))
    claude_home.append(assistant("msg_3", NOON + 2, usage(output=4), model="nobody-knows"))
    claude_home.append(
        assistant("msg_4", NOON + 86_400_000, usage(output=5), cwd="/b", sessionId="s2"), session="s2", project="-b"
    )
    rows = export(capsys, "--what", "breakdown")
    assert [(row["day"], row["project"], row["model"], row["output"]) for row in rows] == [
        ("2026-11-20", "/home/user/project", "claude-sonnet-4-5-20250929", 5),
        ("2026-11-20", "/home/user/project", "nobody-knows", 4),
        ("2026-11-21", "/b", "claude-sonnet-4-5-20250929", 5),
    ]
    assert sum(row["cost_nano"] for row in rows) == sum(row["cost_nano"] for row in export(capsys, "--what", "days"))
