"""Sessions as Claude Code itself counted them beside what their logs show, as JSON and as a table.

Finds nothing out itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from claude_tui.engine.queries.client_totals import ClientSession
from claude_tui.figures import count, dollars, many
from claude_tui.reports.table import Column, Table
from claude_tui.sources.values.display import display_name

SCHEMA: Final = "claude-top/against-client@1"


def report(sessions: Sequence[ClientSession]) -> dict[str, Any]:
    """Return the comparison for JSON."""
    rows = [{**one._asdict(), "notes": list(one.notes), "difference_nano": _difference(one)} for one in sessions]
    return {"schema": SCHEMA, "against": "client", "totals": _totals(sessions), "sessions": rows}


def table(sessions: Sequence[ClientSession]) -> Table:
    """Return the comparison for people."""
    columns = (
        Column("session", is_text=True), Column("client"), Column("responses", priority=1), Column("in the log"),
        Column("unlogged calls"), Column("difference"), Column("why", is_text=True, priority=2),
    )  # fmt: skip
    rows = tuple(
        (
            display_name(one.session), dollars(one.client_nano, 4), count(one.responses), dollars(one.logged_nano, 4),
            dollars(one.unlogged_nano, 4), _signed(_difference(one)), _why(one),
        )
        for one in sessions
    )  # fmt: skip
    sums = _totals(sessions)
    total = (
        "total", dollars(sums["client_nano"], 4), count(sums["responses"]), dollars(sums["logged_nano"], 4),
        dollars(sums["unlogged_nano"], 4), _signed(sums["difference_nano"]), "",
    )  # fmt: skip
    return Table("claude-top against Claude Code's own totals, session by session", columns, rows, total)


def footer(sessions: Sequence[ClientSession]) -> list[str]:
    """Return the lines below the table."""
    if not sessions:
        return ["no session here says what the client counted: it does so at its end, from version 2.1.277 on"]
    return [
        "client: what Claude Code counted in the session, at its own prices; a fork without what its parent had spent",
        "difference: our log and unlogged calls, less the client's figure",
    ]


def _totals(sessions: Sequence[ClientSession]) -> dict[str, int]:
    names = ("client_nano", "responses", "logged_nano", "unlogged_nano", "unlogged_tokens")
    sums = {name: sum(getattr(one, name) for one in sessions) for name in names}
    return {**sums, "difference_nano": sum(map(_difference, sessions))}


def _difference(one: ClientSession) -> int:
    return one.logged_nano + one.unlogged_nano - one.client_nano


def _signed(nano: int) -> str:
    return ("+" if nano > 0 else "") + dollars(nano, 4)


def _why(one: ClientSession) -> str:
    parts = []
    if one.uncovered:
        parts.append(f"{many(one.uncovered, 'response')} beyond the client's figure")
    if one.estimated_output:
        parts.append(f"about {many(one.estimated_output, 'output token')} estimated")
    parts += one.notes or (("a lower bound",) if one.is_lower_bound else ())
    return "; ".join(parts)
