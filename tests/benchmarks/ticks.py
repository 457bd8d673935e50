"""How late the screen's event loop is while a first count goes on: what a key press would wait."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from typing import Final

from tests.benchmarks.results import Result, corpus, home, run
from tests.benchmarks.running import percentile
from tests.benchmarks.terminal import Terminal

PROBE: Final = """
import asyncio, json, sys, time
from pathlib import Path
from claude_tui.engine.monitor import Monitor
from claude_tui.model import Phase
late_ms = []
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
    Path(sys.argv[1]).write_text(json.dumps(late_ms))
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
    with home(corpus(options)) as place:
        report = place.folder / "late.json"
        for _ in range(options.runs):
            place.forget()
            report.unlink(missing_ok=True)
            with Terminal((sys.executable, "-c", PROBE, str(report)), place.env) as terminal:
                while not report.exists() or not report.stat().st_size:
                    terminal.read(0.05)
            late_ms += json.loads(report.read_text())
    p50, p99 = percentile(late_ms, 0.5), percentile(late_ms, 0.99)
    yield Result(
        f"UI tick while counting {options.size} for the first time",
        "p50 <= 3 ms, p99 <= 30 ms",
        f"p50 {p50:.1f} ms, p99 {p99:.1f} ms, worst {max(late_ms):.0f} ms",
        p50 <= 3 and p99 <= 30,
    )


if __name__ == "__main__":
    run(benchmark, __doc__)
