from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from claude_tui.cli import main
from claude_tui.reports.schemas import SCHEMAS
from tests.cli.commands.maintenance.test_schemas import assert_valid, strict
from tests.cli.program import run
from tests.engine.running import asking, process, register
from tests.logs import ClaudeHome, assistant, usage


def sessions(capsys: pytest.CaptureFixture[str]) -> Any:
    assert main(["sessions", "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_what_waits_is_told_with_why_since_when_and_how_to_go_there(
    claude_home: ClaudeHome, capsys: pytest.CaptureFixture[str]
) -> None:
    with asking(claude_home, "it's"), process() as other:
        register(claude_home.folder / "sessions", other.pid, "s2", "idle", name="a new one", cwd="/home/user/a b")
        found = sessions(capsys)
        assert_valid(capsys, "sessions", found)
        assert found["waiting"] == 1
        first, second = found["sessions"]
        assert (first["state"], first["why"], first["tool"], first["waits_for_you"]) == (
            "blocked", "permission", "Bash", True,
        )  # fmt: skip
        assert first["since"] and first["cost_nano"] and first["context_tokens"] == 100
        assert first["resume"] == """cd /home/user/project && claude --resume 'it'"'"'s'"""
        assert (second["name"], second["state"], second["tokens"]) == ("a new one", "idle", 0)
        assert second["resume"] == "cd '/home/user/a b' && claude --resume s2"
        assert "secret" not in json.dumps(found)
    assert sessions(capsys)["waiting"] == 0


def test_a_session_without_any_log_is_listed_and_none_at_all_is_said(
    claude_home: ClaudeHome, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sessions"]) == 0
    assert capsys.readouterr() == ("", "no session is running\n")
    with process() as started:
        register(claude_home.folder / "sessions", started.pid, "s1", "busy", name="a new one")
        assert main(["sessions"]) == 0
        assert "a new one working model" in " ".join(capsys.readouterr().out.split())


def test_watching_needs_json(claude_home: ClaudeHome, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sessions", "--watch"]) == 2
    assert "--json --watch" in capsys.readouterr().err


def test_a_line_is_printed_for_every_change_until_nobody_listens(claude_home: ClaudeHome) -> None:
    valid = Draft202012Validator(strict(SCHEMAS["sessions-watch"]))
    claude_home.append(assistant("msg_1", 1_795_000_000_000, usage(output=5), session="old"), session="old")
    command = [sys.executable, "-m", "claude_tui", "sessions", "--json", "--watch"]
    with process() as started, subprocess.Popen(command, stdout=subprocess.PIPE) as watching:
        assert watching.stdout is not None

        def told(state: str) -> Any:
            for line in watching.stdout or ():
                found = json.loads(line)
                valid.validate(found)
                assert found["session"] == "s1"
                if found["state"] == state:
                    return found
            raise AssertionError("it ended")

        folder = claude_home.folder / "sessions"
        register(folder, started.pid, status="busy", statusUpdatedAt=5)
        told("working")
        register(folder, started.pid, status="waiting", waitingFor="input needed", statusUpdatedAt=7)
        assert told("blocked")["why"] == "question"
        started.kill()
        started.wait()
        assert not told("done")["waits_for_you"]
        watching.send_signal(signal.SIGTERM)
        assert watching.wait(20) == 0


@pytest.mark.parametrize("flag", ["--quiet", "--json", None])
def test_check_tells_whether_anybody_waits(
    claude_home: ClaudeHome, capsys: pytest.CaptureFixture[str], flag: str | None
) -> None:
    arguments = ["check", "--waiting", *([flag] if flag else [])]
    assert main(arguments) == 0
    capsys.readouterr()
    with asking(claude_home):
        assert main(arguments) == 12
        out = capsys.readouterr().out
        if flag == "--json":
            assert_valid(capsys, "check", json.loads(out))
        assert (not out) if flag == "--quiet" else "blocked permission Bash, since 5s" in out or "since 4s" in out
    assert main(arguments) == 0


def test_a_menu_of_the_users_own_calls_nobody(claude_home: ClaudeHome) -> None:
    with process() as started:
        register(claude_home.folder / "sessions", started.pid, status="waiting", waitingFor="dialog open")
        assert main(["check", "--waiting", "--quiet"]) == 0


def test_budgets_and_waiting_are_two_questions(claude_home: ClaudeHome) -> None:
    assert main(["check", "--waiting", "--budget-day", "2"]) == 2


def test_one_picture_knows_who_waits(claude_home: ClaudeHome) -> None:
    with asking(claude_home):
        assert "blocked" in run("--once", env=dict(os.environ)).text
