"""The columns that tables share: cost, tokens, share, age, spark. Each works on any row that has totals.

Must not know a view.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, Protocol

from claude_tui import figures, moments
from claude_tui.model import NOTHING_UNLOGGED, ProjectRow, Snapshot, Totals
from claude_tui.ui.table.columns import Cell, Column
from claude_tui.ui.text.drawings import bars
from claude_tui.ui.text.names import tail, tails
from claude_tui.units import NANO


class HasTotals(Protocol):
    """Any row of a snapshot."""

    @property
    def totals(self) -> Totals:
        """What the row sums up."""


NONE: Final = Totals()


UNKNOWN: Final = "–"
"""The cost of what has no response yet."""

COST_PARTS: Final = (0.4, 0.75, 0.95)
"""Parts of the rows that cost less than each step of loudness."""

COST_STYLES: Final = ("dim", "money", "cost-high", "cost-top")
"""The styles of a cost, from the quietest on."""


class Frame:
    """What cells need beside their row: the instant, the sum of all rows, short names of projects."""

    def __init__(self) -> None:
        self.now_ms = 0
        self.total = NONE
        self.top_nano = 0
        self._steps: tuple[int, ...] = ()
        self.unlogged = NOTHING_UNLOGGED
        self._projects: dict[str, str] = {}
        self._named: tuple[ProjectRow, ...] = ()

    def set(self, now_ms: int, snapshot: Snapshot, rows: Iterable[HasTotals]) -> None:
        """Take over the figures of a new snapshot and of the rows drawn from it."""
        self.now_ms, self.total, self.unlogged = now_ms, snapshot.totals, snapshot.unlogged
        ranked = sorted([row.totals.cost_nano for row in rows])
        self.top_nano = ranked[-1] if ranked else 0
        self._steps = tuple(ranked[int(len(ranked) * part)] for part in COST_PARTS) if ranked else ()
        if snapshot.projects is not self._named:
            self._named = snapshot.projects
            self._projects = tails(row.name for row in snapshot.projects)

    def cost_style(self, nano: int) -> str:
        """How loud a cost is among those of all rows."""
        return COST_STYLES[sum(nano > step for step in self._steps)]

    def project(self, name: str) -> str:
        """A project's short name."""
        return self._projects.get(name) or tail(name)


def cost_cell(totals: Totals, width: int, style: str = "money") -> Cell:
    """A cost with its mark, in a style if it is known at all; extras have tokens and cost without a response."""
    if not (totals.responses or totals.tokens or totals.cost_nano):
        return Cell(UNKNOWN, "faint")
    style = "doubt" if figures.is_unpriced(totals) else style if totals.cost_nano else "faint"
    return Cell(figures.cost(totals, width), style)


def counted(value: int, width: int, style: str = "") -> Cell:
    """A count; zero is a dot, so that the eye finds what is there."""
    return Cell(figures.count(value, width), style) if value else Cell("·", "faint")


def tokens_cell(value: int, width: int, style: str = "") -> Cell:
    """Tokens, shortened; zero is a dot."""
    return Cell(figures.short(value, min(width, 5)), style) if value else Cell("·", "faint")


def cost(frame: Frame, priority: int = 0) -> Column[Any]:
    """Cost at list price."""
    return Column(
        "cost",
        "Cost",
        9,
        lambda row, w: cost_cell(row.totals, w, frame.cost_style(row.totals.cost_nano)),
        lambda row: row.totals.cost_nano,
        priority,
        narrow=8,
        unit=NANO,
        tooltip="At API list prices, not your bill; ≥ lower bound, ~ estimated",
    )


PREMIUM: Final = "premium"


def premium(priority: int) -> Column[Any]:
    """Premium requests, which a plan counts instead of money."""

    def draw(row: HasTotals, width: int) -> Cell:
        milli = row.totals.premium_milli
        return Cell(figures.thousandths(milli)[:width], "dim") if milli else Cell("·", "faint")

    return Column(PREMIUM, "Premium", 7, draw, lambda row: row.totals.premium_milli, priority, narrow=5, short="Prm",
                  tooltip="Premium requests of Copilot's plan; no part of the cost")  # fmt: skip


UNLOGGED: Final = "unlogged"


def unlogged(nano_of: Callable[[Any], int], priority: int) -> Column[Any]:
    """What of a row's cost is for calls that no log shows, as a share; sorted by the money."""

    def draw(row: HasTotals, width: int) -> Cell:
        share = figures.share(nano_of(row), row.totals.cost_nano, width) if nano_of(row) > 0 else ""
        return Cell(share, "dim") if share else Cell("·", "faint")

    return Column(UNLOGGED, "Unlogged", 8, draw, nano_of, priority, narrow=5, short="Unlog",
                  tooltip="Share of the cost for calls that no log shows: titles, compaction")  # fmt: skip


def percent(frame: Frame, priority: int) -> Column[Any]:
    """Share of the cost of all rows."""
    return Column(
        "share",
        "%",
        5,
        lambda row, w: Cell(figures.share(row.totals.cost_nano, frame.total.cost_nano, w), "dim"),
        lambda row: row.totals.cost_nano,
        priority,
        tooltip="Share of the cost",
    )


def share_bar(frame: Frame, priority: int, width: int = 12) -> Column[Any]:
    """Cost as a bar, the greatest filling it: the percentage beside it has the share of the whole."""

    def draw(row: HasTotals, width: int) -> Cell:
        return Cell(bars.bar(row.totals.cost_nano / frame.top_nano if frame.top_nano else 0, width), "bar")

    return Column(
        "bar", "Share", width, draw, lambda row: row.totals.cost_nano, priority, narrow=6, grows=48, right=False
    )


def text(
    id: str,
    label: str,
    width: int,
    value: Callable[[Any], str],
    priority: int,
    *,
    style: str = "",
    narrow: int = 0,
    flex: int = 0,
) -> Column[Any]:
    """Any text, sorted without regard to case."""
    return Column(
        id, label, width, lambda row, w: Cell(value(row), style), lambda row: value(row).lower(), priority,
        narrow=narrow, flex=flex, right=False, descending=False,
    )  # fmt: skip


def tokens(priority: int, width: int = 6) -> Column[Any]:
    """All tokens, cache included."""
    return Column(
        "tokens",
        "Tokens",
        width,
        lambda row, w: tokens_cell(row.totals.tokens, w),
        lambda row: row.totals.tokens,
        priority,
        unit=1,
        tooltip="All tokens, cache included",
        short="Tok",
        plain=lambda row: str(row.totals.tokens),
    )


def kind(field: str, label: str, priority: int, width: int = 6) -> Column[Any]:
    """One kind of tokens."""
    return Column(
        field,
        label,
        width,
        lambda row, w: tokens_cell(getattr(row.totals, field), w, "dim"),
        lambda row: getattr(row.totals, field),
        priority,
        unit=1,
        narrow=5,
        short=label[:3],
        plain=lambda row: str(getattr(row.totals, field)),
    )


def messages(priority: int) -> Column[Any]:
    """Responses."""
    return Column(
        "messages",
        "Msgs",
        7,
        lambda row, w: counted(row.totals.responses, w),
        lambda row: row.totals.responses,
        priority,
        unit=1,
        narrow=5,
        tooltip="Responses of the API",
        plain=lambda row: str(row.totals.responses),
    )


def cache_hit(priority: int) -> Column[Any]:
    """Cache reads as a share of everything that went in."""

    def draw(row: HasTotals, width: int) -> Cell:
        hit = row.totals.cache_hit
        return (
            Cell("", "") if hit is None else Cell(figures.cache_hit(row.totals, width), "good" if hit >= 0.8 else "dim")
        )

    return Column(
        "cache",
        "Hit",
        5,
        draw,
        lambda row: row.totals.cache_hit or 0.0,
        priority,
        tooltip="Cache reads as a share of all input",
    )


def saved(priority: int) -> Column[Any]:
    """What cache reads saved against plain input."""

    tooltip = "What cache reads would cost as plain input, minus their cost"
    return _difference("saved", "Saved", 8, lambda totals: totals.read_saved_nano, priority, tooltip)


def spent_on_writes(priority: int) -> Column[Any]:
    """What cache writes cost above plain input."""

    tooltip = "Extra cost of cache writes over plain input"
    return _difference("writes", "Writes", 7, lambda totals: totals.write_extra_nano, priority, tooltip)


def _difference(
    id: str, label: str, width: int, nano_of: Callable[[Totals], int], priority: int, tooltip: str
) -> Column[Any]:
    def draw(row: HasTotals, width: int) -> Cell:
        nano = nano_of(row.totals)
        return Cell(figures.money(nano, width), "dim") if nano else Cell("·", "faint")

    return Column(id, label, width, draw, lambda row: nano_of(row.totals), priority, unit=NANO, tooltip=tooltip)


def age(frame: Frame, priority: int) -> Column[Any]:
    """How long ago the last response was."""

    def draw(row: HasTotals, width: int) -> Cell:
        seconds = (frame.now_ms - row.totals.last_ms) / 1000
        style = "strong" if seconds < 60 else "" if seconds < 3600 else "dim"
        return Cell(moments.age(row.totals.last_ms, frame.now_ms), style)

    return Column(
        "age", "Age", 4, draw, lambda row: -row.totals.last_ms, priority, descending=False,
        tooltip="Time since the last response",
    )  # fmt: skip


def spark(priority: int, width: int = 15) -> Column[Any]:
    """Cost per day of the last 30 days."""

    def draw(row: Any, width: int) -> Cell:
        return Cell(bars.sparkline(row.spark, width) if any(row.spark) else "", "spark")

    return Column(
        "spark",
        "30 days",
        width,
        draw,
        lambda row: sum(row.spark),
        priority,
        narrow=10,
        grows=30,
        tooltip="Cost per day, the last 30 days",
    )
