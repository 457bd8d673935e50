"""A first count on more cores than there may be here, on paper: from the times on one core and on two (Linux).

What a program does one thing after the other takes as long on any number of cores, and the rest is divided by them:
two times tell both apart. A program that has more threads only where there are more cores is taken for better than it
is by as much as it has fewer here.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import product
from typing import Final

from claude_tui.native.library import VARIABLE, found
from tests.benchmarks.peers import programs
from tests.benchmarks.results import Result, corpus, home, run
from tests.benchmarks.running import Program, in_turns

CORES: Final = (4, 8)
PEERS: Final = ("ccusage", "tokscale")


def benchmark(options: argparse.Namespace) -> Iterator[Result]:
    if shutil.which("taskset") is None:
        yield Result("cold on more cores", "", "not measured: there is no taskset")
        return
    with home(corpus(options)) as place:
        chosen = programs(options, place, is_cold=True)
        ours = chosen["claude-top"]
        chosen["claude-top without the core"] = replace(ours, more_env={VARIABLE: "0"})
        if found().core is None:
            del chosen["claude-top"]
        runs = in_turns(on_cores(chosen), options.runs)
    walls = {name: (runs[pinned(name, 1)].wall_s, runs[pinned(name, 2)].wall_s) for name in chosen}
    for cores in CORES:
        on_paper = {name: wall_s(one, two, cores) for name, (one, two) in walls.items()}
        for name, peer in product(walls, PEERS):
            if name not in PEERS and peer in walls:
                mine, its = on_paper[name], on_paper[peer]
                what = f"cold --json, {options.size}, {cores} cores on paper, {name} beside {peer}: wall"
                yield Result(what, "none", f"{mine / its:.2f} ({mine:.2f} and {its:.2f} s)")


def on_cores(chosen: Mapping[str, Program]) -> dict[str, Program]:
    """Every program on one core and on two."""
    return {
        pinned(name, cores): replace(program, arguments=("taskset", "-c", which, *program.arguments))
        for name, program in chosen.items()
        for cores, which in ((1, "0"), (2, "0,1"))
    }


def pinned(name: str, cores: int) -> str:
    return f"{name} on {cores}"


def wall_s(one: float, two: float, cores: int) -> float:
    """How long a program takes on so many cores, if it takes so long on one and on two."""
    divided = max(0.0, 2 * (one - two))
    return max(0.0, one - divided) + divided / cores


if __name__ == "__main__":
    run(benchmark, __doc__)
