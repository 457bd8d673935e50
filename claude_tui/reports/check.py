"""How spending stands to budgets and reported limits: one word and one exit code for scripts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final, NamedTuple

from claude_tui.engine.limits import ReportedWindow
from claude_tui.model import DayRow, Totals
from claude_tui.reports.amounts import dollars, instant

CODES: Final = {"ok": 0, "near": 10, "over": 11, "indeterminate": 20, "no data": 30}
"""The exit code of each verdict."""

LABELS: Final = {"five_hour": "5-hour limit", "seven_day": "7-day limit"}


class Check(NamedTuple):
    """One thing compared. `percent` is None where nothing can be said; `detail` says with what it was compared."""

    name: str
    status: str
    percent: float | None
    detail: str


def periods(today: date) -> dict[str, date]:
    """Return the first day of the present day, week (from Monday) and month."""
    return {"day": today, "week": today - timedelta(days=today.weekday()), "month": today.replace(day=1)}


def spent(days: Iterable[DayRow], today: date) -> dict[str, Totals]:
    """Return what the present day, week and month came to so far."""
    rows = list(days)
    return {
        name: _sum(row.totals for row in rows if first <= row.day <= today) for name, first in periods(today).items()
    }


def _sum(totals: Iterable[Totals]) -> Totals:
    kept = list(totals)
    return Totals(
        cost_nano=sum(one.cost_nano for one in kept),
        unpriced_responses=sum(one.unpriced_responses for one in kept),
        unpriced_tokens=sum(one.unpriced_tokens for one in kept),
    )


def budget_checks(totals: Mapping[str, Totals], budgets: Mapping[str, int], near: float) -> list[Check]:
    """Compare what was spent with budgets in nanodollars; from `near` percent on a budget is near.

    Where something has no price, spending below a budget says nothing: that is indeterminate.
    """
    made = []
    for name, budget in budgets.items():
        nano = totals[name].cost_nano
        percent = 100 * nano / budget if budget else None
        status = _status(percent if percent is not None else 101.0 if nano else 0.0, near, is_reached_over=False)
        if status == "ok" and (totals[name].unpriced_responses or totals[name].unpriced_tokens):
            status = "indeterminate"
        missing = f", and {totals[name].unpriced_tokens:,} tokens without a price" if status == "indeterminate" else ""
        made.append(Check(f"budget of the {name}", status, percent, f"{dollars(nano)} of {dollars(budget)}{missing}"))
    return made


def limit_checks(windows: Iterable[ReportedWindow], now_ms: int, near: float) -> list[Check]:
    """Compare reported windows that are still open with their limits."""
    made = []
    for window in windows:
        if window.resets_ms <= now_ms:
            continue
        status = _status(window.used_percent, near, is_reached_over=True)
        detail = f"resets {instant(window.resets_ms)}, reported {(now_ms - window.seen_ms) // 60_000} min ago"
        if window.account:
            detail += f", {window.account}"
        made.append(Check(LABELS[window.name], status, window.used_percent, detail))
    return made


def _status(percent: float, near: float, *, is_reached_over: bool) -> str:
    if percent > 100 or (is_reached_over and percent >= 100):
        return "over"
    return "near" if percent >= near else "ok"


def verdict(checks: Sequence[Check]) -> str:
    """Return the worst of all: over, near, indeterminate, ok; "no data" where nothing could be compared."""
    for status in ("over", "near", "indeterminate", "ok"):
        if any(check.status == status for check in checks):
            return status
    return "no data"


def report(checks: Sequence[Check]) -> dict[str, Any]:
    """Return the checks for JSON."""
    status = verdict(checks)
    return {
        "schema": "claude-top/check@1",
        "status": status,
        "exit_code": CODES[status],
        "checks": [check._asdict() for check in checks],
    }


def lines(checks: Sequence[Check]) -> list[str]:
    """Return the checks for people, the verdict first."""
    made = [verdict(checks)]
    for check in checks:
        percent = f"{check.percent:.0f}%" if check.percent is not None else "-"
        made.append(f"  {check.status:13}  {percent:>5}  {check.name}: {check.detail}")
    return made
