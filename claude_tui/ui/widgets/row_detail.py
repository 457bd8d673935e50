"""Details of the selected model or project, if a table leaves room for them.

The last 30 days as a graph, and the tokens by kind with what the cache saved. Drawn by pure functions.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final, Protocol

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content

from claude_tui import figures, moments
from claude_tui.model import DayRow, Totals
from claude_tui.records import NamedTuple
from claude_tui.ui.text.drawings import bars
from claude_tui.ui.widgets.line import TextLine, assemble
from claude_tui.widths import cut

LEAST_HEIGHT, MOST_HEIGHT = 8, 12
"""Lines it takes, its border included."""


DAYS: Final = 30
"""Days of a history."""


class Costs(NamedTuple):
    """Cost per day, oldest first, and the day of the last."""

    last: date
    nanos: tuple[int, ...]


def last_costs(days: Iterable[DayRow]) -> Costs | None:
    """The costs of the days up to the last that has any; None if none has."""
    found = {row.day: row.totals.cost_nano for row in days if row.totals.cost_nano}
    if not found:
        return None
    last = max(found)
    return Costs(last, tuple(found.get(last - timedelta(days=back), 0) for back in range(DAYS - 1, -1, -1)))


class Sparked(Protocol):
    """A row with a name and a cost per day."""

    @property
    def name(self) -> str:
        """Its display name."""

    @property
    def totals(self) -> Totals:
        """What it sums up."""

    @property
    def spark(self) -> tuple[int, ...]:
        """Cost per day, oldest first."""


def history(costs: Costs, width: int, height: int) -> Content:
    """The cost per day as a graph over its dates."""
    days = len(costs.nanos)
    each = max(1, min(4, width // max(1, days)))
    bar, gap = (each - 1, 1) if each >= 3 else (each, 0)
    wide = [value for nano in costs.nanos for value in (*(nano,) * bar, *(0,) * gap)][-width:]
    lines = [Content.styled(line, "$secondary") for line in bars.columns(wide, len(wide), max(1, height - 1))]
    first, last = costs.last - timedelta(days=max(0, days - 1)), costs.last
    begin, top = (f"{day.day} {moments.MONTHS[day.month - 1]}" for day in (first, last))
    peak = f"peak {figures.money(max(costs.nanos, default=0), 8)}"
    foot = begin + peak.center(max(0, len(wide) - len(begin) - len(top))) + top
    return Content("\n").join([*lines, Content.styled(foot[:width], "$quiet")])


def kinds(totals: Totals, width: int, height: int) -> Content:
    """The tokens by kind, each with its share, and what the cache did to the cost."""
    lines = []
    named = (
        ("input", totals.input), ("output", totals.output), ("write 5m", totals.cache_write_5m),
        ("write 1h", totals.cache_write_1h), ("read", totals.cache_read),
    )  # fmt: skip
    for name, tokens in named:
        part = tokens / totals.tokens if totals.tokens else 0.0
        lines.append(Content.assemble(
            (name.ljust(9), "$quiet"), (figures.short(tokens).rjust(6), "$foreground" if tokens else "$faint"), "  ",
            (bars.bar(part, max(0, width - 24)), "$primary"), (figures.share(tokens, totals.tokens).rjust(6), "$quiet"),
        ))  # fmt: skip
    hit = totals.cache_hit
    if height >= 8:
        lines.append(Content(""))
    used = figures.cache_hit(totals) + " hit" if hit is not None else "unused"
    groups = [
        (0, [("cache ", "$quiet"), (used, "$success")]),
        (1, [("saved ", "$quiet"), (figures.money(totals.read_saved_nano, 9), "$foreground")]),
        (2, [("writes +", "$quiet"), (figures.money(totals.write_extra_nano, 8), "$foreground")]),
    ]
    lines.append(assemble(groups, width, gap=("  ", "")))
    lines.append(Content.styled(cut(figures.confidence(totals, width), width), "$quiet"))
    return Content("\n").join(lines)


class RowDetail(Horizontal):
    """The selected row's history and kinds, side by side."""

    def __init__(self) -> None:
        super().__init__(classes="row-detail")
        self._history, self._kinds = TextLine(), TextLine()
        self._shown: tuple[Sparked, Costs, str] | None = None

    def compose(self) -> ComposeResult:
        """Two panels."""
        self._history.add_class("detail-history")
        self._kinds.add_class("detail-kinds")
        yield self._history
        yield self._kinds

    def show(self, row: Sparked | None, costs: Costs, name: str) -> None:
        """Show a row."""
        if row is None:
            return
        self._shown = (row, costs, name)
        width, height = self._history.size
        self._history.border_title = Content.styled(cut(name, max(8, width - 4)), "bold $foreground")
        self._history.border_subtitle = Content.styled(f"cost per day · {DAYS} days", "$quiet")
        self._kinds.border_title = Content.styled("tokens by kind", "bold $foreground")
        self._history.show(history(costs, width, height))
        self._kinds.show(kinds(row.totals, *self._kinds.size))

    def on_resize(self) -> None:
        """As wide as there is room."""
        if self._shown is not None:
            self.show(*self._shown)
