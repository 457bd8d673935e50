"""`claude-top report`: totals by day, model, project and session."""

from __future__ import annotations

from argparse import Namespace

from claude_tui.cli import exits, streams
from claude_tui.cli.options import (
    add_period_options,
    add_place_options,
    add_strict_option,
    counted,
    period,
    snapshot_of,
)
from claude_tui.cli.parser import CommandParser, example


def add_arguments(parser: CommandParser) -> None:
    """Add the options of the command."""
    parser.set_defaults(run=run)
    parser.description = "Add up tokens and cost. Every section adds up to the total, exact to the nanodollar."
    parser.epilog = example(
        "claude-top report --by day --since 2026-11-01",
        "claude-top report --json --timezone Europe/Berlin | jq .totals.cost_nano",
    )
    parser.add_argument("-j", "--json", action="store_true", help="print JSON (schema claude-top/report@1)")
    parser.add_argument(
        "--by",
        choices=("day", "model", "project", "session", "all"),
        default="all",
        help="sections to print (default: all)",
    )
    add_period_options(parser)
    add_strict_option(parser)
    add_place_options(parser)


def run(options: Namespace) -> int:
    """Count, print, and return the exit code."""
    from claude_tui.reports.report import SECTIONS, footer, report, tables

    sections = tuple(SECTIONS.values()) if options.by == "all" else (SECTIONS[options.by],)
    query = period(options)
    store = counted(options)
    snapshot = snapshot_of(store, query, with_recent=False)
    if options.json:
        streams.write_json(report(snapshot, sections))
    else:
        streams.write_tables(tables(snapshot, sections), footer(snapshot))
    return exits.PARTIAL if options.strict and store.problems else exits.OK
