"""What a benchmark found beside what was wanted, as rows of a Markdown table."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from tests.benchmarks.corpus import write_corpus
from tests.benchmarks.running import Home, tell

KEPT: Final = Path(tempfile.gettempdir()) / "claude-top-benchmarks"
"""Logs and peers, kept between runs because making them takes long."""


@dataclass(frozen=True)
class Result:
    """One target. `ratio` is what was measured over what was wanted (or over the peer); None where not measured."""

    target: str
    wanted: str
    found: str
    is_met: bool | None = None


Benchmark = Callable[[argparse.Namespace], Iterator[Result]]


def options_parser(description: str | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", default="M", choices=("XS", "S", "M", "L", "FILES"), help="size of the invented logs")
    parser.add_argument("--corpus", type=Path, help="a config folder to measure instead (only read)")
    parser.add_argument("--runs", type=int, default=5, help="turns of each program (default: 5)")
    parser.add_argument("--seconds", type=float, default=60, help="how long to watch an idle program")
    parser.add_argument("--appends", type=int, default=100, help="how many appends to wait for")
    parser.add_argument("--files", type=int, default=5_000, help="how many files to follow")
    parser.add_argument("--peers", type=Path, default=KEPT / "peers", help="where peers are, or are installed")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


def run(benchmark: Benchmark, description: str | None) -> None:
    """Run one benchmark and print what it found."""
    options = options_parser(description).parse_args()
    found = []
    for result in benchmark(options):
        found.append(result)
        if not options.json:
            tell("")
            print(f"{result.target}: {result.found} (wanted: {result.wanted}){verdict(result)}", flush=True)
    if options.json:
        print(json.dumps([asdict(result) for result in found], indent=2))


def verdict(result: Result) -> str:
    return "" if result.is_met is None else " met" if result.is_met else " MISSED"


def markdown(found: list[Result]) -> str:
    """A table, with what it was measured on above."""
    lines = [f"Measured on {machine()}.", "", "| | wanted | measured | |", "|---|---|---|---|"]
    marks = {None: "", True: "met", False: "**missed**"}
    lines += [f"| {r.target} | {r.wanted} | {r.found} | {marks[r.is_met]} |" for r in found]
    return "\n".join(lines)


def machine() -> str:
    name = platform.processor() or platform.machine()
    if sys.platform == "linux":
        models = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
        name = models[0].partition(":")[2].strip() if models else name
    when = time.strftime("%Y-%m-%d", time.gmtime())
    return f"{when}, {os.cpu_count()} x {name}, {platform.system()}, CPython {platform.python_version()}"


def corpus(options: argparse.Namespace) -> Path:
    """The config folder to measure: the one named, else an invented one, made where it is not there yet."""
    if options.corpus:
        return Path(options.corpus).absolute()
    folder = KEPT / str(options.size)
    if not folder.with_name(folder.name + ".truth.json").exists():
        tell(f"making logs of size {options.size} in {KEPT}")
        write_corpus(folder, options.size)
    return folder


@contextmanager
def home(logs: Path) -> Iterator[Home]:
    """A home that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="claude-top-home-", ignore_cleanup_errors=True) as name:
        yield Home(Path(name) / "home", logs)
