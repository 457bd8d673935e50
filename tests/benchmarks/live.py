"""From a line appended to a log to the new total on the screen, while thousands of files are followed.

Every fifth line begins a file in a folder that was not there before: a new session, or a sub-agent's below it.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

from tests.benchmarks.results import Result, home, run
from tests.benchmarks.running import OURS, percentile, tell
from tests.benchmarks.terminal import Terminal
from tests.logs import ClaudeHome, assistant, usage

MINUTE_MS = 60_000


def write_many(folder: Path, files: int) -> ClaudeHome:
    """So many small logs, 16 in a project, the newest a day old."""
    logs = ClaudeHome(folder)
    first_ms = time.time_ns() // 10**6 - 1440 * MINUTE_MS - files * MINUTE_MS
    for number in range(files):
        place = {"session": f"session-{number}", "project": f"-home-dev-project-{number // 16}"}
        time_ms = first_ms + number * MINUTE_MS
        cwd = f"/home/dev/project-{number // 16}"
        logs.append(assistant(f"msg_{number}", time_ms, usage(input=3, output=200), place["session"], cwd=cwd), **place)
    return logs


def showing(messages: int) -> Callable[[str], bool]:
    """Whether a screen says that there are so many messages, and that they are followed."""
    return lambda text: f"{messages:,} msgs" in text and "live" in text


def benchmark(options: argparse.Namespace) -> Iterator[Result]:
    rng = Random(7)
    waits_s: dict[str, list[float]] = {"a known file": [], "a new nested folder": []}
    with tempfile.TemporaryDirectory(prefix="claude-top-live-") as name:
        logs = write_many(Path(name), options.files)
        count = options.files
        with home(logs.folder) as place, Terminal(OURS, place.env) as terminal:
            terminal.wait(showing(count))
            terminal.watch(5)
            for number in range(options.appends):
                tell(f"append {number + 1} of {options.appends}")
                is_new = number % 5 == 4
                project = rng.randrange(options.files // 16)
                session = f"new-{number}" if is_new else f"session-{project * 16}"
                where = {"session": session, "project": f"-home-dev-project-{project}"}
                if is_new and number % 10 == 9:
                    where["agent"] = f"a{number}"
                count += 1
                row = assistant(f"new_{number}", time.time_ns() // 10**6, usage(output=50), session)
                appended_s = time.perf_counter()
                logs.append(row, **where)
                shown_s = terminal.wait(showing(count), 30)
                waits_s["a new nested folder" if is_new else "a known file"].append(shown_s - appended_s)
                terminal.watch(rng.uniform(0.05, 0.6))
    for kind, waits in waits_s.items():
        p50, p99 = percentile(waits, 0.5) * 1000, percentile(waits, 0.99) * 1000
        yield Result(
            f"appended to {kind}, then on screen ({len(waits)} appends, {options.files} files)",
            "p50 <= 120 ms, p99 <= 700 ms, none lost",
            f"p50 {p50:.0f} ms, p99 {p99:.0f} ms, none lost",
            p50 <= 120 and p99 <= 700,
        )


if __name__ == "__main__":
    run(benchmark, __doc__)
