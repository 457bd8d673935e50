"""One run of a report of ccusage: what was asked for is counted, and printed as JSON or as tables.

Must not parse options.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from claude_tui.cli import streams
from claude_tui.cli.ccusage import standing_in
from claude_tui.cli.counting.setup import counted
from claude_tui.cli.environment import now_ms
from claude_tui.cli.options.places import timezone

if TYPE_CHECKING:
    from argparse import Namespace

    from claude_tui.model import Query, Response
    from claude_tui.reports.ccusage.lines import UsageLine
    from claude_tui.reports.table import TextTable

TITLES: Final = {
    "daily": ("Daily", "Date"), "weekly": ("Weekly", "Week"), "monthly": ("Monthly", "Month"),
    "session": ("Session", "Session"),
}  # fmt: skip
COMPACT_BELOW: Final = 100
BLOCKS_COMPACT_BELOW: Final = 120


class ReportRun:
    """One run of a report: what was asked for, and the lines it is made of."""

    def __init__(self, options: Namespace, kind: str, client: str) -> None:
        from claude_tui.engine.state.sums.calendar import Calendar

        self.options, self.kind, self.client = options, kind, client
        self.zone = timezone(options)
        self.now_ms = now_ms()
        self.calendar = Calendar(self.zone)
        self.is_standing_in: bool = options.drop_in
        self._whole: list[UsageLine] = []

    @cached_property
    def lines(self) -> list[UsageLine]:
        """The lines of the days asked for."""
        from claude_tui.model import Query
        from claude_tui.reports.ccusage import version_18
        from claude_tui.reports.ccusage.periods import first_of_last

        options = self.options
        since: date | None = options.since
        if options.last:
            start = options.start_of_week if self.client else "monday"
            since = first_of_last(self.kind, options.last, self.calendar.day(self.now_ms), start)
        # Blocks are chosen by the day they start on, after all of them are known.
        is_everything = self.kind == "blocks" or (options.id and not self.is_standing_in)
        query = Query() if is_everything else Query(since=since, until=options.until)
        if not (self.is_standing_in and self._has_sessions()):
            return self._read(query)
        # Over all clients ccusage keeps a session whole, by the day of its last response; and so did version 18.
        self._whole = self._read(Query())
        if options.shape == 18:
            return version_18.whole_sessions(self._whole, since, options.until)
        until: date = query.until or date.max
        return [line for line in self._whole if (since or date.min) <= line.day <= until]

    def _has_sessions(self) -> bool:
        """Whether the report has whole sessions in it."""
        options = self.options
        return (
            (not self.client or options.shape == 18)
            and not options.id
            and "session" in (options.sections or (self.kind,))
        )

    def _read(self, query: Query) -> list[UsageLine]:
        from claude_tui.engine.queries.responses import list_responses
        from claude_tui.reports.ccusage.lines import is_project, lines, project_folder

        options = self.options
        if self.is_standing_in:
            store = standing_in.counted_or_nothing(options)
        else:
            store = counted(options, keep_names=False, is_empty_fine=True)
        responses: list[Response] = (
            list_responses(store, query, is_logged_only=not options.unlogged) if store is not None else []
        )
        if options.debug:
            _narrate_estimates(responses)
        if options.project:
            wanted = options.project
            responses = [r for r in responses if is_project(project_folder(r), r.project, wanted)]
        if not self.is_standing_in:
            return lines(responses, self.calendar, options.mode, standing_in.logged(options, responses))
        from claude_tui.reports.ccusage.others import named_as_there

        beside = standing_in.beside(options, self.client, responses)
        return named_as_there(lines(responses, self.calendar, options.mode, beside))

    def _lines_of(self, kind: str) -> list[UsageLine]:
        """The lines of one section of the report over all clients."""
        from claude_tui.reports.ccusage.periods import last_within

        if kind == "session" and self.is_standing_in:
            read, options = self.lines, self.options
            return last_within(self._whole or read, options.since, options.until)
        return self.lines

    def print_classic(self) -> None:
        """Print the report of one client."""
        from claude_tui.reports.ccusage import periods, tables

        options, kind = self.options, self.kind
        title = f"{_label(self.client)} token usage: {TITLES[kind][0].lower()}"
        if self.is_standing_in and options.json and (document := self._document()) is not None:
            self._print_json(document)
        elif kind == "session":
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
            start = "monday" if self.is_standing_in and self.client != "claude" else options.start_of_week
            found = periods.by_period(self.lines, kind, start)
            first = TITLES[kind][1]
            self._print(
                periods.period_report(found, kind, options.order, self.lines[0].project if self._is_of_one() else ""),
                lambda: tables.period_table(title, first, found, options.order, with_models=options.breakdown),
            )

    def _document(self) -> Any:
        """The document of a client that ccusage has another shape for, or of an older ccusage; None if none has."""
        from claude_tui.reports.ccusage import codex, others, version_18
        from claude_tui.reports.ccusage.sums import totals

        options = self.options
        if options.shape == 18:
            return version_18.report(self.lines, self.kind, options)
        if self.client == "codex":
            return codex.report(self.lines, self.kind, options.order)
        if self.client != "claude" and self.kind == "session":
            return others.session_report(self.lines, self.client)
        if options.instances and not self.lines:
            return {"daily": [], "totals": totals(())}
        return None

    def _is_of_one(self) -> bool:
        """Whether the report is of one project."""
        return bool(self.options.project and self.lines)

    def print_unified(self) -> None:
        """Print one report over all clients, or several sections."""
        from claude_tui.reports.ccusage import others, tables, unified

        options = self.options
        kinds = options.sections or (self.kind,)
        rows = {kind: unified.unified_rows(self._lines_of(kind), kind, options.order) for kind in kinds}
        if options.json:
            beside = others.metadata(self._whole or self.lines) if self.is_standing_in else None
            made = unified.unified_report(rows, self.kind, with_agents=options.by_agent, metadata=beside)
            self._print_json(made)
            return
        for kind in kinds:
            title = f"Token usage of all clients: {TITLES[kind][0].lower()}"
            table = tables.unified_table(title, TITLES[kind][1], rows[kind], with_models=options.breakdown)
            self._print_table(table, COMPACT_BELOW)

    def print_one_session(self) -> None:
        """Print every response of one session."""
        from claude_tui.figures import count, dollars
        from claude_tui.reports.ccusage.periods import session_entries

        found = session_entries(self.lines, self.options.id, is_as_logged=self.is_standing_in)
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
        from claude_tui.engine.queries.allowances.limits import read_limits
        from claude_tui.paths import state_folder
        from claude_tui.reports.ccusage import blocks, reported, tables
        from claude_tui.sources.values.instants import AHEAD_MS
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
            more: dict[str, Any] = {"reported": reported.rows(windows)} if windows and not self.is_standing_in else {}
            if options.shape == 18 and options.active and not kept:
                more = {"message": "No active block"}
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
        from claude_tui.reports.ccusage.sums import with_whole_numbers, without_cost

        made = with_whole_numbers(without_cost(document) if self.options.no_cost else document)
        if self.options.jq:
            standing_in.write_through_jq(made, self.options.jq)
        else:
            streams.write_json(made, is_sorted=True)

    def _print_table(self, table: TextTable, compact_below: int, footer: Sequence[str] = ()) -> None:
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
