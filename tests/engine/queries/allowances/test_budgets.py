from __future__ import annotations

from datetime import date

import pytest

from claude_tui.engine.queries.allowances.budgets import Budget, budgets_of, check, dollars_nano, period_of
from tests.engine.counting import BERLIN, NOW_MS, counted
from tests.logs import ClaudeHome, assistant, usage

DAY_MS = 86_400_000
TODAY = date(2026, 11, 21)  # a Saturday
DOLLAR = 1_000_000_000


def spend(home: ClaudeHome, days_ago: int, dollars: int, cwd: str = "/p/a", model: str = "claude-opus-4-5") -> None:
    """Opus costs 5 dollars a million tokens."""
    key = f"msg_{days_ago}_{dollars}_{cwd}_{model}"
    counters = usage(dollars * 200_000)
    where = {"session": key.replace("/", "_")}
    home.append(assistant(key, NOW_MS - days_ago * DAY_MS, counters, where["session"], model, cwd), **where)


def test_a_budget_is_passed_when_more_than_it_is_spent(claude_home: ClaudeHome) -> None:
    spend(claude_home, 0, 3)
    spend(claude_home, 5, 6)
    spend(claude_home, 6, 9)
    spend(claude_home, 20, 30)
    spend(claude_home, 21, 60)
    store = counted(claude_home.folder)
    budgets = [Budget("day", 3 * DOLLAR), Budget("week", 9 * DOLLAR - 1), Budget("month", 100 * DOLLAR)]
    states = check(store, budgets, NOW_MS)
    assert [state.spent_nano for state in states] == [3 * DOLLAR, 9 * DOLLAR, 48 * DOLLAR]
    assert [state.is_exceeded for state in states] == [False, True, False]
    assert [state.share for state in states] == [1.0, pytest.approx(1.0), 0.48]
    assert [state.since for state in states] == [TODAY, date(2026, 11, 16), date(2026, 11, 1)]
    sunday = check(store, [Budget("week", 1)], NOW_MS, week_starts_on="sunday")
    assert (sunday[0].since, sunday[0].spent_nano) == (date(2026, 11, 15), 18 * DOLLAR)


def test_a_day_is_a_local_one(claude_home: ClaudeHome) -> None:
    claude_home.append(assistant("msg_a", NOW_MS + 11 * 3_600_000 + 1_800_000, usage(600_000), model="claude-opus-4-5"))
    berlin = counted(claude_home.folder, zone=BERLIN)
    assert check(berlin, [Budget("day", 1)], NOW_MS)[0].spent_nano == 0
    assert check(counted(claude_home.folder), [Budget("day", 1)], NOW_MS)[0].spent_nano == 3 * DOLLAR


def test_a_project_counts_its_worktrees(claude_home: ClaudeHome) -> None:
    spend(claude_home, 0, 3)
    spend(claude_home, 0, 6, "/p/a/.claude/worktrees/one")
    spend(claude_home, 0, 9, "/p/ab")
    store = counted(claude_home.folder)
    (state,) = check(store, [Budget("month", 5 * DOLLAR, "/p/a")], NOW_MS)
    assert (state.name, state.spent_nano, state.is_exceeded) == ("month /p/a", 9 * DOLLAR, True)
    (named,) = check(store, [Budget("month", 5 * DOLLAR, "a")], NOW_MS)
    assert (named.name, named.spent_nano) == ("month a", 9 * DOLLAR)


def test_what_has_no_price_makes_it_a_lower_bound(claude_home: ClaudeHome) -> None:
    spend(claude_home, 0, 3, model="nobody-knows")
    (state,) = check(counted(claude_home.folder), [Budget("day", DOLLAR)], NOW_MS)
    assert (state.spent_nano, state.is_lower_bound) == (0, True)


def test_nothing_may_be_spent_of_nothing(claude_home: ClaudeHome) -> None:
    budget = Budget("day", 0)
    assert not check(counted(claude_home.folder), [budget], NOW_MS)[0].is_exceeded
    spend(claude_home, 0, 3)
    (state,) = check(counted(claude_home.folder), [budget], NOW_MS)
    assert (state.is_exceeded, state.share) == (True, float("inf"))


def test_settings_are_read_exactly_and_mistakes_are_named() -> None:
    budgets, wrong = budgets_of({
        "day": "20", "week": "0.1", "year": "5", "month": "lots",
        "projects": {"/p/a": "100", "/p/b": {"day": 5, "week": True}},
    })  # fmt: skip
    assert budgets == (
        Budget("day", 20 * DOLLAR),
        Budget("week", DOLLAR // 10),
        Budget("month", 100 * DOLLAR, "/p/a"),
        Budget("day", 5 * DOLLAR, "/p/b"),
    )
    assert [str(one).split(":")[0] for one in wrong] == [
        "budgets.year", "budgets.month", 'budgets.projects."/p/b".week',
    ]  # fmt: skip
    budgets, (one,) = budgets_of({"projects": 7})
    assert (budgets, str(one)) == ((), "budgets.projects: not a table")


@pytest.mark.parametrize("amount", ["", "x", "-1", "nan", "inf", "1e400", None, [], True, "1_0x", float("nan")])
def test_what_is_no_amount_is_refused(amount: object) -> None:
    with pytest.raises(ValueError, match="not an amount"):
        dollars_nano(amount)


@pytest.mark.parametrize(
    ("amount", "nano"), [("12.50", 12_500_000_000), ("$3", 3 * DOLLAR), (0.1, 100_000_000), (7, 7 * DOLLAR)]
)
def test_amounts_are_exact(amount: object, nano: int) -> None:
    assert dollars_nano(amount) == nano


def test_periods_end_where_the_next_begin() -> None:
    assert period_of("month", date(2028, 2, 10)) == (date(2028, 2, 1), date(2028, 2, 29))
    assert period_of("week", TODAY) == (date(2026, 11, 16), date(2026, 11, 22))
    assert period_of("week", TODAY, "sunday") == (date(2026, 11, 15), date(2026, 11, 21))
