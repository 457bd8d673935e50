"""A running session in four lines: what it does, its pace, its context, where it runs. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from textual.content import Content

from claude_tui import figures, moments
from claude_tui.model import SessionRow, SessionState
from claude_tui.sources.values.display import display_name
from claude_tui.ui.text import activity
from claude_tui.ui.text.drawings import bars
from claude_tui.ui.text.names import short_model
from claude_tui.widths import cut

MINUTES: Final = 30
"""Minutes of the sparkline."""

HEIGHT: Final = 6
"""Lines of a card, its border included."""

LEAST_WIDTH: Final = 36

COLOURS: Final = {"bad": "$error", "good": "$success", "warn": "$warning", "": "$foreground", "faint": "$quiet"}


def doing(row: SessionRow, now_ms: int, width: int) -> Content:
    """What it does, at what, and since when: the tool's argument is cut first."""
    of = row.activity
    glyph, style = activity.sign(of)
    since = f" {moments.age(of.since_ms, now_ms)}" if of.since_ms and not of.until_ms else ""
    doubt = "" if of.is_certain else "?"
    if of.state is SessionState.BLOCKED and of.is_waiting_for_you:
        said = f"waits for your {'answer' if of.why == 'question' else of.why}{doubt}"
        since = f" for{since}" if since else ""
    elif of.state is SessionState.WORKING and of.doing == "tool":
        said = f"in a tool{doubt}"
    else:
        said, since = activity.words(of, now_ms, width - 2), ""
    tool = display_name(": ".join(filter(None, (of.tool, of.argument)))) if of.tool and since else ""
    room = width - len(said) - len(since) - 5
    tool = f" · {cut(tool, room)}" if tool and room >= 4 else ""
    loud = "bold " if of.is_waiting_for_you else ""
    colour = loud + COLOURS.get(style, "$foreground")
    return Content.assemble((f"{glyph} ", colour), (said, colour), (tool, "$foreground"), (since, "$quiet"))


def pace(tokens: Sequence[int], width: int) -> Content:
    """Tokens per minute, the last half hour."""
    now = f"{figures.short(tokens[-1] if tokens else 0)} tok/min"
    room = max(0, width - 14)
    values = bars.fitted(tokens or (0,) * MINUTES, room)
    return Content.assemble((bars.sparkline(values, room), "$secondary"), (now.rjust(14), "$quiet"))


def context(row: SessionRow, width: int) -> Content:
    """How full the context is, with a mark where it was compacted last, and how often it was if more than once."""
    if not row.context_tokens:
        return Content.styled("no context yet", "$quiet")
    if not row.context_window:
        return Content.styled(f"context {figures.short(row.context_tokens)}, window unknown", "$quiet")
    fill = row.context_tokens / row.context_window
    colour = "$error" if fill >= 0.9 else "$warning" if fill >= 0.75 else "$success"
    said = f" {figures.percent(min(fill, 9.99) * 100)} of {figures.short(row.context_window)}"
    said += f" {bars.COMPACTED}{row.compactions}" if row.compactions > 1 else ""
    room = max(0, width - len(said) - 8)
    filled, empty = bars.gauge(min(fill, 1), room)
    line = [(glyph, colour) for glyph in filled] + [(glyph, "$line") for glyph in empty]
    at = bars.mark(row.compacted_tokens / row.context_window, room)
    if at is not None:
        line[at] = (bars.COMPACTED, "$warning")
    return Content.assemble(("context ", "$quiet"), *line, (said, "$foreground" if fill < 0.75 else colour))


def place(row: SessionRow, project: str, width: int) -> Content:
    """Model, project and branch."""
    model = short_model(display_name(row.models[0])) if row.models else ""
    branch = "" if row.branch == "HEAD" else row.branch
    return Content.styled(cut(" · ".join(filter(None, (model, project, branch))), width), "$quiet")


def lines(row: SessionRow, tokens: Sequence[int], project: str, now_ms: int, width: int) -> Content:
    """The whole card."""
    return Content("\n").join(
        [doing(row, now_ms, width), pace(tokens, width), context(row, width), place(row, project, width)]
    )


def figures_of(row: SessionRow) -> Content:
    """What it costs, and how fast; nothing of what is not known yet."""
    if not row.totals.responses:
        return Content.styled("no response yet", "$quiet")
    rate = row.cost_per_hour_nano
    speed = [(f"  {figures.money(rate, 7)}/h", "$warning")] if rate else []
    return Content.assemble((figures.cost(row.totals, 9).strip(), "bold $foreground"), *speed)
