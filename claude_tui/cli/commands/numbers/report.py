"""`claude-top report`: totals by day, model, project and session. Must not sum anything."""

from __future__ import annotations

from argparse import ArgumentTypeError, Namespace
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from claude_tui.cli import exits, streams
from claude_tui.cli.counting.beside import beside
from claude_tui.cli.counting.scope import add_scope_options, causes_of, machine_by_response, narrowed
from claude_tui.cli.counting.setup import counted, snapshot_of
from claude_tui.cli.fleet.reading import add_from_options, fleet_of
from claude_tui.cli.options.periods import add_period_options, period
from claude_tui.cli.options.places import add_place_options, add_strict_option
from claude_tui.cli.parser import CommandParser, example

if TYPE_CHECKING:
    import re

    from claude_tui.engine.state.store import Store
    from claude_tui.engine.unchanged import Unchanged
    from claude_tui.fleet.read import Fleet
    from claude_tui.model import Query, Totals


CAUSES: Final = ("tool", "mcp", "skill", "plugin", "agent", "branch", "ticket", "kind", "context", "cache")
"""What `--by` takes to say what the money went for."""

KEPT: Final = ("day", "week", "month", "model", "project", "account", "session", "all")
"""What `--by` takes of which the answer is kept: no look at folders, no name of this machine, no single response."""


def add_arguments(parser: CommandParser) -> None:
    """Add the options of the command."""
    parser.set_defaults(run=run)
    parser.description = "Add up tokens and cost. Every section adds up to the total, exact to the nanodollar."
    parser.epilog = example(
        "claude-top report --by day --since 2026-11-01",
        "claude-top report --by week --period month --csv",
        "claude-top report --by session --top 10 --since 7d",
        "claude-top report --from s3://lake/claude --by team --since 2026-11-01",
        "claude-top report --by repo --period month",
        "claude-top report --by tool --period 30d --project my-app",
        "claude-top report --json --timezone Europe/Berlin | jq .totals.cost_nano",
    )
    parser.add_argument("-j", "--json", action="store_true", help="print JSON (schema claude-top/report@1)")
    parser.add_argument("--csv", action="store_true", help="print the one section named with --by as CSV")
    parser.add_argument(
        "--by",
        choices=(
            "day",
            "week",
            "month",
            "hour",
            "model",
            "project",
            "repo",
            "account",
            "session",
            "host",
            "user",
            "team",
            "all",
            *CAUSES,
        ),
        default="all",
        metavar="WHAT",
        help="what a row is: day, week, month, hour, model, project, repo, account, session, host, user, team "
        "(default: all, which is day, model, project and session); or what the money went for: "
        f"{', '.join(CAUSES)} (schema claude-top/causes@1)",
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
        help="with --by ticket: what a ticket looks like in the name of a branch "
        "(default: that of config.toml, or ABC-123 and #123)",
    )
    parser.add_argument(
        "--context",
        action="store_true",
        help="with --by tool or mcp: also what results brought into prompts, and what carrying them along cost",
    )
    add_period_options(parser)
    add_scope_options(parser)
    add_strict_option(parser)
    add_from_options(parser)
    add_place_options(parser)


def _positive(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text)):
        raise ArgumentTypeError(f"{text!r} is not a number of rows, 1 or more")
    return int(text)


def run(options: Namespace) -> int:
    """Count, print, and return the exit code."""
    if options.csv and options.by == "all":
        raise exits.CommandError("--csv prints one section; name it with --by", exits.USAGE)
    if options.csv and options.json:
        raise exits.CommandError("--csv cannot be combined with --json", exits.USAGE)
    if options.ticket_pattern and options.by != "ticket":
        raise exits.CommandError("--ticket-pattern needs --by ticket", exits.USAGE)
    if options.context and options.by not in ("tool", "mcp"):
        raise exits.CommandError("--context needs --by tool or --by mcp", exits.USAGE)
    if options.by in CAUSES:
        if options.url:
            raise exits.CommandError(f"--by {options.by} reads the logs, and --from has none", exits.USAGE)
        return _causes(options)
    asked = period(options)
    fleet = fleet_of(options, asked)
    if fleet is None and options.by in ("user", "team"):
        raise exits.CommandError(f"--by {options.by} needs --from", exits.USAGE)
    if fleet is not None and options.by == "hour":
        raise exits.CommandError("a table of many machines has no hours; responses/ has the instants", exits.USAGE)
    unchanged = None if fleet is not None else _unchanged(options, asked)
    known = None if unchanged is None else unchanged.answer()
    if known is not None:
        if options.csv or options.json:
            streams.write_lines([known])
        else:
            streams.write_drawn(known)
        return exits.OK
    with beside() as meanwhile:  # the cache is written while the report is made
        store = counted(options, meanwhile=meanwhile, unchanged=unchanged) if fleet is None else fleet.store
        answer = _print(options, store, fleet, narrowed(store, asked, options))
        if unchanged is not None and answer is not None and not (options.strict and store.problems):
            unchanged.keep(*answer)
    return exits.PARTIAL if options.strict and store.problems else exits.OK


def _unchanged(options: Namespace, asked: Query) -> Unchanged | None:
    """Return what may know the answer, which is made of logs and sums alone, as it is written here."""
    if options.by not in KEPT:
        return None
    from claude_tui.cli.counting.answered import unchanged_of

    form = "csv" if options.csv else "json" if options.json else streams.drawing()
    question = form, options.by, options.top, options.project, options.session, options.strict
    return unchanged_of(options, asked, "report", *question)


def _print(options: Namespace, store: Store, fleet: Fleet | None, query: Query) -> tuple[bytes, int] | None:
    """Print the report. Returns it, if it can be written again, and the newest instant that it tells of."""
    from claude_tui.reports.report import ALL, SECTIONS, SUMMED, csv_of, json_row, report, sections_of
    from claude_tui.reports.report_tables import footer, tables

    wanted = ALL if options.by == "all" else (SECTIONS[options.by],)
    snapshot = snapshot_of(store, query, with_recent=False)
    summed: Mapping[str, Totals] | None = None
    if SECTIONS.get(options.by) in SUMMED:
        summed = fleet.by[options.by] if fleet is not None else _summed(store, query, options.by)
    accounts = _accounts(store, query) if options.by == "account" else {}
    sections = sections_of(snapshot, wanted, top=options.top, summed=summed, accounts=accounts)
    figures = None
    if store.is_telemetry_read:
        from claude_tui.engine.queries.telemetry import telemetry_figures

        figures = telemetry_figures(store, query)
    made: bytes | None
    if options.csv:
        made = b"\n".join(csv_of(sections[0]))
        streams.write_lines([made])
    elif options.json:
        made = streams.write_json(report(snapshot, sections, figures), default=json_row)
    else:
        drawn = tables(snapshot, sections)
        made = streams.write_tables(drawn, footer(snapshot, figures, of_fleet=fleet is not None))
    return None if made is None else (made, snapshot.totals.last_ms)


def _summed(store: Store, query: Query, by: str) -> Mapping[str, Totals]:
    """Sum single responses by hour or by machine."""
    from claude_tui.engine.queries import responses

    lines = responses.list_responses(store, query)
    if by == "hour":
        return responses.totals_by(lines, lambda line: responses.local_hour(store.calendar, line))
    return responses.totals_by(lines, machine_by_response(lines))


def _accounts(store: Store, query: Query) -> dict[tuple[str, str], Totals]:
    """Return what each folder of each client adds up to, of those that have anything."""
    found = {
        (source, account): snapshot_of(store, query._replace(source=source, account=account), with_recent=False).totals
        for source, account in store.accounts.all
    }
    return {key: totals for key, totals in found.items() if totals.last_ms}


def _causes(options: Namespace) -> int:
    """Count, find out what the money went for, print, and return the exit code."""
    from claude_tui.reports import causes as reports

    pattern = _pattern(options.ticket_pattern)
    asked = period(options)
    store = counted(options)
    query = narrowed(store, asked, options)
    causes = causes_of(store, by="context" if options.context else options.by)
    table = causes.table(query, options.by, ticket=pattern)
    if options.context:
        from claude_tui.engine.queries.causes.results import with_results

        table = with_results(table, causes.table(query, "context"))
    timezone, prices = str(store.calendar.zone), store.pricer.describe()
    if options.csv:
        streams.write_lines(reports.csv_of(table, options.top))
    elif options.json:
        streams.write_json(reports.report(table, reports.CausesRequest(query, timezone, prices, options.top)))
    else:
        streams.write_tables([reports.text_table(table, options.top)], reports.footer(table, prices, timezone))
    return exits.PARTIAL if options.strict and store.problems else exits.OK


def _pattern(text: str | None) -> re.Pattern[str] | None:
    """Return what a ticket looks like if that is said. Raises CommandError with the usage code for what is no
    pattern."""
    from claude_tui.engine.queries.causes.tickets import ticket_pattern

    try:
        return ticket_pattern(text) if text is not None else None
    except ValueError as error:
        raise exits.CommandError(f"--ticket-pattern: {error}", exits.USAGE) from None
