"""`claude-top export`: writes every response, day or session as one line."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

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
    from claude_tui.engine.state.store import Store
    from claude_tui.model import Query


def add_arguments(parser: CommandParser) -> None:
    """Add the options of the command."""
    parser.set_defaults(run=run)
    parser.description = (
        "Write one line per response, ordered by time and then key. What is billed beside a response (advisor,\n"
        "compaction) gets its own lines, so that the lines add up to the totals."
    )
    parser.epilog = example(
        "claude-top export --jsonl > responses.jsonl",
        "claude-top export --csv --what days --output days.csv",
        "claude-top export --flat | duckdb -c \"copy (from read_json('/dev/stdin')) to 'r.parquet'\"",
    )
    formats = parser.add_mutually_exclusive_group()
    formats.add_argument("--jsonl", dest="format", action="store_const", const="jsonl", help="JSON Lines (default)")
    formats.add_argument(
        "--csv",
        dest="format",
        action="store_const",
        const="csv",
        help="CSV with a header line; formulas are escaped, ids unchanged",
    )
    formats.add_argument(
        "--flat", dest="format", action="store_const", const="flat", help="JSON Lines without nesting, for Parquet"
    )
    parser.set_defaults(format="jsonl")
    parser.add_argument(
        "--what",
        choices=("responses", "days", "sessions", "models", "projects"),
        default="responses",
        help="rows to write (default: responses)",
    )
    parser.add_argument(
        "--causes",
        action="store_true",
        help="with responses: add tools, skill, sub-agent, branch and lost cache of each",
    )
    parser.add_argument("-o", "--output", metavar="FILE", help="write to FILE, replacing it once everything is written")
    add_period_options(parser)
    add_strict_option(parser)
    add_place_options(parser)


def run(options: Namespace) -> int:
    """Count, write, and return the exit code."""
    if options.causes and options.what != "responses":
        raise exits.CommandError(f"--causes cannot be combined with --what {options.what}", exits.USAGE)
    query = period(options)
    store = counted(options, keep_names=options.what == "responses")
    lines = (
        _caused(store, query, options.format) if options.causes else _lines(store, query, options.what, options.format)
    )
    if options.output:
        streams.replace_file(options.output, lines)
    else:
        streams.write_lines(lines)
    return exits.PARTIAL if options.strict and store.problems else exits.OK


def _lines(store: Store, query: Query, what: str, form: str) -> Iterator[bytes]:
    from claude_tui.engine.queries.responses import list_responses
    from claude_tui.reports import export

    rows: Iterator[dict[str, Any]]
    if what == "responses":
        rows = (export.response_row(response) for response in list_responses(store, query))
    else:
        snapshot = snapshot_of(store, query, with_recent=False)
        rows = export.ROWS[what](snapshot)
    return _formed(rows, export.FIELDS[what], form)


def _caused(store: Store, query: Query, form: str) -> Iterator[bytes]:
    from claude_tui.cli.scope import causes_of
    from claude_tui.engine.queries.responses import list_responses
    from claude_tui.reports import export

    known = causes_of(store).facts(query)
    rows = export.caused_rows(list_responses(store, query), known)
    return _formed(rows, (*export.RESPONSE_FIELDS, *export.CAUSE_FIELDS), form)


def _formed(rows: Iterator[dict[str, Any]], fields: Sequence[str], form: str) -> Iterator[bytes]:
    """Yield rows as lines of a format."""
    from claude_tui.reports import export

    if form == "csv":
        return export.csv_lines(rows, fields)
    return (export.json_line(export.flat_row(row) if form == "flat" else row) for row in rows)
