"""What a screen sends to its terminal, beside htop and btop where these are installed: left alone, and a key."""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median

from tests.benchmarks.results import Result, home, run
from tests.benchmarks.running import OURS
from tests.benchmarks.terminal import Terminal

SETTLING_S = 8
KEYS = 9
DOWN = b"\x1b[B"
SESSIONS = b"4"


def benchmark(options: argparse.Namespace) -> Iterator[Result]:
    with tempfile.TemporaryDirectory() as name, home(Path(name)) as place:
        programs = [("claude-top --demo", [*OURS, "--demo"], SESSIONS)]
        programs += [(name, [found], b"") for name in ("htop", "btop") if (found := shutil.which(name))]
        for program, command, first in programs:
            a_second, a_key = sent(command, place.env, first, options.seconds)
            yield Result(program, "-", f"{a_second:,.0f} bytes a second left alone, {a_key:,.0f} a cursor key")


def sent(command: Sequence[str], env: Mapping[str, str], first: bytes, seconds: float) -> tuple[float, float]:
    """Return the bytes of a second in which nothing is done, and of a cursor key with the second after it."""
    with Terminal(command, env) as terminal:
        terminal.watch(SETTLING_S)
        a_second = terminal.watched(seconds) / seconds
        for key in (first, DOWN):
            terminal.press(key)
            terminal.watch(1)
        keys = []
        for _ in range(KEYS):
            terminal.press(DOWN)
            keys.append(terminal.watched(1))
        return a_second, median(keys)


if __name__ == "__main__":
    run(benchmark, __doc__)
