from __future__ import annotations

import csv
import io
import json
from datetime import datetime, timezone
from typing import Any

import pytest
import time_machine

from claude_tui.cli import main
from tests.logs import ClaudeHome, assistant, usage

NOON = int(datetime(2026, 11, 20, 12, tzinfo=timezone.utc).timestamp() * 1000)
HOUR = 3_600_000
ADVISED = {"type": "advisor_message", "model": "claude-opus-4-5-20251101", "input_tokens": 300, "output_tokens": 30}


@pytest.fixture
def history(claude_home: ClaudeHome) -> ClaudeHome:
    claude_home.append(
        assistant("msg_1", NOON, usage(input=100, output=20, write_5m=10, write_1h=5, read=1000)),
        assistant("msg_2", NOON + 11 * HOUR + HOUR // 2, usage(input=7, output=8)),
        assistant("msg_3", NOON + HOUR, usage(input=1, output=2, iterations=[ADVISED])),
    )
    claude_home.append(
        assistant("msg_4", NOON - 30 * HOUR, usage(input=50, output=60), session="s2", model="my-own-model"),
        session="s2",
    )
    claude_home.append(
        assistant("msg_5", NOON + 2 * HOUR, usage(output=9), cwd="/home/user/other", session="s3"),
        session="s3",
        project="-home-user-other",
    )
    claude_home.append(assistant("msg_6", NOON + 3 * HOUR, usage(output=4), isSidechain=True, agentId="a1"), agent="a1")
    return claude_home


def report(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert main(["report", "--json", *arguments]) == 0
    return json.loads(capsys.readouterr().out)


def test_report_counts_everything_once(history: ClaudeHome, capsys: pytest.CaptureFixture[str]) -> None:
    found = report(capsys)
    assert found["schema"] == "claude-top/report@1"
    totals = found["totals"]
    assert (totals["responses"], totals["input"], totals["output"]) == (6, 458, 133)
    assert (totals["cache_write_5m"], totals["cache_write_1h"], totals["cache_read"]) == (10, 5, 1000)
    assert (totals["unpriced_responses"], totals["unpriced_tokens"]) == (1, 110)
    assert [row["model"] for row in found["unpriced"]] == ["my-own-model"]


@pytest.mark.parametrize("section", ["days", "models", "projects", "sessions"])
def test_every_section_sums_to_the_totals(
    history: ClaudeHome, capsys: pytest.CaptureFixture[str], section: str
) -> None:
    found = report(capsys)
    assert len(found[section]) > 1
    for name, total in found["totals"].items():
        if isinstance(total, int):
            assert sum(row[name] for row in found[section]) == total, name


def test_exported_lines_sum_to_the_totals(history: ClaudeHome, capsys: pytest.CaptureFixture[str]) -> None:
    totals = report(capsys)["totals"]
    assert main(["export", "--jsonl"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    for name in ("input", "output", "cache_write_5m", "cache_write_1h", "cache_read", "web_search"):
        assert sum(line[name] for line in lines) == totals[name]
    assert sum(line["cost_nano"] or 0 for line in lines) == totals["cost_nano"]


def test_a_day_begins_where_the_zone_says(history: ClaudeHome, capsys: pytest.CaptureFixture[str]) -> None:
    in_utc = {row["day"]: row["responses"] for row in report(capsys, "--by", "day", "--timezone", "UTC")["days"]}
    in_berlin = report(capsys, "--by", "day", "--timezone", "Europe/Berlin")
    assert in_utc == {"2026-11-19": 1, "2026-11-20": 5}
    assert {row["day"]: row["responses"] for row in in_berlin["days"]} == {
        "2026-11-19": 1,
        "2026-11-20": 4,
        "2026-11-21": 1,
    }
    assert in_berlin["timezone"] == "Europe/Berlin"


def test_only_the_section_asked_for_is_made(history: ClaudeHome, capsys: pytest.CaptureFixture[str]) -> None:
    found = report(capsys, "--by", "model")
    assert "models" in found and not found.keys() & {"days", "projects", "sessions"}


def test_since_and_until_are_counted_in(history: ClaudeHome, capsys: pytest.CaptureFixture[str]) -> None:
    assert report(capsys, "--since", "2026-11-20")["totals"]["responses"] == 5
    assert report(capsys, "--until", "20261119")["totals"]["responses"] == 1
    nothing = report(capsys, "--since", "2026-11-21", "--timezone", "UTC")
    assert nothing["totals"]["responses"] == 0 and nothing["days"] == [] and nothing["totals"]["first"] is None


def test_the_table_says_what_is_missing_in_the_cost(history: ClaudeHome, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "--by", "model"]) == 0
    printed = capsys.readouterr().out
    row = next(line for line in printed.splitlines() if line.startswith("my-own-model"))
    assert row.endswith("n/a")
    assert next(line for line in printed.splitlines() if line.startswith("Total")).split()[-1].startswith(">=$")
    assert "not in the cost: 1 unpriced model, 110 tokens (my-own-model)" in printed
    assert "prices: bundled" in printed


def test_strict_tells_that_something_was_skipped(history: ClaudeHome, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "--json", "--strict"]) == 0
    history.append(b'{"type": "assistant", "message": {]\n')
    assert main(["report", "--json"]) == 0
    assert main(["report", "--json", "--strict"]) == 4
    captured = capsys.readouterr().out
    assert json.loads(captured[captured.rindex('{\n  "schema"') :])["problems"]["total"] == 1


@pytest.mark.parametrize("by", ["day", "week", "month", "hour", "model", "project", "session"])
def test_any_section_sums_to_the_totals_however_many_rows_are_shown(
    history: ClaudeHome, capsys: pytest.CaptureFixture[str], by: str
) -> None:
    for top in ([], ["--top", "1"]):
        found = report(capsys, "--by", by, *top)
        rows = [*found[f"{by}s"], *found.get("left_out", {}).values()]
        for name, total in found["totals"].items():
            if isinstance(total, int):
                assert sum(row[name] for row in rows) == total, (name, top)
    assert len(found[f"{by}s"]) == 1


def test_hours_are_local(history: ClaudeHome, capsys: pytest.CaptureFixture[str]) -> None:
    hours = report(capsys, "--by", "hour", "--timezone", "Asia/Kolkata")["hours"]
    assert [row["hour"] for row in hours][1:3] == ["2026-11-20T17", "2026-11-20T18"]


def test_a_section_as_csv(history: ClaudeHome, capsys: pytest.CaptureFixture[str]) -> None:
    wanted = report(capsys, "--by", "session")["sessions"]
    assert main(["report", "--by", "session", "--csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [(row["session"], int(row["cost_nano"])) for row in rows] == [
        (row["session"], row["cost_nano"]) for row in wanted
    ]
    models = {row["session"]: row["models"] for row in rows}
    assert models["s2"] == "my-own-model"
    assert set(models["s1"].split(" ")) == {"claude-sonnet-4-5-20250929", ADVISED["model"]}


@pytest.mark.parametrize(
    "arguments",
    [
        "--csv",
        "--csv --json --by day",
        "--top 0",
        "--period never",
        "--since 2026-W60",
        "--since 2026-3-1",
        "--period 7d --since today",
        "--since today --until yesterday",
        "--by client",
    ],
)
def test_what_cannot_be_reported(history: ClaudeHome, capsys: pytest.CaptureFixture[str], arguments: str) -> None:
    assert main(["report", *arguments.split()]) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.count("\n") == 1


TODAY = datetime(2026, 11, 25, 23, 30, tzinfo=timezone.utc)  # a Wednesday


@pytest.mark.parametrize(
    ("arguments", "days"),
    [
        ("--since today", ("2026-11-25", None)),
        ("--since yesterday --until yesterday", ("2026-11-24", "2026-11-24")),
        ("--since 7d", ("2026-11-19", None)),
        ("--since 2026-W47 --until 2026-W47", ("2026-11-16", "2026-11-22")),
        ("--since 2026-02 --until 2026-02", ("2026-02-01", "2026-02-28")),
        ("--since 20261101", ("2026-11-01", None)),
        ("--period 7d", ("2026-11-19", "2026-11-25")),
        ("--period month", ("2026-11-01", "2026-11-30")),
        ("--period all", (None, None)),
        ("--period 2026-11-01..", ("2026-11-01", None)),
        ("--since today --timezone Asia/Tokyo", ("2026-11-26", None)),
    ],
)
def test_days_as_people_name_them(
    history: ClaudeHome, capsys: pytest.CaptureFixture[str], arguments: str, days: tuple[str | None, str | None]
) -> None:
    with time_machine.travel(TODAY, tick=False):
        found = report(capsys, *arguments.split())
    assert (found["since"], found["until"]) == days
