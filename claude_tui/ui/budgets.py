"""Budgets: which of them the money has passed. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from claude_tui.model import DayRow, ProjectRow
from claude_tui.ui.format import NANO, money
from claude_tui.ui.names import tail

SPANS: Final = ("day", "week", "month")


@dataclass(frozen=True)
class Passed:
    """A budget that is used up. `since` with `name` says which one, so that it is told once."""

    name: str
    since: date
    spent_nano: int
    limit_nano: int

    @property
    def text(self) -> str:
        """It as a sentence."""
        return f"{self.name}: {money(self.spent_nano, 12)} of {money(self.limit_nano, 12)}"


def first_day(span: str, today: date) -> date:
    """The day a span began; weeks begin on Monday."""
    if span == "month":
        return today.replace(day=1)
    return today - timedelta(days=today.weekday()) if span == "week" else today


def passed(
    budgets: Mapping[str, float],
    days: Iterable[DayRow],
    today: date,
    project_budgets: Mapping[str, float] | None = None,
    month_projects: Iterable[ProjectRow] = (),
) -> list[Passed]:
    """The budgets that were passed, those of spans first. Projects are named by their last part or whole."""
    rows = list(days)
    found = []
    for span in SPANS:
        if span in budgets:
            since, limit = first_day(span, today), round(budgets[span] * NANO)
            spent = sum(row.totals.cost_nano for row in rows if since <= row.day <= today)
            if spent > limit:
                found.append(
                    Passed(f"budget of this {span}" if span != "day" else "budget of today", since, spent, limit)
                )
    for name, dollars in (project_budgets or {}).items():
        spent = sum(row.totals.cost_nano for row in month_projects if name in (row.name, tail(row.name)))
        if spent > round(dollars * NANO):
            found.append(Passed(f"budget of {name}", first_day("month", today), spent, round(dollars * NANO)))
    return found
