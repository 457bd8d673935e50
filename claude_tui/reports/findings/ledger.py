"""What the ledger holds, by machine, as a dictionary for JSON and as a table. Must not open a ledger itself."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Any, Final

from claude_tui.clients import CLIENTS
from claude_tui.figures import count, many, size
from claude_tui.moments import instant, instant_or_none
from claude_tui.records import NamedTuple
from claude_tui.reports.table import TextColumn, TextTable
from claude_tui.sources.values.display import display_name

SCHEMA: Final = "claude-top/ledger@1"
MOST_SHOWN: Final = 10
"""Most files whose invalid rows are listed one by one."""


class HostRow(NamedTuple):
    """What one machine contributed. Responses of several machines are listed under each, so rows may exceed the
    total. `responses` are those of logs; `events` are what telemetry told, also of the same responses."""

    host: str
    files: int
    responses: int
    first_ms: int
    last_ms: int
    events: int = 0


class LeftOut(NamedTuple):
    """Invalid rows of one file, which are stored but not counted: how many, and why the first one is invalid."""

    host: str
    path: str
    number: int
    why: str


class MovedFolder(NamedTuple):
    """A folder of a client that is not counted, what the ledger holds of it, and the counted folder of that name.

    `new` is "" if there is none. `is_there`: the folder still exists.
    """

    source: str
    old: str
    new: str
    files: int
    responses: int
    is_there: bool = False

    @property
    def command(self) -> str:
        """The command that carries its history over, "" if there is no folder to carry it to."""
        return f"claude-top ledger adopt {shlex.quote(self.old)} {shlex.quote(self.new)}" if self.new else ""


class LedgerStatus(NamedTuple):
    """The state of a ledger. `error` is "" if all is well, else what is or was wrong with it."""

    path: str
    size_bytes: int
    total: HostRow
    hosts: Sequence[HostRow]
    error: str = ""
    left_out: Sequence[LeftOut] = ()
    moved: Sequence[MovedFolder] = ()


def report(status: LedgerStatus) -> dict[str, Any]:
    """Return the status for JSON."""
    return {
        "schema": SCHEMA,
        "path": status.path,
        "bytes": status.size_bytes,
        **_figures(status.total),
        "hosts": [{"host": row.host, **_figures(row)} for row in status.hosts],
        "trouble": status.error or None,
        "left_out": [one._asdict() for one in status.left_out],
        "moved": [{**one._asdict(), "command": one.command or None} for one in status.moved],
    }


def table(status: LedgerStatus) -> TextTable:
    """Return a table with a row for each machine and one for all."""
    is_told = bool(status.total.events)
    columns = (
        TextColumn("host", is_text=True, may_shrink=True), TextColumn("files", priority=2), TextColumn("responses"),
        *([TextColumn("events")] if is_told else []),
        TextColumn("first", is_text=True, priority=1), TextColumn("last", is_text=True),
    )  # fmt: skip
    rows = tuple(_cells(row, is_told) for row in status.hosts)
    return TextTable("", columns, rows, _cells(status.total, is_told))


def footer(status: LedgerStatus) -> list[str]:
    """Return the lines below the table."""
    lines = [f"{size(status.size_bytes)} in {display_name(status.path)}"]
    if status.total.events:
        lines.append("responses are those of the logs; events are what telemetry told, mostly of the same")
    if status.error:
        lines.append(display_name(status.error))
    return [*lines, *left_out_lines(status.left_out), *moved_lines(status.moved)]


def left_out_lines(left_out: Sequence[LeftOut]) -> list[str]:
    """Return lines about invalid rows, naming at most a few files."""
    if not left_out:
        return []
    made = [f"left out: {many(sum(one.number for one in left_out), 'invalid row')}"]
    made += [
        f"  {count(one.number)} of {display_name(f'{one.host}:{one.path}')}: {display_name(one.why)}"
        for one in left_out[:MOST_SHOWN]
    ]
    if len(left_out) > MOST_SHOWN:
        made.append(f"  and {count(len(left_out) - MOST_SHOWN)} more (claude-top ledger status --json lists them)")
    return made


def moved_lines(moved: Sequence[MovedFolder]) -> list[str]:
    """Return lines about folders that are not counted, with the command that carries over the history of each."""
    made = []
    for one in moved:
        held = (
            f"not counted: {many(one.responses, 'response')} of {many(one.files, 'file')} in {display_name(one.old)}, "
        )
        look = f"look in it with --{one.source}-dir" if one.source in CLIENTS else ""
        if not one.new:
            made.append(f"{held}which is not looked in" + (f"; {look}" if look else ""))
            continue
        if one.is_there:
            made.append(f"{held}which is not looked in; {look + ', or ' if look else ''}carry them over with")
        else:
            made.append(f"{held}which no longer exists; if it moved, carry them over with")
        made.append(f"  {display_name(one.command, len(one.command))}")
    return made


def _figures(row: HostRow) -> dict[str, Any]:
    return {
        "files": row.files,
        "responses": row.responses,
        "events": row.events,
        "first": instant_or_none(row.first_ms),
        "last": instant_or_none(row.last_ms),
    }


def _cells(row: HostRow, is_told: bool) -> tuple[str, ...]:
    dates = (instant(time_ms)[:10] if time_ms else "" for time_ms in (row.first_ms, row.last_ms))
    counts = (row.files, row.responses, row.events) if is_told else (row.files, row.responses)
    return (display_name(row.host), *map(count, counts), *dates)
