"""`ledger keep` leaves in the ledger what a screen would have left there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from claude_tui.cli import main
from claude_tui.engine.ledger import Ledger, export_jsonl
from claude_tui.paths import ledger_file, telemetry_folder
from tests.cli.program import run
from tests.engine.ledgers import ran, wait_until
from tests.engine.telemetry import FOLDER, spool_in
from tests.logs import ClaudeHome, assistant, usage

NOON = 1_795_176_000_000


@pytest.fixture
def logs(claude_home: ClaudeHome) -> ClaudeHome:
    for number in range(6):
        claude_home.append(assistant(f"msg_{number}", NOON + number, usage(output=10)), session=f"s{number % 3}")
    return claude_home


def report(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    capsys.readouterr()
    assert main(["report", "--json"]) == 0
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def test_what_was_kept_outlives_its_logs(logs: ClaudeHome, capsys: pytest.CaptureFixture[str]) -> None:
    before = report(capsys)
    assert main(["ledger", "keep"]) == 0
    assert "6 new responses; 6 of 3 files" in capsys.readouterr().err
    shutil.rmtree(logs.folder / "projects" / "-home-user-project")
    assert report(capsys)["totals"] == before["totals"]


def test_keeping_again_changes_nothing_and_may_be_quiet(logs: ClaudeHome, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ledger", "keep", "--quiet"]) == 0
    assert capsys.readouterr().err == ""
    first = list(export_jsonl(Ledger.open()))
    assert main(["ledger", "keep"]) == 0
    assert "0 new responses" in capsys.readouterr().err
    assert list(export_jsonl(Ledger.open())) == first


def test_it_keeps_what_a_screen_keeps(logs: ClaudeHome, tmp_path: Path) -> None:
    screen = Ledger.open(tmp_path / "screen.db")
    ran(logs.folder, screen)
    assert main(["ledger", "keep"]) == 0
    assert list(export_jsonl(Ledger.open())) == list(export_jsonl(screen))


def test_what_only_the_cache_has_read_is_kept_too(logs: ClaudeHome, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(250):
        logs.append(assistant(f"msg_more_{number}", NOON, usage(output=1)), session=f"more{number}")
    logs.append({"type": "user", "message": {"content": "x" * 2_000_000}})  # so much that a cache is worth it
    before = report(capsys)
    assert os.listdir(os.path.join(os.environ["XDG_CACHE_HOME"], "claude-top"))
    assert not ledger_file().exists()
    assert main(["ledger", "keep"]) == 0
    shutil.rmtree(logs.folder / "projects" / "-home-user-project")
    shutil.rmtree(os.environ["XDG_CACHE_HOME"])
    assert report(capsys)["totals"] == before["totals"]


def test_several_at_once_keep_everything_once(logs: ClaudeHome, capsys: pytest.CaptureFixture[str]) -> None:
    with ThreadPoolExecutor(3) as pool:
        codes = [done.code for done in pool.map(lambda _: run("ledger", "keep"), range(3))]
    assert codes == [0, 0, 0]
    assert Ledger.open().summary().responses == 6


def test_nothing_to_keep_is_said(own_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ledger", "keep"]) == 3
    assert "no logs found" in capsys.readouterr().err


def test_a_ledger_that_is_a_folder_is_an_error(logs: ClaudeHome, capsys: pytest.CaptureFixture[str]) -> None:
    ledger_file().mkdir(parents=True)
    assert main(["ledger", "keep"]) == 1
    assert str(ledger_file()) in capsys.readouterr().err


def test_the_hook_keeps_when_a_session_ends(logs: ClaudeHome, capsys: pytest.CaptureFixture[str]) -> None:
    path = logs.folder / "settings.json"
    before = {"hooks": {"SessionEnd": [{"hooks": [{"type": "command", "command": "say bye"}]}]}, "model": "opus"}
    path.write_text(json.dumps(before))
    assert main(["ledger", "keep", "--install-hook", "--dry-run"]) == 0
    assert "ledger keep --detach" in capsys.readouterr().out and json.loads(path.read_text()) == before
    for _ in range(2):
        assert main(["ledger", "keep", "--install-hook"]) == 0
        _, ours = json.loads(path.read_text())["hooks"]["SessionEnd"]
    assert not ledger_file().exists(), "nothing is kept yet"

    command = ours["hooks"][0]["command"]
    event = json.dumps({"hook_event_name": "SessionEnd", "session_id": "s1"})
    done = subprocess.run(["sh", "-c", command], input=event, text=True, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert wait_until(lambda: ledger_file().exists() and Ledger.open().summary().responses == 6)

    assert main(["ledger", "keep", "--install-hook", "--undo"]) == 0
    assert json.loads(path.read_text()) == before


def test_what_belongs_to_the_hook_needs_it(logs: ClaudeHome, capsys: pytest.CaptureFixture[str]) -> None:
    for option in (["--undo"], ["--dry-run"], ["--settings", "x"]):
        assert main(["ledger", "keep", *option]) == 2
        assert "--install-hook" in capsys.readouterr().err
    assert not ledger_file().exists()


def test_events_of_telemetry_are_not_called_responses(own_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    repl = FOLDER / "repl332"
    shutil.copytree(repl / "projects", own_home / ".claude" / "projects")
    spool_in(telemetry_folder(), repl)
    assert main(["ledger", "keep"]) == 0
    assert "11 new responses and 15 new events of telemetry; 11 responses and 15 events of" in capsys.readouterr().err
    assert main(["ledger", "status", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    for row in (found, *found["hosts"]):
        assert (row["responses"], row["events"]) == (11, 15)
    assert main(["ledger", "status"]) == 0
    assert "events are what telemetry told" in capsys.readouterr().out
    assert report(capsys)["totals"]["responses"] == 15  # type: ignore[index]
