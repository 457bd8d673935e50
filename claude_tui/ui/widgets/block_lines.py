"""The open five-hour block, what clients reported of it, and the last weeks, as lines. Pure."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import date, timedelta, tzinfo
from typing import Final

from textual.content import Content

from claude_tui import figures, moments
from claude_tui.clients import CLIENTS
from claude_tui.engine.queries.allowances.limits import label
from claude_tui.engine.queries.allowances.windows import BlocksPicture
from claude_tui.engine.queries.periods.named import add
from claude_tui.model import DayRow, Totals
from claude_tui.sources.values.display import display_name
from claude_tui.ui.text.drawings import bars
from claude_tui.ui.widgets.line import assemble

WEEKS: Final = 5


def weeks(days: Sequence[DayRow], today: date, count: int = WEEKS) -> list[tuple[date, Totals]]:
    """The sums of the last weeks, each with its Monday, the newest first."""
    monday = today - timedelta(days=today.weekday())
    found = []
    for number in range(count):
        first = monday - timedelta(days=7 * number)
        found.append((first, add(row.totals for row in days if first <= row.day < first + timedelta(days=7))))
    return found


def window_lines(
    found: BlocksPicture, now_ms: int, zone: tzinfo, width: int, *, is_counted: bool = True
) -> list[Content]:
    """The open block: how much of it is over, what it cost, where it is heading, what the client reported.

    That none is open is only said once all is counted.
    """
    window = found.window
    if window is None and not (is_counted and found.is_loaded):
        return [Content.styled("counting…", "$quiet")]
    if window is None:
        return [
            Content.styled("no 5h block is open", "$quiet"),
            Content.styled("the next response opens one", "$faint"),
            *(Content.styled(line, "$quiet") for line in reported_lines(found, now_ms)),
        ]
    share = (now_ms - window.start_ms) / max(1, window.end_ms - window.start_ms)
    filled, empty = bars.gauge(share, max(4, width - 30))
    how = "reported by the client" if window.is_reported else "estimated from the log"
    bounds = f"{moments.clock(window.start_ms, zone)[-5:]} to {moments.clock(window.end_ms, zone)[-5:]}"
    left = moments.countdown((window.end_ms - now_ms) / 1000)
    if window.low_nano is None or window.high_nano is None:
        heading: tuple[str, str] = ("no projection: too little usage so far", "$quiet")
    elif window.low_nano == window.high_nano:
        heading = (f"about {figures.money(window.low_nano)}", "bold $foreground")
    else:
        heading = (f"{figures.money(window.low_nano)} to {figures.money(window.high_nano)}", "bold $foreground")
    return [
        Content.assemble(
            (bounds, "bold $foreground"),
            "  ",
            (filled, "$accent"),
            (empty, "$line"),
            (f"  {left} left", "bold $accent"),
        ),
        assemble(
            [
                (0, [("so far ", "$quiet"), (figures.headline_cost(window.block.totals), "bold $primary")]),
                (1, [(figures.tokens(window.block.usage.tokens), "$quiet")]),
                (2, [(figures.many(window.block.responses, "msg"), "$quiet")]),
            ],
            width,
            gap=("   ", ""),
        ),
        Content.assemble(("at its end ", "$quiet"), heading),
        Content.assemble(("bounds ", "$quiet"), (how, "$success" if window.is_reported else "$warning")),
        *(Content.styled(line, "$quiet") for line in reported_lines(found, now_ms)),
    ]


def reported_lines(found: BlocksPicture, now_ms: int) -> list[str]:
    """The limits that clients reported and that still hold, each with its age: one line for each account."""
    names = {"five_hour": "5h", "seven_day": "7d"}
    percent, age = figures.percent, moments.age
    accounts: dict[tuple[str, str], list[str]] = {}
    for window in found.reported:
        if window.resets_ms > now_ms:
            name, seen = names.get(window.name) or label(window.name), age(window.seen_ms, now_ms)
            text = f"{name} {percent(window.used_percent)} used, {seen}{'' if seen == 'now' else ' ago'}"
            accounts.setdefault((window.source, window.account), []).append(text)
    sources = [source for source, _ in accounts]
    lines = []
    for (source, account), said in accounts.items():
        whose = [CLIENTS[source].label] if set(sources) != {"claude"} else []
        whose += [display_name(os.path.basename(account) or account)] if sources.count(source) > 1 else []
        lines.append(" ".join([*whose, " · ".join(said)]))
    return lines


def week_lines(days: Sequence[DayRow], today: date, width: int) -> list[Content]:
    """The weeks as bars; a week before the first day there is anything of is not known."""
    found = weeks(days, today)
    first = min((row.day for row in days), default=today)
    top = max((totals.cost_nano for _, totals in found), default=0)
    lines = []
    for monday, totals in found:
        name = f"{monday.day:2d} {moments.MONTHS[monday.month - 1]}"
        bar = bars.bar(totals.cost_nano / top if top else 0, max(0, width - 18))
        is_known = monday + timedelta(days=6) >= first
        figure, style = (figures.cost(totals, 9), "$foreground") if is_known else ("no data", "$faint")
        lines.append(Content.assemble((name, "$quiet"), "  ", (bar, "$primary"), (figure.rjust(10), style)))
    return lines
