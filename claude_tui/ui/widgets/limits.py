"""Plan limits as lines: whose, how much is used, until when, and where it is heading. Must not ask for them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import tzinfo
from typing import Final

from textual.content import Content

from claude_tui import figures, moments
from claude_tui.clients import CLIENTS
from claude_tui.engine.queries.allowances.budgets import BudgetState
from claude_tui.engine.queries.allowances.forecast import Forecast
from claude_tui.engine.queries.allowances.limits import ReportedWindow, label
from claude_tui.engine.queries.plan import WEEKLY, PlanLimit
from claude_tui.sources.values.display import display_name
from claude_tui.ui.text.drawings import bars
from claude_tui.ui.widgets.edges.header import spent_text
from claude_tui.ui.widgets.line import Part, assemble

GAUGE: Final = 16
NEAR_PERCENT: Final = 80
NONE: Final = "no client has reported a limit; `claude-top statusline install` has Claude Code report its own"


def limit_lines(limits: Sequence[PlanLimit], now_ms: int, zone: tzinfo, width: int) -> list[Content]:
    """A line for each limit, in the order they came; one that says so if there is none."""
    if not limits:
        return [Content.styled(NONE if len(NONE) <= width else "no limits reported", "$quiet")]
    accounts = {source: {one.window.account for one in limits if one.window.source == source} for source in CLIENTS}
    return [_line(one, len(accounts[one.window.source]) > 1, now_ms, zone, width) for one in limits]


def budget_lines(states: Sequence[BudgetState], width: int) -> list[Content]:
    """A line for each budget: how much of it is spent, and by how much it is exceeded."""
    return [_budget(state, width) for state in states]


def _budget(state: BudgetState, width: int) -> Content:
    colour = "$error" if state.is_exceeded else "$warning" if 100 * state.share >= NEAR_PERCENT else "$accent"
    filled, empty = bars.gauge(min(1.0, state.share), GAUGE)
    used = f"{figures.percent(100 * state.share):>4}" if state.limit_nano else ""
    rest_nano = state.limit_nano - state.spent_nano
    rest = f"{figures.money(abs(rest_nano), 9)} {'left' if rest_nano >= 0 else 'over'}"
    groups: list[tuple[int, list[Part]]] = [
        (1, [("budget", "bold $foreground"), (f" {display_name(state.name)}", "$quiet")]),
        (3, [(used, f"bold {colour}"), (" spent", "$quiet")] if used else [("nothing may be spent", "$quiet")]),
        (4, [(filled, colour), (empty, "$line")]),
        (0, [(spent_text(state), f"bold {colour}" if state.is_exceeded else "$foreground")]),
        (2, [(rest, colour if state.is_exceeded else "$quiet")]),
    ]
    return assemble(groups, width)


def _line(limit: PlanLimit, is_named: bool, now_ms: int, zone: tzinfo, width: int) -> Content:
    window = limit.window
    whose = CLIENTS[window.source].label
    if is_named:
        whose += f" {display_name(os.path.basename(window.account) or window.account)}"
    filled, empty = bars.gauge(window.used_percent / 100, GAUGE)
    colour = (
        "$error" if window.used_percent >= 100 else "$warning" if window.used_percent >= NEAR_PERCENT else "$accent"
    )
    ends = f"resets {moments.clock(window.resets_ms, zone).strip()}"
    left = f"in {moments.span((window.resets_ms - now_ms) / 1000)}"
    seen = moments.age(window.seen_ms, now_ms)
    groups: list[tuple[int, list[Part]]] = [
        (1, [(whose, "bold $foreground"), (f" {label(window.name)}", "$quiet")]),
        (0, [(f"{figures.percent(window.used_percent):>4}", f"bold {colour}"), (" used", "$quiet")]),
        (5, [(filled, colour), (empty, "$line")]),
        (2, [(left, "$foreground")]),
        (6, [(ends, "$quiet")]),
        (7, [(f"said {seen}{'' if seen == 'now' else ' ago'}", "$faint")]),
    ]
    if window.full_ms is not None:
        groups.insert(4, (3, [(f"full {moments.clock(window.full_ms, zone).strip()} at this pace", "$warning")]))
    told = heading_texts(window, limit.forecast)
    colour = "$warning" if limit.forecast and limit.forecast.reached else "$quiet"
    groups[4:4] = [(number, [(text, colour)]) for number, text in zip((4, 8), told, strict=False)]
    return assemble(groups, width)


def heading_texts(window: ReportedWindow, found: Forecast | None) -> list[str]:
    """What can be said of where a weekly limit is heading, the more important first; nothing of another one."""
    if window.name != WEEKLY:
        return []
    if found is None:
        return ["too little known for a forecast"]
    low, high = figures.percent(found.low), figures.percent(found.high)
    band = f"about {low}" if low == high else f"{low.removesuffix('%')} to {high}"
    used_up = [f"all used in {found.reached} of {found.stretches} times like it"] if found.reached else []
    return [f"heading for {band}", *used_up]
