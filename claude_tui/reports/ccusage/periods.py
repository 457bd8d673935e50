"""Days, weeks, months and sessions: which period a line falls into, and the reports made of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from typing import Any, Final

from claude_tui.figures import usd
from claude_tui.moments import instant
from claude_tui.reports.ccusage.lines import UsageLine
from claude_tui.reports.ccusage.sums import Counts, GroupSums, total, totals

WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
KEYS: Final = {"daily": "date", "weekly": "week", "monthly": "month"}
"""The key of a row's period in the reports of one agent."""

Periods = dict[str, GroupSums]


def week_of(day: date, start: str) -> date:
    """Return the first day of a day's week."""
    return day - timedelta(days=(day.weekday() - WEEKDAYS.index(start)) % 7)


def period_of(kind: str, start: str) -> Callable[[date], str]:
    """Return what names a day's period: the day, its week's first day, or its month."""
    if kind == "weekly":
        return lambda day: week_of(day, start).isoformat()
    if kind == "monthly":
        return lambda day: day.isoformat()[:7]
    return lambda day: day.isoformat()


def first_of_last(kind: str, number: int, today: date, start: str) -> date:
    """Return the first day of the last `number` periods, today's the last of them."""
    if kind == "weekly":
        return week_of(today, start) - timedelta(weeks=number - 1)
    if kind == "monthly":
        months = today.year * 12 + today.month - number
        return date(max(1, months // 12), months % 12 + 1, 1)
    return today - timedelta(days=min(number - 1, today.toordinal() - 1))


def by_day(lines: Iterable[UsageLine]) -> dict[date, GroupSums]:
    """Return each day's sums, days in order."""
    days: dict[date, GroupSums] = {}
    for line in lines:
        days.setdefault(line.day, GroupSums()).take(line)
    return dict(sorted(days.items()))


def by_period(lines: Iterable[UsageLine], kind: str, start: str = "sunday") -> Periods:
    """Return each period's sums, periods in order."""
    name = period_of(kind, start)
    if kind == "daily":
        return {name(day): group for day, group in by_day(lines).items()}
    periods: Periods = {}
    for day, group in by_day(lines).items():
        # The order of first use over the days, and not by cost, names the models of a longer period.
        merged = periods.setdefault(name(day), GroupSums())
        for model in group.models:
            merged.models.setdefault(model, Counts())
        merged.merge(group)
    return periods


def ordered(periods: Periods, order: str) -> list[tuple[str, GroupSums]]:
    """Return periods in the order asked for."""
    return sorted(periods.items(), reverse=order == "desc")


def period_report(periods: Periods, kind: str, order: str = "asc", project: str = "") -> dict[str, Any]:
    """Return the report of one agent: {"daily": [...], "totals": {...}} and likewise.

    Every row names `project` where the report is of one.
    """
    own = {"project": project} if project else {}
    rows = [{KEYS[kind]: name, **group.full_row(), **own} for name, group in ordered(periods, order)]
    return {kind: rows, "totals": totals(periods.values())}


def by_project(lines: Iterable[UsageLine]) -> dict[str, Periods]:
    """Return the days of each project, projects by name."""
    projects: dict[str, list[UsageLine]] = {}
    for line in lines:
        projects.setdefault(line.project, []).append(line)
    return {project: by_period(projects[project], "daily") for project in sorted(projects)}


def instances_report(projects: dict[str, Periods], order: str = "asc") -> dict[str, Any]:
    """Return {"projects": {"<project>": [...]}, "totals": {...}}."""
    rows = {
        project: [{"date": name, **group.full_row(), "project": project} for name, group in ordered(days, order)]
        for project, days in projects.items()
    }
    return {"projects": rows, "totals": totals(total(days.values()) for days in projects.values())}


SessionKey = tuple[str, str, str]
"""(agent, project folder, session id)."""


def by_session(lines: Iterable[UsageLine]) -> list[tuple[SessionKey, GroupSums]]:
    """Return each session's sums, the dearest first, equal ones by id."""
    sessions: dict[SessionKey, GroupSums] = {}
    for line in lines:
        sessions.setdefault((line.agent, line.project, line.session), GroupSums()).take(line)
    return sorted(sessions.items(), key=lambda item: (-item[1].nano, item[0][2], item[0]))


def last_within(lines: Sequence[UsageLine], since: date | None, until: date | None) -> list[UsageLine]:
    """Return the lines of the sessions whose last line lies within these days, all of them.

    As ccusage has it, the days are those of UTC, and the last of them is not within.
    """
    last: dict[tuple[str, str], int] = {}
    for line in lines:
        key = line.agent, line.session
        last[key] = max(line.time_ms, last.get(key, line.time_ms))
    first_text, end_text = (since or date.min).isoformat(), until.isoformat() if until else "~"
    kept = {key for key, time_ms in last.items() if first_text <= instant(time_ms)[:10] < end_text}
    return [line for line in lines if (line.agent, line.session) in kept]


def session_report(sessions: Sequence[tuple[SessionKey, GroupSums]]) -> dict[str, Any]:
    """Return {"sessions": [...], "totals": {...}} of one agent."""
    rows = [
        {
            **group.full_row(),
            "sessionId": session,
            "projectPath": project,
            "firstActivity": instant(group.first_ms),
            "lastActivity": instant(group.last_ms),
        }
        for (_, project, session), group in sessions
    ]
    return {"sessions": rows, "totals": totals(group for _, group in sessions)}


def session_entries(lines: Iterable[UsageLine], session: str, *, is_as_logged: bool = False) -> dict[str, Any] | None:
    """Return every response of one session, by time; None if there is no such session.

    With `is_as_logged` an entry's cost is what its row says, 0 if that says none.
    """
    inside = sorted((line for line in lines if line.session == session), key=lambda line: line.time_ms)
    if not inside:
        return None
    entries = [
        {
            "timestamp": instant(line.time_ms),
            "inputTokens": line.usage.input,
            "outputTokens": line.usage.output,
            "cacheCreationTokens": line.usage.cache_write_5m + line.usage.cache_write_1h,
            "cacheReadTokens": line.usage.cache_read,
            "model": line.model,
            "costUSD": usd((line.logged_nano if is_as_logged else line.nano) or 0),
        }
        for line in inside
    ]
    return {
        "sessionId": session,
        "totalCost": usd(sum(line.nano or 0 for line in inside)),
        "totalTokens": sum(line.usage.tokens for line in inside),
        "entries": entries,
    }
