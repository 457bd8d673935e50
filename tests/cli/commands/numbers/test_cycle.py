"""`--period cycle`: the billing month, as config.toml has it."""

from __future__ import annotations

import json
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

from tests.cli.program import run
from tests.logs import ClaudeHome, assistant, usage


def write(own_home: Path, text: str) -> None:
    folder = own_home / ".config" / "claude-top"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.toml").write_text(text)


def test_the_billing_month_begins_on_the_day_the_settings_say(own_home: Path, claude_home: ClaudeHome) -> None:
    today = datetime.fromtimestamp(time.time(), timezone.utc)
    for days in (0, 1, 2, 3):
        at_ms = int((today - timedelta(days=days)).timestamp() * 1000)
        claude_home.append(assistant(f"m{days}", at_ms, usage(output=1_000)))
    start = today - timedelta(days=1)
    write(own_home, f"[screen]\ncycle_day = {start.day}\n")
    done = run("report", "--json", "--period", "cycle")
    assert done.code == 0, done.stderr
    assert json.loads(done.stdout)["totals"]["responses"] == 2
    since = run("report", "--json", "--since", f"{start:%Y-%m-%d}", "--until", f"{start + timedelta(days=27):%Y-%m-%d}")
    assert json.loads(since.stdout)["totals"] == json.loads(done.stdout)["totals"]


def test_a_day_that_is_none_is_an_error_and_no_other_period(own_home: Path, claude_home: ClaudeHome) -> None:
    claude_home.append(assistant("m", time.time_ns() // 1_000_000, usage(output=1_000)))
    for text in ("[screen]\ncycle_day = 32\n", "[screen\n"):
        write(own_home, text)
        done = run("report", "--period", "cycle")
        assert (done.code == 2 and "config.toml" in done.stderr) or "cycle_day" in done.stderr
        assert run("report", "--period", "month").code == 0
