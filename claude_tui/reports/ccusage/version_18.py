"""The reports as ccusage 18 printed them, for scripts of that time: Claude Code alone, a session a folder."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from datetime import date
from pathlib import PurePath
from typing import Any, Final

from claude_tui.reports.ccusage.lines import UsageLine
from claude_tui.reports.ccusage.periods import by_period, by_project, instances_report, period_report
from claude_tui.reports.ccusage.sums import GroupSums, totals

NEWER_KEYS: Final = frozenset({"missingPricing", "unpricedModels"})
UNKNOWN_PROJECT: Final = "Unknown Project"


def report(lines: Sequence[UsageLine], kind: str, options: Namespace) -> Any:
    """Return a report. If there is nothing, days and sessions are an empty list, as they were."""
    ordered = _by_age_of_file(lines)
    if kind == "session":
        return _sessions(ordered) if lines else []
    if kind == "daily" and not lines:
        return []
    if kind == "daily" and options.instances:
        made = instances_report(by_project(ordered), options.order)
        for row in (row for rows in made["projects"].values() for row in rows):
            del row["project"]
        return _without_newer(made)
    return _without_newer(period_report(by_period(ordered, kind, options.start_of_week), kind, options.order))


def _by_age_of_file(lines: Sequence[UsageLine]) -> list[UsageLine]:
    """Return lines file by file, that with the earliest line first: the order in which models are named."""
    first: dict[str, int] = {}
    for line in lines:
        first[line.path] = min(line.time_ms, first.get(line.path, line.time_ms))
    return sorted(lines, key=lambda line: first[line.path])


def whole_sessions(lines: Sequence[UsageLine], since: date | None, until: date | None) -> list[UsageLine]:
    """Return the lines of the sessions whose last response lies within these days."""
    last = _last_days(lines)
    kept = {folder for folder, day in last.items() if (since or date.min) <= day <= (until or date.max)}
    return [line for line in lines if _folder(line.path) in kept]


def _last_days(lines: Sequence[UsageLine]) -> dict[tuple[str, str], date]:
    last: dict[tuple[str, str], date] = {}
    for line in lines:
        folder = _folder(line.path)
        last[folder] = max(line.day, last.get(folder, line.day))
    return last


def _sessions(lines: Sequence[UsageLine]) -> dict[str, Any]:
    groups: dict[tuple[str, str], GroupSums] = {}
    days = _last_days(lines)
    for line in lines:
        groups.setdefault(_folder(line.path), GroupSums()).take(line)
    rows = [
        {
            "sessionId": folder[1],
            **group.full_row(),
            "lastActivity": days[folder].isoformat(),
            "projectPath": folder[0] or UNKNOWN_PROJECT,
        }
        for folder, group in sorted(groups.items(), key=lambda item: days[item[0]], reverse=True)
    ]
    made: dict[str, Any] = _without_newer({"sessions": rows, "totals": totals(groups.values())})
    return made


def _folder(path: str) -> tuple[str, str]:
    """Return what stood for the project and the session: the folders above a log."""
    parts = PurePath(path).parts
    below = parts.index("projects") + 1 if "projects" in parts else max(0, len(parts) - 2)
    folders = parts[below:-1]
    return "/".join(folders[:-1]), folders[-1] if folders else "unknown"


def _without_newer(document: Any) -> Any:
    if isinstance(document, dict):
        return {name: _without_newer(value) for name, value in document.items() if name not in NEWER_KEYS}
    return [_without_newer(value) for value in document] if isinstance(document, list) else document
