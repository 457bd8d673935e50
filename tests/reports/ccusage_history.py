"""A history every report has something of, relative to an instant: what ccusage was run on to record its answers.

Only what ccusage counts and prices as we do: no web searches, no copies, no models it has no price for but one.

    python -m tests.reports.ccusage_history <path of a ccusage program>

records its answers anew below tests/golden/ccusage, for the version that program is of.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from tests.logs import ClaudeHome, assistant, usage

GOLDEN: Final = Path(__file__).parent.parent / "golden" / "ccusage"
MINUTE: Final = 60_000
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

COMMANDS: Final = {
    "claude-daily": "claude daily",
    "claude-daily-desc-no-cost": "claude daily --order desc --no-cost",
    "claude-daily-instances": "claude daily --instances",
    "claude-daily-project": "claude daily --project=-home-user-other",
    "claude-daily-last": "claude daily --last 2",
    "claude-daily-berlin": "claude daily --timezone Europe/Berlin",
    "claude-daily-nothing": "claude daily --since 20200101 --until 2020-01-02",
    "claude-weekly": "claude weekly",
    "claude-weekly-monday": "claude weekly --start-of-week monday",
    "claude-monthly": "claude monthly",
    "claude-session": "claude session",
    "claude-session-id": "claude session --id s1",
    "claude-session-missing": "claude session --id nobody",
    "claude-blocks": "claude blocks",
    "blocks": "blocks",
    "blocks-active": "blocks --active",
    "blocks-recent-limit": "blocks --recent --token-limit max",
    "blocks-limit-desc": "blocks --token-limit 900000000 --order desc",
    "blocks-two-hours": "blocks --session-length 2",
    "blocks-no-cost": "blocks --no-cost",
    "daily": "daily",
    "daily-by-agent": "daily --by-agent",
    "daily-sections": "daily --sections weekly,session,daily",
    "weekly": "weekly",
    "weekly-last": "weekly --last 1",
    "monthly": "monthly",
    "session": "session",
    "session-id": "session --id s2",
}
"""Arguments of both programs, but --json, by the name of the file with ccusage's answer."""

OPUS: Final = "claude-opus-4-5-20251101"
HAIKU: Final = "claude-haiku-4-5-20251001"
OTHER: Final = {"session": "s2", "project": "-home-user-other"}
ADVISOR: Final = {"type": "advisor_message", "model": OPUS, "input_tokens": 700, "output_tokens": 80}


def write(home: ClaudeHome, now_ms: int) -> None:
    """Write the history."""
    row: dict[str, Any] = {"version": "2.1.329"}
    home.append(
        assistant("msg_a1", now_ms - 40 * DAY, usage(100, 200, write_5m=3000, read=4000), **row),
        assistant("msg_a2", now_ms - 40 * DAY + 9 * HOUR, usage(11, 22, write_1h=3300, read=4400), **row),
        assistant("msg_a3", now_ms - 8 * DAY, usage(5, 600, read=70_000), model=OPUS, **row),
        assistant("msg_a4", now_ms - 2 * DAY, usage(5, 600, write_5m=10, write_1h=20, read=70), **row),
        assistant("msg_a5", now_ms - 2 * DAY + 30 * MINUTE, usage(1, 1), model="house-model-7", **row),
        assistant("msg_a6", now_ms - 100 * MINUTE, usage(7, 900, write_1h=50_000, read=60_000), **row),
        assistant("msg_a7", now_ms - 70 * MINUTE, usage(8, 800, read=110_000, iterations=[ADVISOR]), **row),
        assistant("msg_a8", now_ms - 20 * MINUTE, usage(9, 1200, write_1h=900, read=111_000), **row),
    )
    home.append(
        assistant("msg_b1", now_ms - 65 * MINUTE, usage(3, 40, read=500), model=HAIKU, isSidechain=True, agentId="x1"),
        agent="x1",
    )
    home.append(
        assistant("msg_c1", now_ms - 9 * DAY, usage(30, 3000, write_5m=77, read=10), session="s2", model=HAIKU),
        assistant("msg_c2", now_ms - 9 * DAY + 11 * HOUR, usage(31, 3100, write_5m=7, read=1), session="s2"),
        **OTHER,
    )


def answer(program: list[str], arguments: str, folder: Path) -> Any:
    """Return what a ccusage program says about a config folder."""
    env = {
        **os.environ, "HOME": str(folder.parent), "CLAUDE_CONFIG_DIR": str(folder), "TZ": "UTC", "LOG_LEVEL": "0",
        "XDG_CONFIG_HOME": str(folder.parent),
    }  # fmt: skip
    done = subprocess.run([*program, *arguments.split(), "--json", "--offline"], env=env, capture_output=True)
    return json.loads(done.stdout)


def record(program: str) -> None:
    """Write ccusage's answers, and of what instant they are."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "claude"
        # Half past a minute: what is rounded to minutes is the same a few seconds later.
        now_ms = time.time_ns() // 1_000_000 // MINUTE * MINUTE + 5_000
        write(ClaudeHome(folder), now_ms)
        for file, arguments in COMMANDS.items():
            text = json.dumps(answer([program], arguments, folder), indent=1, sort_keys=True)
            (GOLDEN / f"{file}.json").write_text(text + "\n")
        version = subprocess.run([program, "--version"], capture_output=True, text=True).stdout.split()[-1]
    about = {"now_ms": now_ms, "ccusage": version, "seconds": round(time.time() - now_ms / 1000, 1)}
    (GOLDEN / "recorded.json").write_text(json.dumps(about, indent=1) + "\n")


if __name__ == "__main__":
    record(sys.argv[1])
