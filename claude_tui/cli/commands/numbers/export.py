"""`claude-top export`: writes every response, day or session as one line."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterator
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
    from claude_tui.model import Query, Response


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
        "claude-top export --parquet responses.parquet",
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
    formats.add_argument("--flat", dest="format", action="store_const", const="flat", help="JSON Lines without lists")
    formats.add_argument(
        "--parquet",
        metavar="FILE",
        help="write FILE as Parquet with typed columns; needs pyarrow: pip install 'claude-top-tui[parquet]'",
    )
    parser.set_defaults(format="jsonl")
    parser.add_argument(
        "--what",
        choices=("responses", "days", "breakdown", "sessions", "models", "projects"),
        default="responses",
        help="rows to write (default: responses); breakdown is a row per day, project and model",
    )
    parser.add_argument(
        "--places", action="store_true", help="with responses: add the file and the byte offset of the counted row"
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
    if options.parquet and options.output:
        raise exits.CommandError("--parquet names its file itself: leave -o out", exits.USAGE)
    if options.causes and options.what != "responses":
        raise exits.CommandError(f"--causes cannot be combined with --what {options.what}", exits.USAGE)
    if options.parquet:
        _require_pyarrow()
    query = period(options)
    store = counted(options, keep_names=options.what == "responses")
    rows = _rows(store, query, options.what, with_places=options.places, with_causes=options.causes)
    fields = _fields(options.what, with_places=options.places, with_causes=options.causes)
    if options.parquet:
        _write_parquet(options.parquet, rows, fields, options.what)
    elif options.output:
        streams.replace_file(options.output, _lines(rows, fields, options.format))
    else:
        streams.write_lines(_lines(rows, fields, options.format))
    return exits.PARTIAL if options.strict and store.problems else exits.OK


def _rows(store: Store, query: Query, what: str, *, with_places: bool, with_causes: bool) -> Iterator[dict[str, Any]]:
    from claude_tui.engine.queries.responses import list_responses, totals_by
    from claude_tui.reports import export

    project_of = store.projects.of
    if what == "breakdown":
        sums = totals_by(
            list_responses(store, query),
            lambda line: (
                store.calendar.day(line.time_ms).isoformat(), project_of(line.project), line.source, line.model,
            ),
        )  # fmt: skip
        return export.breakdown_rows(sums, store.calendar.zone.key)
    if what != "responses":
        return export.ROWS[what](snapshot_of(store, query, with_recent=False))
    digest = store.pricer.digest
    cause_of = _cause_of(store, query) if with_causes else None
    return (
        {
            **export.response_row(line._replace(project=project_of(line.project)), digest),
            **(cause_of(line) if cause_of is not None else {}),
            **(export.place_of(line) if with_places else {}),
        }
        for line in list_responses(store, query)
    )


def _cause_of(store: Store, query: Query) -> Callable[[Response], dict[str, Any]]:
    from claude_tui.cli.scope import causes_of
    from claude_tui.reports.export import cause_row

    known = causes_of(store).facts(query)
    return lambda line: cause_row(line, known)


def _fields(what: str, *, with_places: bool, with_causes: bool) -> tuple[str, ...]:
    from claude_tui.reports.export import CAUSE_FIELDS, FIELDS, PLACE_FIELDS

    if what != "responses":
        return FIELDS[what]
    return (*FIELDS[what], *(CAUSE_FIELDS if with_causes else ()), *(PLACE_FIELDS if with_places else ()))


def _require_pyarrow() -> None:
    from importlib.util import find_spec

    if find_spec("pyarrow") is None:
        raise exits.CommandError("--parquet needs pyarrow: pip install 'claude-top-tui[parquet]'")


def _write_parquet(path: str, rows: Iterator[dict[str, Any]], fields: tuple[str, ...], what: str) -> None:
    from claude_tui import files
    from claude_tui.reports.parquet import TooLargeError, parquet_parts
    from claude_tui.reports.schemas import SCHEMAS

    try:
        files.replace(path, parquet_parts(rows, fields, SCHEMAS[f"export-{what}"]), is_durable=True)
    except OSError as error:
        raise exits.CommandError(f"{path}: {error.strerror}") from None
    except TooLargeError as error:
        raise exits.CommandError(f"{path}: {error}") from None


def _lines(rows: Iterator[dict[str, Any]], fields: tuple[str, ...], form: str) -> Iterator[bytes]:
    from claude_tui.reports import export

    if form == "csv":
        return export.csv_lines(rows, fields)
    return (export.json_line(export.flat_row(row) if form == "flat" else row) for row in rows)
