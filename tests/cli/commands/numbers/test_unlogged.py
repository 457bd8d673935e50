"""What no log shows, as the commands tell it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from claude_tui.cli import main
from tests.engine.unlogged import COUNTERS, SETS, expected

golden = pytest.mark.parametrize("folder", SETS, ids=lambda folder: folder.name)
EXPORTED = dict(zip(COUNTERS, ("input", "output", "cache_write_5m", "cache_write_1h", "cache_read", "web_search")))  # noqa: B905


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main([*arguments]) == 0
    return capsys.readouterr().out


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    return json.loads(said(capsys, *arguments))


@golden
def test_export_has_a_line_for_each_session_and_model(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [json.loads(line) for line in said(capsys, "export", "--claude-dir", str(folder)).splitlines()]
    assert {line["origin"] for line in lines} == {"log", "client_total"}
    unlogged = [line for line in lines if line["origin"] == "client_total"]
    found: dict[str, Any] = {}
    for line in unlogged:
        kind, session, start, model = line["key"].split("/")
        assert (kind, session, model) == ("cost-state", line["session"], line["model"])
        assert int(start.partition("+")[0]) in {one["start"] for one in expected(folder)[session]["cost_states"]}
        assert (line["cost_nano"] is None) == (line["model"] == "my-gateway-sonnet")
        known = found.setdefault(session, {}).setdefault(model, dict.fromkeys(EXPORTED, 0))
        for short, name in EXPORTED.items():
            known[short] += line[name]
    assert found == {session: one["remainder"] for session, one in expected(folder).items() if one["remainder"]}
    report = told(capsys, "report", "--json", "--claude-dir", str(folder))
    assert report["totals"]["cost_nano"] == sum(line["cost_nano"] or 0 for line in lines)
    alone = sum(line["cost_nano"] or 0 for line in unlogged)
    # Twice: the second time from the cache.
    for _ in range(2):
        told_again = told(capsys, "report", "--json", "--claude-dir", str(folder))["unlogged"]
        assert told_again["cost_nano"] == alone > 0
        for part in ("days", "models", "projects", "sessions"):
            assert sum(row["cost_nano"] for row in told_again[part]) == alone
    assert "of the cost (claude-top explain)" in said(capsys, "report", "--claude-dir", str(folder))


@golden
def test_the_reports_of_ccusage_have_it_only_where_asked(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def tokens(*more: str) -> int:
        found: int = told(capsys, "claude", "daily", "--json", "--claude-dir", str(folder), *more)["totals"][
            "totalTokens"
        ]
        return found

    left = [model for one in expected(folder).values() for model in one["remainder"].values()]
    unlogged = sum(model[name] for model in left for name in COUNTERS if name != "ws")
    assert tokens("--unlogged") - tokens() == unlogged > 0


@golden
def test_against_the_client_each_session_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = told(capsys, "explain", "--against", "client", "--json", "--claude-dir", str(folder))
    sessions = {one["session"]: one for one in found["sessions"]}
    assert set(sessions) == {session for session, one in expected(folder).items() if one["cost_states"]}
    # The client's prices are ours, but for the name of a model that only a gateway knows.
    if folder.name != "names332":
        covered = [one for one in sessions.values() if not (one["uncovered"] or one["estimated_output"])]
        assert covered
        assert {one["session"] for one in covered if abs(one["difference_nano"]) > 2_000} == set()
    assert "unlogged calls" in said(capsys, "explain", "--against", "client", "--claude-dir", str(folder))


@golden
def test_explain_says_what_the_client_counted(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = " ".join(said(capsys, "explain", "--claude-dir", str(folder)).split())
    assert "the client counted $" in text
    assert "calls that were never logged cost $" in text
    found = told(capsys, "explain", "--json", "--claude-dir", str(folder))
    assert 0 < found["unlogged_nano"] < found["cost_nano"]
