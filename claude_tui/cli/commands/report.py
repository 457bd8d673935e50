"""`claude-top report`: totals by day, model, project and session."""

from __future__ import annotations

from argparse import ArgumentTypeError, Namespace
from typing import TYPE_CHECKING, Final

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
from claude_tui.cli.scope import add_scope_options, causes_of, narrowed

if TYPE_CHECKING:
    import re

    from claude_tui.model import Totals

CAUSES: Final = ("tool", "mcp", "skill", "plugin", "agent", "branch", "ticket", "kind", "context", "cache")
"""What `--by` takes to say what the money went for."""


def add_arguments(parser: CommandParser) -> None:
    """Add the options of the command."""
    parser.set_defaults(run=run)
    parser.description = "Add up tokens and cost. Every section adds up to the total, exact to the nanodollar."
    parser.epilog = example(
        "claude-top report --by day --since 2026-11-01",
        "claude-top report --by week --period month --csv",
        "claude-top report --by session --top 10 --since 7d",
        "claude-top report --by tool --period 30d --project my-app",
        "claude-top report --json --timezone Europe/Berlin | jq .totals.cost_nano",
    )
    parser.add_argument("-j", "--json", action="store_true", help="print JSON (schema claude-top/report@1)")
    parser.add_argument("--csv", action="store_true", help="print the one section named with --by as CSV")
    parser.add_argument(
        "--by",
        choices=("day", "week", "month", "hour", "model", "project", "session", "all", *CAUSES),
        default="all",
        help="sections to print (default: all, which is day, model, project and session); "
        "tool to cache say what the money went for (schema claude-top/causes@1)",
    )
    parser.add_argument(
        "--top",
        type=_positive,
        metavar="N",
        help="only N rows of a section, the dearest or newest, and one for the rest",
    )
    parser.add_argument(
        "--ticket-pattern",
        metavar="REGEX",
        help="with --by ticket: what a ticket looks like in the name of a branch (default: ABC-123 or #123)",
    )
    add_period_options(parser)
    add_scope_options(parser)
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
    if options.ticket_pattern and options.by != "ticket":
        raise exits.CommandError("--ticket-pattern needs --by ticket", exits.USAGE)
    if options.by in CAUSES:
        return _causes(options)
    wanted = ALL if options.by == "all" else (SECTIONS[options.by],)
    asked = period(options)
    store = counted(options)
    query = narrowed(store, asked, options)
    snapshot = snapshot_of(store, query, with_recent=False)
    by_hour: dict[str, Totals] = {}
    if options.by == "hour":
        from claude_tui.engine.queries.responses import list_responses, totals_by_hour

        by_hour = totals_by_hour(list_responses(store, query), store.calendar)
    sections = sections_of(snapshot, wanted, top=options.top, hours=by_hour)
    if options.csv:
        streams.write_lines(csv_of(sections[0]))
    elif options.json:
        streams.write_json(report(snapshot, sections))
    else:
        streams.write_tables(tables(snapshot, sections), footer(snapshot))
    return exits.PARTIAL if options.strict and store.problems else exits.OK


def _causes(options: Namespace) -> int:
    """Count, find out what the money went for, print, and return the exit code."""
    from claude_tui.reports import causes as reports

    pattern = _pattern(options.ticket_pattern)
    asked = period(options)
    store = counted(options)
    query = narrowed(store, asked, options)
    table = causes_of(store).table(query, options.by, ticket=pattern)
    timezone, prices = str(store.calendar.zone), store.pricer.describe()
    if options.csv:
        streams.write_lines(reports.csv_of(table, options.top))
    elif options.json:
        streams.write_json(reports.report(table, reports.Asked(query, timezone, prices, options.top)))
    else:
        streams.write_tables([reports.text_table(table, options.top)], reports.footer(table, prices, timezone))
    return exits.PARTIAL if options.strict and store.problems else exits.OK


def _pattern(text: str | None) -> re.Pattern[str]:
    """Return what a ticket looks like. Raises CommandError with the usage code for what is no pattern."""
    import re

    from claude_tui.engine.queries.causes.dimensions import TICKETS

    try:
        return re.compile(text) if text else TICKETS
    except re.error as error:
        raise exits.CommandError(f"--ticket-pattern {text!r} is no regular expression: {error}", exits.USAGE) from None
