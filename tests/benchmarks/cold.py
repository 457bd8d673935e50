"""A first count of everything, without a cache, with and without the native core, beside the fastest peers.

Sizes L and FILES also limit the memory.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from claude_tui.native.library import VARIABLE, found
from tests.benchmarks.peers import programs
from tests.benchmarks.results import Result, corpus, home, run
from tests.benchmarks.running import in_turns, peak_mib

WANTED: Final = {
    ("M", ""): 0.35, ("M", " without the core"): 0.75, ("FILES", ""): 0.6, ("FILES", " without the core"): 1.2,
    ("L", ""): 0.3,
}  # fmt: skip
"""The most of ccusage's time, by size and way of reading."""

WANTED_MIB: Final = {"L": 200, "FILES": 300}
"""The most memory of all processes together, by size."""


def benchmark(options: argparse.Namespace) -> Iterator[Result]:
    with home(corpus(options)) as place:
        chosen = programs(options, place, is_cold=True)
        ours = chosen.pop("claude-top")
        ways = {" without the core": replace(ours, more_env={VARIABLE: "0"})}
        if found().core is not None:
            ways[""] = ours
        runs = in_turns({**chosen, **{f"claude-top{way}": program for way, program in ways.items()}}, options.runs)
        for way, program in ways.items():
            mine, what = runs[f"claude-top{way}"], f"cold --json{way}, {options.size}"
            for name in ("ccusage", "tokscale"):
                peer = runs.get(name)
                if peer is not None:
                    wall, cpu = mine.wall_s / peer.wall_s, mine.cpu_s / peer.cpu_s
                    wanted = WANTED.get((options.size, way)) if name == "ccusage" else None
                    yield Result(
                        f"{what}, of {name}: wall, CPU",
                        f"<= {wanted:.2f}, none" if wanted else "none",
                        f"{wall:.2f}, {cpu:.2f} ({mine.wall_s:.2f} and {peer.wall_s:.2f} s)",
                        wall <= wanted if wanted else None,
                    )
            peak = peak_mib(program)
            most = WANTED_MIB.get(options.size)
            yield Result(
                f"{what}, peak of all processes",
                f"<= {most} MiB" if most else "none",
                f"{peak:.0f} MiB",
                peak <= most if most else None,
            )


if __name__ == "__main__":
    run(benchmark, __doc__)
