"""A first count of everything, without a cache, beside the fastest peer. Size L also limits the memory."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from tests.benchmarks.peers import programs
from tests.benchmarks.results import Result, corpus, home, run
from tests.benchmarks.running import in_turns, peak_mib


def benchmark(options: argparse.Namespace) -> Iterator[Result]:
    with home(corpus(options)) as place:
        chosen = programs(options, place, is_cold=True)
        chosen.pop("tokscale", None)
        runs = in_turns(chosen, options.runs)
        ours, peer = runs["claude-top"], runs.get("ccusage")
        if peer:
            wall, cpu = ours.wall_s / peer.wall_s, ours.cpu_s / peer.cpu_s
            yield Result(f"cold --json, {options.size}, wall", "<= 0.40 of ccusage", f"{wall:.2f}", wall <= 0.4)
            yield Result(f"cold --json, {options.size}, CPU", "<= 0.5 of ccusage", f"{cpu:.2f}", cpu <= 0.5)
        peak = peak_mib(chosen["claude-top"])
        is_met = peak <= 300 if options.size == "L" else None
        yield Result(f"cold --json, {options.size}, peak of all processes", "<= 300 MiB (L)", f"{peak:.0f} MiB", is_met)


if __name__ == "__main__":
    run(benchmark, __doc__)
