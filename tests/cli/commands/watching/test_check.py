from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from claude_tui.cli import main
from claude_tui.engine.queries.allowances.limits import remember
from tests.logs import ClaudeHome, assistant, usage


@pytest.fixture
def spent(claude_home: ClaudeHome, noon: int) -> ClaudeHome:
    """1.50 dollars, just now."""
    claude_home.append(assistant("msg_1", noon, usage(output=100_000)))
    return claude_home


@pytest.fixture
def state(own_home: Path) -> str:
    folder = own_home / ".state" / "claude-top"
    folder.mkdir(parents=True)
    return os.fspath(folder)


def report(state: str, percent: float, resets_in_s: float = 600) -> None:
    now_ms = time.time_ns() // 1_000_000
    window = {"used_percentage": percent, "resets_at": now_ms / 1000 + resets_in_s}
    remember(state, "/home/user/.claude", {"rate_limits": {"five_hour": window}}, now_ms)


@pytest.mark.parametrize(
    ("budget", "code", "status"), [("2", 0, "ok"), ("1.60", 10, "near"), ("1.49", 11, "over"), ("0", 11, "over")]
)
def test_budgets(spent: ClaudeHome, capsys: pytest.CaptureFixture[str], budget: str, code: int, status: str) -> None:
    assert main(["check", "--budget-day", budget, "--json"]) == code
    found = json.loads(capsys.readouterr().out)
    assert (found["schema"], found["status"], found["exit_code"]) == ("claude-top/check@1", status, code)
    assert found["checks"][0]["detail"].startswith("$1.50 of $")


def test_budgets_from_the_settings(spent: ClaudeHome, own_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = own_home / ".config" / "claude-top" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text('[budgets]\nday = 1.0\nmonth = "100"\n')
    assert main(["check"]) == 11
    assert main(["check", "--budget-day", "10"]) == 0
    assert "budget of the month: $1.50 of $100.00 since" in capsys.readouterr().out
    config.write_text("[budgets]\nday = 'much'\n")
    assert main(["check"]) == 2
    assert "budgets.day: 'much' is not an amount" in capsys.readouterr().err


def test_a_budget_of_a_project(spent: ClaudeHome, own_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = own_home / ".config" / "claude-top" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text('[budgets]\nday = 100\n[budgets.projects]\nproject = "1"\nother = { day = "1" }\n')
    assert main(["check"]) == 11
    printed = capsys.readouterr().out
    assert "budget of the month for project: $1.50 of $1.00" in printed
    assert "budget of the day for other: $0.00 of $1.00" in printed


@pytest.mark.parametrize(("percent", "code"), [(79.9, 0), (80, 10), (99.9, 10), (100, 11)])
def test_reported_limits(state: str, percent: float, code: int) -> None:
    report(state, percent)
    assert main(["check"]) == code


def test_a_window_that_was_reset_says_nothing(state: str) -> None:
    report(state, 100, resets_in_s=-1)
    assert main(["check"]) == 30


def test_nothing_to_compare(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check"]) == 30
    assert capsys.readouterr().out == "no data\n"


def test_no_logs_is_no_data(own_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--budget-day", "5"]) == 30
    assert "no logs found" in capsys.readouterr().err


def test_what_has_no_price_may_be_anything(spent: ClaudeHome) -> None:
    spent.append(assistant("msg_2", time.time_ns() // 1_000_000, usage(output=5), model="house-model"))
    assert main(["check", "--budget-day", "100"]) == 20
    assert main(["check", "--budget-day", "1"]) == 11


def test_quiet(spent: ClaudeHome, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--budget-day", "1", "--quiet"]) == 11
    assert capsys.readouterr().out == ""


def test_yesterday_is_not_today(claude_home: ClaudeHome, capsys: pytest.CaptureFixture[str]) -> None:
    day_ms = 24 * 3_600_000
    claude_home.append(assistant("msg_1", time.time_ns() // 1_000_000 - day_ms, usage(output=100_000)))
    assert main(["check", "--budget-day", "1", "--json"]) == 0
    found: Any = json.loads(capsys.readouterr().out)
    assert found["checks"][0]["percent"] == 0
