"""The report of five-hour blocks, with burn rate and projection of the block that goes on.

Must not know our own JSON.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, Final

from claude_tui.engine.queries.allowances.blocks import BlockEntry, UsageBlock, blocks
from claude_tui.engine.state.sums.calendar import Calendar
from claude_tui.figures import usd
from claude_tui.moments import instant
from claude_tui.reports.ccusage.lines import UsageLine
from claude_tui.units import HOUR_MS, MINUTE_MS

RECENT_MS: Final = 3 * 24 * HOUR_MS
WARNING: Final = 0.8
"""Above this share of the limit a projection is a warning."""


def find_blocks(lines: Iterable[UsageLine], length_ms: int) -> list[UsageBlock]:
    """Divide lines into blocks."""
    return blocks((BlockEntry(line.time_ms, line.usage, line.nano, line.model) for line in lines), length_ms)


def chosen(
    found: Sequence[UsageBlock],
    now_ms: int,
    calendar: Calendar,
    *,
    since: date | None = None,
    until: date | None = None,
    is_recent: bool = False,
    is_active: bool = False,
    order: str = "asc",
) -> list[UsageBlock]:
    """Return the blocks asked for: days are those a block starts on; recent ones started within three days."""
    kept = [
        block
        for block in found
        if (since is None or calendar.day(block.start_ms) >= since)
        and (until is None or calendar.day(block.start_ms) <= until)
        and (not is_recent or block.start_ms >= now_ms - RECENT_MS or block.is_active(now_ms))
        and (not is_active or block.is_active(now_ms))
    ]
    return sorted(kept, key=lambda block: block.start_ms, reverse=order == "desc")


def highest(found: Iterable[UsageBlock], now_ms: int) -> int:
    """Return the most tokens any block that is over had: what the limit "max" means."""
    return max((block.usage.tokens for block in found if not block.is_active(now_ms)), default=0)


def limit_of(text: str, most: int) -> int | None:
    """Return the limit a user means by a number or "max"; None for none."""
    if text == "max":
        return most or None
    return int(text) if text.isdigit() else None


def blocks_report(found: Iterable[UsageBlock], now_ms: int, limit: int | None = None) -> dict[str, Any]:
    """Return {"blocks": [...]}; `limit` in tokens adds each projection's share of it."""
    return {"blocks": [_row(block, now_ms, limit) for block in found]}


def _row(block: UsageBlock, now_ms: int, limit: int | None) -> dict[str, Any]:
    rate = burn_rate(block) if block.is_active(now_ms) else None
    ahead = projection(block, now_ms)
    row: dict[str, Any] = {
        "id": ("gap-" if block.is_gap else "") + instant(block.start_ms),
        "startTime": instant(block.start_ms),
        "endTime": instant(block.end_ms),
        "actualEndTime": None if block.is_gap else instant(block.last_ms),
        "isActive": block.is_active(now_ms),
        "isGap": block.is_gap,
        "entries": block.entries,
        "tokenCounts": {
            "inputTokens": block.usage.input,
            "outputTokens": block.usage.output,
            "cacheCreationInputTokens": block.usage.cache_write_5m + block.usage.cache_write_1h,
            "cacheReadInputTokens": block.usage.cache_read,
        },
        "totalTokens": block.usage.tokens,
        "costUSD": usd(block.nano),
        "models": list(block.models),
        "burnRate": rate,
        "projection": ahead,
    }
    if limit and ahead:
        row["tokenLimitStatus"] = {
            "limit": limit,
            "projectedUsage": ahead["totalTokens"],
            "percentUsed": ahead["totalTokens"] / limit * 100,
            "status": limit_status(ahead["totalTokens"], limit),
        }
    return row


def limit_status(tokens: int, limit: int) -> str:
    """Return how a projection stands to a limit: ok, warning or exceeds."""
    return "exceeds" if tokens > limit else "warning" if tokens > limit * WARNING else "ok"


def burn_rate(block: UsageBlock) -> dict[str, float] | None:
    """Return tokens a minute and cost an hour between the first and last entry; None for a single instant."""
    minutes = (block.last_ms - block.first_ms) / MINUTE_MS
    if block.is_gap or minutes <= 0:
        return None
    return {
        "tokensPerMinute": block.usage.tokens / minutes,
        "tokensPerMinuteForIndicator": (block.usage.input + block.usage.output) / minutes,
        "costPerHour": usd(block.nano) / minutes * 60,
    }


def projection(block: UsageBlock, now_ms: int) -> dict[str, Any] | None:
    """Return what a block that goes on will have come to at its end, at its burn rate."""
    rate = burn_rate(block) if block.is_active(now_ms) else None
    if rate is None:
        return None
    # Halves round up here as in the report this one equals; Python's own rounding would not.
    minutes = int((block.end_ms - now_ms) / MINUTE_MS + 0.5)
    return {
        "totalTokens": int(block.usage.tokens + rate["tokensPerMinute"] * minutes + 0.5),
        "totalCost": int((usd(block.nano) + rate["costPerHour"] / 60 * minutes) * 100 + 0.5) / 100,
        "remainingMinutes": minutes,
    }
