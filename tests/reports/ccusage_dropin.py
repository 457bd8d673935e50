"""What is put to ccusage and to the drop-in alike, and ccusage's own answers as they were recorded.

    python -m tests.reports.ccusage_dropin <path of a ccusage program> <major version>

records the answers of a version anew below tests/golden/ccusage.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from tests.logs import ClaudeHome, assistant, usage
from tests.reports.ccusage_history import DAY, GOLDEN, HAIKU, HOUR

NOON: Final = 1_795_176_000_000
"""Long past: nothing in these homes goes on."""

CODEX: Final = GOLDEN.parent / "codex" / "home-0.44"
OPENCODE: Final = GOLDEN.parent / "opencode" / "data-1.1.65"
GEMINI: Final = GOLDEN.parent / "gemini" / "home-0.61"
CONFIG: Final = {"defaults": {"pricingOverrides": {"house-model-7": {"inputCostPerToken": 0.01}}}}

LATE: Final = ("", " --since 20261120", " --until 20261119", " --since 2026-11-20 --until 2026-11-20")
COMMANDS: Final = {
    20: (
        "", "daily", "weekly", "monthly", "session", "blocks", "claude", "codex", "opencode", "gemini", "claude:daily",
        *(f"{report}{days}" for report in ("daily", "session", "claude session", "blocks") for days in LATE),
        *(f"claude {report}" for report in ("daily", "weekly", "monthly", "session", "blocks")),
        *(f"codex {report}" for report in ("daily", "monthly", "session")),
        *(f"opencode {report}" for report in ("daily", "weekly", "monthly", "session")),
        *(f"gemini {report}" for report in ("daily", "monthly", "session")),
        *(f"claude daily --mode {mode}" for mode in ("auto", "calculate", "display")),
        *(f"blocks --mode {mode}" for mode in ("calculate", "display")),
        *(f"codex daily --speed {speed}" for speed in ("auto", "standard", "fast")),
        "claude session --id s1", "session --id s1", "session --id s1 --since 20261120", "session --id nobody",
        "claude session --id s1 --mode display", "claude daily --instances", "claude daily -i -p -home-user-project",
        "claude daily --project nobody", "claude daily -p nobody -i", "claude weekly -w monday",
        "daily --sections daily,session --since 20261120", "daily --by-agent", "session --by-agent", "daily --all",
        "daily --order desc", "claude daily -o desc -b", "codex daily --order desc", "daily --no-cost",
        "claude daily --no-cost", "codex session --no-cost", "blocks --no-cost", "blocks --active", "blocks --recent",
        "blocks -n 2", "blocks -t max", "blocks -t x", "daily --timezone utc", "claude daily -z america/new_york",
        "daily --last 1", "claude weekly --last 2", "daily --compact --single-thread --no-offline --no-color",
        "claude daily --debug --debug-samples 3", "claude daily --config config.json", "daily --config nowhere.json",
        "daily --json=true", "--jq .totals", "claude daily -q .totals.totalCost", "blocks --jq .blocks[0].costUSD",
        *(f"{agent} daily" for agent in ("amp", "droid", "goose", "grok", "zcode", "openclaw", "codebuff", "hermes")),
        "amp session", "droid monthly", "amp daily --no-cost",
        # mistakes
        "daily --since 20261120 --until 20261119", "claude daily --since 20261120 --until 20261119",
        "blocks --since 20261120 --until 20261119", "daily --since 2026-3-1", "codex daily --since 2026/03/01",
        "claude daily --since tomorrow", "claude daily --since 20261332", "daily --nope", "nope", "claude nope",
        "codex weekly", "gemini weekly", "amp weekly", "opencode blocks", "daily --last 0", "daily --last x",
        "daily --last 1 --since 20261101", "blocks --last 1", "session --last 1", "daily --sections daily,nope",
        "daily --daily", "daily --agent claude", "blocks --live", "blocks -n 0", "blocks -n -1", "blocks -n x",
        "blocks -t -5", "daily --locale de", "claude daily -w monday", "claude weekly -w mon", "weekly -w monday",
        "daily extra", "claude daily --mode nope", "blocks --order nope", "codex daily --speed nope",
        "claude daily --speed fast", "daily --timezone Nope/Zone", "daily --instances", "claude daily --since",
        "daily --jq .[",
    ),
    18: (
        "", "daily", "weekly", "monthly", "session", "blocks", "daily -i", "daily --order desc -b --locale en-US",
        "session --since 20261120", "session --until 20261119", "session --since 20261120 --until 20261120",
        "daily --since 20261120", "session --id s1", "session --id nobody", "weekly -w monday", "blocks -a",
        "daily --mode display", "daily --since 20300101", "session --since 20300101", "monthly --since 20300101",
        "daily --jq .totals",
    ),
}  # fmt: skip
"""Arguments, but for --json, --offline."""


def write(home: Path) -> None:
    """Write a home with a history of four clients."""
    claude = ClaudeHome(home / ".claude")
    claude.append(
        assistant("msg_a", NOON - DAY, usage(100, 200, write_5m=3000, read=4000), costUSD=0.5, version="1.0.24"),
        assistant("msg_b", NOON - DAY + HOUR, usage(11, 22, write_1h=3300), costUSD=0, version="1.0.24"),
        assistant("msg_c", NOON, usage(7, 900, write_1h=500, read=60_000)),
        assistant("msg_d", NOON + HOUR, usage(8, 80), model="house-model-7", costUSD=0.25),
        assistant("msg_e", NOON + 2 * HOUR, usage(5, 6), model="house-model-7"),
    )
    claude.append(
        assistant("msg_f", NOON - DAY + 1000, usage(3, 40, read=500), session="s2", model=HAIKU),
        assistant("msg_g", NOON - 23 * HOUR, usage(3, 41, read=500), session="s2", model=HAIKU),
        session="s2",
        project="-home-user-other",
    )
    shutil.copytree(CODEX, home / ".codex")
    shutil.copytree(OPENCODE, home / ".local" / "share" / "opencode")
    shutil.copytree(GEMINI, home / ".gemini")
    (home / "config.json").write_text(json.dumps(CONFIG))


def arguments_of(command: str) -> list[str]:
    """Return the arguments of a command, with what all have."""
    is_json = not any(part in command for part in ("--jq", "-q ", "--json"))
    return [*command.split(), *(["--json"] if is_json else []), "--offline"]


def environment(home: Path) -> dict[str, str]:
    """Return the environment in which a program sees nothing but the home."""
    return {"HOME": str(home), "PATH": os.environ["PATH"], "TZ": "UTC", "LOG_LEVEL": "0", "NO_COLOR": "1"}


def answer(program: list[str], command: str, home: Path) -> dict[str, Any]:
    """Return the exit code of a program, and the JSON it printed; None where it printed none."""
    done = subprocess.run(
        [*program, *arguments_of(command)], env=environment(home), cwd=home, capture_output=True,
        stdin=subprocess.DEVNULL, timeout=60,
    )  # fmt: skip
    return {"code": done.returncode, "json": json.loads(done.stdout) if done.stdout.strip() else None}


def recorded(version: int) -> dict[str, dict[str, Any]]:
    """Return the answers of a version, by command."""
    found: dict[str, dict[str, Any]] = json.loads((GOLDEN / f"dropin-{version}.json").read_text())
    return found


def record(program: list[str], version: int) -> None:
    """Write the answers of a version."""
    with tempfile.TemporaryDirectory() as name:
        home = Path(name) / "home"
        home.mkdir()
        write(home)
        answers = {command: answer(program, command, home) for command in COMMANDS[version]}
    text = json.dumps(answers, indent=None, sort_keys=True, separators=(",", ":"))
    (GOLDEN / f"dropin-{version}.json").write_text(text.replace('},"', '},\n"') + "\n")


if __name__ == "__main__":
    record(sys.argv[1].split(), int(sys.argv[2]))
