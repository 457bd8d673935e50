"""The machines of a fleet's table, as JSON (`claude-top/fleet@1`) and as text. Must not know where the table lies."""

from __future__ import annotations

from typing import Any, Final

from claude_tui.figures import count, many
from claude_tui.moments import instant
from claude_tui.records import NamedTuple
from claude_tui.reports.table import TextColumn, TextTable
from claude_tui.sources.values.display import display_name

SCHEMA: Final = "claude-top/fleet@1"


class MachineRow(NamedTuple):
    """One machine of a user: its pushes, the files and responses in them, copies included, and the last push."""

    user: str
    team: str
    host: str
    pushes: int
    files: int
    responses: int
    last_ms: int
    is_silent: bool


class FleetStatus(NamedTuple):
    """The machines, the responses of the merged table, what does not agree, and the damaged pushes that the last merge
    left out (nothing if all is well). Because of these, `held_sessions` are as an earlier merge published them."""

    machines: tuple[MachineRow, ...]
    responses: int
    disagreements: tuple[str, ...]
    left_out: tuple[str, ...] = ()
    held_sessions: int = 0

    @property
    def is_well(self) -> bool:
        """Whether every sum agrees, every push could be read, and every machine was heard of."""
        return not (self.disagreements or self.left_out or any(machine.is_silent for machine in self.machines))


def report(status: FleetStatus) -> dict[str, Any]:
    """Return the status for JSON."""
    return {
        "schema": SCHEMA,
        "responses": status.responses,
        "machines": [
            {
                "user": row.user, "team": row.team, "host": row.host, "pushes": row.pushes, "files": row.files,
                "responses": row.responses, "last_push": instant(row.last_ms), "is_silent": row.is_silent,
            }
            for row in status.machines
        ],
        "disagreements": list(status.disagreements),
        "left_out": list(status.left_out),
        "held_sessions": status.held_sessions,
    }  # fmt: skip


def table(status: FleetStatus) -> TextTable:
    """Return a table with a row for each machine."""
    columns = (
        TextColumn("user", is_text=True, may_shrink=True), TextColumn("team", is_text=True, priority=2),
        TextColumn("host", is_text=True, may_shrink=True), TextColumn("pushes", priority=3),
        TextColumn("files", priority=3), TextColumn("responses"), TextColumn("last push", is_text=True),
    )  # fmt: skip
    return TextTable("", columns, tuple(map(_cells, status.machines)))


def footer(status: FleetStatus) -> list[str]:
    """Return the lines below the table."""
    lines = [f"{many(status.responses, 'response')} in the merged table, each once"]
    silent = [display_name(f"{row.user}@{row.host}") for row in status.machines if row.is_silent]
    if silent:
        lines.append(f"nothing heard for a week or more: {', '.join(silent)}")
    lines += [f"damaged, and left out: {display_name(one, len(one))}" for one in status.left_out]
    if status.held_sessions:
        lines.append(f"as published before, because of what is damaged: {many(status.held_sessions, 'session')}")
    return [*lines, *(f"does not agree: {display_name(one, len(one))}" for one in status.disagreements)]


def _cells(row: MachineRow) -> tuple[str, ...]:
    names = (display_name(row.user), display_name(row.team), display_name(row.host))
    return (*names, count(row.pushes), count(row.files), count(row.responses), instant(row.last_ms)[:16])
