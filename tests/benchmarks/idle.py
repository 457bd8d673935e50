"""What the screen costs while nothing happens. The target is for an hour; `--seconds` says how long is measured."""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.live import showing, write_many
from tests.benchmarks.results import Result, home, run
from tests.benchmarks.running import OURS, cpu_s, family, rss_mib, tell
from tests.benchmarks.terminal import Terminal

SETTLING_S = 10


def benchmark(options: argparse.Namespace) -> Iterator[Result]:
    with tempfile.TemporaryDirectory(prefix="claude-top-idle-") as name:
        logs = write_many(Path(name), options.files)
        with home(logs.folder) as place, Terminal(OURS, place.env) as terminal:
            terminal.wait(showing(options.files))
            terminal.watch(SETTLING_S)
            tell(f"watching for {options.seconds:.0f} s")
            before_s, before_mib, started = cpu_s(family(terminal.pid)), rss_mib(terminal.pid), time.perf_counter()
            terminal.watch(options.seconds)
            used_s = cpu_s(family(terminal.pid)) - before_s
            percent = 100 * used_s / (time.perf_counter() - started)
            now_mib = rss_mib(terminal.pid)
    what = f"{options.files} files, {options.seconds:.0f} s"
    yield Result(f"idle CPU, {what}", "<= 0.5 %", f"{percent:.2f} %", percent <= 0.5)
    found = f"{now_mib:.0f} MiB, {now_mib - before_mib:+.1f} MiB meanwhile"
    yield Result(f"idle RSS, {what}", "<= 90 MiB, flat", found, now_mib <= 90 and now_mib - before_mib < 1)


if __name__ == "__main__":
    run(benchmark, __doc__)
