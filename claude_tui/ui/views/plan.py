"""View 8: the limits of all plans and where they are heading, and the period beside the one before it.

Must not compare or forecast.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widget import Widget

from claude_tui import figures, moments
from claude_tui.engine.queries.allowances.budgets import BudgetState
from claude_tui.engine.queries.periods.comparison import ALL, MODEL, PROJECT, Compared, change
from claude_tui.engine.queries.plan import PlanPicture
from claude_tui.model import Query, Snapshot, Totals
from claude_tui.records import NamedTuple
from claude_tui.ui.source import SnapshotSource
from claude_tui.ui.table.columns import Cell, Column
from claude_tui.ui.table.kinds import cells
from claude_tui.ui.table.kinds.client_column import client_column
from claude_tui.ui.table.line_table import LineTable
from claude_tui.ui.text.names import short_model
from claude_tui.ui.views.base.table_view import TableView
from claude_tui.ui.views.base.view import Drilled, Scope, Shown
from claude_tui.ui.widgets.limits import budget_lines, limit_lines
from claude_tui.ui.widgets.line import TextLine
from claude_tui.units import MINUTE_MS, NANO

PARTS: Final = {ALL: 0, MODEL: 1, PROJECT: 2}
STEADY: Final = 0.005
"""A smaller change is none."""


def change_text(now: int, before: int) -> str:
    """How a figure changed, in percent; "new" and "gone" if there was nothing, or is nothing now."""
    found = change(now, before)
    if found is None:
        return "new" if now else ""
    if not now:
        return "gone"
    if abs(found) < STEADY:
        return "0%"
    return f"{found:+.0%}" if found < 10 else f"×{now // before:,}"


def _change_cell(now: int, before: int) -> Cell:
    text = change_text(now, before)
    return Cell(text or "·", "hot" if now > before else "good" if now < before else "faint")


def _cost_cell(totals: Totals, width: int, style: str = "money") -> Cell:
    """A cost; a part that has nothing in one of the two times has a dot, as it is known to be nothing."""
    return Cell("·", "faint") if totals == Totals() else cells.cost_cell(totals, width, style)


def _difference(row: Compared, width: int) -> Cell:
    nano = row.totals.cost_nano - row.before.cost_nano
    text = figures.money(abs(nano), width - 1)
    return Cell(("+" if nano > 0 else "-") + text if nano else "·", "hot" if nano > 0 else "good" if nano else "faint")


def active_time(active_ms: int | None) -> Cell:
    """A time of work; nothing where it is not known."""
    if active_ms is None:
        return Cell("", "")
    if not active_ms:
        return Cell("·", "faint")
    return Cell(moments.countdown(active_ms / 1000) if active_ms >= MINUTE_MS else "<1m")


class PlanFound(NamedTuple):
    """The limits and the comparison, and how the budgets stand."""

    picture: PlanPicture
    budgets: tuple[BudgetState, ...] = ()


class PlanView(TableView):
    """Limits over a table that compares."""

    NUMBER = 8
    TITLE = "plan"
    COLUMNS_SORT = "part"
    IS_PARTED = True
    KEYS: ClassVar[tuple[str, ...]] = (
        "row-open",
        "filter",
        "sort-next",
        "explain",
        "period",
        "rows-export",
        "pause",
        "sort-menu",
        "help",
    )

    def __init__(self) -> None:
        super().__init__()
        self._table = LineTable(
            self.columns(),
            lambda row: f"{row.part}:{row.source}:{row.key}",
            self.searched,
            sort=self.COLUMNS_SORT,
            id=f"{self.TITLE}-table",
        )
        self._limits = TextLine("limits")
        self._panel = Vertical(self._table, classes="panel")

    def compose(self) -> ComposeResult:
        """The limits over the table."""
        yield self._limits
        yield self._panel

    @property
    def titled(self) -> Widget:
        """The table's panel carries the titles."""
        return self._panel

    def columns(self) -> Sequence[Column[Compared]]:
        """The columns of the table."""
        return [
            Column("part", "Part", 7, lambda row, w: Cell(row.part, "dim"),
                   lambda row: (PARTS[row.part], -max(row.totals.cost_nano, row.before.cost_nano)), 6,
                   right=False, descending=False),
            Column("name", "Name", 14, lambda row, w: Cell(self.row_name(row), "name"),
                   lambda row: self.row_name(row).lower(), 0, narrow=10, flex=1, right=False, descending=False),
            client_column(2),
            Column("cost", "Cost", 9, lambda row, w: _cost_cell(row.totals, w),
                   lambda row: row.totals.cost_nano, 0, narrow=8, unit=NANO,
                   tooltip="At API list prices, not your bill"),
            Column("before", "Before", 9, lambda row, w: _cost_cell(row.before, w, "dim"),
                   lambda row: row.before.cost_nano, 1, narrow=8, unit=NANO, tooltip="Cost of the days before"),
            Column("difference", "Diff", 9, _difference,
                   lambda row: row.totals.cost_nano - row.before.cost_nano, 3, narrow=8),
            Column("change", "Change", 6, lambda row, w: _change_cell(row.totals.cost_nano, row.before.cost_nano),
                   lambda row: row.totals.cost_nano / max(1, row.before.cost_nano), 2, short="%"),
            cells.tokens(4),
            Column("tokens-change", "Tokens ±", 8, lambda row, w: _change_cell(row.totals.tokens, row.before.tokens),
                   lambda row: row.totals.tokens / max(1, row.before.tokens), 7, narrow=6, short="Tok ±"),
            cells.messages(9),
            Column("active", "Active", 8, lambda row, w: active_time(row.active_ms), lambda row: row.active_ms or 0, 5,
                   narrow=7, tooltip="Time of work: responses at most 15 minutes apart"),
            Column("active-before", "Active before", 13, lambda row, w: active_time(row.active_before_ms),
                   lambda row: row.active_before_ms or 0, 8, narrow=7, short="Before",
                   tooltip="Time of work in the days before"),
        ]  # fmt: skip

    def row_name(self, row: Compared) -> str:
        """What a part is called."""
        return self.frame.project(row.name) if row.part == PROJECT else short_model(row.name)

    def searched(self, row: Compared) -> str:
        """What it is, and its name."""
        return f"{row.part} {self.row_name(row)} {row.name}"

    def rows(self, snapshot: Snapshot) -> Sequence[Compared]:
        """The parts of both times."""
        found = self._picture
        return found.parts if found is not None else ()

    @property
    def _picture(self) -> PlanPicture | None:
        found: PlanFound | None = self.shown.extra if self.shown is not None else None
        return found.picture if found is not None else None

    def fetch(self, source: SnapshotSource, snapshot: Snapshot, scope: Scope, now_ms: int) -> PlanFound:
        """The limits, the budgets and the comparison."""
        return PlanFound(source.plan(snapshot.query, now_ms), tuple(source.budgets(self.budgets, now_ms)))

    def draw(self, shown: Shown) -> None:
        """Give the limits to their lines and the parts to the table."""
        super().draw(shown)
        found: PlanFound = shown.extra
        width = self._limits.size.width
        lines = limit_lines(found.picture.limits, shown.now_ms, shown.zone, width)
        lines += budget_lines(found.budgets, width)
        self._limits.border_title = Content.styled("limits", "bold $foreground")
        self._limits.styles.height = len(lines) + self._limits.gutter.height
        self._limits.show(Content("\n").join(lines))

    def title_parts(self) -> list[tuple[str, str]]:
        """The days that are compared, after the name."""
        parts = super().title_parts()
        found = self._picture
        if found is not None:
            parts += [
                ("  ", ""),
                (_days(found.query), "$foreground"),
                (" against ", "$quiet"),
                (_days(found.before), "$foreground"),
            ]
        return parts

    def drilled(self) -> Drilled | None:
        """A model leads to its projects, a project to its sessions."""
        row = self._table.cursor_row
        if row is None or row.part == ALL:
            return None
        view = "projects" if row.part == MODEL else "sessions"
        return Drilled(view, self.row_name(row), {row.part: row.key, "source": row.source})


def _days(query: Query) -> str:
    since, until = query.since, query.until
    if since is None or until is None:
        return ""
    first, last = (f"{day.day} {moments.MONTHS[day.month - 1]}" for day in (since, until))
    return first if since == until else f"{first} to {last}"
