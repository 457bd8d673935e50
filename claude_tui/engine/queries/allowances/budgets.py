"""Budgets: what a day, a week or a month may cost, of everything or of one project, and how they stand.

One rule for the screen, the command line and notifications. Money is exact: nanodollars, never floats. Must not
read settings files nor tell anybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from claude_tui.engine.queries.periods.calendar import month_end, week_start
from claude_tui.engine.state.projects import last_part, repository_of
from claude_tui.engine.state.store import Store
from claude_tui.model import COST, UNPRICED_TOKENS
from claude_tui.records import NamedTuple
from claude_tui.toml import Names, Wrong
from claude_tui.units import NANO

PERIODS: Final = ("day", "week", "month")

_MOST: Final = Decimal(10**9)


class Budget(NamedTuple):
    """What a period may cost, in nanodollars.

    `project` is a folder (its worktrees included), just the last part of its path, or the name of a project; "" for
    everything.
    """

    period: str
    limit_nano: int
    project: str = ""

    @property
    def name(self) -> str:
        """What to call it: "day", or "month /home/me/project"."""
        return f"{self.period} {self.project}".rstrip()


class BudgetState(NamedTuple):
    """How a budget stands in the period that began on `since`.

    `share` is spent / limit (infinite where a limit of nothing is exceeded); `is_exceeded` that more was spent than the
    limit. `is_lower_bound`: something without a known price is not in `spent_nano`. A notification is due once per
    (`budget`, `since`).
    """

    budget: Budget
    since: date
    spent_nano: int
    is_lower_bound: bool = False

    @property
    def name(self) -> str:
        """The name of the budget."""
        return self.budget.name

    @property
    def limit_nano(self) -> int:
        """The limit of the budget."""
        return self.budget.limit_nano

    @property
    def share(self) -> float:
        """How much of the budget is spent: 1.0 is all of it."""
        if self.limit_nano:
            return self.spent_nano / self.limit_nano
        return float("inf") if self.spent_nano else 0.0

    @property
    def is_exceeded(self) -> bool:
        """Whether more was spent than the budget allows."""
        return self.spent_nano > self.limit_nano


def day_limit_nano(budgets: Iterable[Budget]) -> int | None:
    """Return what a day may cost altogether; None if there is no such budget."""
    return next((one.limit_nano for one in budgets if one.period == "day" and not one.project), None)


def budgets_of(table: Mapping[str, Any]) -> tuple[tuple[Budget, ...], tuple[Wrong, ...]]:
    """Read budgets from the settings table `budgets`; also returns what makes no sense in it.

    [budgets]
    day = "20"
    month = "400.50"
    [budgets.projects]
    "/home/me/project" = "100"                           # per month
    "/home/me/other" = { day = "5", week = "20" }
    """
    budgets: list[Budget] = []
    wrong: list[Wrong] = []

    def take(where: Names, amounts: Mapping[str, Any], project: str) -> None:
        for period, amount in amounts.items():
            if period not in PERIODS:
                wrong.append(Wrong((*where, period), f"not one of {', '.join(PERIODS)}"))
                continue
            try:
                budgets.append(Budget(period, dollars_nano(amount), project))
            except ValueError as error:
                wrong.append(Wrong((*where, period), str(error)))

    take(("budgets",), {name: value for name, value in table.items() if name != "projects"}, "")
    projects = table.get("projects", {})
    if not isinstance(projects, Mapping):
        wrong.append(Wrong(("budgets", "projects"), "not a table"))
        projects = {}
    for project, amounts in projects.items():
        own = amounts if isinstance(amounts, Mapping) else {"month": amounts}
        take(("budgets", "projects", project), own, project)
    return tuple(budgets), tuple(wrong)


def dollars_nano(amount: object) -> int:
    """Read an amount in USD, best written as text, in nanodollars. Raises ValueError with a message to show."""
    try:
        if isinstance(amount, bool) or not isinstance(amount, (str, int, float)):
            raise InvalidOperation
        dollars = Decimal(str(amount).strip().removeprefix("$"))
        if not dollars.is_finite() or not 0 <= dollars <= _MOST:
            raise InvalidOperation
    except InvalidOperation:
        raise ValueError(f'{amount!r} is not an amount in USD; write it like "12.50"') from None
    return int(dollars * NANO)


def period_of(period: str, today: date, week_starts_on: str = "monday") -> tuple[date, date]:
    """Return the first and the last day of the day, week or month that `today` is in."""
    if period == "day":
        return today, today
    if period == "month":
        return today.replace(day=1), month_end(today)
    first = week_start(today, week_starts_on)
    return first, date.fromordinal(first.toordinal() + 6)


def check(store: Store, budgets: Iterable[Budget], now_ms: int, *, week_starts_on: str = "monday") -> list[BudgetState]:
    """Return how each budget stands at an instant, in local days; in the order given. Costs a month's cells."""
    with store.lock:
        today = store.calendar.day(now_ms)
        return [_state(store, budget, *period_of(budget.period, today, week_starts_on)) for budget in budgets]


def _state(store: Store, budget: Budget, first: date, last: date) -> BudgetState:
    spent = unpriced = 0
    store.settle()
    for key, sums in store.cells.of_days(first.toordinal(), last.toordinal()):
        if budget.project:
            owner = store.owners[key.owner]
            folder, project = store.folder_of(owner), store.project_of(owner)
            repository = repository_of(folder)
            if budget.project not in (folder, repository, last_part(repository), project):
                continue
        spent += sums[COST]
        unpriced += sums[UNPRICED_TOKENS]
    return BudgetState(budget, first, spent, unpriced > 0)
