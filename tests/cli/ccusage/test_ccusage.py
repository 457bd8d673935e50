"""Against ccusage's own answers on the same history, recorded by tests/reports/ccusage_history.py."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine

from claude_tui.cli import main
from claude_tui.engine.queries.allowances.limits import remember
from claude_tui.moments import instant
from tests.logs import ClaudeHome, assistant, usage
from tests.reports.ccusage_history import COMMANDS, GOLDEN, write

RECORDED = json.loads((GOLDEN / "recorded.json").read_text())
NOW_MS = RECORDED["now_ms"]
KINDS = ("input", "output", "cache_write_5m", "cache_write_1h", "cache_read")


@pytest.fixture
def now() -> Iterator[None]:
    with time_machine.travel(NOW_MS / 1000, tick=False):
        yield


@pytest.fixture
def history(claude_home: ClaudeHome, now: None) -> ClaudeHome:
    write(claude_home, NOW_MS)
    return claude_home


def printed(capsys: pytest.CaptureFixture[str], arguments: str) -> Any:
    assert main([*arguments.split(), "--json", "--offline"]) == 0
    return json.loads(capsys.readouterr().out)


def close(value: Any) -> Any:
    """The same document with its fractions compared to a billionth of a dollar."""
    if isinstance(value, dict):
        return {name: close(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [close(inner) for inner in value]
    return pytest.approx(value, abs=1e-9) if isinstance(value, float) else value


@pytest.mark.parametrize("name", COMMANDS)
def test_same_answer_as_ccusage(history: ClaudeHome, capsys: pytest.CaptureFixture[str], name: str) -> None:
    theirs = json.loads((GOLDEN / f"{name}.json").read_text())
    ours = printed(capsys, COMMANDS[name])
    if name.endswith("session-id"):
        # ccusage has 0 here where the log names no cost, even though its total has the price.
        prices = [entry.pop("costUSD") for entry in ours["entries"]]
        assert sum(prices) == pytest.approx(ours["totalCost"])
        assert not any(entry.pop("costUSD") for entry in theirs["entries"])
    assert ours == close(theirs)


def test_keys_are_in_order_of_the_alphabet(history: ClaudeHome, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["claude", "daily", "--json"]) == 0
    text = capsys.readouterr().out
    assert text == json.dumps(json.loads(text), indent=2, sort_keys=True) + "\n"


def test_the_older_spelling_is_understood(history: ClaudeHome, capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, "claude:daily") == printed(capsys, "claude daily") == printed(capsys, "claude")


def test_a_copied_response_counts_once(claude_home: ClaudeHome, now: None, capsys: pytest.CaptureFixture[str]) -> None:
    row = assistant("msg_1", NOW_MS - 1000, usage(100, 200))
    claude_home.append(row)
    claude_home.append({**row, "sessionId": "s2", "requestId": "req_other"}, session="s2")
    assert printed(capsys, "claude daily")["totals"]["totalTokens"] == 300


def test_display_shows_the_costs_the_logs_name(
    claude_home: ClaudeHome, now: None, capsys: pytest.CaptureFixture[str]
) -> None:
    claude_home.append(
        assistant("msg_1", NOW_MS, usage(10, 100), costUSD=1.5), assistant("msg_2", NOW_MS, usage(10, 100))
    )
    for report in ("daily", "claude daily", "session", "monthly"):
        assert printed(capsys, f"{report} --mode display")["totals"]["totalCost"] == 1.5, report
        assert printed(capsys, report)["totals"]["totalCost"] == 2 * 0.00153, report


def test_nothing_to_count_is_the_empty_report(own_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (own_home / ".claude" / "projects").mkdir(parents=True)
    found = printed(capsys, "claude daily")
    assert found["daily"] == [] and found["totals"]["totalCost"] == 0
    assert printed(capsys, "blocks") == {"blocks": []}
    assert printed(capsys, "claude session")["sessions"] == []
    assert printed(capsys, "session")["session"] == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("claude daily --last 2 --since 20261101", "--last"),
        ("claude daily --last 0", "1 or more"),
        ("claude session --last 1", "--last"),
        ("claude daily --daily", "--daily"),
        ("claude hourly", "hourly"),
        ("daily --sections daily,hourly", "hourly"),
        ("blocks --session-length 0", "session-length"),
        ("claude daily --since tomorrow", "YYYY-MM-DD"),
        ("claude daily --config /nowhere/ccusage.json", "/nowhere"),
    ],
)
def test_wrong_arguments(history: ClaudeHome, capsys: pytest.CaptureFixture[str], arguments: str, said: str) -> None:
    assert main(arguments.split()) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and said in captured.err and captured.err.count("\n") == 1


def test_tables_have_a_row_a_period_and_a_total(history: ClaudeHome, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ("claude daily", "claude weekly -b", "claude monthly", "claude session", "daily", "session"):
        assert main(arguments.split()) == 0
        text = capsys.readouterr().out
        assert "sonnet-4-5" in text and "428,748" in text.splitlines()[-1], arguments


def test_an_unpriced_model_is_never_free_of_charge(history: ClaudeHome, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["claude", "session", "-b"]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert next(row for row in rows if "house-model-7" in row and "- house" not in row).split()[-1] == "n/a"
    assert ">=$" in rows[-1]


def test_compact_and_no_cost_leave_columns_out(history: ClaudeHome, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["claude", "daily", "--compact", "--no-cost"]) == 0
    heading = capsys.readouterr().out.splitlines()[1]
    assert heading.split() == ["Date", "Models", "Input", "Output"]


def test_the_active_block_in_words(history: ClaudeHome, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["blocks", "--active", "--token-limit", "1000000"]) == 0
    text = capsys.readouterr().out
    for part in ("estimated", "Time Remaining:  2h 55m", "$0.44", "EXCEEDS LIMIT", "1,000,000 tokens"):
        assert part in text
    assert main(["blocks"]) == 0
    table = capsys.readouterr().out
    assert "ACTIVE" in table and "PROJECTED" in table and "(inactive)" in table


def test_the_window_the_client_reported(
    history: ClaudeHome, own_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = printed(capsys, "blocks")
    state = own_home / ".state" / "claude-top"
    state.mkdir(parents=True)
    given = {"five_hour": {"used_percentage": 37.5, "resets_at": NOW_MS // 1000 + 3600}}
    remember(str(state), "/home/user/.claude", {"rate_limits": given}, NOW_MS - 120_000)
    found = printed(capsys, "blocks")
    (window,) = found.pop("reported")
    assert found == before
    assert (window["usedPercent"], window["endTime"]) == (37.5, instant(NOW_MS // 1000 * 1000 + 3_600_000))
    inside = [entry for entry in printed_lines(capsys) if NOW_MS - 4 * 3_600_000 <= entry["time_ms"] <= NOW_MS]
    assert inside and window["totalTokens"] == sum(entry["tokens"] for entry in inside)
    for arguments in (["blocks"], ["blocks", "--active"]):
        assert main(arguments) == 0
        text = capsys.readouterr().out
        assert "5-hour limit (reported): 37.5% used" in text and "estimated" in text
        assert "1h 0m remaining" in text and "as of 2 min ago" in text


def printed_lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, int]]:
    """Every response of Claude Code with its time and tokens."""
    assert main(["export", "--source", "claude"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return [{"time_ms": milliseconds(row["time"]), "tokens": sum(map(row.get, KINDS))} for row in rows]


def milliseconds(text: str) -> int:
    return round(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)


def test_a_config_file_gives_defaults(history: ClaudeHome, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "ccusage.json"
    config.write_text(
        json.dumps(
            {
                "defaults": {"order": "desc", "noCost": True},
                "commands": {"weekly": {"order": "asc"}},
                "claude": {"commands": {"daily": {"since": "20261101"}}},
            }
        )
    )

    def rows(arguments: str, key: str) -> list[str]:
        found = printed(capsys, f"{arguments} --config {config}")
        assert "totalCost" not in found["totals"]
        return [row[key] for row in found[arguments.split()[1]]]

    daily = rows("claude daily", "date")
    assert daily == sorted(daily, reverse=True) and daily[-1] >= "2026-11-01"
    assert rows("claude daily --order asc", "date") == sorted(daily)
    weekly = rows("claude weekly", "week")
    assert weekly == sorted(weekly)
    config.write_text('{"defaults": {"order": 7')
    assert main(["claude", "daily", "--config", str(config)]) == 2


def test_a_found_config_that_makes_no_sense_is_left_out(
    history: ClaudeHome, capsys: pytest.CaptureFixture[str]
) -> None:
    (history.folder / "ccusage.json").write_text("nonsense")
    assert main(["claude", "daily", "--json"]) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["daily"] and "ccusage.json left out" in captured.err
