"""`claude-top report`: totals by day, model, project and session."""

from __future__ import annotations

from argparse import ArgumentTypeError, Namespace
from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from claude_tui.model import Totals


def add_arguments(parser: CommandParser) -> None:
    """Add the options of the command."""
    parser.set_defaults(run=run)
    parser.description = "Add up tokens and cost. Every section adds up to the total, exact to the nanodollar."
    parser.epilog = example(
        "claude-top report --by day --since 2026-11-01",
        "claude-top report --by week --period month --csv",
        "claude-top report --by session --top 10 --since 7d",
        "claude-top report --json --timezone Europe/Berlin | jq .totals.cost_nano",
    )
    parser.add_argument("-j", "--json", action="store_true", help="print JSON (schema claude-top/report@1)")
    parser.add_argument("--csv", action="store_true", help="print the one section named with --by as CSV")
    parser.add_argument(
        "--by",
        choices=("day", "week", "month", "hour", "model", "project", "session", "all"),
        default="all",
        help="sections to print (default: all, which is day, model, project and session)",
    )
    parser.add_argument(
        "--top",
        type=_positive,
        metavar="N",
        help="only N rows of a section, the dearest or newest, and one for the rest",
    )
    add_period_options(parser)
    add_strict_option(parser)
    add_place_options(parser)


def _positive(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text)):
        raise ArgumentTypeError(f"{text!r} is no number of rows, 1 or more")
    return int(text)


def run(options: Namespace) -> int:
    """Count, print, and return the exit code."""
    from claude_tui.reports.report import ALL, SECTIONS, csv_of, footer, report, sections_of, tables

    if options.csv and options.by == "all":
        raise exits.CommandError("--csv prints one section; name it with --by", exits.USAGE)
    if options.csv and options.json:
        raise exits.CommandError("--csv cannot be combined with --json", exits.USAGE)
    wanted = ALL if options.by == "all" else (SECTIONS[options.by],)
    query = period(options)
    store = counted(options)
    snapshot = snapshot_of(store, query, with_recent=False)
    by_hour: dict[str, Totals] = {}
    if options.by == "hour":
        from claude_tui.engine.queries.responses import list_responses, totals_by_hour

        by_hour = totals_by_hour(list_responses(store, query), store.calendar)
    figures = None
    if store.is_telemetry_read:
        from claude_tui.engine.queries.telemetry import telemetry_figures

        figures = telemetry_figures(store, query)
    sections = sections_of(snapshot, wanted, top=options.top, hours=by_hour)
    if options.csv:
        streams.write_lines(csv_of(sections[0]))
    elif options.json:
        streams.write_json(report(snapshot, sections, figures))
    else:
        streams.write_tables(tables(snapshot, sections), footer(snapshot, figures))
    return exits.PARTIAL if options.strict and store.problems else exits.OK
