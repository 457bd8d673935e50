"""From the start of the program to its first frame with saved numbers, beside an empty Textual app; and to all numbers.

The first frame is the last picture, shown again with its time; then the app draws its own from the saved numbers. An
empty app is one label. All are read from a terminal.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from statistics import median
from typing import Final

from tests.benchmarks.results import Result, corpus, home, run
from tests.benchmarks.running import OURS, Home, tell
from tests.benchmarks.terminal import Terminal

EMPTY: Final = """
from textual.app import App
from textual.widgets import Label
class Empty(App):
    def compose(self):
        yield Label("ready to be seen")
Empty().run()
"""

NOTE: Final = "as it was at"
"""Stands in the last picture, and not in what the app draws."""


def until(arguments: tuple[str, ...], place: Home, *are_there: Callable[[str], bool]) -> list[float]:
    """Seconds from the start until the screen was as wanted, one after another."""
    with Terminal(arguments, place.env) as terminal:
        return [terminal.wait(is_there) - terminal.started_s for is_there in are_there]


def benchmark(options: argparse.Namespace) -> Iterator[Result]:
    with home(corpus(options)) as place:
        report = subprocess.run([*OURS, "report", "--json"], env=place.env, capture_output=True, check=True).stdout
        total = f"{json.loads(report)['totals']['responses']:,} msgs"

        def is_picture(text: str) -> bool:
            return total in text and NOTE in text

        def is_drawn(text: str) -> bool:
            return total in text and NOTE not in text

        until(OURS, place, is_drawn)  # leaves the picture that the next one shows
        shown: list[float] = []
        drawn: list[float] = []
        cold: list[float] = []
        empty: list[float] = []
        for number in range(options.runs + 1):
            tell(f"turn {number} of {options.runs}")
            empty += until((sys.executable, "-c", EMPTY), place, lambda text: "ready to be seen" in text)
            first, own = until(OURS, place, is_picture, is_drawn)
            shown.append(first)
            drawn.append(own)
        for number in range(options.runs):
            tell(f"cold, turn {number + 1} of {options.runs}")
            place.forget()
            cold += until(OURS, place, lambda text: total in text)
    ours, own, theirs = median(shown[1:]), median(drawn[1:]), median(empty[1:])
    yield Result(
        "start to first frame with saved numbers",
        "<= 1.5 x an empty Textual app",
        f"{ours / theirs:.2f} ({ours * 1000:.0f} and {theirs * 1000:.0f} ms)",
        ours <= 1.5 * theirs,
    )
    yield Result(
        "start to the app's own first frame, from saved numbers",
        "none",
        f"{own / theirs:.2f} ({own * 1000:.0f} ms)",
        True,
    )
    yield Result(
        f"start to all numbers on screen, cold {options.size}",
        "<= 1.0 s",
        f"{median(cold):.2f} s, {median(cold) / theirs:.1f} x an empty Textual app",
        median(cold) <= 1.0,
    )


if __name__ == "__main__":
    run(benchmark, __doc__)
