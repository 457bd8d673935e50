"""How late the screen's event loop is while a first count goes on: what a key press would wait.

And how much of that is the screen's own work: the processor time of each turn of the loop, from its start on. That can
be measured on a machine that does something else, too.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from statistics import median
from typing import Final

from tests.benchmarks.results import Result, corpus, home, run
from tests.benchmarks.running import percentile
from tests.benchmarks.terminal import Terminal

PROBE: Final = """
import asyncio, json, sys, time
from asyncio.base_events import BaseEventLoop
from pathlib import Path
from claude_tui.engine.monitor import Monitor
from claude_tui.model import Phase
late_ms, own_ms = [], []
plain_turn = BaseEventLoop._run_once
def turn(self):
    started = time.thread_time()
    plain_turn(self)
    own_ms.append((time.thread_time() - started) * 1000)
BaseEventLoop._run_once = turn
plain_run, plain_show = Monitor.run, Monitor._show
is_live = False
def show(self, progress):
    global is_live
    is_live |= progress.phase in (Phase.LIVE, Phase.POLLING)
    plain_show(self, progress)
async def measure():
    while not is_live:
        started = time.perf_counter()
        await asyncio.sleep(0.005)
        late_ms.append((time.perf_counter() - started - 0.005) * 1000)
    Path(sys.argv[1]).write_text(json.dumps({"late": late_ms, "own": own_ms}))
async def run(self):
    task = asyncio.create_task(measure())
    await plain_run(self)
Monitor.run, Monitor._show = run, show
path, sys.argv[1:] = sys.argv[1], sys.argv[1:]
from claude_tui.cli import main
main([])
"""


def benchmark(options: argparse.Namespace) -> Iterator[Result]:
    late_ms: list[float] = []
    longest_ms: list[float] = []
    with home(corpus(options)) as place:
        report = place.folder / "late.json"
        for _ in range(options.runs):
            place.forget()
            report.unlink(missing_ok=True)
            with Terminal((sys.executable, "-c", PROBE, str(report)), place.env) as terminal:
                while not report.exists() or not report.stat().st_size:
                    terminal.read(0.05)
            found = json.loads(report.read_text())
            late_ms += found["late"]
            longest_ms.append(max(found["own"]))
    p50, p99 = percentile(late_ms, 0.5), percentile(late_ms, 0.99)
    yield Result(
        f"UI tick while counting {options.size} for the first time",
        "p50 <= 3 ms, p99 <= 30 ms",
        f"p50 {p50:.1f} ms, p99 {p99:.1f} ms, worst {max(late_ms):.0f} ms",
        p50 <= 3 and p99 <= 30,
    )
    longest = median(longest_ms)
    yield Result(
        f"the screen's own longest turn until {options.size} is counted, processor time",
        "<= 30 ms",
        f"{longest:.1f} ms, worst {max(longest_ms):.0f} ms",
        longest <= 30,
    )


if __name__ == "__main__":
    run(benchmark, __doc__)
