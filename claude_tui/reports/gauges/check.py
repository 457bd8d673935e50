"""Compares spending with budgets and reported limits, and tells who waits: one verdict, one exit code for scripts.

Must not read settings or limits.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from claude_tui.clients import CLIENTS
from claude_tui.engine.queries.allowances.budgets import BudgetState
from claude_tui.engine.queries.allowances.limits import ReportedWindow, label
from claude_tui.figures import money, percent
from claude_tui.model import Snapshot
from claude_tui.moments import instant
from claude_tui.records import NamedTuple
from claude_tui.reports import sessions
from claude_tui.sources.values.display import display_name

CODES: Final = {"ok": 0, "near": 10, "over": 11, "waiting": 12, "indeterminate": 20, "no data": 30}
"""The exit code of each verdict."""


class Check(NamedTuple):
    """One comparison. `percent` is None if it cannot be computed; `detail` says what was compared with what."""

    name: str
    status: str
    percent: float | None
    detail: str


def budget_checks(states: Iterable[BudgetState], near: float) -> list[Check]:
    """Compare budgets with spending; a budget is near from `near` percent on.

    If something has no price, spending below a budget proves nothing: the status is indeterminate.
    """
    made = []
    for state in states:
        status = "over" if state.is_exceeded else "near" if 100 * state.share >= near else "ok"
        missing = ""
        if status == "ok" and state.is_lower_bound:
            status, missing = "indeterminate", ", plus tokens without a price"
        used = 100 * state.share if state.limit_nano else None
        project = f" for {display_name(state.budget.project)}" if state.budget.project else ""
        detail = f"{money(state.spent_nano)} of {money(state.limit_nano)} since {state.since}{missing}"
        made.append(Check(f"budget of the {state.budget.period}{project}", status, used, detail))
    return made


def limit_checks(windows: Iterable[ReportedWindow], now_ms: int, near: float) -> list[Check]:
    """Compare reported windows that are still open with their limits."""
    made = []
    for window in windows:
        if window.resets_ms <= now_ms:
            continue
        percent = window.used_percent
        status = "over" if percent >= 100 else "near" if percent >= near else "ok"
        client = "" if window.source == "claude" else f"{CLIENTS[window.source].label} "
        detail = f"resets {instant(window.resets_ms)}, reported {(now_ms - window.seen_ms) // 60_000} min ago"
        if window.account:
            detail += f", {display_name(window.account)}"
        made.append(Check(f"{client}{label(window.name)}", status, percent, detail))
    return made


def waiting_checks(snapshot: Snapshot) -> list[Check]:
    """Return a check for each session that waits for a person; one that is ok if none does."""
    rows = [row for row in sessions.running(snapshot) if row.activity.is_waiting_for_you]
    if not rows:
        return [Check("sessions", "ok", None, "none waits for you")]
    return [Check(row.name, "waiting", None, sessions.waiting_for(row, snapshot.taken_ms)) for row in rows]


def verdict(checks: Sequence[Check]) -> str:
    """Return the worst status: waiting, over, near, indeterminate, ok; "no data" if nothing could be compared."""
    for status in ("waiting", "over", "near", "indeterminate", "ok"):
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
    """Return the checks as text lines, the verdict first."""
    made = [verdict(checks)]
    for check in checks:
        used = percent(check.percent) if check.percent is not None else "-"
        made.append(f"  {check.status:13}  {used:>5}  {check.name}: {check.detail}")
    return made
