"""What the views of blocks and of the plan show, as tables and lines of text. Must not ask for any of it.

The other views are sections of the report, what the money went for, or the running sessions.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final
from zoneinfo import ZoneInfo

from claude_tui.clients import CLIENTS
from claude_tui.engine.queries.allowances.blocks import UsageBlock
from claude_tui.engine.queries.allowances.limits import label
from claude_tui.engine.queries.allowances.windows import BlocksPicture
from claude_tui.engine.queries.periods.comparison import Compared, change
from claude_tui.engine.queries.plan import PlanLimit, PlanPicture
from claude_tui.figures import count, money, percent, short, written_cost
from claude_tui.model import Query, Totals
from claude_tui.moments import age, countdown, local_minute, moment
from claude_tui.reports.table import TextColumn, TextTable
from claude_tui.sources.values.display import display_name

STEADY: Final = 0.005
"""A smaller change is none."""
NO_LIMITS: Final = "no client has reported a limit; `claude-top statusline install` has Claude Code report its own"


def blocks_table(found: BlocksPicture, query: Query, zone: ZoneInfo) -> TextTable:
    """Return the five-hour blocks that began on the days of a query, the newest first."""
    columns = (
        TextColumn("began", is_text=True), TextColumn("state", is_text=True), TextColumn("responses", priority=2),
        TextColumn("tokens", priority=1), TextColumn("cost"),
        TextColumn("models", is_text=True, may_shrink=True, priority=3),
    )  # fmt: skip
    blocks = [block for block in found.blocks if not block.is_gap and _is_in(query, block, zone)]
    is_open = found.window.block.start_ms if found.window is not None else -1
    rows = tuple(
        (
            local_minute(block.start_ms, zone), "open" if block.start_ms == is_open else "over", count(block.entries),
            short(block.usage.tokens), _block_cost(block), ", ".join(map(display_name, block.models)),
        )
        for block in reversed(blocks)
    )  # fmt: skip
    return TextTable(f"5h blocks ({len(rows)})", columns, rows)


def open_block_lines(found: BlocksPicture, now_ms: int) -> list[str]:
    """Return what is known of the block that is open: how long it lasts, and what it will have cost."""
    window = found.window
    if window is None:
        return ["no 5h block is open: the next response opens one"]
    how = "reported by the client" if window.is_reported else "estimated from the log"
    line = f"open 5h block: {countdown((window.end_ms - now_ms) / 1000)} left ({how})"
    if window.low_nano is None or window.high_nano is None:
        return [line]
    low, high = money(window.low_nano), money(window.high_nano)
    return [f"{line}, at its end {f'about {low}' if low == high else f'{low} to {high}'}"]


def limit_lines(limits: Sequence[PlanLimit], now_ms: int, zone: ZoneInfo) -> list[str]:
    """Return a line for each limit, or one that says that there is none."""
    return [_limit_line(limit, now_ms, zone) for limit in limits] or [NO_LIMITS]


def plan_table(found: PlanPicture) -> TextTable:
    """Return what the days of a query used beside those before."""
    columns = (
        TextColumn("of", is_text=True, priority=1), TextColumn("name", is_text=True, may_shrink=True),
        TextColumn("cost"), TextColumn("before"), TextColumn("change", priority=2), TextColumn("tokens", priority=3),
        TextColumn("responses", priority=4), TextColumn("active", priority=3),
    )  # fmt: skip
    rows = tuple(
        (
            part.part, part.name, _cost(part.totals), _cost(part.before), _change(part), short(part.totals.tokens),
            count(part.totals.responses), _active(part.active_ms),
        )
        for part in found.parts
    )  # fmt: skip
    return TextTable(f"Plan: {_days(found.query)} against {_days(found.before)}", columns, rows)


def _is_in(query: Query, block: UsageBlock, zone: ZoneInfo) -> bool:
    day = moment(block.start_ms, zone).date()
    return (query.since is None or day >= query.since) and (query.until is None or day <= query.until)


def _block_cost(block: UsageBlock) -> str:
    return f"{'>=' if block.unpriced else ''}{money(block.nano)}"


def _limit_line(limit: PlanLimit, now_ms: int, zone: ZoneInfo) -> str:
    window, found = limit.window, limit.forecast
    whose = f"{CLIENTS[window.source].label} {label(window.name)}"
    parts = [
        f"{whose}: {percent(window.used_percent)} used",
        f"resets {local_minute(window.resets_ms, zone)}",
        f"reported {_ago(window.seen_ms, now_ms)}",
    ]
    if found is not None:
        parts.insert(1, f"heading for {percent(found.low).removesuffix('%')} to {percent(found.high)}")
    if window.account:
        parts.append(display_name(window.account))
    return ", ".join(parts)


def _ago(then_ms: int, now_ms: int) -> str:
    text = age(then_ms, now_ms)
    return text if text == "now" else f"{text} ago"


def _cost(totals: Totals) -> str:
    return "-" if totals == Totals() else written_cost(totals)


def _change(part: Compared) -> str:
    found = change(part.totals.cost_nano, part.before.cost_nano)
    if found is None:
        return "new" if part.totals.cost_nano else "-"
    return f"{found:+.0%}" if abs(found) >= STEADY else "0%"


def _active(active_ms: int | None) -> str:
    return countdown(active_ms / 1000) if active_ms else "-"


def _days(query: Query) -> str:
    days: list[date] = [day for day in (query.since, query.until) if day is not None]
    return " to ".join(dict.fromkeys(map(str, days))) or "all days"
