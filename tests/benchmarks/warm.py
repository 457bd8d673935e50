"""A count when nothing changed since the last one, beside the fastest peer with a cache; and what it opens."""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.peers import programs
from tests.benchmarks.results import Result, corpus, home, run
from tests.benchmarks.running import Program, in_turns, once

CALLS = "open,openat,stat,lstat,newfstatat,statx"


def benchmark(options: argparse.Namespace) -> Iterator[Result]:
    limit = 0.25 if options.size == "L" else 0.30
    with home(corpus(options)) as place:
        chosen = programs(options, place, is_cold=False)
        chosen.pop("ccusage", None)
        runs = in_turns(chosen, options.runs)
        if "tokscale" in runs:
            ratio = runs["claude-top"].wall_s / runs["tokscale"].wall_s
            yield Result(
                f"warm --json, {options.size}, wall", f"<= {limit:.2f} of tokscale", f"{ratio:.2f}", ratio <= limit
            )
        if shutil.which("strace"):
            opened, stats, files = looked_at(chosen["claude-top"], place.folder / "calls")
            is_met = not opened and stats <= files
            found = f"{opened} opened, {stats / files:.2f} stats a file"
            yield Result("warm --json, logs touched", "none opened, one stat a file", found, is_met)


def looked_at(program: Program, report: Path) -> tuple[int, int, int]:
    """How many logs were opened, how many calls took a log's stat, and how many logs there are."""
    once(program)
    traced = ("strace", "-f", "-qq", "-e", f"trace={CALLS}", "-o", str(report), *program.arguments)
    subprocess.run(traced, env=program.home.env, cwd=program.home.folder, capture_output=True, check=True)
    calls = re.findall(r"(\w+)\([^\n]*?([^/\"\n]+\.jsonl)\"", report.read_text("utf-8", "replace"))
    opened = sum(name.startswith("open") for name, _ in calls)
    files = sum(1 for _ in program.home.logs.rglob("*.jsonl"))
    return opened, len(calls) - opened, files


if __name__ == "__main__":
    run(benchmark, __doc__)
