"""`claude-top bench`: benchmarks counting your logs and verifies that all code paths agree.

Must not measure: `engine.check` does.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from claude_tui.cli import exits, streams
from claude_tui.cli.counting.setup import refreshed_prices
from claude_tui.cli.options.places import add_place_options, found_there, source_config, timezone
from claude_tui.cli.parser import CommandParser, example
from claude_tui.cli.progress import Steps

if TYPE_CHECKING:
    from claude_tui.engine.check.bench import Bench, Logs


def add_arguments(parser: CommandParser) -> None:
    """Add the options of the command."""
    parser.set_defaults(run=run)
    parser.description = (
        "Count the logs of Claude Code in several ways, each in its own processes, and compare speed, memory and\n"
        "results: the slow, plain reference implementation; one process; several processes; the native core, where\n"
        "it is built; and the cache. Your files are not written to: the cache is a temporary one."
    )
    parser.epilog = example("claude-top bench", "claude-top bench --workers 1,2,4 --runs 5", "claude-top bench --json")
    parser.add_argument("-j", "--json", action="store_true", help="print JSON (schema claude-top/bench@1)")
    parser.add_argument(
        "--runs", type=_positive, default=3, metavar="N", help="number of runs of each way (default: 3)"
    )
    parser.add_argument(
        "--workers",
        type=_numbers,
        default=(),
        metavar="N,N,...",
        help="also compare these numbers of processes, with a chart",
    )
    add_place_options(parser)


def _positive(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of 1 or more")
    return int(text)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(dict.fromkeys(_positive(part.strip()) for part in text.split(",")))


def run(options: Namespace) -> int:
    """Measure, print, and return the exit code: a failure if two ways disagree."""
    from claude_tui.engine.check.bench import BenchError
    from claude_tui.paths import cache_folder, create_private
    from claude_tui.reports.findings import bench as reports

    try:
        # Beside the cache, on the disk where the logs usually are: there quiet ones need not be copied.
        beside = create_private(cache_folder())
        with tempfile.TemporaryDirectory(prefix="bench-", dir=beside, ignore_cleanup_errors=True) as name:
            bench = _measured(options, Path(name))
    except BenchError as error:
        raise exits.CommandError(str(error)) from None
    except OSError as error:
        raise exits.CommandError(f"cannot measure: {error.strerror or error}") from None
    if options.json:
        streams.write_json(reports.report(bench))
    else:
        streams.write_tables(reports.tables(bench))
        if bench.sweep:
            streams.write("\n" + reports.chart(bench.sweep, bench.logs.bytes))
        streams.write("\n" + "\n".join(reports.footer(bench)) + "\n")
    return exits.FAILED if bench.disagreeing else exits.OK


def _measured(options: Namespace, folder: Path) -> Bench:
    from claude_tui.engine.check.bench import Bench, measure, read_once, sweep, ways
    from claude_tui.engine.check.measurement import Job
    from claude_tui.native.library import found
    from claude_tui.paths import config_folder

    with Steps() as steps:
        steps.show("preparing a frozen copy of the logs")
        logs = _logs(options, folder)
        steps.show("reading the logs once")
        read_once(logs)
        prices = str(config_folder() / "prices.toml"), str(refreshed_prices())
        job = Job(logs.folders, timezone(options).key, *prices)
        workers = os.cpu_count() or 1
        core, why = found()
        chosen = ways(job, folder / "cache", workers, has_core=core is not None)
        measured = measure(chosen, options.runs, steps.count)
        swept = measure(sweep(job, options.workers), options.runs, steps.count) if options.workers else ()
        return Bench(logs, logs.are_same, measured, swept, why)


def _logs(options: Namespace, folder: Path) -> Logs:

    from claude_tui.engine.check.bench import freeze
    from claude_tui.engine.scan.discovery import roots_of

    config = source_config(options)._replace(sources=("claude",))
    logs = freeze(config, folder)
    if not logs.files:
        places = ", ".join(found_there(Path(root)) for _, root in roots_of(config))
        raise exits.CommandError(f"no logs found; looked in {places}", exits.NO_LOGS)
    return logs
