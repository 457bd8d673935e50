"""`claude-top explain`: where our numbers come from, or with --against why they differ from ccusage's.

Must not find anything out itself.
"""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING, Final

from claude_tui.cli import exits, streams
from claude_tui.cli.counting.scope import add_scope_options, causes_of, narrowed
from claude_tui.cli.counting.setup import counted
from claude_tui.cli.options.periods import add_period_options, period
from claude_tui.cli.options.places import add_place_options
from claude_tui.cli.parser import CommandParser, example
from claude_tui.cli.progress import Steps

if TYPE_CHECKING:
    from claude_tui.engine.state.store import Store
    from claude_tui.model import Response

WASTE: Final = "waste"

LONGEST_S: Final = 60.0
"""Longest time for reading logs and for examining responses, each; the output says what was left out."""


def add_arguments(parser: CommandParser) -> None:
    """Add the options of the command."""
    parser.set_defaults(run=run)
    parser.description = (
        "Explain where a number comes from: which rows were read, which were dropped and why, which prices were used,\n"
        "what is a lower bound and what no log contains. Explains the total, or what the options select.\n"
        "With --against, also count the logs of Claude Code by ccusage's rules and say which rule causes which\n"
        "difference; both are priced with our list prices, so that only the counting differs. Against client: what\n"
        "Claude Code itself counted of each session, what its log shows, and what was never logged."
    )
    parser.epilog = example(
        "claude-top explain --since 2026-11-01 --model claude-opus-4-5",
        "claude-top explain msg_01AbCdEf --json",
        "claude-top explain waste --period 30d",
        "claude-top explain --against ccusage",
        "claude-top explain --against client",
    )
    parser.add_argument(
        "what",
        nargs="?",
        metavar="KEY",
        default="",
        help="explain one response of any client, by its key in `export`: msg_...; or with waste, the five dearest\n"
        "avoidable things, what they cost, and what would have been paid otherwise",
    )
    add_period_options(parser)
    parser.add_argument("--model", metavar="NAME", default="", help="explain only this model")
    add_scope_options(parser, "explain")
    parser.add_argument("--key", metavar="KEY", default="", help="the same as KEY alone")
    parser.add_argument(
        "--against", choices=("ccusage", "client"), help="compare with the numbers of ccusage, or of Claude Code itself"
    )
    parser.add_argument(
        "-j", "--json", action="store_true", help="print JSON (schema claude-top/explanation@1, of waste waste@1)"
    )
    add_place_options(parser)


def run(options: Namespace) -> int:
    """Explain, print, and return the exit code: 1 if the requested response could not be explained."""
    chosen = [name for name in ("since", "until", "period", "model", "project", "session") if getattr(options, name)]
    if options.what and (options.against or options.key):
        named = "--against" if options.against else "--key"
        raise exits.CommandError(f"{named} cannot be combined with {options.what}", exits.USAGE)
    if options.what == WASTE:
        return _waste(options)
    options.key = options.key or options.what
    if options.against:
        if chosen or options.key:
            message = f"--{(chosen or ['key'])[0]} cannot be combined with --against, which compares everything"
            raise exits.CommandError(message, exits.USAGE)
        if options.against == "client":
            return _against_client(options)
        from claude_tui.cli.ccusage import against

        return against.run(options)
    if options.key and chosen:
        message = f"--{chosen[0]} cannot be combined with a key, which names one response"
        raise exits.CommandError(message, exits.USAGE)
    from claude_tui.engine.queries.explain import explain
    from claude_tui.reports.findings import explain as reports

    asked = period(options)
    store = counted(options, keep_names=bool(options.key))
    about = _response(store, options.key) if options.key else narrowed(store, asked, options)
    with Steps() as steps:
        steps.show("reading the logs again")
        found = explain(store, about, files_s=LONGEST_S, rows_s=LONGEST_S)
    if options.json:
        streams.write_json(reports.report(found, about))
    else:
        lines = reports.lines(found, about, store.calendar.zone, streams.columns())
        streams.write("\n".join(lines) + "\n")
    return exits.FAILED if found.problem and options.key else exits.OK


def _waste(options: Namespace) -> int:
    """Print what was avoidable."""
    from claude_tui.reports import waste as reports

    asked = period(options)
    store = counted(options)
    query = narrowed(store, asked, options)
    causes = causes_of(store)
    found, total = causes.waste(query), causes.table(query, "kind").sums
    if options.json:
        streams.write_json(reports.report(found, total, query))
    else:
        lines = reports.lines(found, total, store.calendar.zone, streams.columns())
        streams.write("\n".join(lines) + "\n")
    return exits.OK


def _against_client(options: Namespace) -> int:
    """Compare with what the client itself counted, session by session."""
    from claude_tui.cli.options.places import source_config
    from claude_tui.clients import TELEMETRY
    from claude_tui.engine.queries.client_totals import client_sessions
    from claude_tui.engine.queries.telemetry import price_differences
    from claude_tui.model import Query
    from claude_tui.reports.findings import client_totals as reports

    options.source = ("claude",)
    store = counted(options, keep_names=TELEMETRY in source_config(options).sources)
    found, differences = client_sessions(store, Query()), price_differences(store)
    if options.json:
        streams.write_json(reports.report(found, differences))
    else:
        tables = [reports.table(found), *([reports.price_table(differences)] if differences else [])]
        streams.write_tables(tables, reports.footer(found))
    return exits.OK


def _response(store: Store, key: str) -> Response:
    """Return the response with a key. Raises CommandError with the usage code if there is none."""
    from claude_tui.engine.queries.responses import list_responses

    for response in list_responses(store):
        if response.key == key:
            return response
    message = f"no counted response has the key {key!r}; claude-top export lists the keys"
    raise exits.CommandError(message, exits.USAGE)
