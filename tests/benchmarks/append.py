"""One line more in one log, then a count: nearly as fast as when nothing changed, reading only that line.

The logs are copied, since they grow.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.benchmarks.peers import commands
from tests.benchmarks.results import Result, corpus, home, run
from tests.benchmarks.running import OURS, Home, Program, in_turns
from tests.logs import assistant, line, usage

PROBE: Final = """
import json, sys
from claude_tui.engine.scan.reading import FileReader
plain, seen = FileReader.read, []
def read(self, task):
    found = plain(self, task)
    seen.append(found.outcome.bytes_read)
    return found
FileReader.read = read
from claude_tui.cli import main
main(["report", "--json"])
sys.stderr.write(json.dumps(seen))
"""
"""Counts as the program does, and says on stderr how many bytes each file it read gave."""


class Growing:
    """A log of a corpus that one line is added to at a time."""

    def __init__(self, logs: Path) -> None:
        self.path = max(logs.rglob("*.jsonl"), key=lambda path: (path.stat().st_size, str(path)))
        self.number = 0

    def grow(self) -> int:
        """Add a line; returns its length."""
        self.number += 1
        data = line(assistant(f"appended_{self.number}_{time.time_ns()}", time.time_ns() // 10**6, usage(output=7)))
        with self.path.open("ab") as log:
            log.write(data)
        return len(data)


def benchmark(options: argparse.Namespace) -> Iterator[Result]:
    logs = corpus(options)
    with home(logs) as plain, home(logs) as place:
        copy = place.folder / "logs"
        shutil.copytree(logs, copy)
        grown = Home(place.folder / "own", copy)
        growing = Growing(copy)
        report = (*OURS, "report", "--json")
        chosen = {"warm": Program(report, plain), "appended": Program(report, grown, growing.grow)}
        if "tokscale" in (peers := commands(options.peers)):
            chosen["tokscale"] = Program(peers["tokscale"], grown, growing.grow)
        runs = in_turns(chosen, options.runs)
        ratio = runs["appended"].wall_s / runs["warm"].wall_s
        yield Result(f"one line appended, {options.size}", "<= 1.10 of warm", f"{ratio:.2f}", ratio <= 1.1)
        if "tokscale" in runs:
            ratio = runs["appended"].wall_s / runs["tokscale"].wall_s
            yield Result(f"one line appended, {options.size}, beside tokscale", "", f"{ratio:.2f}")
        forgotten = Home(place.folder / "probe", copy)
        subprocess.run(report, env=forgotten.env, capture_output=True, check=True)
        length = growing.grow()
        probed = subprocess.run([sys.executable, "-c", PROBE], env=forgotten.env, capture_output=True, check=True)
        read = json.loads(probed.stderr)
        yield Result(
            "one line appended, log bytes read", "the line's own", f"{sum(read)} of {length}", read == [length]
        )


if __name__ == "__main__":
    run(benchmark, __doc__)
