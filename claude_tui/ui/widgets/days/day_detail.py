"""What there is to say of a single day: a line of its sums, and its hours, models and projects.

Drawn by pure functions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from textual.content import Content
from textual.widgets import Static

from claude_tui import figures, moments
from claude_tui.model import ModelRow, ProjectRow, Snapshot, Totals
from claude_tui.ui.text.drawings import bars
from claude_tui.ui.text.names import short_model, tails
from claude_tui.ui.widgets.days.heatmap import REMEMBERED
from claude_tui.widths import fit

GONE: Final = ("logs gone, kept in the ledger", "logs gone")
"""How a day that only the ledger kept is described, the longest first."""


@dataclass(frozen=True)
class DayFound:
    """A day by itself: its rows, and what each of its hours cost (empty if that is not known yet)."""

    day: date
    snapshot: Snapshot
    hours: Sequence[int] = ()
    hours_by_day: Mapping[date, Sequence[int]] | None = None
    """Those of all days of the period, if they were asked for and are known."""


def day_summary(
    day: date,
    totals: Totals | None,
    first: date | None,
    *,
    is_remembered: bool = False,
    width: int = 120,
    limit_nano: int | None = None,
) -> Content:
    """One line about a day. A day before the first record is not a day of zero.

    `is_remembered` says that logs of it are gone, and that the ledger kept what they said: in fewer words where
    `width` is not enough. `limit_nano` is what a day may cost.
    """
    parts: list[tuple[str, str]] = [(moments.day(day), "bold $foreground")]
    if totals is not None:
        is_over = limit_nano is not None and totals.cost_nano > limit_nano
        parts += [("  ", ""), (figures.headline_cost(totals), "bold $error" if is_over else "bold $primary")]
        parts += [(f" of {figures.money(limit_nano, 9)}" if is_over and limit_nano is not None else "", "$error")]
        parts += [("  ", "")]
        parts += [
            (
                f"{figures.tokens(totals.tokens)}  {figures.many(totals.responses, 'msg')}",
                "$quiet",
            )
        ]
        if is_remembered:
            used = sum(len(text) for text, _ in parts)
            said = next((text for text in GONE if used + len(text) + 4 <= width), GONE[-1])
            parts += [(f"  {REMEMBERED} ", "$warning"), (said, "$quiet italic")]
    else:
        known = first is not None and day >= first
        parts += [("  ", ""), ("nothing used" if known else "no data recorded", "$quiet italic")]
    return Content.assemble(*parts)


def ranking(title: str, rows: tuple[ModelRow, ...] | tuple[ProjectRow, ...], width: int, lines: int) -> list[Content]:
    """Rows with their bars and costs, as many as `lines` allow, the rest counted."""
    if lines < 2 or not rows:
        return []
    shown = rows[: lines - 1]
    more = f" · {len(rows) - len(shown)} more" if len(shown) < len(rows) else ""
    drawn = [Content.styled(title + more, "$faint")]
    bar = max(0, min(10, width - 26))
    labels = tails(row.name for row in rows)
    top = max((row.totals.cost_nano for row in rows), default=0)
    for row in shown:
        name = short_model(row.name) if isinstance(row, ModelRow) else labels[row.name]
        drawn.append(
            Content.assemble(
                (fit(name, max(4, width - bar - 11)), "$foreground"),
                " ",
                (bars.bar(row.totals.cost_nano / top if top else 0, bar), "$primary"),
                (figures.cost(row.totals, 9).rjust(10), "$foreground"),
            )
        )
    return drawn


def day_detail(found: DayFound | None, width: int, height: int) -> Content:
    """The models and projects of one day, and its hours."""
    if found is None or not found.snapshot.totals.responses:
        return Content("")
    snapshot = found.snapshot
    totals = snapshot.totals
    facts = [
        f"{figures.short(totals.output)} out",
        f"{figures.cache_hit(totals)} hit" if totals.cache_hit is not None else "",
        f"{len(snapshot.sessions)} sess",
    ]
    lines = [Content.styled(" · ".join(filter(None, facts)), "$quiet")]
    if height >= 12 and any(found.hours):
        strip = bars.sparkline(found.hours, 24)
        lines.append(Content.assemble(("0h ", "$faint"), (strip, "$secondary"), (" 24h", "$faint")))
    height -= len(lines) - 1
    room = height - 1
    models = ranking("models", snapshot.models, width, min(room // 2 if room >= 4 else room, len(snapshot.models) + 1))
    projects = ranking("projects", snapshot.projects, width, room - len(models))
    return Content("\n").join([*lines, *models, *projects])


class DayDetail(Static):
    """The selected day's models and projects."""

    def __init__(self) -> None:
        super().__init__(id="day-detail", markup=False)
        self._found: DayFound | None = None

    def show(self, found: DayFound | None) -> None:
        """Show a day."""
        self._found = found
        self.update(day_detail(found, self.size.width, self.size.height), layout=False)

    def on_resize(self) -> None:
        """As many lines as fit."""
        self.show(self._found)
