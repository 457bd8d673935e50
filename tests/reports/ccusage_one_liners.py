"""What people's shells, bars and scripts do with `ccusage`, and what each printed with the real one.

    python -m tests.reports.ccusage_one_liners <folder with a program named ccusage>

records what they print with that program, below tests/golden/ccusage. Each is one shape of use found in public
dotfiles, bars, exporters and key pads: an absent report name, a jq filter, a template, a loop over days, a threshold.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from tests.reports.ccusage_dropin import environment, write
from tests.reports.ccusage_history import GOLDEN

RECORDED: Final = GOLDEN / "one-liners.json"

ONE_LINERS: Final = {
    "a prompt: cost of a day": """ccusage claude daily --json --since 20261120 | jq -r '.daily[-1].totalCost // 0'""",
    "a prompt: unified day by period": (
        """ccusage --json --offline | jq -r --arg d 2026-11-20 """
        """'(.daily // []) | map(select(.period == $d)) | .[0] | if . == null then empty else .agent end'"""
    ),
    "a bar: totals": """ccusage claude daily -j -O 2>/dev/null | jq -c '.totals | {inputTokens, cacheReadTokens}'""",
    "a bar: nothing for the day": """ccusage daily --json --since 20300101 | jq -r '.totals.totalCost // 0'""",
    "an active block, or none": (
        """ccusage blocks --active --json --offline | jq -r '.blocks[] | select(.isActive == true) // empty'"""
    ),
    "a block's cost with a default": (
        """ccusage blocks --json --active --token-limit max 2>/dev/null | jq -r '.blocks[0].costUSD // "0.00"'"""
    ),
    "blocks that are no gap": """ccusage blocks --json | jq '[.blocks[] | select(.isGap | not)] | length'""",
    "the last blocks": (
        """ccusage blocks --json --order desc | jq -r '.blocks[0:2][] | "\\(.startTime) \\(.entries)"'"""
    ),
    "a session by its id": (
        """ccusage session --id s1 --json | jq -r '.entries | map(.inputTokens + .outputTokens) | add // 0'"""
    ),
    "a session that is not there": """ccusage session --id nobody --json | jq -r '.totalCost // "none"'""",
    "sessions as columns": (
        """ccusage claude session --json | jq -r '.sessions[] | [.sessionId, .totalTokens] | @tsv' | sort"""
    ),
    "models of a day": """ccusage claude daily --json | jq -c '.daily[] | {date, modelsUsed}'""",
    "breakdown by model": (
        """ccusage claude daily --json --breakdown | jq -r '.daily[].modelBreakdowns[].modelName' | sort -u"""
    ),
    "projects of the instances": """ccusage claude daily --json --instances | jq -r '.projects | keys[]'""",
    "a month in a script": (
        """ccusage claude monthly --json | python3 -c "import json, sys; """
        """print(sum(row['totalTokens'] for row in json.load(sys.stdin)['monthly']))" """
    ),
    "weeks from Monday": """ccusage claude weekly -w monday --json | jq -r '.weekly[].week'""",
    "its own filter": """ccusage claude daily -q '.daily[].date'""",
    "a threshold": (
        """test "$(ccusage claude daily --json | jq '.totals.totalTokens > 1000')" = true && echo over || echo under"""
    ),
    "a zone": """ccusage claude daily --json --timezone Asia/Kolkata --offline | jq -r '.daily[].date'""",
    "days between": """ccusage claude daily --since 20261119 --until 20261119 --json | jq '.daily | length'""",
    "codex beside it": (
        """ccusage codex daily --json --offline | jq -r '.daily[0] | .reasoningOutputTokens // "none"'"""
    ),
    "is it there": """command -v ccusage >/dev/null && ccusage --version | cut -d' ' -f2 | cut -d. -f1""",
    "an exporter": (
        """ccusage claude daily --json | jq -r """
        """'.daily[] | "ccusage_daily_tokens{period=\\"\\(.date)\\"} \\(.totalTokens)"'"""
    ),
}  # fmt: skip
"""Shell commands by what they are for."""


def printed(folder: Path, home: Path) -> dict[str, tuple[int, str]]:
    """Return the exit code and the output of each, with the `ccusage` of a folder."""
    env = environment(home)
    env["PATH"] = f"{folder}{os.pathsep}{env['PATH']}"
    found = {}
    for name, command in ONE_LINERS.items():
        done = subprocess.run(
            ["sh", "-c", command],
            env=env,
            cwd=home,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=60,
        )
        found[name] = (done.returncode, done.stdout)
    return found


def recorded() -> dict[str, tuple[int, str]]:
    """Return what each printed with the real program."""
    return {name: (code, out) for name, (code, out) in json.loads(RECORDED.read_text()).items()}


def record(folder: Path) -> None:
    """Write what each prints with the program in a folder."""
    with tempfile.TemporaryDirectory() as name:
        write(Path(name))
        RECORDED.write_text(json.dumps(printed(folder, Path(name)), indent=1) + "\n")


if __name__ == "__main__":
    record(Path(sys.argv[1]))
