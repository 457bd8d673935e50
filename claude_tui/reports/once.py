"""One snapshot of everything as plain text in a given width. Shows only what a first look needs. Must not sum."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from claude_tui.figures import cache_hit, count, many, money, share, short, tokens, written_cost
from claude_tui.model import Query, Snapshot
from claude_tui.moments import local_minute
from claude_tui.reports.report_tables import footer
from claude_tui.reports.table import TextColumn, TextTable, packed, plain, wrapped

MOST = 10
"""Rows of each table."""


def picture(snapshot: Snapshot, width: int = 80) -> str:
    """Return headline, models, projects and latest sessions; nothing is wider than `width` if that is possible."""
    totals, today, burn = snapshot.totals, snapshot.today, snapshot.burn
    head = (
        f"today {written_cost(today)}",
        f"{_span(snapshot.query)} {written_cost(totals)}",
        f"{tokens(totals.tokens)} in {many(totals.responses, 'response')}",
    )
    pace = (
        f"per hour, over 5, 15 and 60 min: {money(burn.last_5m_nano)}, {money(burn.last_15m_nano)}, "
        f"{money(burn.last_60m_nano)}",
        f"active sessions {snapshot.active_sessions}",
        *([f"cache hit {cache_hit(totals)}"] if totals.cache_hit is not None else []),
    )
    tables = [_models(snapshot), _projects(snapshot), _sessions(snapshot)]
    lines = [*packed(head, width), *packed(pace, width), "", *(plain(table, width) for table in tables)]
    return "\n".join([*lines, *wrapped(footer(snapshot), width)]) + "\n"


def _span(query: Query) -> str:
    """Describe in words which days are summed up."""
    if query.since and query.until:
        return f"{query.since}" if query.since == query.until else f"{query.since} to {query.until}"
    return f"from {query.since}" if query.since else f"until {query.until}" if query.until else "total"


def _models(snapshot: Snapshot) -> TextTable:
    columns = (
        TextColumn("model", is_text=True, may_shrink=True), TextColumn("responses", priority=2), TextColumn("tokens"),
        TextColumn("share", priority=1), TextColumn("cost"),
    )  # fmt: skip
    whole = snapshot.totals.cost_nano
    rows = tuple(
        (
            row.name, count(row.totals.responses), short(row.totals.tokens),
            share(row.totals.cost_nano, whole) or "-", written_cost(row.totals),
        )
        for row in snapshot.models[:MOST]
    )  # fmt: skip
    return TextTable(_title("Models", len(snapshot.models)), columns, rows)


def _projects(snapshot: Snapshot) -> TextTable:
    columns = (
        TextColumn("project", is_text=True, may_shrink=True, has_folders=True),
        TextColumn("sessions", priority=1), TextColumn("tokens"),
        TextColumn("cost"),
    )  # fmt: skip
    rows = tuple(
        (row.name, count(row.sessions), short(row.totals.tokens), written_cost(row.totals))
        for row in snapshot.projects[:MOST]
    )
    return TextTable(_title("Projects", len(snapshot.projects)), columns, rows)


def _sessions(snapshot: Snapshot) -> TextTable:
    zone = ZoneInfo(snapshot.timezone)
    columns = (
        TextColumn("latest sessions", is_text=True, may_shrink=True), TextColumn("state", is_text=True, priority=2),
        TextColumn("last", is_text=True, priority=1), TextColumn("tokens"), TextColumn("cost"),
    )  # fmt: skip
    rows = tuple(
        (
            row.name, row.state.value, local_minute(row.totals.last_ms, zone), short(row.totals.tokens),
            written_cost(row.totals),
        )
        for row in snapshot.sessions[:MOST]
    )  # fmt: skip
    return TextTable(_title("Sessions", len(snapshot.sessions)), columns, rows)


def _title(name: str, number: int) -> str:
    return f"{name} ({MOST} of {number:,})" if number > MOST else f"{name} ({number})"
