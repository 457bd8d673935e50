"""What every glyph, colour and abbreviation means, made of the tables they are drawn from. Must not invent one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from claude_tui import figures
from claude_tui.clients import CLIENTS
from claude_tui.model import SessionState
from claude_tui.records import NamedTuple
from claude_tui.ui.table.columns import Column
from claude_tui.ui.table.kinds import cells, session_cells
from claude_tui.ui.table.kinds.cells import COST_STYLES, Frame
from claude_tui.ui.text import activity, clients
from claude_tui.ui.text.drawings import bars, graph
from claude_tui.ui.widgets.days import chart, heatmap


class Sign(NamedTuple):
    """A glyph or an abbreviation, what it means, and its colour."""

    text: str
    meaning: str
    style: str = "bold $primary"


_STATES: Final = {
    SessionState.BLOCKED: "waits for you: for a permission, an answer, a plan",
    SessionState.WORKING: "works: the model answers, or a tool runs",
    SessionState.RETRYING: "tries again after an error",
    SessionState.LIMITED: "the limit of the plan is reached",
    SessionState.FAILED: "its turn ended with an error",
    SessionState.FINISHED: "has finished its turn",
    SessionState.SUSPENDED: "its process is stopped",
    SessionState.IDLE: "idle: nothing happened for long",
    SessionState.DONE: "over",
}
_COLOURS: Final = {"bad": "bold $error", "good": "$success", "warn": "$warning", "faint": "$faint", "": "$foreground"}
_COSTS: Final = {"dim": "$quiet", "money": "$foreground", "cost-high": "$accent", "cost-top": "bold $primary"}
_PARTS: Final = ("lower costs of a table", "middling ones", "a quarter costs more than these", "a twentieth does")


def _columns() -> list[Sign]:
    """The columns whose names are short for something."""
    frame = Frame()
    own: list[Column[Any]] = [
        cells.cost(frame), cells.percent(frame, 0), cells.cache_hit(0), cells.saved(0), cells.spent_on_writes(0),
        cells.age(frame, 0), session_cells.context(0), session_cells.rate(0), cells.messages(0), cells.tokens(0),
        cells.unlogged(lambda row: 0, 0), cells.premium(0),
    ]  # fmt: skip
    kinds = [
        Sign("Wr 5m, 1h", "tokens written to the cache for five minutes, or for an hour"),
        Sign("Read", "tokens read from the cache"),
        Sign("Sub", "sub-agents, included in the numbers"),
        Sign("+2", "two more models, or sub-agents"),
    ]
    return [*(Sign(column.label, column.tooltip) for column in own), *kinds]


_HEAT: Final = ("nothing", "little", "more", "much", "most")
SIGNS: Final[Mapping[str, tuple[Sign, ...]]] = {
    "States": (
        *(Sign(glyph, _STATES[state], _COLOURS[style]) for state, (glyph, style) in activity.SIGNS.items()),
        Sign(activity.MENU[0], "in a menu that you opened", _COLOURS[activity.MENU[1]]),
        Sign("tool?", "not certain: only the log says it", _COLOURS["faint"]),
    ),
    "Figures": (
        Sign(f"{figures.LOWER_BOUND} $12", "lower bound: something has no price, or was logged only in part"),
        Sign(f"{figures.ESTIMATE} $12", "estimate: the price is based on an assumption"),
        Sign(figures.NOT_AVAILABLE, "no known price; only its tokens are counted"),
        Sign(cells.UNKNOWN, "not known yet"),
        Sign(bars.NOTHING, "nothing"),
        Sign("~2h 10m", "time until the open 5h block ends, estimated; without ~ reported by the client"),
        *(Sign("$", text, _COSTS[style]) for style, text in zip(COST_STYLES, _PARTS, strict=True)),
    ),
    "Drawings": (
        Sign(bars.FULL * 3 + bars.HALF, "a share of the greatest"),
        Sign("━━──", "how much of all: of the context, the cache, the time", "$success"),
        Sign(bars.COMPACTED, "the context was compacted; on a bar, where"),
        Sign(bars.STEPS[:7:2], "over time, the newest at the right", "$secondary"),
        Sign(graph.BAND * 3, "what is expected, from the lowest to the highest", "$quiet"),
        Sign(graph.LIMIT * 3, "where the limit of the plan is", "bold $error"),
        Sign(graph.GRID * 3, "a value of the scale", "$line"),
        Sign(chart.AVERAGE * 3, "the average of a chart", "$quiet"),
        Sign(chart.CURSOR, "the selected day in a chart", "bold $accent"),
        Sign("▼ ▲", "sorted by this column, the greatest or the least first"),
    ),
    "Heat of days and hours": (
        *(Sign(glyph, word, f"$heat-{level}")
          for level, (glyph, word) in enumerate(zip(heatmap.COLOURED, _HEAT, strict=True))),
        Sign(heatmap.GLYPHS, "the same without colours", "$quiet"),
        Sign(heatmap.UNRECORDED, "before the first record: not known", "$faint"),
        Sign(heatmap.CURSOR, "the selected day"),
        Sign(heatmap.TODAY, "today", "$quiet"),
        Sign(heatmap.OVER, "it cost more than its budget", "bold $error"),
        Sign(heatmap.REMEMBERED, "its logs are gone, the ledger kept it", "$quiet"),
    ),
    "Header": (
        Sign("● live", "files are watched", "$success"),
        Sign("◌", "logs are looked for, or read", "$accent"),
        Sign("◆ polling", "files are looked at in turn", "$warning"),
        Sign("◆ 2 wait", "two sessions wait for you", "bold $error"),
        Sign("‖ PAUSED", "the display is frozen, counting goes on", "$warning"),
        Sign("$!", "a budget of the settings is exceeded", "bold $error"),
        Sign("!3", "three problems in the logs: claude-top doctor lists them", "bold $warning"),
        Sign("▲", "something failed", "bold $error"),
    ),
    "Clients": tuple(
        Sign(client.glyph, client.label, clients.COLOURS[client.name]) for client in CLIENTS.values()
    ),
    "Columns": tuple(_columns()),
}  # fmt: skip
"""Every sign by what it is a part of."""
