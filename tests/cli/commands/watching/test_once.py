from __future__ import annotations

import json

import pytest

from claude_tui.cli import main
from tests.cli.program import run
from tests.logs import ClaudeHome, assistant, usage


def test_one_picture_as_text(claude_home: ClaudeHome, noon: int, capsys: pytest.CaptureFixture[str]) -> None:
    claude_home.append(
        assistant("msg_1", noon - 60_000, usage(output=100_000)),
        assistant("msg_2", noon - 2_000_000, usage(output=100), model="house-model"),
    )
    assert main(["--once"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("today >=$1.50   total >=$1.50   100k tokens in 2 responses\n")
    assert "per hour, over 5, 15 and 60 min: $18.00, $6.00, $1.50   active sessions 1" in text
    assert "not in the cost: 1 unpriced model, 100 tokens (house-model)" in text
    for part in ("Models (2)", "Projects (1)", "/home/user/project", "Sessions (1)", "prices: bundled"):
        assert part in text


def test_the_second_picture_tells_the_same_pace(
    claude_home: ClaudeHome, noon: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("claude_tui.engine.count.UNSAVED_BYTES", 0)
    claude_home.append(assistant("msg_1", noon - 60_000, usage(output=100_000)))
    for _ in range(2):
        assert main(["--once"]) == 0
        text = capsys.readouterr().out
        assert "per hour, over 5, 15 and 60 min: $18.00, $6.00, $1.50   active sessions 1" in text


def test_a_picture_of_some_days(claude_home: ClaudeHome, capsys: pytest.CaptureFixture[str]) -> None:
    claude_home.append(
        assistant("msg_1", 1_795_176_000_000, usage(output=100_000)),
        assistant("msg_2", 1_795_176_000_000 - 86_400_000, usage(output=200_000)),
    )
    assert main(["--once", "--period", "2026-11-20..2026-11-20"]) == 0
    text = capsys.readouterr().out
    assert "2026-11-20 $1.50" in text and "in 1 response\n" in text
    assert main(["--once", "--period", "..2026-11-20", "--timezone", "UTC"]) == 0
    assert "until 2026-11-20 $4.50" in capsys.readouterr().out


@pytest.mark.parametrize("period", ["yesterday", "2026-11-31", "2026-11-20..2026-11-01", ".."])
def test_a_period_that_is_none(period: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--once", "--period", period]) == 2
    assert "is not a period; write today, 7d" in capsys.readouterr().err


def test_it_fits_the_terminal(claude_home: ClaudeHome) -> None:
    claude_home.append(assistant("msg_1", 1_795_176_000_000, usage(output=1), cwd="/home/user/" + "long/" * 40))
    for command in ("--once", "report"):
        for width in (120, 80, 40):
            lines = run(command, env={"COLUMNS": str(width)}).text.splitlines()
            assert max(map(len, lines)) <= width, command


def test_the_demo_needs_no_logs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--once", "--demo"]) == 0
    text = capsys.readouterr().out
    assert "Models (10 of" in text and "active sessions" in text


def test_no_logs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--once"]) == 3
    assert "no logs found; looked in" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("view", "said", "not_said"),
    [
        ("models", "claude-sonnet-4-5", "Projects"),
        ("projects", "/home/user/project", "Models"),
        ("sessions", "Total", "Models"),
        ("days", "Days", "Models"),
        ("blocks", "5h blocks (2)", "Models"),
        ("windows", "5h blocks (2)", "Models"),
        ("causes", "Where it went, by tool", "Projects"),
        ("plan", "everything", "Projects"),
    ],
)
def test_a_view_is_printed_as_its_own_table(
    view: str, said: str, not_said: str, claude_home: ClaudeHome, noon: int, capsys: pytest.CaptureFixture[str]
) -> None:
    claude_home.append(
        assistant("msg_1", noon - 60_000, usage(output=100_000)),
        assistant("msg_2", noon - 2 * 86_400_000, usage(output=100)),
    )
    assert main(["--once", "--view", view]) == 0
    text = capsys.readouterr().out
    assert said in text and not_said not in text


def test_the_printed_blocks_are_those_of_the_days_asked_for(
    claude_home: ClaudeHome, noon: int, capsys: pytest.CaptureFixture[str]
) -> None:
    claude_home.append(
        assistant("msg_1", noon - 60_000, usage(output=100_000)),
        assistant("msg_2", noon - 2 * 86_400_000, usage(output=100_000)),
    )
    assert main(["--once", "--view", "blocks", "--period", "today"]) == 0
    text = capsys.readouterr().out
    assert "5h blocks (1)" in text and "open  " in text and "over" not in text
    assert "open 5h block: " in text and " left (estimated from the log)" in text


def test_the_printed_plan_has_limits_and_compares(
    claude_home: ClaudeHome, noon: int, capsys: pytest.CaptureFixture[str]
) -> None:
    claude_home.append(
        assistant("msg_1", noon - 60_000, usage(output=200_000)),
        assistant("msg_2", noon - 8 * 86_400_000, usage(output=100_000)),
    )
    assert main(["--once", "--view", "plan"]) == 0
    text = capsys.readouterr().out
    assert "+100%" in text and "no client has reported a limit" in text


def test_a_view_of_what_runs_says_if_nothing_does(claude_home: ClaudeHome, capsys: pytest.CaptureFixture[str]) -> None:
    claude_home.append(assistant("msg_1", 1_795_176_000_000 - 30 * 86_400_000, usage(output=1)))
    assert main(["--once", "--view", "live"]) == 0
    assert "no session is running" in capsys.readouterr().out


@pytest.mark.parametrize("view", ["models", "projects", "sessions", "days", "causes", "live"])
def test_a_printed_view_says_by_which_prices_and_of_which_days_it_is(
    view: str, claude_home: ClaudeHome, noon: int, capsys: pytest.CaptureFixture[str]
) -> None:
    claude_home.append(
        assistant("msg_1", noon - 60_000, usage(output=100_000)),
        assistant("msg_2", noon - 2 * 86_400_000, usage(output=200_000)),
    )
    for period, cost in (("today", "1.50"), ("all", "4.50")):
        assert main(["--once", "--view", view, "--period", period]) == 0
        text = capsys.readouterr().out
        assert "prices: bundled" in text and (view == "live" or f"{cost}" in text)


def test_a_printed_plan_compares_the_days_asked_for(
    claude_home: ClaudeHome, noon: int, capsys: pytest.CaptureFixture[str]
) -> None:
    claude_home.append(
        assistant("msg_1", noon - 60_000, usage(output=300_000)),
        assistant("msg_2", noon - 86_400_000, usage(output=100_000)),
    )
    assert main(["--once", "--view", "plan", "--period", "today"]) == 0
    assert "+200%" in capsys.readouterr().out


def test_a_printed_plan_has_what_a_client_reported(
    claude_home: ClaudeHome, noon: int, capsys: pytest.CaptureFixture[str]
) -> None:
    claude_home.append(assistant("msg_1", noon - 60_000, usage(output=200_000)))
    five_hour = {"used_percentage": 42, "resets_at": noon // 1000 + 3600}
    given = json.dumps({"session_id": "s1", "rate_limits": {"five_hour": five_hour}})
    assert run("statusline", stdin=given.encode()).code == 0
    assert main(["--once", "--view", "plan"]) == 0
    assert "42%" in capsys.readouterr().out


def test_printed_causes_are_those_of_logs_that_are_gone_too(
    claude_home: ClaudeHome, noon: int, capsys: pytest.CaptureFixture[str]
) -> None:
    row = assistant("msg_1", noon - 60_000, usage(output=200_000))
    row["message"]["content"] = [{"type": "tool_use", "id": "t1", "name": "Grep", "input": {}}]
    log = claude_home.append(row)
    assert main(["ledger", "keep"]) == 0
    log.unlink()
    assert main(["--once", "--view", "causes"]) == 0
    assert "Grep" in capsys.readouterr().out
