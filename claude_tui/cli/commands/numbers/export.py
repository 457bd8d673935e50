"""`claude-top export`: writes every response, day or session as one line. Must not know what a line holds."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from claude_tui.cli import exits, streams
from claude_tui.cli.counting.setup import counted, snapshot_of
from claude_tui.cli.options.periods import add_period_options, period
from claude_tui.cli.options.places import add_place_options, add_strict_option
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
        "--places",
        action="store_true",
        help="with responses: add file and byte offset of the counted row, the account and the machine",
    )
    parser.add_argument(
        "--logged",
        action="store_true",
        help="with responses: add what the counted row says: service tier, geo, request id, client version, reasoning",
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
    for name in ("causes", "logged", "places"):
        if getattr(options, name) and options.what != "responses":
            raise exits.CommandError(f"--{name} cannot be combined with --what {options.what}", exits.USAGE)
    if options.parquet:
        _require_pyarrow()
    query = period(options)
    store = counted(options, keep_names=options.what == "responses")
    fields, rows = (
        _responses(store, query, options) if options.what == "responses" else _sums(store, query, options.what)
    )
    if options.parquet:
        _write_parquet(options.parquet, rows, fields, options.what)
    elif options.output:
        streams.replace_file(options.output, _lines(rows, fields, options.format))
    else:
        streams.write_lines(_lines(rows, fields, options.format))
    return exits.PARTIAL if options.strict and store.problems else exits.OK


def _sums(store: Store, query: Query, what: str) -> tuple[tuple[str, ...], Iterator[dict[str, Any]]]:
    """Return the columns and rows of what is summed."""
    from claude_tui.engine.queries.responses import list_responses, totals_by
    from claude_tui.reports.exports import export

    if what != "breakdown":
        return export.FIELDS[what], export.ROWS[what](snapshot_of(store, query, with_recent=False))
    sums = totals_by(
        list_responses(store, query),
        lambda line: (
            store.calendar.day(line.time_ms).isoformat(), store.projects.of(line.project), line.source, line.model,
        ),
    )  # fmt: skip
    return export.FIELDS[what], export.breakdown_rows(sums, store.calendar.zone.key)


def _responses(store: Store, query: Query, options: Namespace) -> tuple[tuple[str, ...], Iterator[dict[str, Any]]]:
    """Return the columns and rows of responses, with those columns that are asked for."""
    from claude_tui.engine.queries.responses import list_responses
    from claude_tui.reports.exports import export

    lines = list_responses(store, query)
    more: list[tuple[tuple[str, ...], Callable[[Response], dict[str, Any]]]] = []
    if options.causes:
        more.append((export.CAUSE_FIELDS, _cause_of(store, query)))
    if options.logged:
        from claude_tui.engine.queries.logged import logged_facts

        facts = logged_facts(lines)
        more.append((export.LOGGED_FIELDS, lambda line: export.logged_row(line, facts)))
    if options.places:
        from claude_tui.cli.counting.scope import machine_by_response

        account_of, machine_of = store.accounts.of, machine_by_response(lines)
        more.append(
            (
                export.PLACE_FIELDS,
                lambda line: export.place_of(line, account_of(line.source, line.path), machine_of(line)),
            )
        )
    digest, project_of = store.pricer.digest, store.projects.of
    fields = (*export.RESPONSE_FIELDS, *(name for names, _ in more for name in names))

    def row(line: Response) -> dict[str, Any]:
        made = export.response_row(line._replace(project=project_of(line.project)), digest)
        for _, columns_of in more:
            made |= columns_of(line)
        return made

    return fields, map(row, lines)


def _cause_of(store: Store, query: Query) -> Callable[[Response], dict[str, Any]]:
    from claude_tui.cli.counting.scope import causes_of
    from claude_tui.reports.exports.export import cause_row

    known = causes_of(store).facts(query)
    return lambda line: cause_row(line, known)


def _require_pyarrow() -> None:
    from importlib.util import find_spec

    if find_spec("pyarrow") is None:
        raise exits.CommandError("--parquet needs pyarrow: pip install 'claude-top-tui[parquet]'")


def _write_parquet(path: str, rows: Iterator[dict[str, Any]], fields: tuple[str, ...], what: str) -> None:
    from claude_tui import files
    from claude_tui.reports.exports.parquet import TooLargeError, parquet_parts
    from claude_tui.reports.schemas import SCHEMAS

    try:
        files.replace(path, parquet_parts(rows, fields, SCHEMAS[f"export-{what}"]), is_durable=True)
    except OSError as error:
        raise exits.CommandError(f"{path}: {error.strerror}") from None
    except TooLargeError as error:
        raise exits.CommandError(f"{path}: {error}") from None


def _lines(rows: Iterator[dict[str, Any]], fields: tuple[str, ...], form: str) -> Iterator[bytes]:
    from claude_tui.reports.exports import export

    if form == "csv":
        return export.csv_lines(rows, fields)
    return (export.json_line(export.flat_row(row) if form == "flat" else row) for row in rows)
