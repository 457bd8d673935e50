"""Windows Claude Code itself reported, beside the blocks, which are estimates. Must not read where they are kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final
from zoneinfo import ZoneInfo

from claude_tui.engine.queries.allowances.limits import WINDOWS, ReportedWindow
from claude_tui.figures import count, dollars, usd
from claude_tui.moments import instant, local_minute
from claude_tui.records import NamedTuple
from claude_tui.reports.ccusage.lines import UsageLine
from claude_tui.reports.ccusage.tables import span
from claude_tui.sources.values.display import display_name
from claude_tui.units import MINUTE_MS

LABELS: Final = {"five_hour": "5-hour limit", "seven_day": "7-day limit"}


class Reported(NamedTuple):
    """An open window, with what the logs have in it; None if several accounts share the logs.

    `unpriced` counts lines without a price, which are not in `nano`.
    """

    window: ReportedWindow
    start_ms: int
    tokens: int | None = None
    nano: int | None = None
    unpriced: int = 0


def open_windows(windows: Iterable[ReportedWindow], lines: Sequence[UsageLine], now_ms: int) -> list[Reported]:
    """Return the windows that are open at an instant, the shortest first."""
    found = []
    known = [window for window in windows if window.name in WINDOWS]  # of others nobody knows since when they run
    still = [window for window in known if window.resets_ms - WINDOWS[window.name] <= now_ms < window.resets_ms]
    is_of_one = len({window.account for window in still}) == 1
    for window in sorted(still, key=lambda window: (WINDOWS[window.name], window.account)):
        start_ms = window.resets_ms - WINDOWS[window.name]
        if not is_of_one:
            found.append(Reported(window, start_ms))
            continue
        inside = [line for line in lines if start_ms <= line.time_ms <= now_ms]
        tokens, nano = sum(line.usage.tokens for line in inside), sum(line.nano or 0 for line in inside)
        found.append(Reported(window, start_ms, tokens, nano, sum(line.nano is None for line in inside)))
    return found


def rows(found: Iterable[Reported]) -> list[dict[str, Any]]:
    """Return the windows for JSON."""
    return [
        {
            "name": one.window.name,
            "account": one.window.account,
            "startTime": instant(one.start_ms),
            "endTime": instant(one.window.resets_ms),
            "usedPercent": one.window.used_percent,
            "reportedAt": instant(one.window.seen_ms),
            "totalTokens": one.tokens,
            "costUSD": None if one.nano is None else usd(one.nano),
        }
        for one in found
    ]


def texts(found: Sequence[Reported], now_ms: int, zone: ZoneInfo, *, with_cost: bool = True) -> list[str]:
    """Return a line for each window, for people."""
    made = []
    is_of_one = len({one.window.account for one in found}) == 1
    for one in found:
        window = one.window
        when = f"{local_minute(one.start_ms, zone)} to {local_minute(window.resets_ms, zone)}"
        parts = [f"{LABELS[window.name]} (reported): {window.used_percent:g}% used", when]
        parts.append(f"{span(window.resets_ms - now_ms)} remaining")
        if one.tokens is not None:
            parts.append(f"{count(one.tokens)} tokens")
        if with_cost and one.nano is not None:
            parts.append(f"{'>=' if one.unpriced else ''}{dollars(one.nano)}")
        parts.append(f"as of {max(0, now_ms - window.seen_ms) // MINUTE_MS} min ago")
        made.append(", ".join(parts if is_of_one else [*parts, display_name(window.account)]))
    return made
