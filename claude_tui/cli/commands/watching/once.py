"""`claude-top --once`: everything at a glance, or the table of one view, as plain text.

Must not sum or lay out anything.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from claude_tui.cli import exits, streams
from claude_tui.cli.counting.running import look
from claude_tui.cli.counting.setup import counted, setup
from claude_tui.cli.environment import now_ms
from claude_tui.cli.options.periods import cycle_day
from claude_tui.cli.options.places import timezone

if TYPE_CHECKING:
    from claude_tui.engine.queries.answers import Answers
    from claude_tui.engine.state.store import Store
    from claude_tui.model import Query, Snapshot
    from claude_tui.reports.table import TextTable

    Printed = tuple[Sequence[TextTable], Sequence[str]]
    """Tables, and the lines below them."""


def run(options: Namespace) -> int:
    """Count once, print, and return the exit code."""
    from claude_tui.engine.queries.periods.named import named
    from claude_tui.model import Query
    from claude_tui.reports.once import picture

    moment = datetime.fromtimestamp(now_ms() / 1000, timezone(options))
    since, until = named(options.period or "all", cycle_day(options.period or "all")).range(moment.date())
    store, query = counted(options), Query(since, until)
    if options.view is None:
        streams.write(picture(look(options, store, query), streams.columns()))
    else:
        streams.write_tables(*_view(options, store, query))
    return exits.OK


def _view(options: Namespace, store: Store, query: Query) -> Printed:
    """Return what a view shows of the days of a query."""
    name = options.view
    if name == "blocks":
        return _blocks(_answers(options, store), query)
    if name == "plan":
        return _plan(_answers(options, store), query)
    if name == "causes":
        return _causes(_answers(options, store), query)
    return _counted(name, look(options, store, query))


def _answers(options: Namespace, store: Store) -> Answers:
    """Return what answers as it does on the screen."""
    from claude_tui.engine.archive import archive_of
    from claude_tui.engine.queries.answers import Answers
    from claude_tui.engine.scan.discovery import roots_of

    prepared = setup(options)
    with store.lock:
        assert store.table is not None  # single responses are loaded when they are first asked for
    return Answers(
        store,
        roots=roots_of(prepared.config),
        limits_folder=prepared.limits_folder,
        cache_folder=prepared.cache_folder,
        archive=archive_of(prepared.ledger_file),
        ticket=prepared.ticket,
    )


def _counted(name: str, snapshot: Snapshot) -> Printed:
    """Return the running sessions, or a section of the report."""
    from claude_tui.reports import sessions
    from claude_tui.reports.report_tables import footer, tables

    if name != "live":
        return tables(snapshot, (name,)), footer(snapshot)
    none = [] if sessions.running(snapshot) else ["no session is running"]
    return [sessions.table(snapshot)], [*none, *footer(snapshot)]


def _causes(answers: Answers, query: Query) -> Printed:
    from claude_tui.reports.causes import footer, text_table

    store = answers.store
    answers.causes.refresh("tool")
    table = answers.causes.table(query, "tool")
    return [text_table(table)], footer(table, store.pricer.describe(), str(store.calendar.zone))


def _blocks(answers: Answers, query: Query) -> Printed:
    from claude_tui.reports.view_tables import blocks_table, open_block_lines

    at_ms = now_ms()
    found = answers.blocks(at_ms)
    return [blocks_table(found, query, _zone(answers))], open_block_lines(found, at_ms)


def _plan(answers: Answers, query: Query) -> Printed:
    from claude_tui.reports.view_tables import limit_lines, plan_table

    at_ms = now_ms()
    found = answers.plan(query, at_ms)
    return [plan_table(found)], limit_lines(found.limits, at_ms, _zone(answers))


def _zone(answers: Answers) -> ZoneInfo:
    return answers.store.calendar.zone
