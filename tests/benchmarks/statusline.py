"""The statusline as a whole process, beside a Python that does nothing."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator

from tests.benchmarks.results import Result, corpus, home, run
from tests.benchmarks.running import OURS, Program, in_turns, once


def benchmark(options: argparse.Namespace) -> Iterator[Result]:
    given = {
        "session_id": "s1",
        "cwd": "/home/user/project",
        "model": {"id": "claude-opus-4-5-20251101", "display_name": "Opus 4.5"},
        "workspace": {"current_dir": "/home/user/project", "project_dir": "/home/user/project"},
        "version": "2.1.329",
        "cost": {"total_cost_usd": 1.25, "total_duration_ms": 60_000},
    }
    with home(corpus(options)) as place:
        ours = Program((*OURS, "statusline"), place, stdin=json.dumps(given).encode())
        once(ours)
        time.sleep(5)  # what it starts in the background the first time is to be over
        nothing = Program((sys.executable, "-c", "pass"), place)
        runs = in_turns({"statusline": ours, "python -c pass": nothing}, max(15, options.runs))
    ours_s, nothing_s = runs["statusline"].wall_s, runs["python -c pass"].wall_s
    found = f"{ours_s * 1000:.0f} ms, {ours_s / nothing_s:.1f} x a Python that does nothing"
    yield Result("statusline, whole process", "<= 60 ms", found, ours_s <= 0.06)


if __name__ == "__main__":
    run(benchmark, __doc__)
