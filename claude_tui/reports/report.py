"""The report `claude-top/report@1`: a snapshot as a dictionary for JSON and as tables of text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

from claude_tui.figures import count, many, tokens, written_cost
from claude_tui.model import Snapshot, Totals
from claude_tui.reports.columns import flat

if TYPE_CHECKING:
    from claude_tui.reports.table import Table

SCHEMA: Final = "claude-top/report@1"
SECTIONS: Final = {"day": "days", "model": "models", "project": "projects", "session": "sessions"}
"""Maps each value of `--by` to its section."""


def report(snapshot: Snapshot, sections: Sequence[str] = tuple(SECTIONS.values())) -> dict[str, Any]:
    """Return the report. Days are ordered by time; models and projects by cost, then tokens, then name; sessions by
    last activity, newest first. Every section sums to `totals`."""
    made: dict[str, Any] = {
        "schema": SCHEMA,
        "timezone": snapshot.timezone,
        "since": snapshot.query.since.isoformat() if snapshot.query.since else None,
        "until": snapshot.query.until.isoformat() if snapshot.query.until else None,
        "prices": snapshot.prices,
        "totals": flat(snapshot.totals),
    }
    builders = {"days": _days, "models": _models, "projects": _projects, "sessions": _sessions}
    for section in sections:
        made[section] = builders[section](snapshot)
    made["problems"] = {"total": sum(snapshot.problems.values()), "by_kind": dict(sorted(snapshot.problems.items()))}
    made["unpriced"] = unpriced_models(snapshot)
    return made


def unpriced_models(snapshot: Snapshot) -> list[dict[str, Any]]:
    """Return the models without a price, with their usage."""
    return [
        {
            "model": row.key,
            "source": row.source,
            "responses": row.totals.unpriced_responses,
            "tokens": row.totals.unpriced_tokens,
        }
        for row in snapshot.models
        if row.totals.unpriced_responses or row.totals.unpriced_tokens
    ]


def _days(snapshot: Snapshot) -> list[dict[str, Any]]:
    return [{"day": row.day.isoformat(), **flat(row.totals)} for row in snapshot.days]


def _models(snapshot: Snapshot) -> list[dict[str, Any]]:
    return [{"model": row.key, "source": row.source, **flat(row.totals)} for row in snapshot.models]


def _projects(snapshot: Snapshot) -> list[dict[str, Any]]:
    return [
        {"project": row.key, "source": row.source, "sessions": row.sessions, **flat(row.totals)}
        for row in snapshot.projects
    ]


def _sessions(snapshot: Snapshot) -> list[dict[str, Any]]:
    return [
        {
            "session": row.key,
            "source": row.source,
            "name": row.name,
            "project": row.project,
            "models": list(row.models),
            "agents": len(row.agents),
            **flat(row.totals),
        }
        for row in snapshot.sessions
    ]


def tables(snapshot: Snapshot, sections: Sequence[str]) -> list[Table]:
    """Return one table per section, each with the total at the end."""
    made = {
        "days": lambda: _table("Days", "day", ((row.day.isoformat(), row.totals) for row in snapshot.days)),
        "models": lambda: _table("Models", "model", ((row.name, row.totals) for row in snapshot.models)),
        "projects": lambda: _table("Projects", "project", ((row.name, row.totals) for row in snapshot.projects)),
        "sessions": lambda: _table("Sessions", "session", ((row.name, row.totals) for row in snapshot.sessions)),
    }
    found = [made[section]() for section in sections]
    return [table.with_total(("Total", *_cells(snapshot.totals))) for table in found]


def footer(snapshot: Snapshot) -> list[str]:
    """Return the lines below the tables: what the sums lack, and which prices were used."""
    totals = snapshot.totals
    lines = []
    if missing := len(unpriced_models(snapshot)):
        names = ", ".join(row.name for row in snapshot.models if row.totals.unpriced_responses)
        what = f"{many(missing, 'unpriced model')}, {tokens(totals.unpriced_tokens)}"
        lines.append(f"not in the cost: {what}" + (f" ({names})" if names else ""))
    if totals.lower_bound:
        lines.append(
            f"lower bound: {many(totals.lower_bound, 'response')} whose log has only the beginning of the output"
        )
    if totals.flagged:
        lines.append(f"~ {many(totals.flagged, 'price')} based on an assumption")
    if snapshot.problems:
        kinds = ", ".join(f"{number:,} {kind.replace('_', ' ')}" for kind, number in sorted(snapshot.problems.items()))
        lines.append(f"problems in the logs: {kinds} (claude-top doctor lists them)")
    lines.append(f"{snapshot.prices}; list prices, days in {snapshot.timezone}")
    return lines


def _table(title: str, name: str, rows: Iterable[tuple[str, Totals]]) -> Table:
    from claude_tui.reports.table import Column, Table  # JSON is not drawn

    columns = (
        Column(name, is_text=True, may_shrink=True),
        Column("responses", priority=2),
        Column("input", priority=1),
        Column("output", priority=1),
        Column("cache write", priority=3),
        Column("cache read", priority=3),
        Column("tokens"),
        Column("cost"),
    )
    return Table(title, columns, tuple((label, *_cells(totals)) for label, totals in rows))


def _cells(totals: Totals) -> tuple[str, ...]:
    numbers = (totals.responses, totals.input, totals.output, totals.cache_write, totals.cache_read, totals.tokens)
    return (*map(count, numbers), written_cost(totals))
