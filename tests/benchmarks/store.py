"""The memory a million responses take, as many files of 400 responses each, in a process of its own."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterator
from typing import Final

from tests.benchmarks.results import Result, run
from tests.benchmarks.running import ROOT, rss_mib, tell

FILES: Final = 2_500
RESPONSES: Final = 400
PROBE: Final = f"""
import os
from random import Random
from zoneinfo import ZoneInfo
from claude_tui import runtime
from claude_tui.engine.state.sums.calendar import Calendar
from claude_tui.engine.state.sums.cells import file_cells
from claude_tui.engine.queries.snapshots.maker import SnapshotMaker
from claude_tui.engine.state.store import Store
from claude_tui.model import Query
from claude_tui.pricing import load_pricer
from claude_tui.sources.columns import Columns, Owner
rng, pricer, zone = Random(7), load_pricer(), ZoneInfo("UTC")
calendar = Calendar(zone)
def one(number):
    columns = Columns("claude")
    columns.owners.append(Owner(f"session-{{number}}", "", f"/home/dev/project-{{number % 100}}"))
    columns.models.append("claude-sonnet-4-5-20250929")
    for entry in range({RESPONSES}):
        columns.key.append(rng.getrandbits(63))
        columns.time.append(1_763_000_000_000 + number * 10_000_000 + entry * 20_000)
        for column in (columns.owner, columns.model):
            column.append(0)
        for column in (columns.input, columns.output, columns.write_5m, columns.write_1h, columns.cache_read):
            column.append(rng.randrange(100_000))
        columns.offset.append(entry * 4000)
        columns.flags.append(0)
    return columns
store = Store(pricer, zone)
file_cells(one(0), pricer, calendar)
print(flush=True)
input()
for number in range({FILES}):
    columns = one(number)
    path = f"/logs/project-{{number % 100}}/session-{{number}}.jsonl"
    store.apply(path, columns)
del columns
store.pack_keys()
runtime.settled()  # as the app does once the first read is over
SnapshotMaker(store).take(Query(), 1_763_000_000_000 + {FILES} * 10_000_000)
print(len(store.table), flush=True)
input()
"""


def benchmark(options: argparse.Namespace) -> Iterator[Result]:
    tell("filling a store")
    arguments = [sys.executable, "-c", PROBE]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, text=True) as process:
        assert process.stdin and process.stdout
        process.stdout.readline()
        before = rss_mib(process.pid)
        process.stdin.write("\n")
        process.stdin.flush()
        responses = int(process.stdout.readline())
        after = rss_mib(process.pid)
        process.stdin.write("\n")
    each = (after - before) * 2**20 / responses
    found = f"{each:.0f} bytes; {responses:,} responses: {after:.0f} MiB RSS"
    yield Result(
        "memory of the store per response", "<= 120 bytes, 1 M <= 250 MiB", found, each <= 120 and after <= 250
    )


if __name__ == "__main__":
    run(benchmark, __doc__)
