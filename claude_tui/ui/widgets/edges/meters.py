"""The four meters on top: today, spend per hour, tokens per minute, the period. Pure functions decide what they say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Final

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content

from claude_tui import figures, widths
from claude_tui.model import Phase, Snapshot, Totals
from claude_tui.ui.text import clients
from claude_tui.ui.text.drawings import bars
from claude_tui.ui.text.open_block import left_text
from claude_tui.ui.widgets.edges.status import HeaderStatus
from claude_tui.ui.widgets.line import TextLine

UNKNOWN: Final = "–"
"""What stands for a figure that nobody knows yet."""


def today_lines(snapshot: Snapshot, width: int, *, unknown: str = "", limit_nano: int | None = None) -> list[Content]:
    """The meter of today, against what it may cost if that is given; grey where it says why sums are `unknown`."""
    today, is_known = snapshot.today, not unknown
    if unknown and not today.responses:
        return unknown_lines(unknown)
    counts = f"{figures.short(today.tokens)} tok · {figures.many(today.responses, 'msg', width=6)}"
    style = "bold $primary" if is_known else "$quiet"
    if limit_nano is None:
        return [
            Content.styled(figures.headline_cost(today), style),
            Content.styled(counts, "$quiet"),
            _hit_line(today, width),
        ]
    if today.cost_nano > limit_nano:
        style = "bold $error"
    return [
        Content.assemble((figures.headline_cost(today), style), (f" of {figures.money(limit_nano, 9)}", "$quiet")),
        Content.styled(counts, "$quiet"),
        _budget_line(today.cost_nano, limit_nano, width),
    ]


def unknown_lines(why: str) -> list[Content]:
    """The lines of a meter whose sums are not known, and why."""
    return [Content.styled(UNKNOWN, "$quiet"), Content.styled(why, "$quiet")]


def _budget_line(spent_nano: int, limit_nano: int, width: int) -> Content:
    share = spent_nano / limit_nano if limit_nano else float(spent_nano > 0)
    filled, empty = bars.gauge(min(1.0, share), max(0, width - 13))
    figure = figures.percent(100 * share).rjust(6) if limit_nano else ""
    colour = "$error" if spent_nano > limit_nano else "$success"
    return Content.assemble(("budget ", "$quiet"), (filled, colour), (empty, "$line"), (figure, "$foreground"))


def _hit_line(totals: Totals, width: int) -> Content:
    hit = totals.cache_hit
    if hit is None:
        return Content.styled("no input yet", "$faint")
    figure = figures.cache_hit(totals).rjust(6)
    filled, empty = bars.gauge(hit, max(0, width - 10))
    return Content.assemble(("hit ", "$quiet"), (filled, "$success"), (empty, "$line"), (figure, "$foreground"))


def burn_lines(snapshot: Snapshot, width: int, *, is_known: bool = True) -> list[Content]:
    """The meter of spend per hour, over three windows, if that is known."""
    if snapshot.progress.phase is Phase.MERGED:
        return [Content.styled(line, "$faint") for line in ("a table of many machines", "is as old as its merge")]
    burn = snapshot.burn
    if not is_known:
        return [Content.styled(f"{label}{UNKNOWN.rjust(10)}", "$quiet") for label in (" 5m", "15m", "60m")]
    top = max(burn.last_5m_nano, burn.last_15m_nano, burn.last_60m_nano)
    lines = []
    for label, nano in ((" 5m", burn.last_5m_nano), ("15m", burn.last_15m_nano), ("60m", burn.last_60m_nano)):
        figure = f"{figures.money(nano, 8)}/h".rjust(10)
        filled, empty = bars.gauge(nano / top if top else 0, max(0, width - 15))
        lines.append(
            Content.assemble(
                (label, "$quiet"),
                (figure, "bold $warning" if nano else "$faint"),
                "  ",
                (filled, "$warning"),
                (empty, "$line"),
            )
        )
    return lines


def flow_lines(snapshot: Snapshot, width: int, *, is_known: bool = True, unknown: str = "") -> list[Content]:
    """The graph of tokens per minute, the last hour, if that is known; else why."""
    if snapshot.progress.phase is Phase.MERGED:
        return [Content.styled("not live", "$faint")]
    if not is_known:
        return [Content.styled(unknown or "reading single responses…", "$quiet")]
    flow = bars.fitted(snapshot.tokens_per_minute, width)
    return [Content.styled(line, "$secondary") for line in bars.columns(flow, width, 3)]


def period_lines(totals: Totals, width: int, *, unknown: str = "") -> list[Content]:
    """The meter of the period, or of the opened row: its sums, and how sure they are, or why they are `unknown`."""
    if unknown and not totals.responses:
        return unknown_lines(unknown)
    is_known = not unknown
    sure = unknown or figures.confidence(totals, width)
    counts = f"{figures.short(totals.tokens)} tok · {figures.many(totals.responses, 'msg', width=7)}"
    return [
        Content.styled(figures.headline_cost(totals), "bold $foreground" if is_known else "$quiet"),
        Content.styled(counts, "$quiet"),
        Content.styled(sure, "$success" if sure == "exact" else "$warning" if is_known else "$quiet"),
    ]


def period_title(period: str, trail: Sequence[str], width: int) -> str:
    """The title of that meter: the period, or the rows that were opened; the last of them where all do not fit."""
    whole = " › ".join(trail)
    return whole if trail and widths.width(whole) <= width else widths.cut(trail[-1] if trail else period, width)


class Meters(Horizontal):
    """The four meters."""

    TITLES: ClassVar[dict[str, str]] = {"today": "today", "burn": "burn", "flow": "tokens/min", "period": "period"}

    def __init__(self) -> None:
        super().__init__(id="meters")
        self.parts = {name: TextLine(f"meter-{name}") for name in self.TITLES}

    def compose(self) -> ComposeResult:
        """The meters, side by side."""
        for meter in self.parts.values():
            meter.add_class("meter")
            yield meter

    def show(self, snapshot: Snapshot, status: HeaderStatus) -> None:
        """Show a snapshot."""
        flow, unknown = snapshot.tokens_per_minute, status.unknown(snapshot)
        is_recent = status.is_recent_known(snapshot)
        lines: dict[str, Any] = {
            "today": lambda width: today_lines(snapshot, width, unknown=unknown, limit_nano=status.day_limit_nano),
            "burn": lambda width: burn_lines(snapshot, width, is_known=is_recent),
            "flow": lambda width: flow_lines(snapshot, width, is_known=is_recent, unknown=unknown),
            "period": lambda width: period_lines(status.totals, width, unknown=unknown),
        }
        for name, meter in self.parts.items():
            meter.show(Content("\n").join(lines[name](meter.size.width)))
        self.parts["today"].set_class(status.is_over(snapshot), "-over")
        is_live = snapshot.progress.phase is not Phase.MERGED
        active = "idle" if is_live and not unknown else ""
        if snapshot.active_sessions:
            active = f"{snapshot.active_sessions} active"
        self._title("today", "today", active)
        room = self.parts["burn"].size.width - 2
        self._title("burn", "burn", left_text(status.window, status.now_ms, room) if status.window else "")
        peak = f"now {figures.short(flow[-1] if flow else 0)} · peak {figures.short(max(flow, default=0))}"
        self._title("flow", "tokens/min · 60 min", peak if is_live and is_recent else "")
        parts = clients.cost_parts(status.by_client, self.parts["period"].size.width - 2)
        if status.client:
            parts = [clients.named(status.client)]
        elif status.account:
            parts = [clients.account(status.account)]
        elif not parts:
            parts = [(figures.unlogged(status.unlogged_nano, status.totals), "$quiet")]
        title = period_title(status.period, status.trail, self.parts["period"].size.width - 2)
        self._title("period", title, Content.assemble(*parts))

    def _title(self, name: str, title: str, subtitle: str | Content) -> None:
        meter = self.parts[name]
        titles = (title, subtitle)
        if getattr(meter, "_titles", None) != titles:
            meter._titles = titles  # type: ignore[attr-defined]
            meter.border_title = Content.styled(title, "bold $foreground")
            meter.border_subtitle = Content.styled(subtitle, "$quiet") if isinstance(subtitle, str) else subtitle
