"""What ccusage 20.0.24 really printed of small homes, and what `explain --against ccusage` says that it prints."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from claude_tui.cli import main
from claude_tui.reports.ccusage.against.their_prices import charged_nano
from tests.logs import ClaudeHome, assistant, usage

NOON = 1_795_176_000_000
HOUR_MS = 3_600_000


def explained(capsys: pytest.CaptureFixture[str]) -> Any:
    assert main(["explain", "--against", "ccusage", "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def rules(found: Any) -> dict[str, int]:
    return {one["rule"]: one["tokens"] for one in found["rules"]}


def without(row: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}


def write(path: Path, *rows: dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, separators=(",", ":")) + "\n" for row in rows))
    return path


def test_it_does_not_look_at_other_accounts(
    own_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("CLAUDE_CONFIG_DIR", raising=False)
    for number, folder in enumerate((".claude", ".claude-work", ".config/claude")):
        write(own_home / folder / "projects" / "-a" / "s.jsonl", assistant(f"msg_{number}", NOON, usage(100, 20)))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(own_home / ".config"))
    found = explained(capsys)
    assert (found["ours"]["entries"], found["theirs"]["entries"]) == (3, 2)
    assert rules(found) == {"elsewhere": -120}
    assert main(["explain", "--against", "ccusage"]) == 0
    assert "other accounts" in capsys.readouterr().out


def test_it_follows_no_links_below_a_folder_that_may_be_one(
    claude_home: ClaudeHome, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = claude_home.append(assistant("msg_1", NOON, usage(1, 2)))
    beside = write(tmp_path / "elsewhere" / "s2.jsonl", assistant("msg_2", NOON, usage(100, 20), session="s2"))
    os.symlink(beside.parent, path.parent.parent / "-linked")
    found = explained(capsys)
    assert (found["ours"]["entries"], found["theirs"]["entries"]) == (2, 1)
    assert rules(found) == {"elsewhere": -120}


def test_it_reads_the_journal_of_a_workflow(claude_home: ClaudeHome, capsys: pytest.CaptureFixture[str]) -> None:
    path = claude_home.append(assistant("msg_1", NOON, usage(1, 2)))
    write(path.with_name("journal.jsonl"), assistant("msg_2", NOON, usage(100, 20)))
    found = explained(capsys)
    assert (found["ours"]["entries"], found["theirs"]["entries"]) == (1, 2)


def test_rows_without_a_request_id_are_one_response_only_at_one_instant(
    claude_home: ClaudeHome, capsys: pytest.CaptureFixture[str]
) -> None:
    for at, output in ((NOON, 100), (NOON, 7), (NOON + HOUR_MS, 1)):
        claude_home.append(without(assistant("msg_1", at, usage(10, output)), "requestId"))
    found = explained(capsys)["theirs"]
    assert (found["entries"], found["input"], found["output"]) == (2, 20, 101)


def test_a_sidechain_copy_that_gives_way_takes_its_request_id_along(
    claude_home: ClaudeHome, capsys: pytest.CaptureFixture[str]
) -> None:
    aside = assistant("msg_1", NOON, usage(10, 100), isSidechain=True, requestId="req_a")
    claude_home.append(aside, without(assistant("msg_1", NOON + HOUR_MS, usage(10, 100)), "requestId"))
    later = assistant("msg_1", NOON, usage(10, 1), session="t2", requestId="req_a")
    claude_home.append(later, session="t2")
    found = explained(capsys)["theirs"]
    assert (found["entries"], found["output"]) == (2, 101)


def test_a_sidechain_copy_that_is_left_out_does_so_too(
    claude_home: ClaudeHome, capsys: pytest.CaptureFixture[str]
) -> None:
    claude_home.append(
        assistant("chatcmpl-1", NOON, usage(20, 100), requestId="req_a"),
        assistant("chatcmpl-1", NOON, usage(10, 1), requestId="req_b", isSidechain=True),
        assistant("chatcmpl-1", NOON, usage(10, 1), requestId="req_b"),
    )
    found = explained(capsys)["theirs"]
    assert (found["entries"], found["output"]) == (2, 101)


COUNTERS = {
    "input_tokens": 100_000, "output_tokens": 10_000, "cache_creation_input_tokens": 30_000,
    "cache_read_input_tokens": 70_000,
    "cache_creation": {"ephemeral_5m_input_tokens": 20_000, "ephemeral_1h_input_tokens": 10_000},
}  # fmt: skip
CHARGED = {
    "claude-sonnet-4-20250514": 606_000_000,
    "us.anthropic.claude-sonnet-4-20250514-v1:0": 606_000_000,
    "apac.anthropic.claude-3-7-sonnet-20250219-v1:0": 606_000_000,
    "bedrock/us.anthropic.claude-3-5-haiku-20241022-v1:0": 161_600_000,
    "eu.anthropic.claude-opus-4-1-20250805-v1:0": 3_030_000_000,
    "us.anthropic.claude-sonnet-4-5-20250929-v1:0": 666_600_000,
    "apac.anthropic.claude-sonnet-4-5-20250929-v1:0": 606_000_000,
    "global.anthropic.claude-sonnet-4-5-20250929-v1:0": 606_000_000,
    "us.anthropic.claude-opus-4-5-20251101-v1:0": 1_111_000_000,
    "eu.anthropic.claude-opus-4-5-20251101-v1:0": 1_010_000_000,
    "eu.anthropic.claude-opus-4-6-v1:0": 1_111_000_000,
    "jp.anthropic.claude-opus-4-6": 1_010_000_000,
    "jp.anthropic.claude-opus-4-7": 1_111_000_000,
    "ca.anthropic.claude-sonnet-5": 404_000_000,
    "eu.anthropic.claude-fable-5": 2_222_000_000,
    "au.anthropic.claude-fable-5": 2_020_000_000,
}


@pytest.mark.parametrize("model", CHARGED)
def test_a_region_of_bedrock_is_dearer_only_where_it_knows_one(model: str) -> None:
    assert charged_nano(model, COUNTERS, (100_000, 10_000, 30_000, 70_000)) == CHARGED[model]


def test_a_name_in_capitals_has_no_price_there(claude_home: ClaudeHome, capsys: pytest.CaptureFixture[str]) -> None:
    claude_home.append(assistant("msg_1", NOON, usage(100, 20), model="CLAUDE-Opus-4-5"))
    found = explained(capsys)
    assert found["ours"]["cost_nano"] > 0
    assert found["prices"]["theirs_cost_nano"] == 0
    assert [one["cause"] for one in found["prices"]["causes"]] == ["no_price_there"]
