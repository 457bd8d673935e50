"""What the ledger remembers, machine by machine, as a dictionary for JSON and as a table. Opens no ledger itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from claude_tui.figures import count, instant, size
from claude_tui.reports.table import Column, Table
from claude_tui.sources.display import display_name

SCHEMA: Final = "claude-top/ledger@1"


class HostRow(NamedTuple):
    """What one machine contributed. What several machines have is under each, so that rows may exceed the total."""

    host: str
    files: int
    responses: int
    first_ms: int
    last_ms: int


class Status(NamedTuple):
    """A ledger looked at. `trouble` is "" while all is well, else what is wrong with it or was."""

    path: str
    size_bytes: int
    total: HostRow
    hosts: Sequence[HostRow]
    trouble: str = ""


def report(status: Status) -> dict[str, Any]:
    """Return the status for JSON."""
    return {
        "schema": SCHEMA,
        "path": status.path,
        "bytes": status.size_bytes,
        **_figures(status.total),
        "hosts": [{"host": row.host, **_figures(row)} for row in status.hosts],
        "trouble": status.trouble or None,
    }


def table(status: Status) -> Table:
    """Return a row for each machine and one for all."""
    columns = (
        Column("host", is_text=True, may_shrink=True), Column("files", priority=2), Column("responses"),
        Column("first", is_text=True, priority=1), Column("last", is_text=True),
    )  # fmt: skip
    return Table("", columns, tuple(map(_cells, status.hosts)), _cells(status.total))


def footer(status: Status) -> list[str]:
    """Return the lines below the table."""
    lines = [f"{size(status.size_bytes)} in {display_name(status.path)}"]
    return [*lines, display_name(status.trouble)] if status.trouble else lines


def _figures(row: HostRow) -> dict[str, Any]:
    return {
        "files": row.files,
        "responses": row.responses,
        "first": instant(row.first_ms) if row.first_ms else None,
        "last": instant(row.last_ms) if row.last_ms else None,
    }


def _cells(row: HostRow) -> tuple[str, ...]:
    dates = (instant(time_ms)[:10] if time_ms else "" for time_ms in (row.first_ms, row.last_ms))
    return (display_name(row.host), count(row.files), count(row.responses), *dates)
