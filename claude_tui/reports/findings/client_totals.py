"""Sessions as Claude Code itself counted them beside what their logs show, as JSON and as a table.

Finds nothing out itself. Must not compare: `engine` did.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from claude_tui.engine.queries.client_totals import ClientSession
from claude_tui.engine.queries.telemetry import PriceDifference
from claude_tui.figures import NOT_AVAILABLE, count, dollars, many
from claude_tui.moments import instant
from claude_tui.reports.table import TextColumn, TextTable
from claude_tui.sources.values.display import display_name

SCHEMA: Final = "claude-top/against-client@1"


def report(sessions: Sequence[ClientSession], differences: Sequence[PriceDifference] = ()) -> dict[str, Any]:
    """Return the comparison for JSON: sessions by their totals, and single responses by what telemetry says."""
    rows = [{**one._asdict(), "notes": list(one.notes), "difference_nano": _difference(one)} for one in sessions]
    prices = [
        {
            "key": one.response.key, "session": one.response.session, "model": one.response.model,
            "time": instant(one.response.time_ms), "cost_nano": one.ours_nano, "client_cost_nano": one.client_nano,
            "cause": one.cause,
        }
        for one in differences
    ]  # fmt: skip
    return {"schema": SCHEMA, "against": "client", "totals": _totals(sessions), "sessions": rows, "prices": prices}


def table(sessions: Sequence[ClientSession]) -> TextTable:
    """Return the comparison for people."""
    columns = (
        TextColumn("session", is_text=True), TextColumn("client"), TextColumn("responses", priority=1),
        TextColumn("in the log"), TextColumn("unlogged calls"), TextColumn("difference"),
        TextColumn("why", is_text=True, priority=2),
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
    return TextTable("claude-top against Claude Code's own totals, session by session", columns, rows, total)


def price_table(differences: Sequence[PriceDifference]) -> TextTable:
    """Return the responses whose price the client says otherwise, for people."""
    columns = (
        TextColumn("response", is_text=True, may_shrink=True), TextColumn("model", is_text=True, priority=1),
        TextColumn("client"), TextColumn("ours"), TextColumn("why", is_text=True),
    )  # fmt: skip
    rows = tuple(
        (
            display_name(one.response.key), display_name(one.response.model), dollars(one.client_nano, 6),
            NOT_AVAILABLE if one.ours_nano is None else dollars(one.ours_nano, 6), one.cause,
        )
        for one in differences
    )  # fmt: skip
    return TextTable("Responses that cost something else by the client's own telemetry", columns, rows)


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
