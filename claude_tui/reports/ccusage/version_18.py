"""The reports as ccusage 18 printed them, for scripts of that time: Claude Code alone, a session a folder."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any, Final

from claude_tui.reports.ccusage.lines import Line
from claude_tui.reports.ccusage.periods import by_period, by_project, instances_report, last_within, period_report
from claude_tui.reports.ccusage.sums import Group, totals

NEWER_KEYS: Final = frozenset({"missingPricing", "unpricedModels"})
UNKNOWN_PROJECT: Final = "Unknown Project"


def report(lines: Sequence[Line], kind: str, options: Namespace) -> Any:
    """Return a report. Where there is nothing, days and sessions are an empty list, as they were."""
    if kind == "session":
        return _sessions(lines) if lines else []
    if kind == "daily" and not lines:
        return []
    if kind == "daily" and options.instances:
        made = instances_report(by_project(lines), options.order)
        for row in (row for rows in made["projects"].values() for row in rows):
            del row["project"]
        return _without_newer(made)
    return _without_newer(period_report(by_period(lines, kind, options.start_of_week), kind, options.order))


def whole_sessions(lines: Sequence[Line], options: Namespace) -> list[Line]:
    """Return the lines of the sessions whose last response lies within the days asked for."""
    named = [line._replace(session="/".join(_folder(line.path))) for line in lines]
    kept = {line.session for line in last_within(named, options.since, options.until)}
    return [line for line, own in zip(lines, named, strict=True) if own.session in kept]


def _sessions(lines: Sequence[Line]) -> dict[str, Any]:
    groups: dict[tuple[str, str], Group] = {}
    days: dict[tuple[str, str], str] = {}
    for line in lines:
        project, session = _folder(line.path)
        groups.setdefault((project, session), Group()).take(line)
        days[project, session] = max(days.get((project, session), ""), line.day.isoformat())
    rows = [
        {
            "sessionId": session,
            **group.full_row(),
            "lastActivity": days[project, session],
            "projectPath": project or UNKNOWN_PROJECT,
        }
        for (project, session), group in sorted(groups.items(), key=lambda item: -item[1].nano)
    ]
    return _without_newer({"sessions": rows, "totals": totals(groups.values())})


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
