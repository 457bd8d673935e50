"""The commands of ccusage: `claude-top claude daily` and its like for one client, `claude-top daily` for all."""

from __future__ import annotations

import argparse
import os
from argparse import SUPPRESS, Namespace
from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from claude_tui.cli import exits, streams
from claude_tui.cli.options import add_place_options, counted, day, now_ms, timezone
from claude_tui.cli.parser import CommandParser, example, separated

if TYPE_CHECKING:
    from claude_tui.engine.state.calendar import Calendar
    from claude_tui.reports.ccusage.lines import Line
    from claude_tui.reports.table import Table

KINDS: Final = ("daily", "weekly", "monthly", "session")
DEFAULTS: Final[dict[str, Any]] = {
    "json": False, "since": None, "until": None, "last": None, "order": "asc", "breakdown": False, "mode": "auto",
    "compact": False, "no_cost": False, "color": None, "debug": False, "instances": False, "project": None,
    "project_aliases": "", "start_of_week": "sunday", "id": None, "active": False, "recent": False,
    "token_limit": None, "session_length": 5.0, "sections": (), "by_agent": False, "config": None,
}  # fmt: skip
TITLES: Final = {
    "daily": ("Daily", "Date"), "weekly": ("Weekly", "Week"), "monthly": ("Monthly", "Month"),
    "session": ("Session", "Session"),
}  # fmt: skip
COMPACT_BELOW: Final = 100
BLOCKS_COMPACT_BELOW: Final = 120
WEEKDAYS: Final = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")


def add_client(parser: CommandParser, client: str) -> None:
    """Add the reports of one client to its command."""
    parser.description = f"The reports of ccusage over {client} logs, key for key, with our numbers."
    parser.epilog = example(f"claude-top {client} daily --json", f"claude-top {client} session --since 20261101")
    reports = parser.add_subparsers(
        title="reports", metavar="REPORT", dest="report", parser_class=CommandParser, required=True
    )
    for kind in (*KINDS, "blocks") if client == "claude" else KINDS:
        reports.add_parser(
            kind,
            help="five-hour blocks" if kind == "blocks" else f"usage by {TITLES[kind][1].lower()}",
            fill=partial(add_report, kind=kind, client=client),
        )


def add_report(parser: CommandParser, kind: str, client: str = "") -> None:
    """Add the options of one report: of a client, or over all where there is none."""
    whose = client or ("claude" if kind == "blocks" else "all clients")
    command = f"claude-top {client} {kind}" if client else f"claude-top {kind}"
    parser.description = f"Usage of {whose}: the {kind} report of ccusage, key for key, with our numbers."
    parser.epilog = example(f"{command} --json --since 20261101", f"{command} --last 7" if kind == "daily" else command)
    # What is not given on the command line must be told from its default: a config file lies between the two.
    add = partial(parser.add_argument, default=SUPPRESS)
    flag = partial(add, action="store_true")
    flag("-j", "--json", help="print JSON")
    add("-s", "--since", type=day, metavar="DAY", help="first day, YYYYMMDD or YYYY-MM-DD")
    add("-u", "--until", type=day, metavar="DAY", help="last day, counted in")
    if kind not in ("session", "blocks"):
        add("--last", type=_positive, metavar="N", help="only the most recent N periods; 1 is today's")
    add("-o", "--order", choices=("asc", "desc"), help="oldest or newest first (default: asc)")
    add("-m", "--mode", choices=("auto", "calculate", "display"), help="list prices, or logged costs only (display)")
    flag("-b", "--breakdown", help="a row for every model")
    flag("--compact", help="leave out columns as on a narrow terminal")
    flag("--no-cost", help="leave out every cost")
    colors = parser.add_mutually_exclusive_group()
    colors.add_argument("--color", action="store_true", default=SUPPRESS, help="colours even in a pipe")
    colors.add_argument("--no-color", dest="color", action="store_false", default=SUPPRESS, help="no colours")
    flag("-d", "--debug", help="say on stderr what the prices rest on")
    add("--config", metavar="FILE", help="a ccusage.json to take defaults from (default: searched for)")
    for ignored in (("-O", "--offline"), ("--no-offline",), ("--single-thread",), ("--all",)):
        flag(*ignored, dest="ignored", help=SUPPRESS)
    add("--debug-samples", dest="ignored", metavar="N", help=SUPPRESS)
    if client == "claude" and kind == "daily":
        flag("-i", "--instances", help="by project")
    if client and kind == "daily":
        add("-p", "--project", metavar="NAME", help="only this project")
        add("--project-aliases", metavar="A=B,...", help="names to show projects by")
    if client and kind == "weekly":
        add("-w", "--start-of-week", choices=WEEKDAYS, metavar="DAY", help="sunday (default) to saturday")
    if kind == "session":
        add("-i", "--id", metavar="ID", help="every response of one session")
    if kind == "blocks":
        flag("-a", "--active", help="only the block that goes on")
        flag("-r", "--recent", help="the last three days")
        add("-t", "--token-limit", metavar="N|max", help="warn by this limit")
        add("-n", "--session-length", type=float, metavar="H", help="length of a block in hours (default: 5)")
    if not client and kind != "blocks":
        add("--sections", type=lambda text: separated(text, KINDS), metavar="A,B", help="several reports in one")
        flag("--by-agent", help="each client's part of a row")
    add_place_options(parser)
    parser.set_defaults(run=partial(run, kind=kind, client=client))


def _positive(text: str) -> int:
    if not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number of periods, 1 or more")
    return int(text)


def run(options: Namespace, *, kind: str, client: str) -> int:
    """Print the report and return the exit code."""
    from claude_tui.cli.ccusage.config import with_config

    options = with_config(options, DEFAULTS, client, kind)
    if options.last and (options.since or options.until):
        raise exits.CommandError("--last cannot be combined with --since or --until", exits.USAGE)
    if options.session_length <= 0:
        raise exits.CommandError("--session-length must be more than 0", exits.USAGE)
    if client or kind == "blocks":
        options.source = (client or "claude",)
    report = _Report(options, kind, client)
    if kind == "blocks":
        report.print_blocks()
    elif kind == "session" and options.id:
        report.print_one_session()
    elif client:
        report.print_classic()
    else:
        report.print_unified()
    return exits.OK


class _Report:
    """One run of a report: what was asked for, and the lines it is made of."""

    def __init__(self, options: Namespace, kind: str, client: str) -> None:
        from claude_tui.engine.state.calendar import Calendar

        self.options, self.kind, self.client = options, kind, client
        self.zone = timezone(options)
        self.now_ms = now_ms()
        self.calendar = Calendar(self.zone)
        self.lines = self._read(self.calendar)

    def _read(self, calendar: Calendar) -> list[Line]:
        from claude_tui.engine.queries.responses import list_responses
        from claude_tui.model import Query
        from claude_tui.reports.ccusage.lines import is_project, lines, project_folder
        from claude_tui.reports.ccusage.periods import first_of_last

        options = self.options
        since: date | None = options.since
        if options.last:
            start = options.start_of_week if self.client else "monday"
            since = first_of_last(self.kind, options.last, calendar.day(self.now_ms), start)
        # Blocks are chosen by the day they start on, after all of them are known.
        query = Query() if self.kind == "blocks" or options.id else Query(since=since, until=options.until)
        store = counted(options, keep_names=False, is_empty_fine=True)
        responses = list_responses(store, query)
        if options.debug:
            _narrate_estimates(responses)
        if options.project:
            wanted = options.project
            responses = [r for r in responses if is_project(project_folder(r), r.project, wanted)]
        return lines(responses, calendar, options.mode)

    def print_classic(self) -> None:
        """Print the report of one client."""
        from claude_tui.reports.ccusage import periods, tables

        options, kind = self.options, self.kind
        title = f"{_label(self.client)} token usage: {TITLES[kind][0].lower()}"
        if kind == "session":
            sessions = periods.by_session(self.lines)
            self._print(
                periods.session_report(sessions),
                lambda: tables.session_table(title, sessions, self.zone, with_models=options.breakdown),
            )
        elif options.instances:
            projects = periods.by_project(self.lines)
            aliases = _aliases(options.project_aliases)
            self._print(
                periods.instances_report(projects, options.order),
                lambda: tables.project_table(title, projects, aliases, options.order, with_models=options.breakdown),
            )
        else:
            found = periods.by_period(self.lines, kind, options.start_of_week)
            first = TITLES[kind][1]
            self._print(
                periods.period_report(found, kind, options.order, self.lines[0].project if self._is_of_one() else ""),
                lambda: tables.period_table(title, first, found, options.order, with_models=options.breakdown),
            )

    def _is_of_one(self) -> bool:
        """Whether the report is of one project."""
        return bool(self.options.project and self.lines)

    def print_unified(self) -> None:
        """Print one report over all clients, or several sections."""
        from claude_tui.reports.ccusage import tables, unified

        options = self.options
        kinds = options.sections or (self.kind,)
        rows = {kind: unified.unified_rows(self.lines, kind, options.order) for kind in kinds}
        if options.json:
            self._print_json(unified.unified_report(rows, self.kind, with_agents=options.by_agent))
            return
        for kind in kinds:
            title = f"Token usage of all clients: {TITLES[kind][0].lower()}"
            table = tables.unified_table(title, TITLES[kind][1], rows[kind], with_models=options.breakdown)
            self._print_table(table, COMPACT_BELOW)

    def print_one_session(self) -> None:
        """Print every response of one session."""
        from claude_tui.figures import count, dollars
        from claude_tui.reports.ccusage.periods import session_entries

        found = session_entries(self.lines, self.options.id)
        if self.options.json:
            self._print_json(found)
        elif found is None:
            streams.narrate(f"no session {self.options.id!r}")
        else:
            nano = sum(line.nano or 0 for line in self.lines if line.session == self.options.id)
            cost = [] if self.options.no_cost else [f"Total Cost: {dollars(nano)}"]
            rest = [f"Total Tokens: {count(found['totalTokens'])}", f"Total Entries: {len(found['entries'])}"]
            streams.write("\n".join([f"Session {found['sessionId']}", *cost, *rest]) + "\n")

    def print_blocks(self) -> None:
        """Print the report of blocks."""
        from claude_tui.engine.queries.limits import read_limits
        from claude_tui.paths import state_folder
        from claude_tui.reports.ccusage import blocks, reported, tables
        from claude_tui.sources.instants import AHEAD_MS
        from claude_tui.units import HOUR_MS

        options, with_cost = self.options, not self.options.no_cost
        begun = (line for line in self.lines if line.time_ms <= self.now_ms + AHEAD_MS)
        found = blocks.find_blocks(begun, int(options.session_length * HOUR_MS))
        kept = blocks.chosen(
            found,
            self.now_ms,
            self.calendar,
            since=options.since,
            until=options.until,
            is_recent=options.recent,
            is_active=options.active,
            order=options.order,
        )
        most = blocks.highest(kept, self.now_ms)
        limit = blocks.limit_of(options.token_limit, most) if options.token_limit else None
        windows = reported.open_windows(read_limits(os.fspath(state_folder())).windows, self.lines, self.now_ms)
        said = reported.texts(windows, self.now_ms, self.zone, with_cost=with_cost)
        if options.json:
            # The key is there only where something was reported: without, the document is ccusage's.
            more = {"reported": reported.rows(windows)} if windows else {}
            self._print_json(blocks.blocks_report(kept, self.now_ms, limit) | more)
        elif not kept:
            streams.write("".join(f"{line}\n" for line in said))
            streams.narrate("no block is active" if options.active else "no usage found")
        elif options.active:
            streams.write("".join(f"{line}\n" for line in said) + ("\n" if said else ""))
            streams.write(tables.active_block(kept[0], self.now_ms, self.zone, limit, with_cost=with_cost))
        else:
            title = "Claude token usage: five-hour blocks (estimated)"
            table = tables.blocks_table(title, kept, self.now_ms, self.zone, limit)
            self._print_table(table, BLOCKS_COMPACT_BELOW, said)

    def _print(self, document: dict[str, Any], table: Any) -> None:
        if self.options.json:
            self._print_json(document)
        elif not self.lines:
            streams.narrate("no usage found")
        else:
            self._print_table(table(), COMPACT_BELOW)

    def _print_json(self, document: Any) -> None:
        from claude_tui.reports.ccusage.sums import without_cost

        streams.write_json(without_cost(document) if self.options.no_cost else document, is_sorted=True)

    def _print_table(self, table: Table, compact_below: int, footer: Sequence[str] = ()) -> None:
        from claude_tui.reports.ccusage.tables import HIDDEN_WHEN_COMPACT

        if not table.rows:
            streams.narrate("no usage found")
            return
        hidden = frozenset({"Cost (USD)", "Cost"}) if self.options.no_cost else frozenset()
        is_compact = self.options.compact or (streams.is_terminal() and streams.columns() < compact_below)
        if is_compact:
            hidden |= HIDDEN_WHEN_COMPACT
        streams.write_tables([table.without(hidden)], footer, is_coloured=self.options.color)


def _label(client: str) -> str:
    from claude_tui.reports.ccusage.unified import LABELS

    return LABELS.get(client, client)


def _aliases(text: str) -> dict[str, str]:
    pairs = (pair.partition("=") for pair in text.split(","))
    return {name.strip(): alias.strip() for name, is_pair, alias in pairs if is_pair}


def _narrate_estimates(responses: list[Any]) -> None:
    from collections import Counter

    from claude_tui.figures import many

    flags = Counter(flag for response in responses for flag in response.price.flags)
    unpriced = sum(response.price.nano is None for response in responses)
    for flag, number in sorted(flags.items()):
        streams.narrate(f"{many(number, 'price')}: {flag}")
    lines = many(len(responses), "line")
    streams.narrate(f"{unpriced:,} of {lines} without a price; see claude-top explain --against ccusage")
